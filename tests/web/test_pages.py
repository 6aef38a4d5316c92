"""The pages over HTTP: what they may do, what they refuse, and that they cause no request to the API."""

import asyncio
import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from exporter.exposition import Exposition
from exporter.web import WebServer
from exporter.web.pages import MOST_AT_ONCE
from tests.process import PATIENCE_SECONDS
from tests.web.conftest import Open, Site

ORDERS = "/addon?account=acme&project=shop&addon=orders-db"


@pytest.mark.parametrize("path", ["/", ORDERS, "/?sort=size&find=x", "/?page=7"])
async def test_a_page_may_do_nothing_but_what_it_brings_along(site: Site, path: str) -> None:
    answers = [await site.ask(path) for _ in range(2)]
    pages = [await answer.text() for answer in answers]

    nonces = []
    for answer, page in zip(answers, pages, strict=True):
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        policy = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
        nonce = policy["script-src"].removeprefix("'nonce-").removesuffix("'")
        assert policy == {
            "default-src": "'none'",
            "style-src": f"'nonce-{nonce}'",
            "script-src": f"'nonce-{nonce}'",
            "connect-src": "'self'",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }
        assert re.findall(r"<(?:style|script)[^>]*>", page) == [f'<style nonce="{nonce}">', f'<script nonce="{nonce}">']
        assert not re.search(r"""\s(?:style|on[a-z]+|src)=["']|<(?:link|img|iframe)""", page)
        nonces.append(nonce)
    assert len(set(nonces)) == 2
    assert all(len(nonce) >= 22 for nonce in nonces)
    assert site.scrapes == 0


async def test_the_page_leads_to_everything_and_escapes(site: Site) -> None:
    page = await (await site.ask("/")).text()

    for link in ("/metrics", "/sd", "/-/healthy", "/-/ready"):
        assert f'<a href="{link}">' in page
    assert "&lt;1.2 &amp; &#34;3&#34;&gt;" in page
    assert "<1.2" not in page


async def test_a_host_that_nobody_has_is_only_text(site: Site) -> None:
    page = await (await site.ask("/", Host='x"<script>')).text()

    assert "<script>" not in page
    assert "&#34;&lt;script&gt;" in page


async def test_a_page_is_compressed_where_that_is_accepted(site: Site) -> None:
    packed = await site.ask("/", Accept_Encoding="gzip")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert b"<!DOCTYPE html>" in gzip.decompress(await packed.read())[:20]


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("project=shop&addon=nothing", 404, "No such addon is watched: project 'shop', addon 'nothing'.\n"),
        ("project=shop", 400, "The parameter addon is missing.\n"),
        ("project=a&project=b&addon=c", 400, "The parameter project is given 2 times.\n"),
        ("project=shop&addon=%3Cscript%3E", 404, "No such addon is watched: project 'shop', addon '<script>'.\n"),
    ],
)
async def test_an_addon_that_is_not_watched_has_no_page(site: Site, query: str, status: int, text: str) -> None:
    answer = await site.ask(f"/addon?{query}")

    assert (answer.status, await answer.text()) == (status, text)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert site.scrapes == 0


async def test_where_the_metrics_are_at_the_root_there_are_no_pages(opened: Open) -> None:
    site = await opened("/")

    assert (await site.ask("/addon?project=shop&addon=orders-db")).status == 404
    assert (await (await site.ask("/")).text()).startswith("# HELP")


async def test_so_many_pages_are_made_at_once_and_no_more_and_no_scrape_waits(site: Site) -> None:
    is_free = Event()
    with ThreadPoolExecutor(1) as pool, ThreadPoolExecutor(1) as render_pool:
        server = WebServer(
            watcher=site.watcher,
            exposition=Exposition(CollectorRegistry()),
            render_pool=render_pool,
            page_pool=pool,
            telemetry_path="/metrics",
            version="1",
        )
        busy = asyncio.get_running_loop().run_in_executor(pool, is_free.wait)
        async with TestClient(TestServer(server.app)) as client:
            asked = [asyncio.create_task(client.get("/")) for _ in range(MOST_AT_ONCE + 1)]
            try:
                first = await next(asyncio.as_completed(asked, timeout=PATIENCE_SECONDS))
                assert first.status == 503
                for path in ("/-/healthy", "/metrics"):
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        assert (await client.get(path)).status == 200
            finally:
                is_free.set()
            answers = await asyncio.gather(*asked)
        await busy

    assert sorted(answer.status for answer in answers) == [200] * MOST_AT_ONCE + [503]
