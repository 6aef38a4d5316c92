"""When there are colours, and how wide a screen is."""

import io
from collections.abc import Mapping

import pytest
from rich.text import Text

from exporter.terminal.screen import UNLIMITED, Screen, rendered, screen_of


class Terminal(io.StringIO):
    """A stream that says that it is a terminal, and has no size of its own."""

    def isatty(self) -> bool:
        return True


TERM = {"TERM": "xterm"}


@pytest.mark.parametrize(
    ("environ", "is_coloured"),
    [
        (TERM, True),
        (TERM | {"NO_COLOR": ""}, True),
        (TERM | {"NO_COLOR": "0"}, False),
        (TERM | {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_colours_want_a_terminal_that_has_them_and_nobody_who_refuses(
    environ: Mapping[str, str], *, is_coloured: bool
) -> None:
    assert screen_of(Terminal(), environ).is_coloured is is_coloured


def test_what_is_no_terminal_has_neither_colours_nor_a_width() -> None:
    for stream in (io.StringIO(), None):
        assert screen_of(stream, TERM | {"COLUMNS": "40", "FORCE_COLOR": "1"}) == Screen(width=UNLIMITED)


@pytest.mark.parametrize(
    ("columns", "width"),
    [("132", 132), ("5", 20), ("0", 80), ("-3", 80), ("many", 80), ("9" * 5000, 80), ("\uff19", 80), ("", 80)],
)
def test_columns_counts_where_it_is_a_sensible_number(columns: str, width: int) -> None:
    assert screen_of(Terminal(), TERM | {"COLUMNS": columns}).width == width


def test_colours_are_escape_sequences_and_without_them_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    text = Text.assemble(("WARNING", "yellow"), ": well   ")

    assert rendered(text, screen=Screen(is_terminal=True, is_coloured=True)) == b"\x1b[33mWARNING\x1b[0m: well   \n"
    assert rendered(text, screen=Screen(is_terminal=True)) == b"WARNING: well\n"


def test_an_output_that_knows_few_characters_is_told_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))

    assert rendered(Text("Gr\u00f6\u00dfe"), screen=Screen()) == rb"Gr\xf6\xdfe" + b"\n"
