"""Every metric about what was to be expected of an addon: schedules, missed runs, restores."""

from collections.abc import Callable, Iterator
from datetime import datetime

from exporter.expectation import Due, Expectation
from exporter.metrics.family import Family, LiveFamily, Samples, one, seconds, timestamp
from exporter.model import BackupStatus
from exporter.schedule import Timetable
from exporter.state import AddonState
from exporter.summary import RestoreSummary

_LABELS = ("backup_kind", "interval")


def _labels(timetable: Timetable) -> tuple[str, str]:
    return timetable.kind.value, timetable.interval.value


def _of_schedules(samples: Callable[[Expectation], Samples]) -> Callable[[AddonState], Samples]:
    """Say nothing of an addon whose schedules were never read."""
    return lambda addon: () if addon.expectation is None else samples(addon.expectation)


def _of_restores(samples: Callable[[RestoreSummary], Samples]) -> Callable[[AddonState], Samples]:
    return lambda addon: () if addon.restores is None else samples(addon.restores)


def _due(which: Callable[[Due], datetime | None]) -> Callable[[AddonState, datetime], Samples]:
    def samples(addon: AddonState, now: datetime) -> Iterator[tuple[tuple[str, ...], float]]:
        if addon.expectation is None:
            return
        for timetable, due in addon.expectation.due(now):
            if (time := which(due)) is not None:
                yield _labels(timetable), time.timestamp()

    return samples


def _all_due(addon: AddonState, now: datetime) -> object:
    return None if addon.expectation is None else addon.expectation.due(now)


def _retentions(expectation: Expectation) -> Samples:
    return [
        (_labels(each), each.retention.total_seconds()) for each in expectation.timetables if each.retention is not None
    ]


SCHEDULE_FAMILIES: tuple[Family[AddonState] | LiveFamily[AddonState], ...] = (
    Family(
        name="northflank_addon_backup_max_age_seconds",
        help="How old the latest completed backup may become: as configured, else as the schedules tell.",
        samples=lambda addon: seconds(addon.age_limit),
    ),
    Family(
        name="northflank_addon_backup_schedules",
        help="Backup schedules that the addon has, unreadable ones too; absent until they were listed.",
        samples=_of_schedules(lambda expectation: one(expectation.schedules)),
    ),
    LiveFamily(
        name="northflank_addon_backup_schedule_last_due_timestamp_seconds",
        help="When the latest run was due; absent when none was since the schedule was created.",
        labels=_LABELS,
        samples=_due(lambda due: due.last),
        basis=_all_due,
    ),
    LiveFamily(
        name="northflank_addon_backup_schedule_next_due_timestamp_seconds",
        help="When the next run is due.",
        labels=_LABELS,
        samples=_due(lambda due: due.next),
        basis=_all_due,
    ),
    Family(
        name="northflank_addon_backup_schedule_missed_runs",
        help="The newest runs in a row, older than the grace, that brought no completed backup.",
        labels=_LABELS,
        samples=lambda addon: [(_labels(timetable), runs) for timetable, runs in addon.missed_runs()],
    ),
    Family(
        name="northflank_addon_backup_schedule_retention_seconds",
        help="For how long the backups of these schedules are kept.",
        labels=_LABELS,
        samples=_of_schedules(_retentions),
    ),
    Family(
        name="northflank_addon_restores",
        help="Restores listed, by status (status); absent unless restores are collected.",
        labels=("status",),
        samples=_of_restores(
            lambda restores: [((status.value,), restores.counts.get(status, 0)) for status in BackupStatus]
        ),
    ),
    Family(
        name="northflank_addon_restore_last_completed_timestamp_seconds",
        help="When the latest completed restore was completed.",
        samples=_of_restores(lambda restores: timestamp(restores.last_completed_at)),
    ),
)
