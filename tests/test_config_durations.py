"""Durations are written as Prometheus writes them, and as nothing else."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import parse_duration

MILLISECONDS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("500ms", 0.5),
        ("30s", 30),
        ("26h", 93_600),
        ("1d12h", 129_600),
        ("1h30m", 5_400),
        ("90m", 5_400),
        ("1y2w3d4h5m6s7ms", 365 * 86_400 + 17 * 86_400 + 4 * 3_600 + 306.007),
    ],
)
def test_a_duration_is_read_as_prometheus_reads_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", " ", "h", "1 h", "1h ", "1h\n", "12h1d", "1h1h", "off", "26 hours"])
def test_what_is_not_written_so_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"^is not a duration such as 30s, 26h or 1d12h$"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["+1h", "-1h", "1.5h", "1H", "1µs", "\N{ARABIC-INDIC DIGIT ONE}h", "1e3s"])
def test_only_plain_digits_and_units_count(text: str) -> None:
    with pytest.raises(ValueError, match=r"^is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["1", "00", "26", "9" * 5_000])
def test_a_bare_number_lacks_its_unit(text: str) -> None:
    with pytest.raises(ValueError, match=r"^has no unit; write a duration such as 30s, 26h or 1d12h$"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["293y", "292y300d", "9" * 30 + "d", "9" * 5_000 + "h"])
def test_a_duration_that_prometheus_could_not_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^is too long a duration; the longest is 292y$"):
        parse_duration(text)


@given(st.integers(0, 292 * MILLISECONDS["y"]))
def test_a_written_duration_is_read_back(milliseconds: int) -> None:
    written, rest = "", milliseconds
    for unit, size in {**MILLISECONDS, "ms": 1}.items():
        amount, rest = divmod(rest, size)
        written += f"{amount}{unit}" if amount else ""
    assert parse_duration(written or "0") == timedelta(milliseconds=milliseconds)
    assert parse_duration(f"{milliseconds}ms") == timedelta(milliseconds=milliseconds)


@given(st.text() | st.text("0123456789ywdhms"))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    try:
        duration = parse_duration(text)
    except ValueError:
        return
    assert duration >= timedelta()
