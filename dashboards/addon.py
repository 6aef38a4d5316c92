"""Addon: the life of one addon's backups."""

from collections.abc import Iterator

from grafana_foundation_sdk.models.common import BigValueTextMode

from dashboards import limits, promql, style
from dashboards.addon_attempts import attempts
from dashboards.addon_expectations import copies, data, expected
from dashboards.addon_sizes import sizes
from dashboards.board import ADDON, Json, board, single, targets_and_accounts, variable
from dashboards.marks import failed_backups, firing_alerts
from dashboards.panels import About, Finished, number, query, query_now
from dashboards.promql import BACKUP, of_addon, once, once_addon
from dashboards.style import BAD, GOOD, NEAR, QUIET, steps


def addon() -> Json:
    """Give the dashboard."""
    poll = "northflank_addon_poll_success"
    of_project = promql.of_account(poll, 'project_id=~"$project_id"')
    kinds = of_addon(f"{BACKUP}_kind_last_completed_timestamp_seconds")
    return board(
        ADDON,
        "Northflank backups / Addon",
        "The life of one addon's backups: attempts, ages, sizes, durations, schedules, restores.",
        since="now-7d",
        variables=[
            *targets_and_accounts(poll),
            single("project_id", "Project", f"label_values({promql.of_account(poll)}, project_id)"),
            single("addon_id", "Addon", f"label_values({of_project}, addon_id)"),
            variable("backup_kind", "Kind", f"label_values({kinds}, backup_kind)"),
        ],
        annotations=[failed_backups(), firing_alerts()],
        rows=[
            ("$project_id / $addon_id now", _now()),
            ("Attempts", attempts()),
            ("Sizes", sizes()),
            ("What was expected", expected()),
            ("Copies and restores", copies()),
            ("How we know", data()),
        ],
    )


def _now() -> Iterator[Finished]:
    yield number(
        About(
            title="State",
            description=(
                "How the age of the latest completed backup stands against its limit. *No limit*: neither the "
                "configuration nor a schedule says how old it may become. *Paused* addons raise no alarm.\n\n"
                "Anything but *ok* is explained by the rows below."
            ),
            height=5,
            mappings=style.STATES,
            thresholds=steps(QUIET),
        ),
        query_now(promql.STATE_OF_ANY),
        spark=False,
    )
    yield number(
        About(
            title="Last completed",
            description=(
                "When the latest backup was completed: what happened since then would be lost.\n\n"
                "Too long ago? The next panel compares it with the limit, the row below shows the attempts since."
            ),
            height=5,
            unit="dateTimeFromNow",
            no_value="Never",
        ),
        query_now(f"{promql.LAST_COMPLETED} * 1000"),
        spark=False,
    )
    yield number(
        About(
            title="Age / limit",
            description=(
                f"Age of the latest completed backup as a share of its limit: orange from {limits.NEAR_ITS_LIMIT:.0%} "
                "on, red above 100 %, where NorthflankBackupTooOld fires.\n\nSawtooth teeth that touch the limit in "
                "good days mean that the limit is tighter than the schedule."
            ),
            height=5,
            unit="percentunit",
            decimals=0,
            no_value="No limit, or never backed up",
            thresholds=steps(GOOD, (limits.NEAR_ITS_LIMIT, NEAR), (limits.OVERDUE, BAD)),
        ),
        query(promql.AGE_PER_LIMIT),
    )
    yield number(
        About(
            title="Newest attempt",
            description=(
                "Status of the newest backup of any status. *Failed* raises NorthflankBackupFailed after five minutes."
                "\n\nThe reason stands in Northflank, in the addon's list of backups."
            ),
            height=5,
            no_value="No attempts",
            mappings=style.STATUSES,
        ),
        query_now(
            promql.per_addon(promql.from_freshest(of_addon(f"{BACKUP}_last_attempt_status"), "status"), "status"),
            "{{status}}",
        ),
        spark=False,
        text=BigValueTextMode.NAME,
    )
    yield number(
        About(
            title="Failures in a row",
            description=(
                "Failed backups since the latest completed one; all of them where none was ever completed.\n\n"
                f"From {limits.FAILURES_IN_A_ROW} on it does not heal by itself: NorthflankBackupFailingRepeatedly."
            ),
            height=5,
            thresholds=steps(GOOD, (1, NEAR), (limits.FAILURES_IN_A_ROW, BAD)),
        ),
        query(once_addon(f"{BACKUP}_failures_since_completed")),
    )
    yield number(
        About(
            title="Restorable since",
            description=(
                "When the oldest completed backup was completed: how far back one can restore.\n\n"
                "It moves with the retention of the schedules; a jump forward means that old backups are gone."
            ),
            height=5,
            unit="dateTimeFromNow",
            no_value="Nothing to restore",
        ),
        query_now(f"{once(of_addon(f'{BACKUP}_oldest_completed_timestamp_seconds'), least=True)} * 1000"),
        spark=False,
    )
