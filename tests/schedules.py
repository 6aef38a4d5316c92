"""Schedules for property tests, and when they are due by looking at the clock every minute."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from exporter.model import BackupKind, Schedule, ScheduleInterval
from tests.builders import schedule

ZONES: Final = tuple(
    map(ZoneInfo, ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"))
)

MINUTE: Final = timedelta(minutes=1)

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
