"""One addon at a time: who is known, when a probe asks, and which addons there are to probe."""

import asyncio
from datetime import datetime, timedelta

import pytest

from exporter.config import AddonEntry
from exporter.model import AddonKey
from exporter.simulator import Behaviour, Fault, Simulator
from exporter.simulator.routes import Endpoint
from tests.process import PATIENCE_SECONDS
from tests.watching import Watch, account, existing, watching

ORDERS = AddonKey("", "shop", "orders-db")
LITERAL = AddonEntry(project="shop", addon="orders-db")


async def probe(watch: Watch, addon: AddonKey = ORDERS, patience: timedelta | None = None) -> str:
    snapshot = await watch.exporter.probe(addon, patience)
    return b"".join(watch.exporter.exposition.probe_text(snapshot)).decode()


async def test_only_what_is_watched_is_found(simulator: Simulator, now: datetime) -> None:
    async with watching(account(simulator, LITERAL), now=now) as watch:
        find = watch.exporter.find
        assert find(None, "shop", "orders-db") == find("", "shop", "orders-db") == ORDERS
        assert find(None, "shop", "carts") is find("acme", "shop", "orders-db") is find(None, "*", "*") is None

    assert simulator.request_count == 0


async def test_of_several_accounts_one_must_be_named(simulator: Simulator, now: datetime) -> None:
    accounts = (account(simulator, LITERAL, name=name) for name in ("a", "b"))
    async with watching(*accounts, now=now) as watch:
        assert watch.exporter.find("b", "shop", "orders-db") == AddonKey("b", "shop", "orders-db")
        with pytest.raises(ValueError, match="account"):
            watch.exporter.find(None, "shop", "orders-db")


async def test_what_a_pattern_means_is_found_once_it_was_listed(simulator: Simulator, now: datetime) -> None:
    async with watching(account(simulator), now=now) as watch:
        assert watch.exporter.find(None, "shop", "orders-db") is None
        assert set(await watch.targets()) == existing(simulator)
        assert watch.exporter.find(None, "shop", "orders-db") == ORDERS
        assert not [request for request in simulator.requests if request.path.endswith("/backups")]


async def test_a_probe_reads_one_addon_and_shows_only_that(simulator: Simulator, now: datetime) -> None:
    everything = AddonEntry(project="intranet", addon="queue")
    async with watching(account(simulator, LITERAL, everything), now=now) as watch:
        text = await probe(watch)

    assert 'northflank_addon_poll_success{addon_id="orders-db",project_id="shop"} 1' in text
    assert "northflank_scrape_duration_seconds" in text
    assert not [word for word in ("queue", "northflank_up", "process_", "build_info") if word in text]
    assert all("/addons/orders-db/" in request.path for request in simulator.requests)


async def test_what_is_fresh_comes_from_memory_until_a_cycle_has_passed(simulator: Simulator, now: datetime) -> None:
    simulator.behaviour = Behaviour(rate_limit=1000)
    async with watching(account(simulator, LITERAL), now=now) as watch:
        await probe(watch)
        asked = simulator.request_count
        await probe(watch)
        assert simulator.request_count == asked
        watch.wait(timedelta(minutes=1))
        await probe(watch)
        assert simulator.request_count > asked


async def test_who_only_probes_learns_of_schedules_too(simulator: Simulator, now: datetime) -> None:
    async with watching(account(simulator, LITERAL), now=now) as watch:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while 'northflank_addon_backup_schedules{addon_id="orders-db"' not in await probe(watch):
                watch.wait(timedelta(minutes=1))


async def test_a_probe_ends_in_time_and_what_it_began_goes_on(simulator: Simulator, now: datetime) -> None:
    simulator.faults.inject(Fault.delay(0.4))
    async with watching(account(simulator, LITERAL), now=now) as watch:
        async with asyncio.timeout(5):
            assert 'reason="pending"' in await probe(watch, patience=timedelta(seconds=0.6))
            await asyncio.sleep(0)
            while 'reason="pending"' in await probe(watch, patience=timedelta(seconds=2)):
                pass
        assert simulator.request_count == simulator_pages(simulator)


def simulator_pages(simulator: Simulator) -> int:
    """Count the different pages that were asked for: none is asked for twice."""
    return len({(request.path, tuple(request.query.items())) for request in simulator.requests})


async def test_targets_are_the_literal_ones_where_nothing_can_be_listed(simulator: Simulator, now: datetime) -> None:
    simulator.faults.inject(Fault.status(500), endpoint=Endpoint.PROJECTS)
    gone = AddonEntry(project="shop", addon="gone")
    async with watching(account(simulator, gone, AddonEntry(project="*", addon="*")), now=now) as watch:
        await watch.scrape()
        assert await watch.targets() == ["shop/gone"]


async def test_targets_are_given_in_time(simulator: Simulator, now: datetime) -> None:
    simulator.faults.inject(Fault.delay(5), endpoint=Endpoint.PROJECTS)
    async with watching(account(simulator), now=now) as watch, asyncio.timeout(3):
        assert await watch.exporter.targets(timedelta(seconds=0.6)) == ()
