"""The exporter's HTTP paths: the metrics, a landing page, health. Only the metrics cause API requests."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Executor
from contextlib import suppress
from datetime import timedelta
from html import escape

from aiohttp import web
from aiohttp.typedefs import Handler

from exporter.exposition import Exposition, Snapshot
from exporter.web.negotiation import Format, accepts_gzip, choose_format

_LONGEST_TIMEOUT = 86_400
_GZIP = 16 + zlib.MAX_WBITS
_FASTEST = 1  # a scrape crosses one data centre at most: time matters more than the last tenth of size

_LANDING_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Northflank backup exporter</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 40rem; padding: 0 1rem; }}
:root {{ color-scheme: light dark; }}
</style>
</head>
<body>
<h1>Northflank backup exporter</h1>
<p>Prometheus metrics about the backups of Northflank addons. Version {version}.</p>
<ul>
<li><a href="{metrics}">Metrics</a></li>
<li><a href="/-/healthy">Health</a></li>
<li><a href="/-/ready">Readiness</a></li>
</ul>
</body>
</html>
"""


class WebServer:
    """Answers HTTP, until it is to `finish`; `is_ready` is what /-/ready tells.

    `scrape` polls and gives what there is to show, within the time that Prometheus says it will wait for it;
    `render_pool` writes and compresses, off the event loop.
    """

    def __init__(
        self,
        *,
        scrape: Callable[[timedelta | None], Awaitable[Snapshot]],
        exposition: Exposition,
        render_pool: Executor,
        telemetry_path: str,
        version: str,
    ) -> None:
        self.is_ready = True
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._scrape = scrape
        self._exposition = exposition
        self._render_pool = render_pool
        self._landing_page = _LANDING_PAGE.format(version=escape(version), metrics=escape(telemetry_path))
        self.app = web.Application(middlewares=[self._counted])
        # A HEAD of the metrics would poll for nothing.
        self.app.router.add_get(telemetry_path, self._metrics, allow_head=False)
        self.app.router.add_get("/-/healthy", self._healthy)
        self.app.router.add_get("/-/ready", self._ready)
        if telemetry_path != "/":
            self.app.router.add_get("/", self._landing)

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

    async def _metrics(self, request: web.Request) -> web.Response:
        snapshot = await self._scrape(_scrape_timeout(request.headers.get("X-Prometheus-Scrape-Timeout-Seconds", "")))
        names = frozenset(request.query.getall("name[]", ()))
        form = choose_format(",".join(request.headers.getall("Accept", ())))
        write = self._exposition.openmetrics if form is Format.OPENMETRICS else self._exposition.text
        compress = accepts_gzip(",".join(request.headers.getall("Accept-Encoding", ())))
        body = await asyncio.get_running_loop().run_in_executor(
            self._render_pool, _joined, write(snapshot, names), compress
        )
        headers = {"Content-Type": form.value, "Vary": "Accept, Accept-Encoding"}
        if compress:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body, headers=headers)

    async def _healthy(self, _: web.Request) -> web.Response:
        return web.Response(text="Healthy.\n")

    async def _ready(self, _: web.Request) -> web.Response:
        if self.is_ready:
            return web.Response(text="Ready.\n")
        return web.Response(text="Shutting down.\n", status=503)

    async def _landing(self, _: web.Request) -> web.Response:
        return web.Response(text=self._landing_page, content_type="text/html")


def _scrape_timeout(header: str) -> timedelta | None:
    """Read how long Prometheus waits; None where it does not say so in a number that could be meant."""
    with suppress(ValueError):
        seconds = float(header)
        if 0 <= seconds <= _LONGEST_TIMEOUT:
            return timedelta(seconds=seconds)
    return None


def _joined(chunks: Iterable[bytes], compress: bool) -> bytes:  # noqa: FBT001 - run_in_executor passes by position
    if not compress:
        return b"".join(chunks)
    gzip = zlib.compressobj(_FASTEST, zlib.DEFLATED, _GZIP)
    return b"".join([*(gzip.compress(chunk) for chunk in chunks), gzip.flush()])
