"""The middle of an addon's dashboard: how large its backups are, how many there are."""

from collections.abc import Iterator

from dashboards import limits
from dashboards.panels import FULL_WIDTH, About, Finished, graph, query
from dashboards.promql import BACKUP, once_addon
from dashboards.style import BAD, DASHED, GOOD, NEAR, NEUTRAL, NONE, QUIET, fixed


def sizes() -> Iterator[Finished]:
    """Give the panels."""
    yield _of_kind()
    yield _stored()
    yield _listed()


def _of_kind() -> Finished:
    of_kind = 'backup_kind=~"$backup_kind"'
    median = once_addon(f"{BACKUP}_kind_median_completed_size_bytes", of_kind)
    band = {"custom.lineWidth": 0, **fixed(GOOD)}
    return graph(
        About(
            title="Size of each $backup_kind",
            description=(
                "Size of the latest completed backup of this kind, and the band it is usually in: from half to twice "
                "the median of the seven before it. NorthflankBackupSizeDropped and …Jumped fire outside the band, "
                "for dumps; snapshots hold only what has changed.\n\nA dump that collapses is often an empty database, "
                "or a dump of the wrong one: restore it to see."
            ),
            width=FULL_WIDTH,
            height=9,
            unit="bytes",
            no_value="No sizes of this kind",
            repeat="backup_kind",
            overrides=(
                ("^size$", {**fixed(NEUTRAL), "custom.lineWidth": 2}),
                ("^median$", {**fixed(GOOD), **DASHED}),
                ("^half the median$", {**band, "custom.fillOpacity": 0}),
                ("^twice the median$", {**band, "custom.fillBelowTo": "half the median", "custom.fillOpacity": 12}),
            ),
        ),
        query(once_addon(f"{BACKUP}_kind_last_completed_size_bytes", of_kind), "size"),
        query(median, "median", name="B"),
        query(f"{limits.SIZE_DROPPED} * {median}", "half the median", name="C"),
        query(f"{limits.SIZE_JUMPED} * {median}", "twice the median", name="D"),
        stepped=True,
        legend=(),
        least=0,
    )


def _stored() -> Finished:
    return graph(
        About(
            title="Stored",
            description=(
                "Size of all completed backups that Northflank lists, imports too.\n\nIt levels out once backups "
                "expire as fast as new ones come; what keeps growing has a long retention or a growing database."
            ),
            width=12,
            height=8,
            unit="bytes",
        ),
        query(once_addon("northflank_addon_backups_stored_bytes"), "stored"),
        query(once_addon(f"{BACKUP}_last_completed_size_bytes"), "latest backup", name="B"),
        legend=("lastNotNull", "max"),
        least=0,
    )


def _listed() -> Finished:
    colors = {
        "completed": GOOD,
        "failed": BAD,
        "aborted": NEAR,
        "aborting": NEAR,
        "in-progress": NEUTRAL,
        "scheduled": "light-blue",
        "not-supported": NONE,
        "unknown": QUIET,
    }
    return graph(
        About(
            title="Listed backups by status",
            description=(
                "How many backups Northflank lists, by status. The list shrinks when backups expire.\n\nMany failed "
                "ones beside few completed ones: the history of a problem that somebody lives with."
            ),
            width=12,
            height=8,
            overrides=tuple((f"^{name}$", fixed(color)) for name, color in colors.items()),
        ),
        query(f"{once_addon('northflank_addon_backups')} > 0", "{{status}}"),
        stacked=True,
        stepped=True,
        least=0,
    )
