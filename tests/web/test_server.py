"""The HTTP paths, over a real socket."""

import asyncio
import gzip
from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from tests.process import PATIENCE_SECONDS, eventually
from tests.web.conftest import Open, Site

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


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
@pytest.mark.parametrize("path", ["/metrics", "/probe?project=shop&addon=orders-db", "/sd"])
async def test_what_causes_requests_can_only_be_got(site: Site, path: str, method: str) -> None:
    answer = await site.ask(path, method)

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
        ("/probe", 400),
        ("/probe/", 404),
        ("/sd/", 404),
        ("/-/reload", 405),
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
    site.watcher.gate.clear()
    scrape = asyncio.create_task(site.ask("/metrics"))
    await eventually(lambda: site.scrapes == 1)

    finishing = asyncio.create_task(site.server.finish(PATIENCE_SECONDS))
    await eventually(lambda: not site.server.is_ready)
    assert (await site.ask("/-/ready")).status == 503
    assert (await site.ask("/-/healthy")).status == 200
    assert (await site.ask("/nowhere")).status == 404
    assert not finishing.done()

    site.watcher.gate.set()
    await finishing
    assert (await scrape).status == 200


async def test_what_never_ends_is_not_waited_for_for_ever(site: Site) -> None:
    site.watcher.gate.clear()
    scrape = asyncio.create_task(site.ask("/metrics"))
    await eventually(lambda: site.scrapes == 1)

    await asyncio.wait_for(site.server.finish(0.05), PATIENCE_SECONDS)

    assert not scrape.done()
    site.watcher.gate.set()
    assert (await scrape).status == 200


@pytest.mark.parametrize(
    ("said", "seconds"), [("10", 10), ("0.25", 0.25), ("", None), ("soon", None), ("-1", None), ("nan", None)]
)
async def test_what_prometheus_says_of_its_patience_is_passed_on(site: Site, said: str, seconds: float | None) -> None:
    for path in ("/metrics", "/probe?project=shop&addon=orders-db"):
        await site.ask(path, X_Prometheus_Scrape_Timeout_Seconds=said)

    timeout = None if seconds is None else timedelta(seconds=seconds)
    assert site.watcher.asked == [("scrape", timeout), ("probe", timeout)]


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
