"""When schedules are due: single facts, then any schedule on any clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import BackupKind, Schedule, ScheduleInterval
from exporter.schedule import Timetable, due_times, last_due, longest_gap, next_due, timetables
from exporter.schedule.timetable import count_kept
from tests.builders import NOW, ago, schedule
from tests.schedules import MINUTE, ZONES, minute_by_minute, moments, schedules, whole_minute

ZONE_OF_UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
HOURLY, DAILY, WEEKLY = ScheduleInterval


def timetable(*alike: Schedule) -> Timetable:
    (merged,) = timetables(alike)
    return merged


def due_on(date: str, zone: ZoneInfo, due: Schedule) -> list[str]:
    """Give the times in UTC at which a schedule is due in the 24 hours from 12:00 UTC of the day before."""
    noon = datetime.fromisoformat(f"{date}T12:00:00+00:00")
    return [f"{each:%H:%M}" for each in due_times(timetable(due), zone, noon - timedelta(days=1), noon)]


def test_an_hourly_schedule_is_due_at_each_minute_of_every_hour() -> None:
    due = due_times(timetable(schedule(interval=HOURLY, minutes=(5, 35))), ZONE_OF_UTC, ago(hours=2), NOW)
    assert [f"{each:%H:%M}" for each in due] == ["10:05", "10:35", "11:05", "11:35"]


def test_a_daily_schedule_is_due_at_each_minute_of_each_hour() -> None:
    daily = schedule(minutes=(0, 30), hours=(2, 14), days=())
    assert due_on("2026-03-10", ZONE_OF_UTC, daily) == ["14:00", "14:30", "02:00", "02:30"]


def test_a_weekly_schedule_is_due_on_each_of_its_days_of_which_the_first_is_monday() -> None:
    weekly = schedule(interval=WEEKLY, minutes=(15,), hours=(6,), days=(0, 6))
    due = due_times(timetable(weekly), ZONE_OF_UTC, NOW, NOW + timedelta(days=7))
    assert [f"{each:%a %H:%M}" for each in due] == ["Sun 06:15", "Mon 06:15"]


def test_the_interval_decides_which_numbers_count() -> None:
    numbers = {"minutes": (30,), "hours": (3,), "days": (4,)}
    hourly, daily = (timetable(schedule(interval=interval, **numbers)) for interval in (HOURLY, DAILY))
    assert next_due(hourly, ZONE_OF_UTC, NOW) == NOW + timedelta(minutes=30)
    assert next_due(daily, ZONE_OF_UTC, NOW) == NOW + timedelta(hours=15, minutes=30)


def test_now_belongs_to_what_was_due_last_not_next() -> None:
    noon = timetable(schedule(hours=(12,)))
    assert last_due(noon, ZONE_OF_UTC, NOW) == NOW
    assert next_due(noon, ZONE_OF_UTC, NOW) == NOW + timedelta(days=1)
    assert list(due_times(noon, ZONE_OF_UTC, NOW - timedelta(days=1), NOW)) == [NOW]
    assert last_due(noon, ZONE_OF_UTC, NOW - timedelta(microseconds=1)) == NOW - timedelta(days=1)


def test_times_are_those_of_the_zones_clock() -> None:
    assert due_on("2026-01-15", BERLIN, schedule()) == ["01:00"]
    assert due_on("2026-07-15", BERLIN, schedule()) == ["00:00"]
    # 5:45 ahead of UTC: the minutes of an hourly schedule are the local clock's too.
    kathmandu = timetable(schedule(interval=HOURLY, minutes=(0,)))
    assert next_due(kathmandu, ZoneInfo("Asia/Kathmandu"), NOW) == NOW + timedelta(minutes=15)


def test_a_local_time_that_does_not_exist_is_not_due_that_day() -> None:
    nightly = schedule(minutes=(30,), hours=(1, 2, 3))
    assert due_on("2026-03-28", BERLIN, nightly) == ["00:30", "01:30", "02:30"]
    assert due_on("2026-03-29", BERLIN, nightly) == ["00:30", "01:30"]
    weekly = timetable(schedule(interval=WEEKLY, minutes=(30,), days=(6,)))
    assert next_due(weekly, BERLIN, datetime(2026, 3, 23, tzinfo=UTC)) == datetime(2026, 4, 5, 0, 30, tzinfo=UTC)
    assert last_due(weekly, BERLIN, datetime(2026, 4, 4, tzinfo=UTC)) == datetime(2026, 3, 22, 1, 30, tzinfo=UTC)


def test_a_local_time_that_exists_twice_is_due_the_first_time() -> None:
    nightly = schedule(minutes=(30,), hours=(1, 2, 3))
    assert due_on("2026-10-25", BERLIN, nightly) == ["23:30", "00:30", "02:30"]
    assert due_on("2026-10-25", BERLIN, schedule(hours=(3,))) == ["02:00"]
    # Asked while that time is shown again.
    between = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert next_due(timetable(schedule(minutes=(30,))), BERLIN, between) == between + timedelta(days=1, minutes=20)


def test_an_hourly_schedule_is_due_in_every_hour_that_passes() -> None:
    hourly = schedule(interval=HOURLY, minutes=(10,))
    for date in ("2026-03-29", "2026-10-25"):
        assert due_on(date, BERLIN, hourly) == [f"{(12 + hour) % 24:02}:10" for hour in range(24)]
        # Asked in the hour after the change.
        since = datetime.fromisoformat(f"{date}T01:20:00+00:00")
        assert next_due(timetable(hourly), BERLIN, since) == since + timedelta(minutes=50)


def test_clocks_that_change_by_half_an_hour_show_some_minutes_sooner_and_others_later() -> None:
    # At 15:00 UTC the clock goes from 02:00 back to 01:30.
    assert due_on("2026-04-05", LORD_HOWE, schedule(interval=HOURLY, minutes=(45,)))[1:6] == [
        "13:45",
        "14:45",
        "15:15",
        "16:15",
        "17:15",
    ]
    assert due_on("2026-04-05", LORD_HOWE, schedule(minutes=(45,), hours=(1,))) == ["14:45"]


def test_nothing_was_due_before_the_schedule_was_created() -> None:
    nightly = timetable(schedule(created_at=ago(hours=1)))
    assert last_due(nightly, ZONE_OF_UTC, NOW) is None
    assert next_due(nightly, ZONE_OF_UTC, NOW) == NOW + timedelta(hours=14)
    assert last_due(timetable(schedule(created_at=ago(hours=10))), ZONE_OF_UTC, NOW) == ago(hours=10)
    assert last_due(timetable(schedule(created_at=ago(hours=9.999))), ZONE_OF_UTC, NOW) is None


def test_a_schedule_from_the_future_is_next_due_after_its_creation() -> None:
    ahead = timetable(schedule(created_at=NOW + timedelta(days=30)))
    assert last_due(ahead, ZONE_OF_UTC, NOW) is None
    assert next_due(ahead, ZONE_OF_UTC, NOW) == NOW + timedelta(days=30, hours=14)


def test_a_schedule_without_times_is_never_due() -> None:
    never = schedule(minutes=())
    assert last_due(timetable(never), ZONE_OF_UTC, NOW) is None
    assert next_due(timetable(never), ZONE_OF_UTC, NOW) is None
    assert longest_gap([never]) is None


def test_schedules_of_the_same_kind_and_interval_become_one_timetable() -> None:
    early, late = schedule(hours=(2,), retention=timedelta(days=3)), schedule(hours=(2, 14), retention=None)
    weekly, snapshot = schedule(interval=WEEKLY), schedule(kind=BackupKind.SNAPSHOT)
    merged = timetables([early, weekly, late, snapshot])
    assert [(each.kind, each.interval) for each in merged] == [("snapshot", DAILY), ("dump", DAILY), ("dump", WEEKLY)]
    assert [each.retention for each in merged] == [timedelta(days=7), timedelta(days=3), timedelta(days=7)]
    assert list(due_times(merged[1], ZONE_OF_UTC, ago(days=1), NOW)) == [ago(hours=22), ago(hours=10)]
    assert timetables([snapshot, late, weekly, early]) == merged


def test_the_due_times_of_a_schedule_that_joins_others_count_from_its_own_creation() -> None:
    both = timetable(schedule(hours=(2,)), schedule(hours=(8,), created_at=ago(hours=3)))
    assert list(due_times(both, ZONE_OF_UTC, ago(days=1), NOW + timedelta(days=1))) == [
        ago(hours=10),
        NOW + timedelta(hours=14),
        NOW + timedelta(hours=20),
    ]


@pytest.mark.parametrize(
    ("together", "gap"),
    [
        ([schedule()], timedelta(days=1)),
        ([schedule(hours=(2, 3))], timedelta(hours=23)),
        ([schedule(interval=WEEKLY)], timedelta(days=7)),
        ([schedule(interval=WEEKLY, days=(0, 4))], timedelta(days=4)),
        ([schedule(interval=WEEKLY, days=(3, 6))], timedelta(days=4)),
        ([schedule(interval=HOURLY, minutes=(0, 10))], timedelta(minutes=50)),
        ([schedule(interval=HOURLY, minutes=(10,)), schedule(minutes=(40,))], timedelta(hours=1)),
        ([schedule(interval=WEEKLY), schedule(kind=BackupKind.SNAPSHOT, hours=(14,))], timedelta(days=1)),
        ([], None),
    ],
)
def test_the_longest_gap_is_that_of_all_schedules_together(together: list[Schedule], gap: timedelta | None) -> None:
    assert longest_gap(together) == gap


@pytest.mark.parametrize("year", [1, 1969, 9999])
def test_clocks_and_answers_from_beyond_belief_do_no_harm(year: int) -> None:
    for at in (datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, tzinfo=UTC)):
        for due in (schedule(created_at=at), schedule(created_at=None), schedule()):
            assert last_due(timetable(due), BERLIN, NOW) in (None, ago(hours=11))
            assert last_due(timetable(due), BERLIN, at) is None or year == 9999
            assert next_due(timetable(due), BERLIN, at) is None or year != 9999


@pytest.mark.parametrize("zone", ZONES[:4], ids=str)
def test_two_years_of_due_times_equal_those_of_a_clock_that_is_read_every_minute(zone: ZoneInfo) -> None:
    begin, halfway, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (2025, 2026, 2027))
    alike = [
        schedule(interval=WEEKLY, minutes=(0, 59), hours=(1, 2), days=(6,), created_at=None),
        schedule(interval=WEEKLY, minutes=(15, 45), hours=(0, 2, 3, 23), days=(0, 5), created_at=halfway),
    ]
    assert list(due_times(timetable(*alike), zone, begin - MINUTE, end - MINUTE)) == minute_by_minute(
        alike, zone, begin, end
    )


@given(st.lists(schedules(), min_size=1, max_size=2), st.sampled_from(ZONES), moments(), st.integers(0, 30))
def test_any_due_times_equal_those_of_a_clock_that_is_read_every_minute(
    drawn: list[Schedule], zone: ZoneInfo, at: datetime, hours: int
) -> None:
    begin = whole_minute(at) - timedelta(hours=hours)
    end = begin + timedelta(days=2)
    for merged in timetables(drawn):
        alike = [each for each in drawn if each.interval is merged.interval]
        expected = minute_by_minute(alike, zone, begin, end)
        assert list(due_times(merged, zone, begin - MINUTE, end - MINUTE)) == expected
        assert count_kept(merged, zone, begin - MINUTE, at, now=at) == sum(1 for each in expected if each <= at)


@settings(max_examples=40)
@given(schedules(), st.sampled_from(ZONES), moments(), st.integers(0, 20))
def test_the_last_and_next_due_time_are_the_nearest_ones(
    drawn: Schedule, zone: ZoneInfo, now: datetime, age: int
) -> None:
    created = replace(drawn, created_at=now - timedelta(days=age))
    around = minute_by_minute([created], zone, whole_minute(now) - timedelta(days=15), now + timedelta(days=15))
    assert last_due(timetable(created), zone, now) == max((each for each in around if each <= now), default=None)
    assert next_due(timetable(created), zone, now) == min(each for each in around if each > now)


@given(st.lists(schedules(), min_size=1, max_size=3))
def test_the_longest_gap_equals_that_of_a_clock_that_is_read_every_minute(together: list[Schedule]) -> None:
    due = minute_by_minute(together, ZONE_OF_UTC, NOW, NOW + timedelta(days=14))
    assert longest_gap(together) == max(
        (later - earlier for earlier, later in pairwise(due)), default=timedelta(days=7)
    )
