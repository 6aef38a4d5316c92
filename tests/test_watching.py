"""From patterns to what is shown: addons are found, described, come, go, and outlive listings that fail."""

from datetime import datetime

import pytest

from exporter.config import AddonEntry
from exporter.simulator import Behaviour, Fault, Simulator
from exporter.simulator.routes import Endpoint
from tests.watching import EVERYTHING, account, existing, shown, watching

UNLIMITED = Behaviour(rate_limit=10**9)
ORDERS = AddonEntry(project="shop", addon="orders-db")
ERRORS = "northflank_discovery_errors_total"


@pytest.fixture(autouse=True)
def unlimited(simulator: Simulator) -> None:
    simulator.behaviour = UNLIMITED


def listings(simulator: Simulator) -> int:
    return sum(1 for request in simulator.requests if request.path.endswith(("/projects", "/addons")))


async def test_everything_is_found_described_and_read_in_one_scrape(simulator: Simulator, now: datetime) -> None:
    async with watching(account(simulator), now=now) as watch:
        values = await watch.scrape()

    assert shown(values) == shown(values, "northflank_addon_info") == existing(simulator)
    assert all(values[name] == 1 for name in values if name.startswith("northflank_addon_poll_success"))
    assert values['northflank_exporter_pattern_addons{addon="*",project="*"}'] == 13
    assert values[ERRORS] == 0
    orders = simulator.world.addon("shop", "orders-db")
    assert (
        f'northflank_addon_info{{addon_id="orders-db",addon_name="{orders.name}",addon_type="{orders.type}",'
        f'project_id="shop",tags="{",".join(sorted(orders.tags))}"}}'
    ) in values


async def test_patterns_and_what_they_leave_out(simulator: Simulator, now: datetime) -> None:
    entry = AddonEntry(project="s[h]*", addon="*", exclude=("*-db",), types=("redis", "postgresql"))
    async with watching(account(simulator, entry), now=now) as watch:
        found = shown(await watch.scrape())

    world = simulator.world
    expected = [each for each in world.addons("shop") if each.type in entry.types and not each.id.endswith("-db")]
    assert found == {f"shop/{each.id}" for each in expected}
    assert found


async def test_addons_come_and_go_with_the_next_listing(simulator: Simulator, now: datetime) -> None:
    new = simulator.world.remove("shop", "orders-db")
    before = existing(simulator)
    async with watching(account(simulator), now=now) as watch:
        assert shown(await watch.scrape()) == before
        simulator.world.add(new)
        simulator.world.remove("intranet", "queue")
        asked = listings(simulator)
        assert shown(await watch.scrape()) == before
        assert listings(simulator) == asked
        watch.wait()
        values = await watch.scrape()

    assert shown(values) == shown(values, "northflank_addon_backups_stored_bytes") == existing(simulator) != before


async def test_what_leaves_while_it_is_read_holds_up_nobody(simulator: Simulator, now: datetime) -> None:
    async with watching(account(simulator), now=now) as watch:
        await watch.scrape()
        for addon in simulator.world.addons("shop"):
            simulator.world.remove("shop", addon.id)
        watch.wait()
        values = await watch.scrape()

    assert shown(values) == existing(simulator)
    assert min(value for name, value in values.items() if name.startswith("northflank_scrape_addons")) == 0


@pytest.mark.parametrize(
    "fault",
    [Fault.status(500), Fault.status(403), Fault.forbidden(), Fault.not_json(), Fault.truncated(), Fault.status(404)],
    ids=["500", "403", "forbidden", "not JSON", "truncated", "404"],
)
async def test_a_listing_that_fails_loses_nobody_and_is_counted(
    simulator: Simulator, now: datetime, fault: Fault
) -> None:
    async with watching(account(simulator), now=now) as watch:
        before = shown(await watch.scrape())
        simulator.faults.inject(fault, project="shop", endpoint=Endpoint.ADDONS)
        simulator.world.remove("intranet", "queue")
        watch.wait()
        values = await watch.scrape()

    assert before - shown(values) == {"intranet/queue"}
    assert values[ERRORS] == 1
    assert all(values[name] == 1 for name in values if name.startswith("northflank_addon_poll_success"))


@pytest.mark.parametrize("endpoint", [Endpoint.PROJECTS, Endpoint.ADDONS])
async def test_an_item_of_a_listing_that_cannot_be_read_loses_nobody(
    simulator: Simulator, now: datetime, endpoint: Endpoint
) -> None:
    async with watching(account(simulator), now=now) as watch:
        before = shown(await watch.scrape())
        simulator.faults.inject(Fault.wrong_types(), endpoint=endpoint)
        watch.wait()
        values = await watch.scrape()

    assert shown(values) == before == existing(simulator)
    assert values[f'northflank_api_rejected_items_total{{endpoint="{endpoint}"}}'] > 0


async def test_ids_need_no_permission_to_list(simulator: Simulator, now: datetime) -> None:
    for endpoint in (Endpoint.PROJECTS, Endpoint.ADDONS):
        simulator.faults.inject(Fault.forbidden(), endpoint=endpoint)
    gone = AddonEntry(project="shop", addon="gone")
    async with watching(account(simulator, ORDERS, gone), now=now) as watch:
        values = await watch.scrape()

    assert listings(simulator) == 0
    assert values['northflank_addon_poll_success{addon_id="orders-db",project_id="shop"}'] == 1
    assert values['northflank_addon_poll_error_info{addon_id="gone",project_id="shop",reason="not_found"}'] == 1


async def test_a_pattern_without_a_match_is_visible_and_told_once(
    simulator: Simulator, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    async with watching(account(simulator, AddonEntry(project="shop", addon="x*")), now=now) as watch:
        for _ in range(3):
            values = await watch.scrape()
            watch.wait()

    assert values['northflank_exporter_pattern_addons{addon="x*",project="shop"}'] == 0
    assert values["northflank_exporter_addons"] == 0
    assert [line.getMessage() for line in caplog.records] == ["A pattern matches nothing"]


async def test_the_creation_of_each_addon_is_asked_for_once(simulator: Simulator, now: datetime) -> None:
    created = simulator.world.addon("shop", "orders-db").created_at.timestamp()
    async with watching(account(simulator, EVERYTHING), now=now) as watch:
        for _ in range(6):
            values = await watch.scrape()
            watch.wait()

    name = 'northflank_addon_created_timestamp_seconds{addon_id="orders-db",project_id="shop"}'
    assert values[name] == pytest.approx(created, abs=1)
    assert sum(1 for request in simulator.requests if request.path.endswith("/addons/orders-db")) == 1
