"""Properties of schedules: whatever the API says of them, due times are those that a clock shows, and cost little."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from exporter.expectation import Expectation
from exporter.model import Schedule
from exporter.northflank.wire_schedules import parse_schedules_page
from exporter.schedule import Timetable, assess, due_times, last_due, longest_gap, next_due, timetables
from exporter.schedule.timetable import LOOK_BACK, count_due, count_kept
from fuzz.bounds import bounded
from fuzz.draw import Draw
from tests.schedules import CHANGES, MINUTE, ZONES, minute_by_minute, whole_minute

FIRST, LAST = datetime(1970, 1, 6, tzinfo=UTC), datetime(9998, 12, 1, tzinfo=UTC)
_HALF_A_DAY = timedelta(hours=12)
WEEKS = timedelta(days=15)  # the longest time without a due time of a weekly schedule whose clock changes
_ANY_ZONE = (*ZONES, *map(ZoneInfo, ("Africa/Casablanca", "Pacific/Apia", "America/St_Johns", "Antarctica/Troll")))


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of some schedules: by whose clock, when, and with which backups there."""

    raw: object
    zone: ZoneInfo
    now: datetime
    completed: tuple[datetime, ...] = ()
    running: tuple[datetime, ...] = ()
    grace: timedelta = timedelta(hours=1)


def schedules_of(raw: object) -> tuple[Schedule, ...]:
    """Read what stands in a list of schedules, in whichever shape; what cannot be read is left out, as ever."""
    items = raw if isinstance(raw, list) else [raw]
    return parse_schedules_page(json.dumps({"data": {"schedules": items}}).encode()).items


def due_times_are_those_of_a_clock(question: Question) -> None:
    """Around a moment, due times are the minutes at which a clock that is read every minute shows one."""
    read = schedules_of(question.raw)
    begin = whole_minute(question.now) - _HALF_A_DAY
    end = begin + 2 * _HALF_A_DAY
    for timetable in timetables(read):
        alike = [each for each in read if (each.kind, each.interval) == (timetable.kind, timetable.interval)]
        expected = minute_by_minute(alike, question.zone, begin, end)
        assert list(due_times(timetable, question.zone, begin - MINUTE, end - MINUTE)) == expected


def due_times_agree_with_each_other(question: Question) -> None:
    """The last, the next, the counted and the listed due times are the same ones, in order, for any year."""
    zone, now = question.zone, question.now
    for timetable in timetables(schedules_of(question.raw)):
        begin, end = now - WEEKS, now + WEEKS
        with bounded(question):
            last, following = last_due(timetable, zone, now), next_due(timetable, zone, now)
            listed = list(due_times(timetable, zone, begin, end))
            counted = count_due(timetable, zone, begin, end)
        assert counted == len(listed)
        assert all(earlier < later for earlier, later in pairwise(listed))
        assert all(begin < each <= end and each.utcoffset() == timedelta(0) for each in listed)
        past, future = [each for each in listed if each <= now], [each for each in listed if each > now]
        assert last == (past[-1] if past else None)
        assert following == future[0] if future else following is None or following > now
        assert count_due(timetable, zone, begin, now) + count_due(timetable, zone, now, end) == counted


def missed_runs_make_sense(question: Question) -> None:
    """Missed runs are due times without a backup: a backup never adds one, and one for each run leaves none."""
    for timetable in timetables(schedules_of(question.raw)):
        with bounded(question):
            found = _missed(timetable, question, question.completed)
        in_sight = (timetable.retention or LOOK_BACK) + MINUTE
        assert 0 <= found <= count_due(timetable, question.zone, question.now - in_sight, question.now)
        assert _missed(timetable, question, sorted([*question.completed, question.now])) <= found
        last = last_due(timetable, question.zone, question.now)
        if last is not None:
            assert _missed(timetable, question, sorted([*question.completed, last])) == 0
        kept = count_kept(timetable, question.zone, question.now - WEEKS, question.now, now=question.now)
        assert 0 <= kept <= count_due(timetable, question.zone, question.now - WEEKS, question.now)


def an_expectation_is_no_surprise(question: Question) -> None:
    """Whatever is listed gives an expectation, whose longest gap is at most a week and longer than nothing."""
    read = schedules_of(question.raw)
    expectation = Expectation.of(read, zone=question.zone, grace=question.grace)
    gap = longest_gap(read)
    assert (gap is None) == (not read)
    assert gap is None or timedelta(minutes=1) <= gap <= timedelta(days=7)
    assert expectation.max_age == (None if gap is None else gap + question.grace)
    following = expectation.next_due(question.now)
    assert following is None or following > question.now
    assert expectation.due(question.now) == expectation.due(question.now)


def _missed(timetable: Timetable, question: Question, completed: Sequence[datetime]) -> int:
    return assess(
        timetable,
        completed,
        now=question.now,
        zone=question.zone,
        grace=question.grace,
        running=question.running,
    ).missed_runs


def run(data: bytes) -> None:
    """Ask everything of some schedules, made up or of any JSON."""
    draw = Draw(data)
    near = draw.pick((None, *CHANGES))
    if near is None:
        now = FIRST + timedelta(seconds=draw.integer((LAST - FIRST) // timedelta(seconds=1)))
    else:
        now = near + timedelta(seconds=draw.integer(28_800) - 14_400)
    question = Question(
        zone=draw.pick(_ANY_ZONE),
        now=now,
        grace=timedelta(minutes=draw.integer(3000)),
        completed=_moments(draw, now),
        running=_moments(draw, now),
        raw=_schedules(draw, now),
    )
    due_times_agree_with_each_other(question)
    missed_runs_make_sense(question)
    an_expectation_is_no_surprise(question)
    # It takes as long as a hundred of the others.
    if draw.integer(16) == 0:
        due_times_are_those_of_a_clock(question)


def _moments(draw: Draw, now: datetime) -> tuple[datetime, ...]:
    return tuple(sorted(now - timedelta(minutes=draw.integer(50_000) - 2000) for _ in range(draw.integer(4))))


def _schedules(draw: Draw, now: datetime) -> object:
    if draw.integer(4) == 0:
        try:
            return json.loads(draw.rest().decode("utf-8", "replace"), parse_int=float)
        except (ValueError, RecursionError):
            return None
    return [_schedule(draw, now) for _ in range(1 + draw.integer(3))]


def _schedule(draw: Draw, now: datetime) -> dict[str, Any]:
    created: object = (now - timedelta(minutes=draw.integer(100_000) - 20_000)).isoformat()
    return {
        "id": "any",
        "backupType": draw.pick(("dump", "snapshot")),
        "scheduling": {
            "interval": draw.pick(("hourly", "daily", "weekly")),
            "minute": [draw.integer(61) for _ in range(1 + draw.integer(4))],
            "hour": [draw.integer(25) for _ in range(1 + draw.integer(4))],
            "day": [draw.integer(8) for _ in range(1 + draw.integer(3))],
        },
        "retentionTime": draw.pick((None, 1, 7, 30, 1, 7, 0, 36_500)),
        "createdAt": draw.pick((created, created, None, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")),
    }


def seeds() -> Iterator[bytes]:
    """Give a schedule as the API shows it, and questions near changes of the clocks and far from them."""
    listed = {
        "id": "a",
        "backupType": "dump",
        "scheduling": {"interval": "weekly", "minute": [0], "hour": [2], "day": [6]},
    }
    yield b"\1\x38\x40\1\0\x3c\0\0\0" + json.dumps([listed]).encode()
    for change in range(13):
        yield bytes(
            [change, 40, change * 16, 1, 0, 60, 2, 9, 0, 19, 0, 0, 1, change, change % 3, 1, 30, 2, 1, 2, 6, 0, 1, 2, 0]
        )
    yield bytes(range(1, 64))
    yield bytes(range(255, 191, -1))
