"""The lower half of an addon's dashboard: what was expected of it, its copies and restores, and how we know."""

from collections.abc import Iterator

from dashboards import limits, promql
from dashboards.panels import FULL_WIDTH, About, Finished, graph, number, query, query_now, query_rows, rows
from dashboards.promql import BACKUP, of_addon, once_addon, per_addon
from dashboards.style import BAD, COLORED_TEXT, DASHED, GOOD, LIMIT, NEAR, QUIET, fixed, steps

_SCHEDULE = ("backup_kind", "interval")
_BACKUP = ("backup_id", "backup_kind", "source_type", "compression_type", "addon_version", "destination_id")
_ABOUT = ("addon_name", "addon_type", "tags")


def expected() -> Iterator[Finished]:
    """Give schedules, due and missed."""
    yield _schedules()
    yield graph(
        About(
            title="Missed runs",
            description=(
                "The newest runs of each schedule in a row that brought no completed backup, the last hour "
                "(`collect.schedules_grace`) not counted. NorthflankBackupScheduleMissed fires from "
                f"{limits.MISSED_RUNS} on, unless the addon is paused.\n\nWithout failures, Northflank did not start "
                "them: is the schedule still there, is another backup in progress?"
            ),
            width=8,
            height=8,
            no_value="No schedules",
            thresholds=steps(GOOD, (limits.MISSED_RUNS, NEAR)),
            overrides=(("^schedules$", {**fixed(QUIET), **DASHED}),),
        ),
        query(once_addon(f"{BACKUP}_schedule_missed_runs"), "{{interval}} {{backup_kind}}"),
        query(f"max({once_addon('northflank_addon_backup_schedules')})", "schedules", name="B"),
        stepped=True,
        legend=("lastNotNull", "max"),
        least=0,
    )


def _schedules() -> Finished:
    def column(which: str, factor: str = "") -> str:
        return per_addon(of_addon(f"{BACKUP}_schedule_{which}"), *_SCHEDULE) + factor

    names = {
        "interval": "Interval",
        "backup_kind": "Kind",
        "Value #Last": "Last due",
        "Value #Kind": "Last completed",
        "Value #Next": "Next due",
        "Value #Missed": "Missed runs",
        "Value #Kept": "Kept (days)",
    }
    hidden = ("Time", "job", "account", "project_id", "addon_id")
    return rows(
        About(
            title="Schedules",
            description=(
                "The addon's backup schedules, those of one kind and interval together: when a run was and will be "
                "due, when a backup of that kind was last completed, how many runs in a row are missing.\n\n"
                "Times are Northflank's, read in the time zone of `collect.schedules_timezone`."
            ),
            width=16,
            height=8,
            no_value="No schedules: NorthflankBackupUnscheduled",
            overrides=(
                ("^(Last due|Next due|Last completed)$", {"unit": "dateTimeFromNow"}),
                (
                    "^Missed runs$",
                    {
                        "thresholds": steps("text", (limits.MISSED_RUNS, NEAR)).build(),
                        **COLORED_TEXT,
                    },
                ),
            ),
            transformations=(
                ("merge", {}),
                (
                    "organize",
                    {
                        "excludeByName": dict.fromkeys(hidden, True),
                        "indexByName": {name: place for place, name in enumerate(names)},
                        "renameByName": names,
                    },
                ),
            ),
        ),
        query_rows(column("last_due_timestamp_seconds", " * 1000"), name="Last"),
        query_rows(column("next_due_timestamp_seconds", " * 1000"), name="Next"),
        query_rows(column("missed_runs"), name="Missed"),
        query_rows(column("retention_seconds", f" / {limits.DAY}"), name="Kept"),
        query_rows(_last_of_its_kind(), name="Kind"),
    )


def _last_of_its_kind() -> str:
    schedule = per_addon(of_addon(f"{BACKUP}_schedule_missed_runs"), *_SCHEDULE)
    last = per_addon(of_addon(f"{BACKUP}_kind_last_completed_timestamp_seconds"), "backup_kind")
    return f"{schedule} * 0 + ignoring (interval) group_left () {last} * 1000"


def copies() -> Iterator[Finished]:
    """Give copies at custom destinations, restores, and what the latest backup is."""
    copied = f"time() - {once_addon(f'{BACKUP}_destination_last_completed_timestamp_seconds')}"
    usual = once_addon(f"{BACKUP}_destination_median_interval_seconds")
    yield graph(
        About(
            title="Age of copies elsewhere",
            description=(
                "Age of the latest backup with a copy at each custom destination, and the usual time between copies "
                "there. NorthflankOffsiteCopyOld fires where the age exceeds "
                f"{limits.COPY_FACTOR} times the larger of that and the addon's limit; "
                f"{limits.COPY_UNKNOWN_SECONDS // limits.DAY} days where neither is known.\n\n"
                "Backups go on while copies do not: check the destination's credentials and space."
            ),
            width=12,
            height=8,
            unit="s",
            no_value="No copies at custom destinations",
            overrides=((" usually$", DASHED),),
        ),
        query(copied, "{{destination_id}}"),
        query(usual, "{{destination_id}} usually", name="B"),
        legend=(),
        least=0,
    )
    yield number(
        About(
            title="Last restore",
            description=(
                "When a restore was last completed. Only a restore proves a backup: NorthflankBackupRestoreUntested "
                f"asks for one every {limits.RESTORE_TESTED_DAYS} days, where restores are collected "
                "(`collect.restores`).\n\nRestore into a fork of the addon."
            ),
            width=4,
            height=8,
            unit="s",
            no_value="None, or not collected",
            thresholds=steps(GOOD, (limits.RESTORE_TESTED_DAYS * limits.DAY, NEAR)),
        ),
        query(f"time() - {once_addon('northflank_addon_restore_last_completed_timestamp_seconds')}"),
    )
    yield graph(
        About(
            title="Restores by status",
            description=(
                "Restores that Northflank lists, by status, where they are collected (`collect.restores`).\n\n"
                "A failed restore is a backup that may be worthless: look at it now, not when it is needed."
            ),
            width=8,
            height=8,
            no_value="None, or not collected",
            overrides=(
                ("^completed$", fixed(GOOD)),
                ("^failed$", fixed(BAD)),
            ),
        ),
        query(f"{once_addon('northflank_addon_restores')} > 0", "{{status}}"),
        stacked=True,
        stepped=True,
        legend=(),
        least=0,
    )
    yield _latest()


def _latest() -> Finished:
    names = {
        "backup_id": "Backup",
        "backup_kind": "Kind",
        "source_type": "Source",
        "compression_type": "Compression",
        "addon_version": "Version",
        "destination_id": "Destination",
    }
    info = promql.from_freshest(of_addon(f"{BACKUP}_last_completed_info"), *_BACKUP)
    return _facts(
        "The latest completed backup",
        "What the latest completed backup is: its id in Northflank, how it was made, and where it lies.\n\n"
        "This is the one to restore; mind the version of the database.",
        per_addon(info, *_BACKUP),
        names,
        no_value="None",
        width=FULL_WIDTH,
    )


def data() -> Iterator[Finished]:
    """Give how fresh and how good the data is."""
    yield graph(
        About(
            title="Age of the data",
            description=(
                "How long ago the addon's list of backups was read, and from when on NorthflankDataStale fires.\n\n"
                "All other panels are so old. See the Exporter dashboard where it grows."
            ),
            width=12,
            height=7,
            unit="s",
            overrides=(
                (
                    "^stale after$",
                    LIMIT,
                ),
            ),
        ),
        query(promql.DATA_AGE, "age"),
        query(promql.DATA_AGE_LIMIT, "stale after", name="B"),
        legend=("lastNotNull", "max"),
        least=0,
    )
    yield graph(
        About(
            title="Reading it",
            description=(
                "How long it took to read the addon's list, and whether that succeeded (1) or failed (0); "
                "NorthflankAddonUnreadable fires after half an hour.\n\nLong lists take a request per hundred backups."
            ),
            width=12,
            height=7,
            unit="s",
            overrides=(
                (
                    "^succeeded$",
                    {
                        "unit": "none",
                        "custom.axisPlacement": "right",
                        "min": 0,
                        "max": 1,
                        **fixed(GOOD),
                    },
                ),
            ),
        ),
        query(once_addon("northflank_addon_poll_duration_seconds"), "duration"),
        query(once_addon("northflank_addon_poll_success"), "succeeded", name="B"),
        stepped=True,
        least=0,
    )
    info = promql.from_freshest(of_addon("northflank_addon_info"), *_ABOUT)
    names = {"addon_name": "Name", "addon_type": "Type", "tags": "Tags"}
    yield _facts(
        "The addon",
        "What Northflank says of the addon; nothing where it was never found in a list.\n\n"
        "Tags and types can choose what is watched.",
        per_addon(info, *_ABOUT),
        names,
        no_value="Not found in a list",
        width=20,
    )
    yield number(
        About(
            title="Created",
            description="When the addon was created: it can have no older backups.\n\nNothing to do.",
            width=4,
            height=4,
            unit="dateTimeFromNow",
            no_value="Not told",
        ),
        query_now(f"{once_addon('northflank_addon_created_timestamp_seconds')} * 1000"),
        spark=False,
    )


def _facts(
    title: str, description: str, expression: str, names: dict[str, str], *, no_value: str, width: int
) -> Finished:
    hidden = ("Time", "job", "account", "project_id", "addon_id", "Value")
    order = {
        "excludeByName": dict.fromkeys(hidden, True),
        "indexByName": {name: place for place, name in enumerate(names)},
        "renameByName": names,
    }
    about = About(
        title=title,
        description=description,
        width=width,
        height=4,
        no_value=no_value,
        transformations=(("organize", order),),
    )
    return rows(about, query_rows(expression))
