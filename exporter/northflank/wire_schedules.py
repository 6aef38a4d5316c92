"""From bodies to an addon's backup schedules and restores. Pure.

Facts from northflank.com/docs/v1/api. A time that no clock shows is left out: fewer runs are expected then, and none
that Northflank does not make. A schedule without any that its interval runs at is rejected.
"""

from datetime import timedelta
from typing import Final

from exporter.model import BackupKind, BackupStatus, Restore, Schedule, ScheduleInterval
from exporter.northflank.body import Page, mapping, parse_page, parse_time, text, whole_number

_KINDS: Final = {"dump": BackupKind.DUMP, "snapshot": BackupKind.SNAPSHOT}
_INTERVALS: Final = {interval.value: interval for interval in ScheduleInterval}

_RANGES: Final = {"minute": range(60), "hour": range(24), "day": range(7)}
_USED_BY: Final = {
    ScheduleInterval.HOURLY: ("minute",),
    ScheduleInterval.DAILY: ("minute", "hour"),
    ScheduleInterval.WEEKLY: ("minute", "hour", "day"),
}
"""What each interval runs at; what stands beside it says nothing."""

_LONGEST_RETENTION = 36_500  # days; more is no retention, and datetime could not hold much more


def parse_schedules_page(body: bytes | bytearray) -> Page[Schedule]:
    """Read one page of `GET …/backup-schedules`; raises MalformedBody where it holds no list of schedules."""
    return parse_page(body, "schedules", _schedule)


def parse_restores_page(body: bytes | bytearray) -> Page[Restore]:
    """Read one page of `GET …/restores`; raises MalformedBody where it holds no list of restores."""
    return parse_page(body, "restores", _restore)


def _schedule(raw: object) -> Schedule | None:
    fields = mapping(raw)
    scheduling = mapping(fields.get("scheduling"))
    schedule_id = text(fields.get("id"))
    kind = _KINDS.get(text(fields.get("backupType")))
    interval = _INTERVALS.get(text(scheduling.get("interval")))
    if not schedule_id or kind is None or interval is None:
        return None
    times = {name: _times(scheduling.get(name), _RANGES[name]) for name in _USED_BY[interval]}
    if not all(times.values()):
        return None
    return Schedule(
        id=schedule_id,
        kind=kind,
        interval=interval,
        minutes=times["minute"],
        hours=times.get("hour", ()),
        days=times.get("day", ()),
        retention=_retention(fields.get("retentionTime")),
        created_at=parse_time(fields.get("createdAt")),
    )


def _times(raw: object, possible: range) -> tuple[int, ...]:
    if not isinstance(raw, list):
        return ()
    numbers = {number for each in raw if (number := whole_number(each)) is not None}
    return tuple(sorted(number for number in numbers if number in possible))


def _retention(raw: object) -> timedelta | None:
    days = whole_number(raw)
    return timedelta(days=days) if days is not None and 0 < days <= _LONGEST_RETENTION else None


def _restore(raw: object) -> Restore | None:
    fields = mapping(raw)
    restore_id = text(fields.get("id"))
    if not restore_id:
        return None
    status = BackupStatus(text(fields.get("status")))
    return Restore(
        id=restore_id,
        status=status,
        started_at=parse_time(fields.get("restoreTimestamp")),
        completed_at=parse_time(fields.get("completedAt")) if status is BackupStatus.COMPLETED else None,
    )
