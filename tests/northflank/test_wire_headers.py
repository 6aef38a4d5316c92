"""What an answer's headers say of limits and clocks."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import RateLimit
from exporter.northflank.errors import RateLimited
from exporter.northflank.wire import error_of_status, parse_date, parse_rate_limit
from tests.builders import NOW, ago

EPOCH = 1_773_151_800


def rate_limit_headers(limit: str = "1000", remaining: str = "998", reset: str = "1800") -> dict[str, str]:
    return {"x-ratelimit-limit": limit, "x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}


def retry_after(raw: str | None) -> timedelta | None:
    error = error_of_status(429, {} if raw is None else {"Retry-After": raw}, b"slow down", NOW)
    assert isinstance(error, RateLimited)
    return error.retry_after


def test_limit_and_remaining_are_read() -> None:
    assert parse_rate_limit(rate_limit_headers(), NOW) == RateLimit(
        limit=1000, remaining=998, resets_in=timedelta(minutes=30), reset_at=NOW + timedelta(minutes=30)
    )


@pytest.mark.parametrize(
    ("reset", "reset_at"),
    [
        ("0", NOW),
        (" 60 ", NOW + timedelta(minutes=1)),
        ("59.9", NOW + timedelta(seconds=59)),
        ("999999999", NOW + timedelta(seconds=999_999_999)),
        ("1000000000", datetime.fromtimestamp(10**9, UTC)),
        (str(EPOCH), datetime.fromtimestamp(EPOCH, UTC)),
        (f"{EPOCH}500", datetime.fromtimestamp(EPOCH + 0.5, UTC)),
        ("1000000000000", datetime.fromtimestamp(10**9, UTC)),
    ],
)
def test_a_reset_is_a_delta_or_an_epoch_in_seconds_or_milliseconds(reset: str, reset_at: datetime) -> None:
    rate_limit = parse_rate_limit(rate_limit_headers(reset=reset), NOW)
    assert rate_limit is not None
    assert rate_limit.reset_at == reset_at


@pytest.mark.parametrize("name", ["limit", "remaining", "reset"])
@pytest.mark.parametrize(
    "garbage", ["", " ", "-1", "+1", "many", "1_000", "1,000", "\uff11\uff10", "0x10", "NaN", "1e3", "9" * 5000]
)
def test_a_number_that_cannot_be_read_spoils_the_rate_limit(name: str, garbage: str) -> None:
    assert parse_rate_limit(rate_limit_headers(**{name: garbage}), NOW) is None


@pytest.mark.parametrize("name", ["limit", "remaining", "reset"])
def test_without_all_three_headers_there_is_no_rate_limit(name: str) -> None:
    headers = rate_limit_headers()
    del headers[f"x-ratelimit-{name}"]
    assert parse_rate_limit(headers, NOW) is None


def test_an_absurd_reset_is_still_a_time() -> None:
    rate_limit = parse_rate_limit(rate_limit_headers(reset="9" * 15), NOW)
    assert rate_limit is not None
    assert rate_limit.reset_at > NOW


@settings(deadline=None)
@given(st.text() | st.integers(0).map(str) | st.floats().map(str))
def test_any_header_is_a_rate_limit_or_nothing(value: str) -> None:
    rate_limit = parse_rate_limit(rate_limit_headers(value, value, value), NOW)
    assert rate_limit is None or (rate_limit.limit >= 0 and rate_limit.remaining >= 0)


@pytest.mark.parametrize(
    ("raw", "wait"),
    [
        ("30", timedelta(seconds=30)),
        (" 30 ", timedelta(seconds=30)),
        ("1.9", timedelta(seconds=1)),
        ("86400", timedelta(days=1)),
        ("Tue, 10 Mar 2026 12:00:45 GMT", timedelta(seconds=45)),
        ("Tue, 10 Mar 2026 14:00:45 +0200", timedelta(seconds=45)),
        ("Tue, 10 Mar 2026 12:00:45 -0000", timedelta(seconds=45)),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date(raw: str, wait: timedelta) -> None:
    assert retry_after(raw) == wait


@pytest.mark.parametrize("raw", ["86401", "999999999999999", "Tue, 10 Mar 2099 12:00:00 GMT"])
def test_nobody_is_made_to_wait_longer_than_a_day(raw: str) -> None:
    assert retry_after(raw) == timedelta(days=1)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "0",
        "-30",
        "soon",
        "1_0",
        "9" * 5000,
        "Tue, 10 Mar 2026 12:00:00 GMT",
        "Tue, 10 Mar 2026 11:59:59 GMT",
        "Tue, 10 Mar 0000 12:00:00 GMT",
        "Tue, 10 Mar 99999 12:00:00 GMT",
        "Tue, 10 Mar 99999999999999999999 12:00:45 GMT",
        "Tue, 40 Mar 2026 12:00:00 GMT",
        "Tue, 10 Mar 2026 12:00:45 +9999999999",
    ],
)
def test_what_asks_for_no_wait_or_cannot_be_read_is_no_retry_after(raw: str | None) -> None:
    assert retry_after(raw) is None


def test_the_servers_clock_is_read_from_date() -> None:
    assert parse_date({"Date": "Tue, 10 Mar 2026 11:59:30 GMT"}) == ago(seconds=30)


@pytest.mark.parametrize("raw", ["", "now", "2026-03-10T12:00:00Z", "Tue, 10 Mar", "Tue, 99 Mar 2026 12:00:00 GMT"])
def test_a_clock_that_cannot_be_read_is_no_clock(raw: str) -> None:
    assert parse_date({"Date": raw}) is None


def test_without_date_there_is_no_clock() -> None:
    assert parse_date({}) is None


date_like = st.lists(
    st.sampled_from(
        ["Tue", ",", " ", "10", "Mar", "2026", "12:00:45", "GMT", "+0200", "-", ":", "99999999999", "é", "("]
    ),
    max_size=12,
).map("".join)


@settings(deadline=None)
@given(st.text() | date_like)
def test_any_date_can_be_compared_with_now_or_is_nothing(raw: str) -> None:
    date = parse_date({"Date": raw})
    assert date is None or isinstance(NOW - date, timedelta)
    wait = retry_after(raw)
    assert wait is None or timedelta(0) < wait <= timedelta(days=1)
