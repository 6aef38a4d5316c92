"""Overview: whether all addons are protected, which are not, and how the fleet develops."""

from collections.abc import Iterator

from grafana_foundation_sdk.models.common import GraphDrawStyle

from dashboards import limits, promql, style
from dashboards.board import OVERVIEW, Json, board, targets_and_accounts, variable
from dashboards.fleet import every_addon
from dashboards.marks import failed_backups, firing_alerts
from dashboards.panels import FULL_WIDTH, About, Finished, buckets, graph, number, query, timeline
from dashboards.promql import BACKUP, count, of_addon, of_chosen_type, once, once_addon
from dashboards.style import BAD, GOOD, NEAR, NONE, fixed, steps

_NO_ADDONS = "No addons watched"
_AGES = (1, 6, 12, 24, 48, 7 * 24, 28 * 24)
"""Upper bounds of the heatmap's rows, in hours."""


def overview() -> Json:
    """Give the dashboard."""
    poll = "northflank_addon_poll_success"
    in_project = 'project_id=~"$project_id"'
    of_types = of_chosen_type(promql.of_account(poll, in_project)).replace("\n", " ")
    return board(
        OVERVIEW,
        "Northflank backups / Overview",
        "Are all addons protected by a recent backup, which are not, and since when?",
        since="now-7d",
        variables=[
            *targets_and_accounts(poll),
            variable("project_id", "Project", f"label_values({promql.of_account(poll)}, project_id)"),
            variable(
                "addon_type",
                "Type",
                f"label_values({promql.of_account('northflank_addon_info', in_project)}, addon_type)",
                all_value=".*",
            ),
            variable(
                "addon_id", "Addon", f"query_result(group by (addon_id) ({of_types}))", regex='/addon_id="([^"]+)"/'
            ),
        ],
        annotations=[failed_backups(), firing_alerts()],
        rows=[
            ("Are we protected?", _protected()),
            ("Every addon", [_states(), every_addon()]),
            ("The fleet", _fleet()),
        ],
    )


def _protected() -> Iterator[Finished]:
    within = f"count(({promql.STATE}) >= 0 <= 1) or 0 * count({promql.STATE})"
    yield number(
        About(
            title="Within their limit",
            description=(
                "Share of addons whose latest completed backup is no older than its limit "
                "(`northflank_addon_backup_max_age_seconds`). Addons that were never backed up count as not protected; "
                "paused ones, and those with backups but without a limit, do not count.\n\n"
                "Below 100 % at least one database could not be restored to what was promised: see the table below."
            ),
            unit="percentunit",
            no_value=_NO_ADDONS,
            thresholds=steps(BAD, (1, GOOD)),
            height=5,
        ),
        query(f"({within}) / count(({promql.STATE}) >= 0)"),
    )
    yield _how_many(
        "Overdue",
        f"({promql.STATE}) == 2",
        "Addons whose latest completed backup is older than its limit; NorthflankBackupTooOld fires after five minutes."
        "\n\nOpen the addon and look at its newest attempts: did they fail, hang, or not start at all?",
        BAD,
    )
    yield _how_many(
        "Never backed up",
        f"({promql.STATE}) == 3",
        "Addons whose list of backups was read and holds no completed one. NorthflankBackupNever fires once there "
        "could have been one.\n\nGive the addon a backup schedule, or leave it out of the configuration on purpose.",
        BAD,
    )
    yield _how_many(
        "Failing now",
        of_chosen_type(promql.FAILING),
        "Addons whose newest attempt has failed (NorthflankBackupFailed).\n\nThe reason stands in Northflank, "
        "in the addon's list of backups. A single failure is often cured by the next run.",
        NEAR,
    )
    yield _how_many(
        "Stuck now",
        of_chosen_type(promql.STUCK),
        f"Addons with a backup that has been in progress for more than {limits.STUCK_DURATIONS} times the longest of "
        f"the last week, and for at least {limits.STUCK_FLOOR_SECONDS // limits.HOUR} hours (NorthflankBackupStuck)."
        "\n\nNo further backup starts while one is in progress: abort it in Northflank.",
        NEAR,
    )
    yield number(
        About(
            title="Oldest data",
            description=(
                "How long ago the list of backups was read that was read least recently: all that is said of that "
                "addon is so old. Red where NorthflankDataStale fires: half an hour and two full cycles of reading.\n\n"
                "See the Exporter dashboard: is Northflank reachable, is the request limit used up?"
            ),
            height=5,
            unit="s",
            thresholds=steps(GOOD),
            transformations=(threshold_from("limit"),),
        ),
        query(f"max({of_chosen_type(promql.DATA_AGE)})", "oldest"),
        query(promql.DATA_AGE_LIMIT, "limit", name="B"),
    )


def threshold_from(field: str) -> tuple[str, dict[str, object]]:
    """Turn the colour red where this field's value is exceeded; it is shown as nothing else."""
    return "configFromData", {
        "configRefId": "B",
        "mappings": [{"fieldName": field, "handlerKey": "threshold1", "reducerId": "lastNotNull"}],
    }


def _how_many(title: str, condition: str, description: str, color: str) -> Finished:
    about = About(
        title=title, description=description, height=5, no_value=_NO_ADDONS, thresholds=steps(GOOD, (1, color))
    )
    return number(about, query(count(condition)))


def _states() -> Finished:
    return timeline(
        About(
            title="State of every addon",
            description=(
                "How the age of each addon's latest completed backup stood against its limit: *ok*, *above 80 %* of "
                "it, *overdue*, *none* (never backed up), *no limit*, *paused*; grey is *unknown*, where the exporter "
                "could not say. The order is that of the end of the shown time, worst first.\n\n"
                "To turn orange before every backup is usual where the limit is an interval and an hour; what stays "
                "red needs somebody."
            ),
            width=FULL_WIDTH,
            height=12,
            no_value=_NO_ADDONS,
            mappings=style.STATES,
            thresholds=steps(GOOD, (1, NEAR), (2, BAD), (3, NONE)),
        ),
        query(promql.states_worst_first(), "{{project_id}} / {{addon_id}}"),
    )


def _fleet() -> Iterator[Finished]:
    yield _ages()
    yield _outcomes()
    stored = once_addon("northflank_addon_backups_stored_bytes")
    before = f"{once(of_addon('northflank_addon_backups_stored_bytes') + ' offset 1d')}"
    yield graph(
        About(
            title="Stored backups",
            description=(
                "Size of all completed backups that Northflank lists, per project, imports too.\n\n"
                "What grows without bounds costs money: look for long retention and full dumps every hour."
            ),
            width=12,
            height=9,
            unit="bytes",
        ),
        query(f"sum by (project_id) ({of_chosen_type(stored)})", "{{project_id}}"),
        stacked=True,
        legend=("lastNotNull", "max"),
        least=0,
    )
    yield graph(
        About(
            title="Growth per day",
            description=(
                "How much more (or less) is stored than a day before, per project.\n\nA step down is retention at "
                "work; a steep rise that lasts is a schedule or a database that has changed."
            ),
            width=12,
            height=9,
            unit="bytes",
        ),
        query(f"sum by (project_id) ({of_chosen_type(f'{stored} - {before}')})", "{{project_id}}"),
        legend=("lastNotNull", "mean"),
    )


def _ages() -> Finished:
    def counted(hours: int) -> str:
        younger = count(of_chosen_type(f"{promql.AGE} <= {hours * limits.HOUR}"))
        return f'label_replace({younger}, "le", "{hours * limits.HOUR}", "", "")'

    everything = f'label_replace({count(of_chosen_type(promql.LAST_COMPLETED))}, "le", "+Inf", "", "")'
    return buckets(
        About(
            title="Ages of the latest backups",
            description=(
                "How many addons have a latest completed backup of what age, over time.\n\nIn a healthy fleet the "
                "pattern repeats daily. What drifts upwards was not backed up again, long before its limit is reached."
            ),
            width=12,
            height=9,
            no_value=_NO_ADDONS,
        ),
        query("\nor ".join([*map(counted, _AGES), everything]), "{{le}}"),
        unit="s",
    )


def _outcomes() -> Finished:
    def changes(which: str) -> str:
        return once(f"changes({of_addon(f'{BACKUP}_last_{which}_timestamp_seconds')}[1d])")

    completed, failed, started = (
        f"sum({of_chosen_type(changes(which))})" for which in ("completed", "failed", "attempt")
    )
    return graph(
        About(
            title="Outcomes per day",
            description=(
                "Backups that were completed and that failed on the day before each bar, as seen by the exporter: two "
                "between the same two readings of a list count as one. *Other* were aborted or are under way.\n\n"
                "Fewer completed ones than usual without failures means that schedules did not run."
            ),
            width=12,
            height=9,
            interval="1d",
            overrides=(
                ("^completed$", fixed(GOOD)),
                ("^failed$", fixed(BAD)),
                ("^other$", fixed(style.QUIET)),
            ),
        ),
        query(completed, "completed"),
        query(f"{failed} or 0 * {started}", "failed", name="B"),
        query(f"clamp_min({started} - {completed} - ({failed} or 0 * {started}), 0)", "other", name="C"),
        style=GraphDrawStyle.BARS,
        stacked=True,
        legend=("sum",),
        least=0,
    )
