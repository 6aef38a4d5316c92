"""The upper half of an addon's dashboard: what became of its attempts, how old the latest is, how long they take."""

from collections.abc import Iterator

from grafana_foundation_sdk.models.common import GraphDrawStyle

from dashboards import limits, promql, style
from dashboards.panels import FULL_WIDTH, About, Finished, graph, query, timeline
from dashboards.promql import BACKUP, of_addon, once, once_addon
from dashboards.style import BAD, GOOD, LIMIT, NEAR, NEUTRAL, QUIET, fixed


def attempts() -> Iterator[Finished]:
    """Give the panels."""
    attempt = f"{BACKUP}_last_attempt_status"

    def are(*statuses: str) -> str:
        return f"({once(of_addon(attempt, promql.status(*statuses)))} == 1)"

    def worst(expression: str) -> str:
        return f"max without (status) ({expression})"

    yield timeline(
        About(
            title="Status of the newest attempt",
            description=(
                "What became of the newest backup, over time: *completed*, *under way*, *given up* (aborted, not "
                "supported or a status that is not known), *failed*.\n\nLong blue bars are backups that take long or "
                "hang; red ones last until the next attempt."
            ),
            width=FULL_WIDTH,
            height=5,
            no_value="No attempts",
            mappings=style.mapped(
                {
                    "0": ("completed", GOOD),
                    "1": ("under way", NEUTRAL),
                    "2": ("given up", NEAR),
                    "3": ("failed", BAD),
                }
            ),
        ),
        query(
            f"{worst(are('failed'))} * 3\n"
            f"or {worst(are('aborted', 'not-supported', 'unknown'))} * 2\n"
            f"or {worst(are('scheduled', 'in-progress', 'aborting'))}\n"
            f"or {worst(are('completed'))} * 0",
            "newest attempt",
        ),
    )
    yield _outcomes()
    yield _age()
    yield _durations()


def _outcomes() -> Finished:
    def changes(which: str) -> str:
        return once(f"changes({of_addon(f'{BACKUP}_last_{which}_timestamp_seconds')}[$__interval])")

    completed, failed, started = (changes(which) for which in ("completed", "failed", "attempt"))
    return graph(
        About(
            title="Outcomes",
            description=(
                "Backups that were completed, that failed, and others (aborted, or under way) before each bar, as "
                "seen by the exporter: two between the same two readings count as one.\n\n"
                "A gap where there should be a bar is a run that did not start."
            ),
            width=8,
            height=9,
            interval="1h",
            overrides=(
                ("^completed$", fixed(GOOD)),
                ("^failed$", fixed(BAD)),
                ("^other$", fixed(QUIET)),
            ),
        ),
        query(completed, "completed"),
        query(f"{failed} or {started} * 0", "failed", name="B"),
        query(
            f"clamp_min({started} - ({completed} or {started} * 0) - ({failed} or {started} * 0), 0)", "other", name="C"
        ),
        style=GraphDrawStyle.BARS,
        stacked=True,
        legend=("sum",),
        least=0,
    )


def _age() -> Finished:
    return graph(
        About(
            title="Age against its limit",
            description=(
                "Age of the latest completed backup, and the limit it must not reach: NorthflankBackupTooOld fires "
                f"above the red line; the orange one is {limits.NEAR_ITS_LIMIT:.0%} of it.\n\n"
                "Every completed backup is a drop to zero."
            ),
            width=8,
            height=9,
            unit="s",
            no_value="Never backed up",
            overrides=(
                ("^limit$", LIMIT),
                (f"^{limits.NEAR_ITS_LIMIT:.0%}", {**LIMIT, **fixed(NEAR)}),
                ("^age$", fixed(NEUTRAL)),
            ),
        ),
        query(promql.AGE, "age"),
        query(promql.MAX_AGE, "limit", name="B"),
        query(f"{limits.NEAR_ITS_LIMIT} * {promql.MAX_AGE}", f"{limits.NEAR_ITS_LIMIT:.0%} of the limit", name="C"),
        legend=("lastNotNull", "max"),
        least=0,
    )


def _durations() -> Finished:
    return graph(
        About(
            title="Durations",
            description=(
                "How long the latest completed backup took, how long one has been in progress, and from when on that "
                f"counts as stuck: {limits.STUCK_DURATIONS} times the longest of the last week, "
                f"{limits.STUCK_FLOOR_SECONDS // limits.HOUR} hours at least (NorthflankBackupStuck).\n\nDurations "
                "grow with the database. One that hangs blocks all that follow: abort it in Northflank."
            ),
            width=8,
            height=9,
            unit="s",
            no_value="No durations known",
            overrides=(
                ("^stuck after$", LIMIT),
                ("^in progress for$", fixed(NEAR)),
                ("^latest completed$", fixed(NEUTRAL)),
            ),
        ),
        query(once_addon(f"{BACKUP}_last_completed_duration_seconds"), "latest completed"),
        query(promql.RUNNING, "in progress for", name="B"),
        query(promql.STUCK_AFTER, "stuck after", name="C"),
        legend=("lastNotNull", "max"),
        least=0,
    )
