"""How property tests search, and the peer of the end-to-end tests."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, settings

from exporter.simulator import Simulator, World

settings.register_profile(
    "ci", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("ci"), derandomize=False, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """Give the moment at which the simulated world stands still."""
    return NOW


@pytest.fixture
async def simulator(now: datetime) -> AsyncIterator[Simulator]:
    """Serve the demo world, in which no time passes."""
    async with Simulator(World.demo(1, now), clock=lambda: now) as simulator:
        yield simulator
