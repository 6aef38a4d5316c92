"""Whatever things are called, a terminal only shows it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.terminal.harmless import LONGEST, harmless


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("orders-db", "orders-db"),
        ("", ""),
        ("Größe 日本 👍", "Größe 日本 👍"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("a\nb\r\tc", r"a\x0ab\x0d\x09c"),
        ("a\x9b31mb", r"a\x9b31mb"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("\u202eevil\u2066", r"\u202eevil\u2066"),
        ("a\u200bb\u200dc\ufeff", r"a\u200bb\u200dc\ufeff"),
        ("x\ufe0f", r"x\ufe0f"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_does_more_than_stand_there_is_written_out(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_what_is_too_long_is_cut() -> None:
    assert harmless("x" * LONGEST) == "x" * LONGEST
    assert harmless("x" * 10**6) == "x" * (LONGEST - 3) + "..."
    assert len(harmless("\x1b" * 60)) == LONGEST


@given(st.text())
def test_nothing_is_left_that_controls_anything(text: str) -> None:
    assert not [each for each in harmless(text) if unicodedata.category(each)[0] == "C" or each in "\u2028\u2029"]
