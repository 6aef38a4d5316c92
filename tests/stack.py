"""A real Prometheus, a real Alertmanager and somebody who is paged, for tests that see what an operator sees."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.machine import program
from tests.process import PATIENCE_SECONDS

Json = Any
"""What an HTTP API answered."""


def patiently() -> Iterator[None]:
    """Go on until a test that still waits has failed."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        yield


async def becomes(condition: Callable[[], Awaitable[bool]], otherwise: Callable[[], object] = str) -> None:
    """Wait until a condition that has to be asked for holds; fails with what is there `otherwise`."""
    for _ in patiently():
        if await condition():
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"waited in vain: {otherwise()}")


def free_port() -> int:
    """Give a port for a program that wants to be told one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


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

    async def alerts(self, *, inhibited: bool) -> list[Json]:
        """Give the alerts that are held back by other alerts, or those that are not."""
        everything = await ask(f"{self._url}/api/v2/alerts")
        return [alert for alert in everything if bool(alert["status"]["inhibitedBy"]) == inhibited]


@asynccontextmanager
async def prometheus(configuration: Path) -> AsyncIterator[RunningPrometheus]:
    """Run Prometheus; its data lies beside its configuration."""
    address = f"127.0.0.1:{free_port()}"
    command = (
        program("prometheus", origin="the Debian package prometheus"),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={configuration}.data",
        f"--web.listen-address={address}",
        "--log.level=warn",
    )
    async with _serving(f"http://{address}", *command) as url:
        yield RunningPrometheus(url)


@asynccontextmanager
async def alertmanager(configuration: Path, address: str) -> AsyncIterator[RunningAlertmanager]:
    """Run Alertmanager at an address that Prometheus was told before."""
    command = (
        program("prometheus-alertmanager", origin="the Debian package prometheus-alertmanager"),
        f"--config.file={configuration}",
        f"--storage.path={configuration}.data",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        "--log.level=warn",
    )
    async with _serving(f"http://{address}", *command) as url:
        yield RunningAlertmanager(url)


@asynccontextmanager
async def _serving(url: str, *command: str) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(*command)
    try:
        await _until_ready(url, process)
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_ready(url: str, process: asyncio.subprocess.Process) -> None:
    for _ in patiently():
        assert process.returncode is None, "it has ended"
        with suppress(aiohttp.ClientConnectionError):
            async with aiohttp.request("GET", f"{url}/-/ready") as answer:
                if answer.ok:
                    return
        await asyncio.sleep(0.02)
    pytest.fail(f"{url} is not ready")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """One alert in one notification."""

    receiver: str
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]

    @property
    def name(self) -> str:
        return self.labels["alertname"]

    @property
    def of(self) -> tuple[str, str]:
        """Which alert of which addon; empty for one of no addon."""
        return self.name, self.labels.get("addon_id", "")


@dataclass
class Pager:
    """Receives Alertmanager's notifications over a real socket and keeps them."""

    url: str = ""
    received: list[Notified] = field(default_factory=list)

    def sent(self, status: str) -> list[Notified]:
        return [notified for notified in self.received if notified.status == status]

    async def _receive(self, request: web.Request) -> web.Response:
        notification = await request.json()
        self.received += [
            Notified(
                receiver=notification["receiver"],
                status=alert["status"],
                labels=alert["labels"],
                annotations=alert["annotations"],
            )
            for alert in notification["alerts"]
        ]
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
