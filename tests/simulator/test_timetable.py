from datetime import UTC, datetime, timedelta

import pytest

from exporter.simulator.nouns import BackupType, Interval, Schedule
from exporter.simulator.timetable import due_times, next_due

# A Tuesday.
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def _schedule(
    interval: Interval, minutes: tuple[int, ...], hours: tuple[int, ...] = (), days: tuple[int, ...] = ()
) -> Schedule:
    return Schedule(
        id="schedule",
        backup_type=BackupType.DUMP,
        interval=interval,
        minutes=minutes,
        hours=hours,
        days=days,
        retention=timedelta(days=7),
        created_at=NOON,
    )


def test_an_hourly_schedule_is_due_at_each_minute_of_every_hour() -> None:
    schedule = _schedule(Interval.HOURLY, (50, 10))
    due = [f"{due:%H:%M}" for due in due_times(schedule, NOON, NOON + timedelta(hours=2))]
    assert due == ["12:10", "12:50", "13:10", "13:50"]


def test_a_daily_schedule_is_due_at_each_minute_of_each_of_its_hours() -> None:
    schedule = _schedule(Interval.DAILY, (0, 30), (22, 3))
    due = [f"{due:%d %H:%M}" for due in due_times(schedule, NOON, NOON + timedelta(days=1))]
    assert due == ["10 22:00", "10 22:30", "11 03:00", "11 03:30"]


def test_a_weekly_schedule_counts_days_from_monday() -> None:
    schedule = _schedule(Interval.WEEKLY, (15,), (6,), (0, 6))
    due = [f"{due:%a %d %H:%M}" for due in due_times(schedule, NOON, NOON + timedelta(days=8))]
    assert due == ["Sun 15 06:15", "Mon 16 06:15"]


def test_a_range_of_due_times_excludes_its_beginning_and_includes_its_end() -> None:
    schedule = _schedule(Interval.HOURLY, (0,))
    assert list(due_times(schedule, NOON, NOON + timedelta(hours=1))) == [NOON + timedelta(hours=1)]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (_schedule(Interval.HOURLY, (0,)), NOON + timedelta(hours=1)),
        (_schedule(Interval.DAILY, (0,), (12,)), NOON + timedelta(days=1)),
        (_schedule(Interval.WEEKLY, (0,), (12,), (1,)), NOON + timedelta(days=7)),
        (_schedule(Interval.DAILY, (), ()), None),
    ],
)
def test_the_next_due_time_is_after_the_moment(schedule: Schedule, expected: datetime | None) -> None:
    assert next_due(schedule, NOON) == expected
