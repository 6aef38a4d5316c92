"""Reading the configuration again while serving, by SIGHUP or over HTTP: one at a time, with its outcome in the log."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from exporter.web import Reload

log = logging.getLogger(__name__)


class Reloading:
    """Reloads when it is called."""

    def __init__(self, reload: Reload) -> None:
        self._reload = reload
        self._turn = asyncio.Lock()

    async def __call__(self) -> Sequence[str]:
        """Reload after those who asked before; gives the problems."""
        async with self._turn:
            problems = await self._reload()
            for problem in problems:
                log.error("Cannot reload, nothing has changed", extra={"problem": problem})
            if not problems:
                log.info("Reloaded")
        return problems


@contextmanager
def hangups() -> Iterator[asyncio.Event]:
    """Let SIGHUP set an event instead of ending the process; to be entered before anything that takes time."""
    hangup = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, hangup.set)
    try:
        yield hangup
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


@asynccontextmanager
async def reloading_on(hangup: asyncio.Event, reload: Reload) -> AsyncIterator[None]:
    """Reload each time the event is set: several times during a reload lead to one more."""
    async with asyncio.TaskGroup() as tasks:
        reloads = tasks.create_task(_reloads(hangup, reload))
        yield
        reloads.cancel()


async def _reloads(hangup: asyncio.Event, reload: Reload) -> None:
    while await hangup.wait():
        hangup.clear()
        await reload()
