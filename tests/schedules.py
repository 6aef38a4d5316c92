"""Schedules for property tests, and when they are due by looking at the clock every minute."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from exporter.model import BackupKind, Schedule, ScheduleInterval
from exporter.schedule import due_times, timetables
from tests.builders import schedule

ZONES: Final = tuple(
    map(ZoneInfo, ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"))
)

SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

CHANGES: Final = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        "2025-03-30T01:00",
        "2025-10-26T01:00",
        "2026-03-29T01:00",
        "2026-10-25T01:00",
        "2025-03-09T07:00",
        "2025-11-02T06:00",
        "2026-03-08T07:00",
        "2026-11-01T06:00",
        "2025-04-05T15:00",
        "2025-10-04T15:30",
        "2026-04-04T15:00",
        "2026-10-03T15:30",
    )
)
"""When the clocks of these zones change, in Berlin, New York and on Lord Howe Island."""


def minute_by_minute(schedules: Iterable[Schedule], zone: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    """Give the minutes in [begin, end) at which any of the schedules is due; both are whole minutes."""
    alike = list(schedules)
    due = []
    minute = begin
    while minute < end:
        local = minute.astimezone(zone)
        if any(shows(local, each) and (each.created_at is None or each.created_at <= minute) for each in alike):
            due.append(minute)
        minute += MINUTE
    return due


def shows(local: datetime, due: Schedule) -> bool:
    """Tell whether the local clock shows a time of the schedule, and not for the second time that day."""
    if local.minute not in due.minutes:
        return False
    if due.interval is ScheduleInterval.HOURLY:
        return True
    if local.fold or local.hour not in due.hours:
        return False
    return due.interval is ScheduleInterval.DAILY or local.weekday() in due.days


def numbers(limit: int) -> st.SearchStrategy[tuple[int, ...]]:
    few = st.sets(st.integers(0, limit - 1), min_size=1, max_size=4)
    many = st.sets(st.integers(0, limit - 1), min_size=1)
    return st.one_of(few, few, many, st.just(range(limit))).map(lambda each: tuple(sorted(each)))


def schedules(*, hours: st.SearchStrategy[tuple[int, ...]] | None = None) -> st.SearchStrategy[Schedule]:
    # The clocks change at night, so that is when most runs should be.
    nightly = st.sets(st.integers(0, 4), min_size=1).map(lambda each: tuple(sorted(each)))
    return st.builds(
        schedule,
        kind=st.just(BackupKind.DUMP),
        interval=st.sampled_from(ScheduleInterval),
        minutes=numbers(60),
        hours=hours or st.one_of(nightly, numbers(24)),
        days=st.one_of(st.just((6,)), numbers(7)),
        created_at=st.none(),
    )


def moments() -> st.SearchStrategy[datetime]:
    """Give moments of some years, half of them not far from a change of the clocks."""
    anywhere = st.datetimes(datetime(2010, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
    shortly = st.timedeltas(timedelta(hours=-4), timedelta(hours=4))
    nearby = st.builds(lambda change, distance: change + distance, st.sampled_from(CHANGES), shortly)
    return st.one_of(anywhere, nearby)


def whole_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What there is to judge by."""

    alike: tuple[Schedule, ...]
    completed: tuple[datetime, ...]
    zone: ZoneInfo
    now: datetime
    grace: timedelta
    paused_until: datetime | None


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw backups at about the due times, and at others, of up to two schedules of the same interval."""
    now, zone, first, second = draw(st.tuples(moments(), st.sampled_from(ZONES), schedules(), schedules()))
    drawn = [first, replace(second, interval=first.interval)][: draw(st.integers(1, 2))]
    ages = st.one_of(st.none(), st.integers(0, 40).map(lambda hours: now - hours * HOUR))
    alike = tuple(
        replace(each, created_at=draw(ages), retention=draw(st.integers(1, 8)) * DAY, id="") for each in drawn
    )
    (timetable,) = timetables(alike)
    due = list(due_times(timetable, zone, now - 8 * DAY, now + DAY))[-draw(st.integers(1, 60)) :]
    jitter = st.integers(-400, 400).map(lambda seconds: seconds * SECOND)
    punctual = [each + draw(jitter) for each in due if draw(st.booleans())] if len(due) <= 20 else due[:: len(due) // 9]
    others = draw(st.lists(st.timedeltas(-HOUR, 8 * DAY).map(lambda age: now - age), max_size=3))
    return Case(
        alike=alike,
        completed=tuple(sorted(punctual + others)),
        zone=zone,
        now=now,
        grace=draw(st.sampled_from([timedelta(0), MINUTE, HOUR, DAY])),
        paused_until=draw(st.sampled_from([None, None, None, now, now - 10 * HOUR])),
    )


def plainly(case: Case) -> int:
    """Count missed runs as they are defined, run by run, each found by reading the clock every minute."""
    minute = whole_minute(case.now)
    due = minute_by_minute(case.alike, case.zone, minute - 16 * DAY, minute + 15 * DAY)
    gaps = [timedelta.max, *(later - earlier for earlier, later in pairwise(due))]
    opens = [run - min(5 * MINUTE, gap / 2) for run, gap in zip(due, gaps, strict=True)]
    row = []
    for run, begin, end in reversed(list(zip(due, opens, opens[1:], strict=False))):
        if run > case.now:
            continue
        if any(begin <= created_at < end for created_at in case.completed):
            break
        is_paused = case.paused_until is not None and run <= case.paused_until
        is_in_sight = case.now - run <= max(each.retention or 365 * DAY for each in case.alike)
        if is_in_sight and not is_paused and case.now - run >= case.grace:
            row.append(run)
    # The backups of all of them may have expired, the last by another clock.
    return len(row) if any(is_kept(run, case, case.now + 5 * MINUTE) for run in row) else 0


def is_kept(run: datetime, case: Case, now: datetime) -> bool:
    """Tell whether one of the schedules that were due then keeps its backups for so long."""
    local = run.astimezone(case.zone)
    return any(
        shows(local, each)
        and (each.created_at is None or each.created_at <= run)
        and (each.retention is None or now - run <= each.retention)
        for each in case.alike
    )
