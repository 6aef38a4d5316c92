"""Spans, sizes and times as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from exporter.wording import counted, minute, plain, size, span, utc


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=26, minutes=20), "26 h 20 min"),
        (timedelta(hours=47, minutes=59), "47 h 59 min"),
        (timedelta(days=2), "2 d"),
        (timedelta(days=3, hours=4, minutes=50), "3 d 4 h"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_a_span_has_two_units_at_most(time: timedelta, text: str) -> None:
    assert span(time) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (10 * 1024, "10 KiB"),
        (1.5 * 1024**3, "1.5 GiB"),
        (1023 * 1024**4, "1023 TiB"),
        (5000 * 1024**5, "5000 PiB"),
    ],
)
def test_a_size_has_the_unit_that_suits_it(count: float, text: str) -> None:
    assert size(count) == text


def test_one_thing_is_singular() -> None:
    assert [counted(number, "addon") for number in (0, 1, 2)] == ["0 addons", "1 addon", "2 addons"]


def test_a_time_of_day_is_told_in_utc_whatever_its_zone() -> None:
    time = datetime(2026, 3, 10, 1, 30, 5, 999, tzinfo=timezone(timedelta(hours=2)))

    assert (utc(time), minute(time)) == ("2026-03-09T23:30:05Z", "2026-03-09 23:30Z")
    assert minute(datetime(1, 2, 3, 4, 5, tzinfo=UTC)) == "0001-02-03 04:05Z"
    assert utc(datetime(1, 2, 3, tzinfo=UTC)) == "0001-02-03T00:00:00Z"


def test_words_of_programs_become_words_of_people() -> None:
    assert plain("in-progress") == "in progress"
    assert plain("rate_limited") == "rate limited"
