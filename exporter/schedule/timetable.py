"""When an addon's schedules are due."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from exporter.model import BackupKind, Schedule, ScheduleInterval
from exporter.schedule.clock import DAY, Recurrence, Stretch, first_second, moment, passes, seconds

_HOUR = 60
_WEEK = 7 * 24 * _HOUR
_PERIOD = {ScheduleInterval.HOURLY: _HOUR, ScheduleInterval.DAILY: 24 * _HOUR, ScheduleInterval.WEEKLY: _WEEK}
# A weekly run can be left out when the clocks change, two in a row cannot.
_HORIZON = 15 * DAY


LOOK_BACK = timedelta(days=365)
"""For how long backups are expected to be kept where Northflank does not say."""


class _Edition(NamedTuple):
    """The due times that hold from a moment on, until the next edition."""

    since: int
    recurrence: Recurrence


class _Part(NamedTuple):
    """One schedule: when it is due, from when on, and for how long what it makes is kept."""

    since: int
    recurrence: Recurrence
    retention: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """An addon's schedules of one kind and interval: the union of their due times, their longest retention.

    Each schedule's due times count from its own creation. Were they to count from the first one's, adding a
    schedule would look like missed runs; from the last one's, it would make missed runs disappear.
    """

    kind: BackupKind
    interval: ScheduleInterval
    retention: timedelta | None
    parts: tuple[_Part, ...]
    editions: tuple[_Edition, ...]


def timetables(schedules: Iterable[Schedule]) -> tuple[Timetable, ...]:
    """Merge schedules of the same kind and interval; the order of neither shows in the result."""
    merged: dict[tuple[BackupKind, ScheduleInterval], list[Schedule]] = {}
    for schedule in schedules:
        merged.setdefault((schedule.kind, schedule.interval), []).append(schedule)
    return tuple(
        Timetable(
            kind=kind,
            interval=interval,
            retention=max((each.retention for each in alike if each.retention is not None), default=None),
            parts=(parts := tuple(sorted(map(_part, alike)))),
            editions=_editions((part.since, part.recurrence) for part in parts),
        )
        for kind in BackupKind
        for interval in ScheduleInterval
        if (alike := merged.get((kind, interval)))
    )


def due_times(timetable: Timetable, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the due times in (after, until] by the zone's clock, in UTC, earliest first."""
    for piece in _pieces(timetable.editions, zone, seconds(after) + 1, seconds(until) + 1):
        yield from map(moment, piece)


def count_due(timetable: Timetable, zone: ZoneInfo, after: datetime, until: datetime) -> int:
    """Count the due times in (after, until]."""
    return sum(map(len, _pieces(timetable.editions, zone, seconds(after) + 1, seconds(until) + 1)))


def count_kept(timetable: Timetable, zone: ZoneInfo, after: datetime, until: datetime, *, now: datetime) -> int:
    """Count the due times in (after, until] at which a backup was due that is still to be kept now.

    One schedule's backups can be gone while another's of the same kind and interval are kept for long.
    """
    kept = _editions((max(part.since, _kept_since(part, now)), part.recurrence) for part in timetable.parts)
    return sum(map(len, _pieces(kept, zone, seconds(after) + 1, seconds(until) + 1)))


def last_due(timetable: Timetable, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Give the latest due time up to now; None when there was none since creation."""
    end = seconds(now) + 1
    # Later pieces replace earlier ones; there are hardly ever two.
    last = [piece[-1] for piece in _pieces(timetable.editions, zone, end - _HORIZON, end) if piece][-1:]
    return moment(last[0]) if last else None


def next_due(timetable: Timetable, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Give the first due time after now; None only for a schedule that is never due."""
    begin = max(seconds(now) + 1, timetable.editions[0].since)
    first = next((piece[0] for piece in _pieces(timetable.editions, zone, begin, begin + _HORIZON) if piece), None)
    return None if first is None else moment(first)


def longest_gap(schedules: Iterable[Schedule]) -> timedelta | None:
    """Give the longest time between two due times of all schedules together, in a week in which no clock changes.

    The night in which clocks go back is an hour longer. Allowing for it would raise the limit of every other
    day of the year; the grace that is added to the gap has room for it.
    """
    shapes = frozenset(_recurrence(each.interval, each.minutes, each.hours, each.days) for each in schedules)
    return _longest_gap(shapes)


@lru_cache(maxsize=4096)
def _longest_gap(recurrences: frozenset[Recurrence]) -> timedelta | None:
    due = sorted(
        {
            start + minute
            for recurrence in recurrences
            for start in range(0, _WEEK, recurrence.period)
            for minute in recurrence.minutes
        }
    )
    if not due:
        return None
    return timedelta(minutes=max(later - earlier for earlier, later in pairwise([*due, due[0] + _WEEK])))


def _pieces(
    editions: tuple[_Edition, ...], zone: ZoneInfo, begin: int, end: int
) -> Iterator[Stretch | tuple[int, ...]]:
    untils = [edition.since for edition in editions[1:]]
    for edition, until in zip(editions, [*untils, end], strict=True):
        yield from passes(edition.recurrence, zone, max(begin, edition.since), min(end, until))


def _part(schedule: Schedule) -> _Part:
    since = 0 if schedule.created_at is None else first_second(schedule.created_at)
    recurrence = _recurrence(schedule.interval, schedule.minutes, schedule.hours, schedule.days)
    return _Part(since, recurrence, schedule.retention or LOOK_BACK)


def _kept_since(part: _Part, now: datetime) -> int:
    return first_second(now - min(part.retention, now - moment(0)))


def _editions(parts: Iterable[tuple[int, Recurrence]]) -> tuple[_Edition, ...]:
    """Give the union of the due times each time that a schedule joins it."""
    editions: list[_Edition] = []
    for since, recurrence in sorted(parts):
        union = recurrence
        if editions:
            union = Recurrence(union.period, tuple(sorted({*union.minutes, *editions[-1].recurrence.minutes})))
            if editions[-1].since == since:
                editions.pop()
        editions.append(_Edition(since, union))
    return tuple(editions)


@lru_cache(maxsize=4096)
def _recurrence(
    interval: ScheduleInterval, minutes: tuple[int, ...], hours: tuple[int, ...], days: tuple[int, ...]
) -> Recurrence:
    if interval is ScheduleInterval.HOURLY:
        hours, days = (0,), (0,)
    elif interval is ScheduleInterval.DAILY:
        days = (0,)
    due = tuple((day * 24 + hour) * _HOUR + minute for day in days for hour in hours for minute in minutes)
    return Recurrence(_PERIOD[interval], due)
