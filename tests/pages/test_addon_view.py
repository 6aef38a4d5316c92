"""What the page of an addon tells beside its row in the table."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from exporter.expectation import Expectation
from exporter.model import BackupStatus, ScheduleInterval
from exporter.pages.addon import AddonView, addon_view
from exporter.poll_log import Reading
from exporter.recent import NEWEST
from exporter.state import AddonState
from exporter.summary import summarise
from tests.builders import NOW, ago, backup, failed, schedule
from tests.pages.fleet import LIMIT, account, addon, dumps, expecting, unread

UNDERSTOOD_NONE = Expectation.of([], zone=ZoneInfo("UTC"), grace=timedelta(hours=1), unreadable=2)


def view(state: AddonState) -> AddonView:
    return addon_view(state, account(), now=NOW, api_now=NOW, asked_at=ago(seconds=5))


@pytest.mark.parametrize(
    ("state", "limit", "origin"),
    [
        (addon("a"), LIMIT, "as configured"),
        (replace(addon("a"), max_age="off"), None, "switched off in the configuration"),
        (addon("a", max_age=None), None, "not configured, and its schedules are not known"),
        (addon("a", max_age=None, schedules=[]), None, "not configured, and there is no schedule"),
        (replace(addon("a", max_age=None), expectation=UNDERSTOOD_NONE), None, "not configured, and no schedule tells"),
        (addon("a", max_age=None, schedules=[schedule()]), timedelta(hours=25), "from its schedules"),
    ],
)
def test_who_set_the_limit_is_told(state: AddonState, limit: timedelta | None, origin: str) -> None:
    assert (view(state).row.age_limit, view(state).limit_from) == (limit, origin)


def test_the_newest_backups_are_told_of_all_that_are_listed() -> None:
    told = view(addon("a", failed(created_at=ago(minutes=9)), *dumps(*range(1, 80))))

    assert (len(told.backups), told.listed) == (NEWEST, 80)
    assert (told.completed, told.failed) == (NEWEST - 1, 1)
    assert told.backups[0].status is BackupStatus.FAILED
    assert told.statuses == [BackupStatus.COMPLETED, BackupStatus.FAILED]
    assert told.timeline is not None


def test_while_an_addon_is_paused_its_line_has_nothing_that_is_too_old() -> None:
    lines = [view(addon("a", *dumps(50), status=status)).timeline for status in ("running", "paused")]

    assert [line and line.too_old is None for line in lines] == [False, True]


def test_of_an_addon_that_was_never_read_only_that_is_told() -> None:
    told = view(unread("a"))

    assert (told.backups, told.listed, told.timeline, told.schedules, told.polls) == ((), None, None, None, ())
    assert told.row.concerns[0].text == "not read yet"


@pytest.mark.parametrize(
    ("interval", "times", "clock"),
    [
        (ScheduleInterval.DAILY, {"hours": (2, 14), "minutes": (0, 30)}, "at 02:00, 02:30, 14:00, 14:30"),
        (ScheduleInterval.WEEKLY, {"days": (0, 6), "hours": (4,), "minutes": (5,)}, "at Mon 04:05, Sun 04:05"),
        (ScheduleInterval.HOURLY, {"minutes": (15,)}, "at minute 15"),
        (ScheduleInterval.HOURLY, {"minutes": (5, 20)}, "at minute 5, minute 20"),
        (ScheduleInterval.HOURLY, {"minutes": tuple(range(60))}, "every minute"),
        (ScheduleInterval.HOURLY, {"minutes": tuple(range(0, 60, 5))}, "every 5 minutes, from minute 0"),
        (
            ScheduleInterval.DAILY,
            {"hours": tuple(range(10)), "minutes": (0,)},
            "at 00:00, 01:00, 02:00, 03:00, 04:00, 05:00, 06:00, 07:00 and 2 more times",
        ),
    ],
)
def test_schedules_are_told_by_the_clock(
    interval: ScheduleInterval, times: dict[str, tuple[int, ...]], clock: str
) -> None:
    (told,) = view(addon("a", *dumps(3), schedules=[schedule(interval=interval, **times)])).schedules or ()

    assert told.clock == clock
    assert told.due.next is not None


def test_missed_runs_stand_beside_their_schedule_and_are_unknown_while_no_list_was_read() -> None:
    daily = schedule(created_at=ago(days=30))
    (read,) = view(addon("a", *dumps(60), schedules=[daily])).schedules or ()
    (not_read,) = view(replace(unread("a"), expectation=expecting(daily))).schedules or ()

    assert (read.missed_runs, not_read.missed_runs) == (3, None)


def test_schedules_that_nobody_understood_are_counted() -> None:
    expectation = replace(expecting(schedule(), schedule(hours=(5,))), schedules=5)
    told = view(replace(addon("a"), expectation=expectation))

    assert (len(told.schedules or ()), told.unreadable) == (1, 3)


def test_the_last_polls_are_told_the_latest_first() -> None:
    state = addon("a", read_at=ago(minutes=2)).polled(
        summarise([backup()]), data_at=ago(minutes=1), duration=timedelta(seconds=1), reading=Reading.UNCHANGED
    )

    assert [(poll.at, poll.result) for poll in view(state).polls] == [
        (ago(minutes=1), Reading.UNCHANGED),
        (ago(minutes=2), Reading.WHOLE),
    ]
