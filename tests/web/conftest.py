"""A web server over a real socket, and the watcher behind it."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from prometheus_client import CollectorRegistry
from yarl import URL

from exporter.exposition import Exposition
from exporter.state import AddonState
from exporter.telemetry import AccountTelemetry, Telemetry
from exporter.web import Reload, WebServer
from tests.oracle import backup, read_addon
from tests.web.watcher import FakeWatcher


@dataclass
class Site:
    """A web server, who watches for it, and a client that shows answers as they came."""

    server: WebServer
    watcher: FakeWatcher
    client: TestClient[Request, Application]

    @property
    def scrapes(self) -> int:
        """How often something was asked that could cause API requests."""
        return len(self.watcher.asked)

    async def ask(self, path: str, method: str = "GET", **headers: str) -> ClientResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, URL(path, encoded=True), headers=named)


class Open(Protocol):
    """Opens a site with its metrics at a path."""

    async def __call__(
        self, telemetry_path: str = "/metrics", *addons: AddonState, reload: Reload | None = None
    ) -> Site: ...


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Give a function that opens a site; it watches one addon unless it is given others."""
    sites: list[Site] = []
    registry = CollectorRegistry()
    telemetry = Telemetry()
    registry.register(telemetry)
    AccountTelemetry(telemetry, "acme").request_finished("backups", "200", 0.07)
    with ThreadPoolExecutor(1) as pool:

        async def open_site(
            telemetry_path: str = "/metrics", *addons: AddonState, reload: Reload | None = None
        ) -> Site:
            watcher = FakeWatcher(addons or (read_addon(backup("b", timedelta(hours=1))),))
            server = WebServer(
                watcher=watcher,
                exposition=Exposition(registry),
                render_pool=pool,
                page_pool=pool,
                telemetry_path=telemetry_path,
                version='<1.2 & "3">',
                reload=reload,
            )
            client = TestClient(TestServer(server.app), auto_decompress=False, skip_auto_headers=["Accept-Encoding"])
            site = Site(server=server, watcher=watcher, client=client)
            await client.start_server()
            sites.append(site)
            return site

        yield open_site
        for each in sites:
            await each.client.close()


@pytest.fixture(name="site")
async def site_with_usual_path(opened: Open) -> Site:
    return await opened()
