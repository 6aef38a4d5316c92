"""Serving until a signal: binds first, answers while it runs, finishes what is in flight at the end."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Self

from aiohttp import web

from exporter import __version__
from exporter.app import Exporter
from exporter.listen import ListenAddress, address_of, passed_sockets, shown_address
from exporter.logs import tracebacks_counted
from exporter.memory import collected_when_quiet
from exporter.web import Connections, Reload, Site, WebServer, answering

if TYPE_CHECKING:
    from exporter.web.protection import Protection

log = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

SHUTDOWN_SECONDS = 10.0
"""How long a scrape in flight may still take; Kubernetes kills after 30 s."""

CLOSING_SECONDS = 2.0
"""How long answers may still be on their way after that; aiohttp may take twice this."""


MAX_REQUESTS = 40
"""Scrapes that are answered at once, as in node_exporter."""


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


@contextmanager
def passed_by_systemd() -> Iterator[list[socket.socket]]:
    """Take over the listening sockets that systemd has opened; raises CannotListen where there are none."""
    with ExitStack() as sockets:
        passed = [sockets.enter_context(each) for each in passed_sockets(os.environ)]
        if not passed:
            raise CannotListen("no socket activation file descriptors found")
        yield passed


@asynccontextmanager
async def serving(
    exporter: Exporter,
    sockets: Sequence[socket.socket],
    *,
    telemetry_path: str,
    reload: Reload | None = None,
    max_requests: int = MAX_REQUESTS,
    protection: "Protection | None" = None,
) -> AsyncIterator[list[ListenAddress]]:
    """Serve on bound sockets, at the end until nothing is in flight any more; gives the real TCP addresses.

    Without `reload` nobody may ask for it over HTTP. `max_requests` limits the scrapes that are answered at once;
    0 is no limit. Without `protection` everybody gets in, in plain text.
    """
    telemetry = exporter.telemetry
    with (
        tracebacks_counted(telemetry.unexpected_errors.inc),
        _thread("render") as render_pool,
        _thread("page") as page_pool,
        _thread("bcrypt") as hash_pool,
    ):
        server = WebServer(
            watcher=exporter,
            exposition=exporter.exposition,
            render_pool=render_pool,
            page_pool=page_pool,
            telemetry_path=telemetry_path,
            version=__version__,
            reload=reload,
            max_requests=max_requests,
            middlewares=[answering(telemetry.answered), *([protection.guard(hash_pool)] if protection else [])],
        )
        runner = web.AppRunner(server.app, handle_signals=False, shutdown_timeout=CLOSING_SECONDS)
        await runner.setup()
        try:
            await _listen(runner, sockets, protection, max_requests)
            with collected_when_quiet():
                yield [address_of(each) for each in sockets if each.family != socket.AF_UNIX]
        finally:
            await server.finish(SHUTDOWN_SECONDS)
            await runner.cleanup()


@contextmanager
def _thread(name: str) -> Iterator[Executor]:
    """Run a thread that takes one thing after the other; what it has not begun at the end is left undone."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


async def _listen(
    runner: web.AppRunner, sockets: Sequence[socket.socket], protection: "Protection | None", max_requests: int
) -> None:
    context = protection.context if protection else None
    opened = Connections(max_requests)
    for listening in sockets:
        await Site(runner, listening, opened, context).start()
        log.info("Listening", extra={"address": shown_address(listening)})
    if protection is not None:
        log.info("TLS is disabled" if context is None else "TLS is enabled")


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
