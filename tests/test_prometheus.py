"""A real Prometheus finds and scrapes what `/sd` and `/probe` offer, by the configuration in the documentation."""

import asyncio
import re
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry

from exporter.exposition import Exposition
from exporter.model import AddonKey
from exporter.web import WebServer
from tests.machine import program
from tests.oracle import backup, read_addon
from tests.process import PATIENCE_SECONDS, ROOT
from tests.web.watcher import FakeWatcher

ORIGIN = "the Debian package prometheus"
BLOCK = re.compile(r"<!-- tests/test_prometheus\.py runs this -->\n```yaml\n(.*?)```", re.DOTALL)
KEYS = [
    AddonKey(account, project, f"db-{number}")
    for account in ("acme", "umbrella")
    for project in ("shop", "intranet")
    for number in range(10)
]


class RunningPrometheus:
    """A Prometheus that listens, asked over its HTTP API."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def ask(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON
        async with aiohttp.request("GET", self._url + path, params=parameters) as answer:
            return (await answer.json())["data"]

    async def targets(self) -> list[dict[str, Any]]:
        active = (await self.ask("/api/v1/targets", state="active"))["activeTargets"]
        return [target for target in active if target["labels"]["job"] == "northflank"]

    async def instances(self) -> Counter[str]:
        return Counter(target["labels"]["instance"] for target in await self.targets())

    async def series(self, query: str) -> list[dict[str, str]]:
        result = (await self.ask("/api/v1/query", query=query))["result"]
        return [sample["metric"] for sample in result]

    async def until_up(self, count: int) -> None:
        """Wait until so many targets were scraped well, and no others are left."""
        for _ in patiently():
            targets = await self.targets()
            if len(targets) == count == len(await self.series('up{job="northflank"} == 1')):
                return
            await asyncio.sleep(0.05)
        pytest.fail(f"{len(targets)} targets: {[target['lastError'] for target in targets]}")


def documented(address: str, *, modulus: int, part: int) -> str:
    """Give the documentation's configuration with this address, these parts, and without its long intervals."""
    (found,) = BLOCK.findall((ROOT / "docs" / "scaling.md").read_text(encoding="utf-8"))
    changes = {
        "northflank-exporter:10087": address,
        "scrape_interval: 1m": "scrape_interval: 1s",
        "refresh_interval: 1m": "refresh_interval: 1s",
        "modulus: 2": f"modulus: {modulus}",
        'regex: "0"': f'regex: "{part}"',
    }
    text = str(found)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def patiently() -> Iterator[None]:
    """Go on until a test that still waits has failed."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        yield


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def written(configuration: str, path: Path) -> Path:
    path.write_text(configuration)
    return path


@asynccontextmanager
async def prometheus(configuration: Path) -> AsyncIterator[RunningPrometheus]:
    address = f"127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        program("prometheus", origin=ORIGIN),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={configuration}.data",
        f"--web.listen-address={address}",
        "--log.level=warn",
    )
    try:
        url = f"http://{address}"
        await until_ready(url, process)
        yield RunningPrometheus(url)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def until_ready(url: str, process: asyncio.subprocess.Process) -> None:
    for _ in patiently():
        assert process.returncode is None, "Prometheus has ended"
        with suppress(aiohttp.ClientConnectionError):
            async with aiohttp.request("GET", f"{url}/-/ready") as answer:
                if answer.ok:
                    return
        await asyncio.sleep(0.02)
    pytest.fail("Prometheus is not ready")


@pytest.fixture
def watcher() -> FakeWatcher:
    return FakeWatcher([read_addon(backup("b", timedelta(hours=1)), key=key) for key in KEYS])


@pytest.fixture
async def address(watcher: FakeWatcher) -> AsyncIterator[str]:
    with ThreadPoolExecutor(1) as pool:
        server = WebServer(
            watcher=watcher,
            exposition=Exposition(CollectorRegistry()),
            render_pool=pool,
            telemetry_path="/metrics",
            version="1.2.3",
        )
        async with TestServer(server.app) as site:
            yield f"127.0.0.1:{site.port}"


def names(keys: Sequence[AddonKey]) -> Counter[str]:
    return Counter("/".join(key) for key in keys)


async def test_every_addon_is_found_and_scraped_and_two_parts_cover_each_exactly_once(
    tmp_path: Path, address: str, watcher: FakeWatcher
) -> None:
    async with AsyncExitStack() as stack:
        whole, first, second = [
            await stack.enter_async_context(
                prometheus(
                    written(documented(address, modulus=modulus, part=part), tmp_path / f"{part}-of-{modulus}.yml")
                )
            )
            for modulus, part in ((1, 0), (2, 0), (2, 1))
        ]
        await whole.until_up(len(KEYS))
        found, in_first, in_second = [await each.instances() for each in (whole, first, second)]

        assert found == names(KEYS)
        assert in_first + in_second == found
        assert in_first
        assert in_second
        await first.until_up(len(in_first))
        await second.until_up(len(in_second))
        assert {target["health"] for each in (whole, first, second) for target in await each.targets()} == {"up"}
        assert set(watcher.probed) == set(KEYS)

        shown = await whole.series("northflank_addon_backup_last_completed_timestamp_seconds")
        assert names([AddonKey(one["account"], one["project_id"], one["addon_id"]) for one in shown]) == names(KEYS)
        assert all(one["instance"] == f"{one['account']}/{one['project_id']}/{one['addon_id']}" for one in shown)
        assert not await whole.series('{__name__=~"northflank_(up|exporter_.*)",job="northflank"}')

        # Addons come and go without a change of Prometheus' configuration.
        watcher.addons = [read_addon(key=AddonKey("", "shop", "new"))]
        await whole.until_up(1)
        assert await whole.instances() == Counter(["shop/new"])
