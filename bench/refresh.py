"""How many requests one refresh of a long list costs, over a virtual day in which backups come and expire."""

import asyncio
from datetime import UTC, datetime, timedelta

from exporter.api_token import ApiToken
from exporter.app import Exporter
from exporter.config import AccountConfig, AddonEntry, CollectConfig, Config
from exporter.simulator import Behaviour, Simulator, World
from exporter.simulator.behaviour import ListOrder
from exporter.simulator.drafting import GIBIBYTE, Drafting
from exporter.simulator.nouns import AddonType, BackupType, Project
from exporter.simulator.plan import AddonPlan, Volume

START = datetime(2026, 3, 14, 12, tzinfo=UTC)
SCRAPE_INTERVAL = timedelta(minutes=1)
DAY = timedelta(days=1)

SHAPES = {100: ((15,), 4), 500: ((15,), 21), 1500: ((15, 35, 55), 21)}
"""Minutes of the hour at which a snapshot is made, and for how many days it is kept: as many as that come to."""


def requests_per_refresh(backups: int, order: ListOrder) -> float:
    """Count over a day, after the first reading of everything; `backups` is one of the sizes in SHAPES."""
    return asyncio.run(_counted(backups, order))


async def _counted(backups: int, order: ListOrder) -> float:
    minutes, keep_days = SHAPES[backups]
    draft = Drafting(project_id="shop", start=START)
    plan = AddonPlan(
        addon=draft.addon("db", "DB", AddonType.POSTGRESQL, "A long list"),
        volume=Volume(base_bytes=GIBIBYTE),
        schedules=tuple(draft.hourly(BackupType.SNAPSHOT, minute, keep_days=keep_days) for minute in minutes),
        uid_since=START - timedelta(days=365),
    )
    world = World(seed=1, start=START, projects=[Project(id="shop", name="Shop")], plans=[plan])
    passed = timedelta(0)

    def now() -> datetime:
        return START + passed

    def monotonic() -> float:
        return passed.total_seconds()

    async with (
        Simulator(world, behaviour=Behaviour(rate_limit=10**6, order=order), clock=now) as simulator,
        Exporter(_config(simulator.url), now=now, monotonic=monotonic) as exporter,
    ):
        for _ in range(2):  # the second asks for what is asked for once
            await exporter.scrape()
        before = simulator.request_count
        refreshes = DAY // SCRAPE_INTERVAL
        for _ in range(refreshes):
            passed += SCRAPE_INTERVAL
            await exporter.scrape()
        return (simulator.request_count - before) / refreshes


def _config(api_url: str) -> Config:
    entries = (AddonEntry(project="shop", addon="db"),)
    account = AccountConfig(api_url=api_url, token=ApiToken.literal("demo"), addons=entries)
    return Config(accounts=(account,), collect=CollectConfig(schedules=None))
