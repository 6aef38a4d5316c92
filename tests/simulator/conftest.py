"""A simulator on a real socket, whose clock stands until a test moves it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from exporter.simulator import Simulator, World

NOW = datetime(2026, 3, 10, 12, 34, 56, 789_000, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **spans: float) -> None:
        self.now += timedelta(**spans)


@pytest.fixture(name="now")
def _now() -> datetime:
    return NOW


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock(now=NOW)


@pytest.fixture(name="world")
def _world() -> World:
    return World.demo(1, NOW)


@pytest.fixture(name="simulator")
async def _simulator(world: World, clock: Clock) -> AsyncIterator[Simulator]:
    async with Simulator(world, clock=clock) as simulator:
        yield simulator


@pytest.fixture(name="api")
async def _api(simulator: Simulator) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {simulator.token}"}
    async with aiohttp.ClientSession(simulator.url, headers=headers) as session:
        yield session
