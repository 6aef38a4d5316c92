"""The simulator, the exporter as it is served, and two Prometheus: real sockets, one virtual time."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Self

import aiohttp
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.api_token import ApiToken
from exporter.app import Exporter
from exporter.config import AccountConfig, AddonEntry, CollectConfig, Config, ScrapeConfig
from exporter.listen import ListenAddress
from exporter.serve import bound, serving
from exporter.simulator import Simulator
from tests.chaos.account import chaos_world
from tests.chaos.loop import VirtualLoop

START = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
MAX_AGE = timedelta(hours=26)
PATIENCE = 10.0
"""Seconds that each Prometheus says it will wait."""

OPENMETRICS_ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
TEXT_ACCEPT = "text/plain;version=0.0.4"

_IDS = frozenset({"project_id", "addon_id"})

Addon = tuple[str, str]
Series = tuple[str, frozenset[tuple[str, str]]]


@dataclass(slots=True)
class Seen:
    """One answer, strictly parsed: `at` is Northflank's time when it came, `seconds` how long it took."""

    at: datetime
    seconds: float
    addons: dict[Addon, dict[Series, float]] = field(default_factory=dict)
    others: dict[Series, float] = field(default_factory=dict)

    def of(self, addon: Addon, metric: str) -> float | None:
        return self.addons.get(addon, {}).get((f"northflank_addon_{metric}", frozenset()))

    def reasons(self, addon: Addon) -> list[str]:
        named = self.addons.get(addon, {})
        return [dict(labels)["reason"] for name, labels in named if name == "northflank_addon_poll_error_info"]

    def value(self, name: str) -> float | None:
        return self.others.get((name, frozenset()))


class Clocks:
    """Northflank's time, which is the loop's, and the exporter's, which is wrong by `skew`."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.skew = timedelta()
        self._loop = loop
        self._born = loop.time()

    @property
    def passed(self) -> timedelta:
        return timedelta(seconds=self._loop.time() - self._born)

    def northflank(self) -> datetime:
        return START + self.passed

    def exporter(self) -> datetime:
        return self.northflank() + self.skew


class Prometheus:
    """Scrapes as Prometheus does, and reads strictly."""

    def __init__(self, url: str, accept: str, clocks: Clocks, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._clocks = clocks
        self._session = session
        self._headers = {
            "Accept": accept,
            "Accept-Encoding": "gzip",
            "X-Prometheus-Scrape-Timeout-Seconds": str(PATIENCE),
        }

    async def scrape(self) -> Seen:
        begun = self._clocks.passed
        async with self._session.get(self._url, headers=self._headers) as answer:
            text = await answer.text()
        seen = Seen(self._clocks.northflank(), (self._clocks.passed - begun).total_seconds())
        assert answer.status == HTTPStatus.OK, f"{answer.status}: {text}"
        is_openmetrics = answer.content_type == "application/openmetrics-text"
        families = (parse_openmetrics if is_openmetrics else parse_text)(text)
        for sample in (sample for family in families for sample in family.samples):
            addon = sample.labels.get("project_id", ""), sample.labels.get("addon_id", "")
            where = seen.addons.setdefault(addon, {}) if any(addon) else seen.others
            labels = frozenset((name, of) for name, of in sample.labels.items() if name not in _IDS)
            assert (sample.name, labels) not in where, f"twice: {sample}"
            where[sample.name, labels] = sample.value
        return seen


class Lab:
    """What is examined, and the switches; use as an async context manager."""

    def __init__(self, loop: VirtualLoop, seed: int, token_file: Path) -> None:
        self.loop = loop
        self.clocks = Clocks(loop)
        self.world = chaos_world(seed, START)
        self.simulator = Simulator(self.world, token="token-0", clock=self.clocks.northflank)
        self.clients: tuple[Prometheus, Prometheus]
        self._token_file = token_file
        self._exporter: Exporter
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.write_token()
        await self._open.enter_async_context(self.simulator)
        self._exporter = Exporter(self._config(16), now=self.clocks.exporter, monotonic=self.loop.time)
        sockets = self._open.enter_context(bound([ListenAddress("127.0.0.1", 0)]))
        await self._open.enter_async_context(self._exporter)
        served = serving(self._exporter, sockets, telemetry_path="/metrics")
        [address] = await self._open.enter_async_context(served)
        # It leaves before the server closes.
        session = await self._open.enter_async_context(aiohttp.ClientSession())
        url = f"http://{address.reachable}/metrics"
        newer, older = (Prometheus(url, each, self.clocks, session) for each in (OPENMETRICS_ACCEPT, TEXT_ACCEPT))
        self.clients = newer, older
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    @property
    def addons(self) -> list[Addon]:
        """Give what there is to watch."""
        world = self.world
        return [(project.id, addon.id) for project in world.projects for addon in world.addons(project.id)]

    def write_token(self) -> None:
        """Let the file hold the token that is accepted."""
        new = self._token_file.with_suffix(".new")
        new.write_text(self.simulator.token)
        new.replace(self._token_file)

    async def reload(self, concurrency: int) -> None:
        """Let another configuration be in force, whose connections are new."""
        await self._exporter.apply(self._config(concurrency))

    def _config(self, concurrency: int) -> Config:
        account = AccountConfig(
            api_url=self.simulator.url,
            token=ApiToken.from_file(self._token_file),
            addons=(AddonEntry(project="*", addon="*", max_age=MAX_AGE),),
        )
        collect = CollectConfig(restores=timedelta(hours=6))
        return Config(accounts=(account,), collect=collect, scrape=ScrapeConfig(concurrency=concurrency))
