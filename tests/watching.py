"""An exporter in this process that watches by patterns, and what it says."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from exporter.api_token import ApiToken
from exporter.app import Exporter
from exporter.config import AccountConfig, AddonEntry, CollectConfig, Config
from exporter.simulator import Simulator
from tests.oracle import series

EVERYTHING = AddonEntry(project="*", addon="*")
INTERVAL = timedelta(minutes=10)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def account(simulator: Simulator, *entries: AddonEntry, name: str = "", **more: Any) -> AccountConfig:  # noqa: ANN401 - as the fields are
    fields = {"token": ApiToken.literal(simulator.token), "addons": entries or (EVERYTHING,), **more}
    return AccountConfig(name=name, api_url=simulator.url, **fields)


class Watch:
    """An exporter whose time the test lets pass."""

    def __init__(self, config: Config, now: datetime) -> None:
        self._now = now
        self._passed = timedelta()
        self.exporter = Exporter(config, now=lambda: self._now + self._passed, monotonic=self._seconds)

    def _seconds(self) -> float:
        return self._passed.total_seconds()

    def wait(self, time: timedelta = INTERVAL) -> None:
        self._passed += time

    async def scrape(self, *, seconds: float | None = None) -> dict[str, float]:
        """Scrape, and give what it shows."""
        time_limit = None if seconds is None else timedelta(seconds=seconds)
        return series(b"".join(self.exporter.exposition.text(await self.exporter.scrape(time_limit))).decode())

    async def targets(self) -> list[str]:
        return ["/".join(addon.key[1:]) for addon in await self.exporter.targets(None)]


@asynccontextmanager
async def watching(*accounts: AccountConfig, now: datetime) -> AsyncIterator[Watch]:
    watch = Watch(Config(accounts=accounts, collect=CollectConfig(discovery=INTERVAL)), now)
    async with watch.exporter:
        yield watch


def shown(values: Iterable[str], metric: str = "northflank_addon_poll_success") -> set[str]:
    """Give the addons of which there is this metric, as `project/addon`, of named accounts with the name before it."""
    found = [dict(_LABEL.findall(name)) for name in values if name.startswith(metric + "{")]
    return {"/".join(each[label] for label in ("account", "project_id", "addon_id") if label in each) for each in found}


def existing(simulator: Simulator) -> set[str]:
    world = simulator.world
    return {f"{project.id}/{addon.id}" for project in world.projects for addon in world.addons(project.id)}
