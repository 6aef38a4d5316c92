"""What there is to write on, and how rich writes on it."""

import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console, RenderableType

from exporter.verdict import Severity

NARROWEST = 20
UNLIMITED = 100_000
"""So wide is what is no terminal: nothing is folded there, so that one line is one addon."""

_LONGEST_NUMBER = 4

STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.WARNING: "yellow",
    Severity.UNKNOWN: "magenta",
    Severity.OK: "green",
}
"""Of the sixteen colours that every terminal has in its own shades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Where text appears: how wide it is in characters, and whether colours are wanted."""

    width: int = UNLIMITED
    is_terminal: bool = False
    is_coloured: bool = False


def screen_of(stream: TextIO | None, environ: Mapping[str, str] = os.environ) -> Screen:
    """Look at an open stream: colours want a terminal that can show them, and nobody who has set NO_COLOR.

    COLUMNS counts before what the terminal says of itself, as it does for other programs.
    """
    if not is_terminal(stream):
        return Screen()
    is_coloured = not environ.get("NO_COLOR") and environ.get("TERM", "dumb") != "dumb"
    return Screen(width=max(_columns(stream, environ), NARROWEST), is_terminal=True, is_coloured=is_coloured)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at what is written to a stream; None is one that was closed."""
    return stream is not None and stream.isatty()


def rendered(*parts: RenderableType, screen: Screen) -> bytes:
    """Write parts below each other as bytes for standard output; without colours there is no escape sequence at all."""
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=screen.width,
        force_terminal=screen.is_coloured,
        color_system="standard" if screen.is_coloured else None,
        no_color=not screen.is_coloured,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        legacy_windows=False,
    )
    for part in parts:
        console.print(part)
    text = buffer.getvalue()
    if not screen.is_coloured:
        text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    encoding = sys.stdout.encoding if sys.stdout is not None else "utf-8"
    return text.encode(encoding, errors="backslashreplace")


def _columns(stream: TextIO | None, environ: Mapping[str, str]) -> int:
    wanted = environ.get("COLUMNS", "")
    if wanted.isascii() and wanted.isdigit() and len(wanted) <= _LONGEST_NUMBER and int(wanted):
        return int(wanted)
    try:
        return os.get_terminal_size(stream.fileno() if stream is not None else 1).columns or 80
    except OSError:
        return 80
