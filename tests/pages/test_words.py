"""Words on the pages, and what others call things."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.pages import words
from tests.builders import NOW, ago


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("orders-db", "orders-db"),
        ("größe 🐘 數據", "größe 🐘 數據"),
        ("👩‍💻", "👩‍💻"),  # held together by a joiner
        ("a\u202eb", "a\\u202eb"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("a\nb\0\x1b[31m", "a\\u000ab\\u0000\\u001b[31m"),
        ("\ud800", "\\ud800"),
        ("\u200b\ufeff", "\\u200b\\ufeff"),
        ("<b>", "<b>"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert words.visible(text) == shown


@given(st.text(st.characters(codec=None)))
def test_whatever_it_is_it_can_be_sent(text: str) -> None:
    assert words.visible(text).encode().decode() == words.visible(text)
    assert not set(words.visible(text)) & set("\0\n\u202a\u202b\u202d\u202e\u2066\u2067\u2068")


def test_times_are_in_utc_and_relative() -> None:
    berlin = NOW.astimezone(timezone(timedelta(hours=1)))

    assert words.minute(berlin) == "2026-03-10 12:00 UTC"
    assert words.second(berlin) == "2026-03-10 12:00:00 UTC"
    assert words.second(datetime(1, 2, 3, tzinfo=UTC)) == "0001-02-03 00:00:00 UTC"
    assert words.relative(ago(hours=3), NOW) == "3 h ago"
    assert words.relative(NOW + timedelta(minutes=5), NOW) == "in 5 min"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0004, "0 ms"), (0.25, "250 ms"), (1.26, "1.3 s"), (9.9, "9.9 s"), (75, "1 min")]
)
def test_how_long_something_took_is_told_briefly(seconds: float, text: str) -> None:
    assert words.briefly(timedelta(seconds=seconds)) == text


def test_a_sentence_begins_with_a_capital_letter() -> None:
    assert words.sentence("never completed") == "Never completed"
    assert words.sentence("") == ""
