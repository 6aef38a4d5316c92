"""Sizes and times as the API writes them, and as it does not document them."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.northflank.body import parse_time, whole_number

EXABYTE = 10**18
SECOND = datetime(2021, 1, 20, 11, 19, 53, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "size"),
    [
        ("0", 0),
        ("1000", 1000),
        ("007", 7),
        (1000, 1000),
        (0, 0),
        (1000.0, 1000),
        (1e15, 10**15),
        ("9" * 18, EXABYTE - 1),
        (EXABYTE - 1, EXABYTE - 1),
    ],
)
def test_a_size_is_read_from_a_string_or_a_number(raw: object, size: int) -> None:
    parsed = whole_number(raw)
    assert parsed == size
    assert type(parsed) is int


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        " ",
        " 5",
        "5 ",
        "5\n",
        "-5",
        "+5",
        -5,
        -0.5,
        "1.5",
        1.5,
        "1e3",
        "1_000",
        "1,000",
        "0x10",
        "10 MB",
        "１２",  # noqa: RUF001 - full-width digits
        "²",
        "٣",
        "9" * 19,
        "9" * 5000,
        10**18,
        10**400,
        1e18,
        1e300,
        float("inf"),
        float("-inf"),
        float("nan"),
        True,
        False,
        [],
        ["5"],
        {},
        {"bytes": 5},
    ],
)
def test_what_is_no_plausible_number_of_bytes_is_no_size(raw: object) -> None:
    assert whole_number(raw) is None


@settings(deadline=None)
@given(st.integers(0, EXABYTE - 1))
def test_a_size_reads_the_same_as_string_and_as_number(size: int) -> None:
    assert whole_number(str(size)) == whole_number(size) == size


@settings(deadline=None)
@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text("0123456789_+-. eE"))
def test_a_size_is_a_plausible_integer_or_nothing(raw: object) -> None:
    size = whole_number(raw)
    assert size is None or (type(size) is int and 0 <= size < EXABYTE)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2021-01-20T11:19:53.175Z", SECOND + timedelta(milliseconds=175)),
        ("2021-01-20T11:19:53Z", SECOND),
        ("2021-01-20 11:19:53.175Z", SECOND + timedelta(milliseconds=175)),
        ("2021-01-20 11:19:53", SECOND),
        ("2021-01-20T11:19:53", SECOND),
        ("2021-01-20T11:19:53.175", SECOND + timedelta(milliseconds=175)),
        ("2021-01-20T13:19:53+02:00", SECOND),
        ("2021-01-20T05:49:53.000-0530", SECOND),
        ("2021-01-20T11:19:53.123456789Z", SECOND + timedelta(microseconds=123456)),
    ],
)
def test_a_time_is_read_with_or_without_t_fraction_and_zone(raw: str, expected: datetime) -> None:
    parsed = parse_time(raw)
    assert parsed == expected
    assert parsed is not None
    assert parsed.tzinfo is UTC


def test_a_time_without_zone_is_utc_wherever_the_exporter_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "EST5")
        time.tzset()
        parsed = parse_time("2021-01-20T11:19:53")
    time.tzset()
    assert parsed == SECOND


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "null",
        "never",
        "2021-01-20",
        "11:19:53",
        "2021-01-20T11",
        "2021-01-20T11:19",
        "2021-01-20X11:19:53",
        "2021-01-20_11:19:53Z",
        "20210120T111953.175000Z",
        "2021-02-30T11:19:53Z",
        "2021-01-20T25:19:53Z",
        "2021-01-20T11:19:60Z",
        "2021-01-20T11:19:53 Zulu",
        "2021-01-20T11:19:53+99:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-01:00",
        "２０２１-01-20T11:19:53Z",  # noqa: RUF001 - full-width digits
        "2021-01-20T11:19:5\ud800Z",
        "2021-01-20T11:19:53Z" * 1000,
        1611141593,
        1611141593175.0,
        True,
        [],
        {},
    ],
)
def test_what_is_no_date_and_time_is_no_time(raw: object) -> None:
    assert parse_time(raw) is None


@settings(deadline=None)
@given(
    st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001 - hypothesis adds the zone
    st.integers(-23, 23),
    st.sampled_from("T "),
)
def test_every_time_keeps_its_moment_and_becomes_utc(local: datetime, hours: int, separator: str) -> None:
    moment = local.replace(tzinfo=timezone(timedelta(hours=hours)))
    parsed = parse_time(moment.isoformat(separator))
    assert parsed == moment
    assert parsed is not None
    assert parsed.utcoffset() == timedelta(0)


@settings(deadline=None)
@given(st.text() | st.text("0123456789-:TZ+. W", min_size=15, max_size=30))
def test_a_time_is_in_utc_or_nothing(raw: str) -> None:
    parsed = parse_time(raw)
    assert parsed is None or parsed.utcoffset() == timedelta(0)
