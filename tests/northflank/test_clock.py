"""Whose clock tells how old a backup is."""

from datetime import datetime, timedelta

import pytest

from exporter.northflank.clock import TOLERANCE, ApiClock
from tests.builders import NOW

HOUR = timedelta(hours=1)


class Local:
    """A local clock that one may set."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


@pytest.mark.parametrize("ahead", [HOUR, -HOUR, timedelta(days=3_000)])
def test_what_two_answers_agree_on_is_believed(ahead: timedelta) -> None:
    clock = ApiClock(Local())
    clock.told(NOW - ahead)
    assert clock() == NOW
    clock.told(NOW - ahead + timedelta(seconds=1))
    assert clock() == NOW - ahead + timedelta(seconds=1)
    assert clock.skew == ahead - timedelta(seconds=1)


def test_one_answer_that_dates_itself_oddly_changes_nothing() -> None:
    clock = ApiClock(Local())
    for date in (NOW, NOW - HOUR, NOW, NOW + 9 * HOUR, NOW, None, NOW - 2 * HOUR):
        clock.told(date)
        assert clock() == NOW
    assert clock.skew == 2 * HOUR


@pytest.mark.parametrize(
    "ahead", [TOLERANCE, -TOLERANCE, timedelta(0), timedelta(days=36_500), timedelta(days=-40_000)]
)
def test_what_nobody_can_tell_apart_is_not_believed(ahead: timedelta) -> None:
    clock = ApiClock(Local())
    for _ in range(3):
        clock.told(NOW - ahead)
    assert clock() == NOW


def test_a_local_clock_that_is_set_is_followed_until_two_answers_tell_better() -> None:
    local = Local()
    clock = ApiClock(local)
    local.time = NOW + HOUR
    clock.told(NOW)
    assert clock() == NOW + HOUR
    clock.told(NOW)
    assert clock() == NOW
    local.time = NOW
    clock.told(NOW)
    clock.told(NOW)
    assert clock() == NOW
