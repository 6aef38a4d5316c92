"""How far reading has come, on standard error while somebody looks at it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from exporter import logs
from exporter.state import ReadingProgress
from exporter.terminal.screen import screen_of
from exporter.wording import counted

_EVERY_SECONDS = 0.1


@asynccontextmanager
async def progress(
    asked: Callable[[], ReadingProgress], environ: Mapping[str, str] = os.environ
) -> AsyncIterator[None]:
    """Show what `asked` says, again and again, as one line that is gone in the end; without a terminal nothing.

    Log lines written meanwhile appear above that line. A terminal that cannot move its cursor has no progress either.
    """
    screen = screen_of(sys.stderr, environ)
    if not screen.is_terminal or environ.get("TERM", "dumb") == "dumb":
        yield
        return
    console = Console(
        file=sys.stderr,
        width=screen.width,
        force_terminal=True,
        color_system="standard" if screen.is_coloured else None,
        no_color=not screen.is_coloured,
        highlight=False,
    )
    columns = (
        SpinnerColumn("line"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[told]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as bar:
        shown = bar.add_task("Reading", total=None, told="")

        async def follow() -> None:
            while True:
                now = asked()
                bar.update(shown, completed=now.read, total=now.addons or None, told=_told(now))
                bar.refresh()
                await asyncio.sleep(_EVERY_SECONDS)

        following = asyncio.create_task(follow())
        try:
            # While it is shown, rich has put itself before standard error.
            with logs.written_to(sys.stderr):
                yield
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following


def _told(now: ReadingProgress) -> str:
    """Say how far it is; while listing, nobody knows how many addons there will be."""
    requests = counted(now.requests, "request")
    return f"{now.read}/{counted(now.addons, 'addon')}, {requests}" if now.addons else requests
