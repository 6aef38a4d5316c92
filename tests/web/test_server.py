"""The HTTP paths, over a real socket."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from yarl import URL

from exporter.exposition import Exposition, Snapshot
from exporter.web import WebServer
from tests.oracle import backup, read_addon, snapshot_of
from tests.process import PATIENCE_SECONDS, eventually

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@dataclass
class Site:
    """A web server whose scrapes are counted, and a client that shows answers as they came."""

    server: WebServer
    client: TestClient[Request, Application]
    scrapes: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Scrapes wait until it is open, as it is at first."""

    async def ask(self, path: str, method: str = "GET", **headers: str) -> ClientResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, URL(path, encoded=True), headers=named)


Open = Callable[[str], Awaitable[Site]]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Give a function that opens a site with its metrics at a path."""
    sites: list[Site] = []
    with ThreadPoolExecutor(1) as pool:

        async def open_site(telemetry_path: str) -> Site:
            async def scrape(_: timedelta | None) -> Snapshot:
                opening.scrapes += 1
                await opening.gate.wait()
                return snapshot_of(read_addon(backup("b", timedelta(hours=1))))

            server = WebServer(
                scrape=scrape,
                exposition=Exposition(CollectorRegistry()),
                render_pool=pool,
                telemetry_path=telemetry_path,
                version='<1.2 & "3">',
            )
            client = TestClient(TestServer(server.app), auto_decompress=False, skip_auto_headers=["Accept-Encoding"])
            opening = Site(server=server, client=client)
            opening.gate.set()
            await client.start_server()
            sites.append(opening)
            return opening

        yield open_site
        for each in sites:
            await each.client.close()


@pytest.fixture(name="site")
async def site_with_usual_path(opened: Open) -> Site:
    return await opened("/metrics")


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [("", TEXT), ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", OPENMETRICS), ("nonsense", TEXT)],
)
async def test_metrics_are_in_the_format_that_accept_asks_for(site: Site, accept: str, content_type: str) -> None:
    answer = await site.ask("/metrics", Accept=accept)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    body = await answer.text()
    assert body.startswith("# HELP northflank_addon_backups ")
    assert body.endswith("# EOF\n") == (content_type == OPENMETRICS)
    assert site.scrapes == 1


async def test_several_accept_headers_count_as_one(site: Site) -> None:
    several = [("Accept", "text/plain;q=0.5"), ("Accept", "application/openmetrics-text")]

    answer = await site.client.get("/metrics", headers=several)

    assert answer.headers["Content-Type"] == OPENMETRICS


async def test_openmetrics_can_be_read_strictly(site: Site) -> None:
    answer = await site.ask("/metrics", Accept="application/openmetrics-text")

    assert len(list(parse_openmetrics(await answer.text()))) > 30


async def test_gzip_only_where_it_is_asked_for(site: Site) -> None:
    plain = await site.ask("/metrics")
    packed = await site.ask("/metrics", Accept_Encoding="gzip")
    refused = await site.ask("/metrics", Accept_Encoding="gzip;q=0, br")

    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in refused.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept, Accept-Encoding"
    packed_body, body = await packed.read(), await plain.read()
    assert gzip.decompress(packed_body) == body == await refused.read()
    assert len(packed_body) < len(body) / 3


async def test_names_choose_metrics(site: Site) -> None:
    answer = await site.ask("/metrics?name[]=northflank_up&name%5B%5D=northflank_exporter_build_info&other=1")

    described = [line.split(" ")[2] for line in (await answer.text()).splitlines() if line.startswith("# TYPE")]
    assert described == ["northflank_up", "northflank_exporter_build_info"]


async def test_unknown_names_give_an_empty_answer(site: Site) -> None:
    answer = await site.ask("/metrics?name[]=nonsense&name[]=%ff%00")

    assert (answer.status, await answer.read()) == (200, b"")


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
async def test_the_metrics_can_only_be_got(site: Site, method: str) -> None:
    answer = await site.ask("/metrics", method)

    assert answer.status == 405
    assert answer.headers["Allow"] == "GET"
    assert site.scrapes == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/-/healthy", 200),
        ("/-/ready", 200),
        ("/?name[]=northflank_up", 200),
        ("/metrics/", 404),
        ("/metrics/x", 404),
        ("/Metrics", 404),
        ("/probe", 404),
        ("/-/reload", 404),
        ("/favicon.ico", 404),
        ("/..%2f..%2fetc/passwd", 404),
        ("/%3Cscript%3E", 404),
    ],
)
async def test_no_other_path_polls(site: Site, path: str, status: int) -> None:
    answer = await site.ask(path)

    assert answer.status == status
    assert "<script>" not in await answer.text()
    assert site.scrapes == 0


@pytest.mark.parametrize("path", ["/", "/-/healthy", "/-/ready"])
async def test_pages_without_metrics_answer_head_and_refuse_post(site: Site, path: str) -> None:
    assert (await site.ask(path, "HEAD")).status == 200
    assert (await site.ask(path, "POST")).status == 405
    assert site.scrapes == 0


async def test_ready_turns_while_shutting_down_and_healthy_does_not(site: Site) -> None:
    site.server.is_ready = False

    assert (await site.ask("/-/ready")).status == 503
    assert (await site.ask("/-/healthy")).status == 200


async def test_it_finishes_at_once_when_idle(site: Site) -> None:
    await site.ask("/metrics")

    await asyncio.wait_for(site.server.finish(3600), PATIENCE_SECONDS)

    assert not site.server.is_ready


async def test_what_is_in_flight_is_waited_for_and_others_are_answered_meanwhile(site: Site) -> None:
    site.gate.clear()
    scrape = asyncio.create_task(site.ask("/metrics"))
    await eventually(lambda: site.scrapes == 1)

    finishing = asyncio.create_task(site.server.finish(PATIENCE_SECONDS))
    await eventually(lambda: not site.server.is_ready)
    assert (await site.ask("/-/ready")).status == 503
    assert (await site.ask("/-/healthy")).status == 200
    assert (await site.ask("/nowhere")).status == 404
    assert not finishing.done()

    site.gate.set()
    await finishing
    assert (await scrape).status == 200


async def test_what_never_ends_is_not_waited_for_for_ever(site: Site) -> None:
    site.gate.clear()
    scrape = asyncio.create_task(site.ask("/metrics"))
    await eventually(lambda: site.scrapes == 1)

    await asyncio.wait_for(site.server.finish(0.05), PATIENCE_SECONDS)

    assert not scrape.done()
    site.gate.set()
    assert (await scrape).status == 200


async def test_the_landing_page_links_to_everything_and_escapes(site: Site) -> None:
    answer = await site.ask("/")

    page = await answer.text()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    for link in ("/metrics", "/-/healthy", "/-/ready"):
        assert f'<a href="{link}">' in page
    assert "&lt;1.2 &amp; &quot;3&quot;&gt;" in page
    assert "<1.2" not in page


@pytest.mark.parametrize(
    ("telemetry_path", "asked"),
    [
        ("/backups/metrics", "/backups/metrics"),
        ("/metrics/", "/metrics/"),
        ("/a.b-c_d~e", "/a.b-c_d~e"),
        ("/größe", "/gr%C3%B6%C3%9Fe"),
        ("/a&b", "/a&b"),
        ("/a\"b'<c>", "/a%22b'%3Cc%3E"),
    ],
)
async def test_the_metrics_stand_where_the_path_says(opened: Open, telemetry_path: str, asked: str) -> None:
    site = await opened(telemetry_path)

    answer = await site.ask(asked)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == TEXT
    assert (await site.ask("/metrics")).status == 404
    assert "<c>" not in await (await site.ask("/")).text()


async def test_the_metrics_can_stand_at_the_root(opened: Open) -> None:
    site = await opened("/")

    answer = await site.ask("/")

    assert answer.headers["Content-Type"] == TEXT
    assert (await site.ask("/", "HEAD")).status == 405
    assert (await site.ask("/metrics")).status == 404
    assert (await site.ask("/-/ready")).status == 200
    assert site.scrapes == 1
