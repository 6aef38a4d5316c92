"""A real Prometheus finds and scrapes what `/sd` and `/probe` offer, by the configuration in the documentation."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry

from exporter.exposition import Exposition
from exporter.model import AddonKey
from exporter.web import WebServer
from tests.oracle import backup, read_addon
from tests.process import ROOT
from tests.stack import RunningPrometheus, becomes, prometheus
from tests.web.watcher import FakeWatcher

BLOCK = re.compile(r"<!-- tests/test_prometheus\.py runs this -->\n```yaml\n(.*?)```", re.DOTALL)
KEYS = [
    AddonKey(account, project, f"db-{number}")
    for account in ("acme", "umbrella")
    for project in ("shop", "intranet")
    for number in range(10)
]


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


def written(configuration: str, path: Path) -> Path:
    path.write_text(configuration)
    return path


async def instances(running: RunningPrometheus) -> Counter[str]:
    return Counter(target["labels"]["instance"] for target in await running.targets())


async def until_up(running: RunningPrometheus, count: int) -> None:
    """Wait until so many targets were scraped well, and no others are left."""
    targets: list[dict[str, Any]] = []

    async def all_are_up() -> bool:
        nonlocal targets
        targets = await running.targets()
        return len(targets) == count == len(await running.series('up{job="northflank"} == 1'))

    await becomes(all_are_up, lambda: f"{len(targets)} targets: {[target['lastError'] for target in targets]}")


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
            page_pool=pool,
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
        await until_up(whole, len(KEYS))
        found, in_first, in_second = [await instances(each) for each in (whole, first, second)]

        assert found == names(KEYS)
        assert in_first + in_second == found
        assert in_first
        assert in_second
        await until_up(first, len(in_first))
        await until_up(second, len(in_second))
        assert {target["health"] for each in (whole, first, second) for target in await each.targets()} == {"up"}
        assert set(watcher.probed) == set(KEYS)

        shown = await whole.series("northflank_addon_backup_last_completed_timestamp_seconds")
        assert names([AddonKey(one["account"], one["project_id"], one["addon_id"]) for one in shown]) == names(KEYS)
        assert all(one["instance"] == f"{one['account']}/{one['project_id']}/{one['addon_id']}" for one in shown)
        assert not await whole.series('{__name__=~"northflank_(up|exporter_.*)",job="northflank"}')

        # Addons come and go without a change of Prometheus' configuration.
        watcher.addons = [read_addon(key=AddonKey("", "shop", "new"))]
        await until_up(whole, 1)
        assert await instances(whole) == Counter(["shop/new"])
