"""Answers are counted and carry the headers they are to have, also where a bug made them."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from exporter.exposition import Exposition, Snapshot
from exporter.logs import tracebacks_counted
from exporter.web import WebServer, answering
from tests.web.watcher import FakeWatcher


class Broken(FakeWatcher):
    """A watcher with a bug."""

    async def scrape_in_time(self, prometheus_timeout: timedelta | None) -> Snapshot:  # noqa: ARG002 - the base's
        raise RuntimeError("a bug")


async def test_a_bug_is_an_answer_and_its_traceback_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    counted: list[int] = []
    tracebacks: list[None] = []
    with ThreadPoolExecutor(1) as pool, tracebacks_counted(lambda: tracebacks.append(None)):
        server = WebServer(
            watcher=Broken([]),
            exposition=Exposition(CollectorRegistry()),
            render_pool=pool,
            page_pool=pool,
            telemetry_path="/metrics",
            version="1",
            middlewares=[answering(counted.append)],
        )
        async with TestClient(TestServer(server.app)) as client:
            answers = [await client.get(path) for path in ("/metrics", "/-/healthy", "/nowhere")]
            texts = [await answer.text() for answer in answers]
            refused = await client.post("/metrics")

    assert [answer.status for answer in answers] == [500, 200, 404]
    assert texts == ["Internal Server Error\n", "Healthy.\n", "Not Found\n"]
    assert (refused.status, refused.headers["Allow"]) == (405, "GET")
    assert counted == [500, 200, 404, 405]
    assert len(tracebacks) == 1
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == ["Failed to answer"]
