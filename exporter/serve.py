"""Serving until a signal: binds first, answers while it runs, finishes what is in flight at the end."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager

from aiohttp import web

from exporter import __version__
from exporter.app import Exporter
from exporter.web import ListenAddress, WebServer, address_of

log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 10.0
"""How long a scrape in flight may still take; Kubernetes kills after 30 s, and aiohttp may take twice this."""

KEEP_ALIVE_SECONDS = 150.0
"""Longer than two usual scrape intervals, so that Prometheus keeps its connection."""


class CannotListen(Exception):
    """An address that cannot be listened on; the text says which and why."""


@contextmanager
def bound(addresses: Sequence[ListenAddress]) -> Iterator[list[socket.socket]]:
    """Open all listening sockets or none; raises CannotListen."""
    with ExitStack() as sockets:
        opened = []
        for address in addresses:
            try:
                opened.append(sockets.enter_context(address.bind()))
            except OSError as error:
                raise CannotListen(f"cannot listen on {address}: {error.strerror or error}") from error
        yield opened


@asynccontextmanager
async def serving(
    exporter: Exporter, sockets: Sequence[socket.socket], *, telemetry_path: str
) -> AsyncIterator[list[str]]:
    """Serve on bound sockets; gives the real addresses."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="render") as render_pool:
        server = WebServer(
            scrape=exporter.scrape,
            exposition=exporter.exposition,
            render_pool=render_pool,
            telemetry_path=telemetry_path,
            version=__version__,
        )
        runner = web.AppRunner(
            server.app,
            access_log=None,
            handle_signals=False,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            shutdown_timeout=SHUTDOWN_SECONDS,
        )
        await runner.setup()
        try:
            for listening in sockets:
                await web.SockSite(runner, listening).start()
            addresses = [address_of(listening) for listening in sockets]
            for address in addresses:
                log.info("Listening", extra={"address": address})
            yield addresses
        finally:
            server.is_ready = False
            await runner.cleanup()


async def stop_signal() -> None:
    """Wait for SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def received(name: str) -> None:
        log.info("Shutting down", extra={"signal": name})
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, received, number.name)
    await stop.wait()
