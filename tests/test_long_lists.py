"""Against a believable Northflank: what is remembered of long lists is what reading them whole tells, for less."""

from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Self

import pytest

from exporter.app import Exporter
from exporter.config import CollectConfig, Config
from exporter.simulator import Behaviour, Simulator, World
from exporter.simulator.behaviour import Blank, LastCursor, ListOrder
from exporter.summary import BackupSummary
from tests.watching import account

START = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
BEHAVIOURS = {
    "likeliest": Behaviour(),
    "oldest first": Behaviour(order=ListOrder.OLDEST_FIRST),
    "shuffled": Behaviour(order=ListOrder.SHUFFLED, uids=False),
    "with fillers": Behaviour(completed_at=Blank.FILLER, last_cursor=LastCursor.KEPT, uids=False),
}


class Watched:
    """The demo's addons, watched twice while time passes: as usual, and with every list read whole each time."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.passed = timedelta(0)
        self._behaviour = replace(behaviour, rate_limit=10**6)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        world = World.demo(1, START)
        self.simulators = [
            await self._stack.enter_async_context(Simulator(world, behaviour=self._behaviour, clock=self.now))
            for _ in range(2)
        ]
        self.exporters = [
            await self._stack.enter_async_context(self._exporter(simulator, full_listing))
            for simulator, full_listing in zip(self.simulators, (timedelta(hours=6), timedelta(0)), strict=True)
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def now(self) -> datetime:
        return START + self.passed

    def monotonic(self) -> float:
        return self.passed.total_seconds()

    def _exporter(self, simulator: Simulator, full_listing: timedelta) -> Exporter:
        collect = CollectConfig(schedules=None, full_listing=full_listing)
        config = Config(accounts=(account(simulator),), collect=collect)
        return Exporter(config, now=self.now, monotonic=self.monotonic)

    async def scrape(self) -> list[dict[str, BackupSummary]]:
        """Scrape both; gives what is known of each addon."""
        snapshots = [await exporter.scrape() for exporter in self.exporters]
        return [
            {state.key.addon_id: state.summary for state in snapshot.addons if state.summary} for snapshot in snapshots
        ]


def but_for_expired(summary: BackupSummary) -> BackupSummary:
    """Leave out what changes when an old backup expires, or has failed long ago."""
    return replace(summary, counts={}, stored_bytes=0, oldest_completed_at=None, last_failed_at=None, running={})


@pytest.mark.parametrize("behaviour", BEHAVIOURS.values(), ids=BEHAVIOURS)
async def test_what_is_remembered_is_what_reading_everything_tells(behaviour: Behaviour) -> None:
    async with Watched(behaviour) as watched:
        for _ in range(16):
            usual, whole = await watched.scrape()
            assert usual.keys() == whole.keys()
            for name, summary in whole.items():
                assert but_for_expired(usual[name]) == but_for_expired(summary), name
            watched.passed += timedelta(minutes=47)
        requests, more_requests = (simulator.request_count for simulator in watched.simulators)
        assert requests <= more_requests
