"""One Chromium for all tests of the pages, and a server whose data a test chooses."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, async_playwright, expect
from prometheus_client import CollectorRegistry

from exporter.exposition import Exposition
from exporter.web import WebServer
from tests.machine import npm_packages, program
from tests.pages.fleet import Shown, fleet, snapshot
from tests.process import PATIENCE_SECONDS, ROOT

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


class Visit:
    """A server of pages, and a browser's page that looks at it; what goes wrong in there fails the test."""

    def __init__(self, shown: Shown, url: str, page: Page) -> None:
        self.shown = shown
        self.url = url
        self.page = page
        self.requested: list[str] = []
        self.trouble: list[str] = []
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("console", lambda message: self.trouble.append(message.text))
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("dialog", lambda dialog: self.trouble.append(dialog.message))

    async def go(self, path: str = "/") -> Page:
        await self.page.goto(self.url + path)
        return self.page

    async def addons(self) -> list[str]:
        """Give the names in the table, in their order."""
        names: list[str] = await self.page.locator("tbody .addon a").all_inner_texts()
        return names

    def check(self) -> None:
        assert self.trouble == []
        assert [url for url in self.requested if not url.startswith(self.url)] == [], "nothing from elsewhere"
        assert self.shown.asked == [], "no page causes requests to the API"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    chromium = program("chromium", origin="the Debian package chromium")
    async with async_playwright() as playwright:
        expect.set_options(timeout=1000 * PATIENCE_SECONDS)
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """Give axe-core's source, which a page can run."""
    return (npm_packages(ROOT / "tests" / "js") / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@asynccontextmanager
async def visiting(browser: Browser, shown: Shown, **options: Any) -> AsyncIterator[Visit]:  # noqa: ANN401 - Playwright's
    """Serve the pages, and open a browser's window with these options."""
    with ThreadPoolExecutor(1) as pool:
        server = TestServer(
            WebServer(
                watcher=shown,
                exposition=Exposition(CollectorRegistry()),
                render_pool=pool,
                page_pool=pool,
                telemetry_path="/metrics",
                version="1.2.3",
            ).app
        )
        async with server:
            context = await browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
            context.set_default_timeout(1000 * PATIENCE_SECONDS)
            visit = Visit(shown, str(server.make_url("/")).rstrip("/"), await context.new_page())
            yield visit
            visit.check()
            await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncIterator[Visit]:
    """Give a visit to a fleet in every state."""
    async with visiting(browser, Shown(snapshot(fleet()))) as visit:
        yield visit
