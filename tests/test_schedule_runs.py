"""Whether the backups that were due came: single facts, worlds without a miss, then any row of runs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from exporter.model import BackupKind, Schedule, ScheduleInterval
from exporter.schedule import ScheduleSummary, assess, due_times, timetables
from tests.builders import NOW, ago, schedule
from tests.schedules import Case, cases, plainly

ZONE_OF_UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
HOURLY, DAILY, WEEKLY = ScheduleInterval
GRACE = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def missed(
    due: Schedule | Sequence[Schedule],
    *completed: datetime,
    now: datetime = NOW,
    zone: ZoneInfo = ZONE_OF_UTC,
    grace: timedelta = GRACE,
    paused_until: datetime | None = None,
) -> int:
    (timetable,) = timetables([due] if isinstance(due, Schedule) else due)
    known = sorted(completed)
    return assess(timetable, known, now=now, zone=zone, grace=grace, paused_until=paused_until).missed_runs


def nights_ago(days: float) -> datetime:
    """Give 02:00 of so many days ago, when the nightly backup was due."""
    return ago(hours=10) - DAY * days


def test_a_summary_says_all_that_there_is_to_say() -> None:
    (timetable,) = timetables([schedule(hours=(2, 14))])
    assert assess(timetable, [], now=NOW, zone=ZONE_OF_UTC, grace=GRACE) == ScheduleSummary(
        kind=BackupKind.DUMP,
        interval=DAILY,
        last_due=ago(hours=10),
        next_due=NOW + timedelta(hours=2),
        missed_runs=14,
        retention=timedelta(days=7),
    )


def test_the_newest_runs_in_a_row_without_a_backup_are_missed() -> None:
    assert missed(schedule(), nights_ago(0)) == 0
    assert missed(schedule(), nights_ago(1)) == 1
    assert missed(schedule(), nights_ago(4), nights_ago(2)) == 2
    # Older misses are forgiven as soon as a backup comes.
    assert missed(schedule(), nights_ago(0), nights_ago(5)) == 0


@pytest.mark.parametrize(
    ("created_at", "runs"),
    [
        (nights_ago(0) - timedelta(minutes=5), 0),
        (nights_ago(0) - timedelta(minutes=5, seconds=1), 1),
        (nights_ago(0) + timedelta(hours=9), 0),
    ],
)
def test_a_run_is_answered_from_five_minutes_before_it_until_the_next_ones_time(
    created_at: datetime, runs: int
) -> None:
    assert missed(schedule(), created_at) == runs


def test_where_runs_follow_closely_half_the_gap_between_them_divides_them() -> None:
    close = schedule(interval=HOURLY, minutes=(0, 4))
    now = NOW + timedelta(minutes=30)
    assert missed(close, NOW + timedelta(minutes=2), now=now, grace=timedelta(0)) == 0
    assert missed(close, NOW + timedelta(minutes=2) - SECOND, now=now, grace=timedelta(0)) == 1
    # Before 12:00 there was nothing for 56 minutes.
    assert missed(close, NOW - timedelta(minutes=5), now=now, grace=timedelta(0)) == 1
    assert missed(close, NOW - timedelta(minutes=5, seconds=1), now=now, grace=timedelta(0)) == 2


def test_a_backup_in_the_time_of_the_run_to_come_does_not_answer_the_last_one() -> None:
    before_the_next = nights_ago(-1) - timedelta(minutes=3)
    assert missed(schedule(), nights_ago(1), before_the_next, now=before_the_next + MINUTE) == 1


def test_a_run_younger_than_grace_is_pending_and_does_not_end_the_row() -> None:
    last = nights_ago(0)
    for now, runs in ((last, 2), (last + GRACE - SECOND, 2), (last + GRACE, 3), (last + GRACE + SECOND, 3)):
        assert missed(schedule(), nights_ago(3), now=now) == runs
    assert missed(schedule(), nights_ago(1), now=last) == 0
    assert missed(schedule(), nights_ago(1), last + SECOND, now=last + MINUTE) == 0


def test_several_runs_can_be_pending_at_once() -> None:
    assert missed(schedule(interval=HOURLY), ago(hours=5), grace=timedelta(hours=3)) == 2


def test_runs_are_missed_back_to_the_creation_of_the_schedule() -> None:
    assert missed(schedule(created_at=nights_ago(2))) == 3
    assert missed(schedule(created_at=nights_ago(2) + SECOND)) == 2
    assert missed(schedule(created_at=ago(hours=1))) == 0
    assert missed(schedule(created_at=NOW + DAY)) == 0


def test_runs_are_missed_back_to_where_their_backups_would_have_expired() -> None:
    assert missed(schedule(retention=timedelta(days=3))) == 3
    assert missed(schedule(retention=timedelta(days=3)), now=nights_ago(0)) == 3
    assert missed(schedule(retention=timedelta(days=3)), now=nights_ago(0) + SECOND) == 2


def test_an_unknown_retention_and_creation_still_have_an_end() -> None:
    assert missed(schedule(retention=None, created_at=ago(days=9))) == 9
    assert missed(schedule(retention=None, created_at=None)) == 365
    assert missed(schedule(retention=timedelta.max, created_at=ago(days=9)), grace=timedelta.max) == 0


def test_a_backup_that_is_kept_until_the_next_one_may_expire_a_little_early() -> None:
    weekly = schedule(interval=WEEKLY, days=(1,), retention=timedelta(days=7))
    assert missed(weekly, now=nights_ago(-7) - timedelta(minutes=6)) == 1
    assert missed(weekly, now=nights_ago(-7) - timedelta(minutes=2)) == 0
    # Where more is missing, it is not the clocks.
    assert missed(schedule(retention=timedelta(days=2)), now=nights_ago(0) - timedelta(minutes=2)) == 2


def test_the_runs_of_a_paused_addon_are_pending() -> None:
    assert missed(schedule(), nights_ago(4), paused_until=NOW) == 0
    # Once it runs again, only what comes after counts.
    assert missed(schedule(), nights_ago(4), paused_until=nights_ago(1) + MINUTE) == 1


def test_one_backup_answers_runs_of_different_intervals_that_are_due_together() -> None:
    nightly, weekly = schedule(), schedule(interval=WEEKLY, days=(1,))
    assert [missed(each, nights_ago(0) + SECOND) for each in (nightly, weekly)] == [0, 0]


def test_merged_schedules_share_their_runs() -> None:
    both = [schedule(hours=(2,)), schedule(hours=(2, 8))]
    assert missed(both, ago(hours=10), ago(hours=4)) == 0
    assert missed(both, ago(hours=10)) == 1


def test_nothing_is_missed_of_which_no_backup_would_be_kept() -> None:
    # NOW is Tuesday: the Friday's backup has gone the day after, while those of Mondays stay.
    brief = schedule(interval=WEEKLY, days=(4,), retention=DAY)
    long = schedule(interval=WEEKLY, days=(0,), retention=timedelta(days=30))
    sunday, wednesday = nights_ago(1), nights_ago(-1)
    assert missed([brief, long], nights_ago(8), now=sunday) == 0
    # With a run among them that must have left a backup, they are a row like any other.
    assert missed([brief, long], nights_ago(8), now=wednesday) == 2
    assert missed([brief, long], nights_ago(8), now=nights_ago(4) + 2 * GRACE) == 1
    assert missed([brief, long], nights_ago(15), now=sunday) == 3


def test_adding_a_schedule_to_another_one_misses_nothing() -> None:
    both = [schedule(hours=(2,)), schedule(hours=(8,), created_at=ago(hours=1))]
    assert missed(both, nights_ago(0)) == 0


@pytest.mark.parametrize(
    ("change", "created"),
    [
        pytest.param("2026-03-29", [], id="a time that does not exist is left out"),
        pytest.param("2026-03-29", ["01:00"], id="a time that does not exist comes when the clocks have changed"),
        pytest.param("2026-03-29", ["01:30"], id="a time that does not exist comes an hour later"),
        pytest.param("2026-10-25", ["00:30"], id="a time that exists twice comes the first time"),
        pytest.param("2026-10-25", ["01:30"], id="a time that exists twice comes the second time"),
        pytest.param("2026-10-25", ["00:30", "01:30"], id="a time that exists twice comes twice"),
    ],
)
def test_nothing_is_missed_whatever_the_scheduler_does_when_the_clocks_change(change: str, created: list[str]) -> None:
    nightly = schedule(minutes=(30,), hours=(2,), created_at=None)
    (timetable,) = timetables([nightly])
    midnight = datetime.fromisoformat(f"{change}T00:00+00:00")
    around = due_times(timetable, BERLIN, midnight - 9 * DAY, midnight + 9 * DAY)
    ordinary = [due for due in around if due.date() != midnight.date()]
    special = [datetime.fromisoformat(f"{change}T{time}:01+00:00") for time in created]
    for hours in range(2, 120):
        now = midnight + timedelta(hours=hours)
        listed = [each for each in ordinary + special if each <= now]
        assert missed(nightly, *listed, now=now, zone=BERLIN) == 0


OVERLAPPING = (
    schedule(interval=HOURLY, retention=DAY),
    schedule(hours=(2, 14), retention=DAY),
    schedule(hours=(2,), minutes=(0, 3), retention=2 * DAY),
    schedule(interval=WEEKLY, days=(0, 3), hours=(2, 3), retention=timedelta(days=7)),
    schedule(interval=WEEKLY, days=(0,), retention=timedelta(days=7)),
)


def backups_of(world: Sequence[Schedule], begin: datetime, end: datetime) -> dict[datetime, timedelta]:
    """Give when backups are due, overlapping ones once, and how long each is kept."""
    kept: dict[datetime, timedelta] = {}
    for each in world:
        (timetable,) = timetables([each])
        for due in due_times(timetable, ZONE_OF_UTC, begin, end):
            kept[due] = max(kept.get(due, timedelta(0)), each.retention or timedelta(0))
    return kept


@pytest.mark.parametrize("skew", [-2 * MINUTE, timedelta(0), 2 * MINUTE], ids=["behind", "right", "ahead"])
@pytest.mark.parametrize("count", range(1, len(OVERLAPPING) + 1))
def test_sixty_days_in_which_every_backup_comes_have_no_miss(skew: timedelta, count: int) -> None:
    """Backups begin late, take up to 45 minutes, overlap and expire, by a clock that differs from ours."""
    random = Random(count)
    world = OVERLAPPING[-count:]
    begin = ago(days=60)
    backups = []
    for due, kept in backups_of(world, begin - 8 * DAY, NOW).items():
        created_at = due + random.random() * 30 * SECOND
        backups.append((created_at, created_at + random.random() * 45 * MINUTE, created_at + kept))
    backups.sort()
    expiring = [expires_at for _, _, expires_at in backups if begin < expires_at < NOW]
    moments = [begin + random.random() * 60 * DAY for _ in range(100)]
    moments += [each + offset * MINUTE for each in random.sample(expiring, 8) for offset in (-3, -1, 0, 1, 3, 61)]
    for theirs in moments:
        listed = [created_at for created_at, ended_at, expires_at in backups if ended_at <= theirs < expires_at]
        for timetable in timetables(world):
            found = assess(timetable, listed, now=theirs + skew, zone=ZONE_OF_UTC, grace=GRACE)
            assert found.missed_runs == 0, (theirs, timetable.interval)


def test_sixty_days_in_which_backups_fail_miss_what_failed() -> None:
    random = Random(7)
    due = sorted(backups_of([OVERLAPPING[2]], ago(days=60), NOW))
    failing = {each for each in due if random.random() < 0.5}
    completed = [each + SECOND for each in due if each not in failing]
    for now in (begin + timedelta(hours=8) for begin in due[10:]):
        over = [each for each in due if now - 2 * DAY <= each <= now]
        answered = [each for each in over if each not in failing]
        row = [each for each in over if not answered or each > answered[-1]]
        assert missed(OVERLAPPING[2], *(each for each in completed if each <= now), now=now) == len(row)


@given(cases())
def test_missed_runs_equal_those_found_run_by_run(case: Case) -> None:
    assert plainly(case) == missed(
        case.alike,
        *case.completed,
        now=case.now,
        zone=case.zone,
        grace=case.grace,
        paused_until=case.paused_until,
    )
