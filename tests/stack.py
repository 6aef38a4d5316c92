"""A real Prometheus, a real Alertmanager and somebody who is paged, for tests that see what an operator sees."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from scripts import programs
from tests.machine import program

Json = Any
"""What an HTTP API answered."""

PATIENCE_SECONDS = 60.0
"""Far more than it takes from a trouble to a page in a hurry; only a failing test waits so long."""


async def becomes(condition: Callable[[], Awaitable[bool]], otherwise: Callable[[], object] = lambda: "") -> None:
    """Wait until a condition that has to be asked for holds; fails with what is there `otherwise`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain: {otherwise()}")
        await asyncio.sleep(0.05)


async def ask(url: str, **parameters: str) -> Json:
    """Ask with GET for JSON."""
    async with aiohttp.request("GET", url, params=parameters) as answer:
        assert answer.ok, f"{url} {parameters}: {answer.status} {await answer.text()}"
        return await answer.json()


class RunningPrometheus:
    """A Prometheus that listens, asked over its HTTP API."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def ask(self, path: str, **parameters: str) -> Json:
        return (await ask(self._url + path, **parameters))["data"]

    async def targets(self) -> list[dict[str, Any]]:
        active = (await self.ask("/api/v1/targets", state="active"))["activeTargets"]
        return [target for target in active if target["labels"]["job"] == "northflank"]

    async def samples(self, query: str) -> list[tuple[dict[str, str], float]]:
        """Give what an instant query finds: labels and values."""
        result = (await self.ask("/api/v1/query", query=query))["result"]
        return [(sample["metric"], float(sample["value"][1])) for sample in result]

    async def series(self, query: str) -> list[dict[str, str]]:
        return [labels for labels, _ in await self.samples(query)]

    async def until_found(self, query: str, count: int = 1) -> None:
        """Wait until a query finds so many series, or more."""
        found: list[dict[str, str]] = []

        async def is_found() -> bool:
            nonlocal found
            found = await self.series(query)
            return len(found) >= count

        await becomes(is_found, lambda: f"{query} finds {found}")


class RunningAlertmanager:
    """An Alertmanager that listens, asked over its HTTP API."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def send(self, alerts: list[dict[str, str]]) -> None:
        """Let alerts with these labels fire, as Prometheus does."""
        body = [{"labels": labels} for labels in alerts]
        async with aiohttp.request("POST", f"{self._url}/api/v2/alerts", json=body) as answer:
            assert answer.ok, await answer.text()

    async def alerts(self, *, inhibited: bool) -> list[Json]:
        """Give the alerts that are held back by other alerts, or those that are not."""
        everything = await ask(f"{self._url}/api/v2/alerts")
        return [alert for alert in everything if bool(alert["status"]["inhibitedBy"]) == inhibited]


@asynccontextmanager
async def prometheus(configuration: Path) -> AsyncIterator[RunningPrometheus]:
    """Run Prometheus; its data lies beside its configuration."""
    binary = program("prometheus", origin="the Debian package prometheus")
    started = programs.prometheus(binary, configuration, programs.free_port())
    async with programs.running(started):
        yield RunningPrometheus(started.url)


@asynccontextmanager
async def alertmanager(configuration: Path, port: int) -> AsyncIterator[RunningAlertmanager]:
    """Run Alertmanager at a port that Prometheus was told before; its data lies beside its configuration."""
    binary = program("prometheus-alertmanager", origin="the Debian package prometheus-alertmanager")
    started = programs.alertmanager(binary, configuration, port)
    async with programs.running(started):
        yield RunningAlertmanager(started.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """One alert in one notification."""

    receiver: str
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]


@dataclass
class Pager:
    """Receives Alertmanager's notifications over a real socket and keeps what is new in each.

    A notification is about a whole group: what has begun or ended stands beside what was told before.
    """

    url: str = ""
    received: list[Notified] = field(default_factory=list)
    _told: set[tuple[str, str, str, str]] = field(default_factory=set)

    def sent(self, status: str) -> list[Notified]:
        return [notified for notified in self.received if notified.status == status]

    async def _receive(self, request: web.Request) -> web.Response:
        notification = await request.json()
        receiver = notification["receiver"]
        for alert in notification["alerts"]:
            told = (receiver, alert["status"], alert["fingerprint"], alert["startsAt"])
            if told not in self._told:
                self._told.add(told)
                self.received.append(
                    Notified(
                        receiver=receiver,
                        status=alert["status"],
                        labels=alert["labels"],
                        annotations=alert["annotations"],
                    )
                )
        return web.Response()


@asynccontextmanager
async def pager() -> AsyncIterator[Pager]:
    """Listen for notifications."""
    receiver = Pager()
    app = web.Application()
    app.router.add_post("/", receiver._receive)
    async with TestServer(app) as site:
        receiver.url = str(site.make_url("/"))
        yield receiver
