"""Serving until a signal: binds first, answers while it runs, finishes what is in flight at the end."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Self

from aiohttp import web

from exporter import __version__
from exporter.app import Exporter
from exporter.listen import ListenAddress, address_of
from exporter.web import Reload, WebServer

log = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

SHUTDOWN_SECONDS = 10.0
"""How long a scrape in flight may still take; Kubernetes kills after 30 s."""

CLOSING_SECONDS = 2.0
"""How long answers may still be on their way after that; aiohttp may take twice this."""

KEEP_ALIVE_SECONDS = 150.0
"""Longer than two usual scrape intervals, so that Prometheus keeps its connection."""


class CannotListen(Exception):
    """An address that cannot be listened on; the text says which and why."""

    @classmethod
    def on(cls, address: ListenAddress, error: OSError) -> Self:
        """Tell of `address` what the operating system says."""
        return cls(f"cannot listen on {address}: {error.strerror or error}")


@contextmanager
def bound(addresses: Sequence[ListenAddress]) -> Iterator[list[socket.socket]]:
    """Open all listening sockets or none; raises CannotListen."""
    with ExitStack() as sockets:
        opened = []
        for address in addresses:
            try:
                opened.append(sockets.enter_context(address.bind()))
            except OSError as error:
                raise CannotListen.on(address, error) from error
        yield opened


@asynccontextmanager
async def serving(
    exporter: Exporter, sockets: Sequence[socket.socket], *, telemetry_path: str, reload: Reload | None = None
) -> AsyncIterator[list[ListenAddress]]:
    """Serve on bound sockets, at the end until nothing is in flight any more; gives the real addresses.

    Without `reload` nobody may ask for it over HTTP.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="render") as render_pool:
        server = WebServer(
            watcher=exporter,
            exposition=exporter.exposition,
            render_pool=render_pool,
            telemetry_path=telemetry_path,
            version=__version__,
            reload=reload,
        )
        runner = web.AppRunner(
            server.app,
            access_log=None,
            handle_signals=False,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            shutdown_timeout=CLOSING_SECONDS,
        )
        await runner.setup()
        try:
            for listening in sockets:
                await web.SockSite(runner, listening).start()
            addresses = [address_of(listening) for listening in sockets]
            for address in addresses:
                log.info("Listening", extra={"address": address})
            # What there is by now stays: that the collector goes through it again and again would delay answers.
            gc.freeze()
            yield addresses
        finally:
            await server.finish(SHUTDOWN_SECONDS)
            await runner.cleanup()


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """Let SIGTERM and SIGINT set an event instead of ending the process; to be entered before anything else."""
    stop = asyncio.Event()

    def received(name: str) -> None:
        log.info("Shutting down", extra={"signal": name})
        stop.set()

    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, received, number.name)
    try:
        yield stop
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


@contextmanager
def cancelling_signals() -> Iterator[None]:
    """Let SIGTERM and SIGINT cancel the current task, so that it can undo what is under way."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine always runs in one
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
