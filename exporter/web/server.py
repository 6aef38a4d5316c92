"""The exporter's HTTP paths; only those of metrics, a single addon and discovery cause API requests."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from exporter.exposition import Exposition, Snapshot
from exporter.model import AddonKey
from exporter.state import AddonState
from exporter.web.answers import plain, send
from exporter.web.discovery import target_groups
from exporter.web.negotiation import Format, choose_format
from exporter.web.pages import Knower, StatusPages, named_addon
from exporter.web.writing import written

_LONGEST_TIMEOUT = 86_400

Reload = Callable[[], Awaitable[Sequence[str]]]
"""Reads the configuration again and gives the problems: with any, nothing has changed."""

_Writers = Mapping[Format, Callable[[Snapshot, Collection[str]], Iterator[bytes]]]


class Watcher(Knower, Protocol):
    """Who watches addons; times are how long Prometheus says it will wait, None where it does not say."""

    async def scrape_in_time(self, prometheus_timeout: timedelta | None) -> Snapshot:
        """Poll every addon, and give what there is to show."""

    async def probe(self, addon: AddonKey, prometheus_timeout: timedelta | None) -> Snapshot:
        """Poll one watched addon if that is worth a request, and give what there is to show of it alone."""

    async def targets(self, prometheus_timeout: timedelta | None) -> Sequence[AddonState]:
        """Find out which addons there are to watch, as far as it is time to, without polling any."""


class WebServer:
    """Answers HTTP, until it is to `finish`; `is_ready` is what /-/ready tells.

    `render_pool` writes and compresses, off the event loop; `page_pool` makes the pages for people, for which no scrape
    is to wait. Without `reload` nobody may ask for it over HTTP.
    `max_requests` limits how many requests that could cause API requests are answered at once; 0 is no limit.
    Every request passes through the `middlewares` first.
    """

    def __init__(
        self,
        *,
        watcher: Watcher,
        exposition: Exposition,
        render_pool: Executor,
        page_pool: Executor,
        telemetry_path: str,
        version: str,
        reload: Reload | None = None,
        max_requests: int = 0,
        middlewares: Sequence[Middleware] = (),
    ) -> None:
        self.is_ready = True
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._watcher = watcher
        self._reload = reload
        self._of_all: _Writers = {Format.TEXT: exposition.text, Format.OPENMETRICS: exposition.openmetrics}
        self._of_one: _Writers = {Format.TEXT: exposition.probe_text, Format.OPENMETRICS: exposition.probe_openmetrics}
        self._render_pool = render_pool
        self._max_requests = max_requests
        self._scrapes = 0
        self.app = web.Application(middlewares=[self._counted, *middlewares])
        # A HEAD of these would poll for nothing.
        self.app.router.add_get(telemetry_path, self._limited(self._metrics), allow_head=False)
        self.app.router.add_get("/probe", self._limited(self._probe), allow_head=False)
        self.app.router.add_get("/sd", self._limited(self._discovery), allow_head=False)
        self.app.router.add_post("/-/reload", self._reloading)
        self.app.router.add_get("/-/healthy", self._healthy)
        self.app.router.add_get("/-/ready", self._ready)
        if telemetry_path != "/":
            pages = StatusPages(watcher, pool=page_pool, telemetry_path=telemetry_path, version=version)
            pages.add_to(self.app.router)

    async def finish(self, seconds: float) -> None:
        """Be ready no more, and wait so long at most for what is in flight; whoever asks meanwhile has an answer."""
        self.is_ready = False
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    @web.middleware
    async def _counted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._in_flight += 1
        self._idle.clear()
        try:
            return await handler(request)
        finally:
            self._in_flight -= 1
            if self._in_flight == 0:
                self._idle.set()

    def _limited(self, handler: Handler) -> Handler:
        """Let so many at once; an answer counts until the client has read it, because it takes memory until then."""

        async def limited(request: web.Request) -> web.StreamResponse:
            if self._max_requests and self._scrapes >= self._max_requests:
                text = f"Limit of concurrent requests reached ({self._max_requests}), try again later.\n"
                return plain(HTTPStatus.SERVICE_UNAVAILABLE, text)
            self._scrapes += 1
            try:
                answer = await handler(request)
                await send(request, answer)
            finally:
                self._scrapes -= 1
            return answer

        return limited

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        snapshot = await self._watcher.scrape_in_time(_seconds(request, "X-Prometheus-Scrape-Timeout-Seconds"))
        return await self._exposed(request, snapshot, self._of_all)

    async def _probe(self, request: web.Request) -> web.StreamResponse:
        addon = named_addon(request, self._watcher)
        if isinstance(addon, web.Response):
            return addon
        timeout = _seconds(request, "X-Prometheus-Scrape-Timeout-Seconds")
        return await self._exposed(request, await self._watcher.probe(addon, timeout), self._of_one)

    async def _discovery(self, request: web.Request) -> web.StreamResponse:
        # Prometheus waits for targets no longer than until it would ask for them again.
        addons = await self._watcher.targets(_seconds(request, "X-Prometheus-Refresh-Interval-Seconds"))
        headers = {"Content-Type": "application/json", "Vary": "Accept-Encoding"}
        return await written(request, target_groups(addons), headers, pool=self._render_pool)

    async def _exposed(self, request: web.Request, snapshot: Snapshot, writers: _Writers) -> web.StreamResponse:
        form = choose_format(",".join(request.headers.getall("Accept", ())))
        names = frozenset(request.query.getall("name[]", ()))
        headers = {"Content-Type": form.value, "Vary": "Accept, Accept-Encoding"}
        return await written(request, writers[form](snapshot, names), headers, pool=self._render_pool)

    async def _reloading(self, _: web.Request) -> web.Response:
        if self._reload is None:
            return web.Response(text="Lifecycle API is not enabled.\n", status=HTTPStatus.FORBIDDEN)
        problems = await self._reload()
        if problems:
            return web.Response(text="\n".join([*problems, ""]), status=HTTPStatus.INTERNAL_SERVER_ERROR)
        return web.Response(text="Reloaded.\n")

    async def _healthy(self, _: web.Request) -> web.Response:
        return web.Response(text="Healthy.\n")

    async def _ready(self, _: web.Request) -> web.Response:
        if self.is_ready:
            return web.Response(text="Ready.\n")
        return web.Response(text="Shutting down.\n", status=HTTPStatus.SERVICE_UNAVAILABLE)


def _seconds(request: web.Request, header: str) -> timedelta | None:
    """Read how long Prometheus waits; None where it does not say so in a number that could be meant."""
    with suppress(ValueError):
        seconds = float(request.headers.get(header, ""))
        if 0 <= seconds <= _LONGEST_TIMEOUT:
            return timedelta(seconds=seconds)
    return None
