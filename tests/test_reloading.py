"""Another configuration while it runs: what stays the same goes on, what left is gone, and no scrape notices."""

import asyncio
import gc
import json
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from exporter.api_token import ApiToken
from exporter.config import AccountConfig, AddonEntry, CollectConfig, Config, ScrapeConfig
from exporter.simulator import Behaviour, Fault, Simulator, World
from exporter.simulator.nouns import Team
from tests.oracle import series
from tests.process import ANY_ADDRESS, Command, eventually, get, running, write_secret
from tests.watching import INTERVAL, Watch, account, existing, shown, watching

DATA = "northflank_addon_data_timestamp_seconds"
LIMIT = 'northflank_addon_backup_max_age_seconds{addon_id="orders-db",project_id="shop"}'
RELOADED = "northflank_exporter_config_last_reload_successful"
MEMORY = 0.0


@pytest.fixture
async def other(now: datetime) -> AsyncIterator[Simulator]:
    """Serve another account's world, with a token of its own."""
    world = World.uniform(addons=5, backups=1, seed=2, now=now)
    async with Simulator(world, token="other", clock=lambda: now) as simulator:
        yield simulator


def config(*accounts: AccountConfig, concurrency: int = 16) -> Config:
    return Config(
        accounts=accounts,
        collect=CollectConfig(discovery=INTERVAL),
        scrape=ScrapeConfig(concurrency=concurrency),
    )


def sessions(watch: Watch) -> list[int]:
    """Tell the connections apart that are kept."""
    return [id(client._session) for group in watch.exporter._groups for client in group._clients.values()]


def open_sessions() -> int:
    return sum(1 for each in gc.get_objects() if isinstance(each, aiohttp.ClientSession) and not each.closed)


async def test_the_same_again_changes_nothing(simulator: Simulator, now: datetime) -> None:
    async with watching(account(simulator), now=now) as watch:
        before = await watch.scrape()
        asked, kept = simulator.request_count, sessions(watch)
        await watch.exporter.apply(config(account(simulator)))

        assert sessions(watch) == kept
        assert simulator.request_count == asked
        assert shown(await watch.scrape(seconds=MEMORY), DATA) == shown(before, DATA)


@pytest.mark.parametrize("change", ["concurrency", "share", "neighbour"])
async def test_other_connections_lose_nothing_that_is_known(
    simulator: Simulator, other: Simulator, now: datetime, change: str
) -> None:
    accounts = [account(simulator, name="acme"), account(simulator, name="same-token")]
    changed = {
        "concurrency": config(*accounts, concurrency=3),
        "share": config(*(replace(each, rate_limit_share=0.5) for each in accounts)),
        "neighbour": config(accounts[0], replace(accounts[1], name="renamed"), account(other, name="other")),
    }[change]
    async with watching(*accounts, now=now) as watch:
        before = {addon for addon in shown(await watch.scrape(), DATA) if addon.startswith("acme/")}
        asked = simulator.request_count
        await watch.exporter.apply(changed)
        assert simulator.request_count == asked
        after = await watch.scrape(seconds=MEMORY)

    assert {addon for addon in shown(after, DATA) if addon.startswith("acme/")} == before
    assert after['northflank_up{account="acme"}'] == 1


async def test_connections_outlive_the_content_of_a_token_file(
    simulator: Simulator, now: datetime, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(simulator.token)
    async with watching(account(simulator, token=ApiToken.from_file(file)), now=now) as watch:
        kept = sessions(watch)
        file.write_text("another-token")
        await watch.exporter.apply(config(account(simulator, token=ApiToken.from_file(file))))
        assert sessions(watch) == kept


async def test_teams_that_were_found_outlive_other_connections(simulator: Simulator, now: datetime) -> None:
    simulator.world.teams = (*simulator.world.teams, Team(id="lab", name="Lab"))
    organisation = account(simulator, name="org", team="*")
    async with watching(organisation, now=now) as watch:
        before = shown(await watch.scrape(), DATA)
        await watch.exporter.apply(config(organisation, concurrency=3))
        assert shown(await watch.scrape(seconds=MEMORY), DATA) == before
        assert len(before) == 26


async def test_limits_and_addons_follow_the_entries(simulator: Simulator, now: datetime) -> None:
    orders, queue = AddonEntry(project="shop", addon="orders-db"), AddonEntry(project="intranet", addon="queue")
    async with watching(account(simulator, orders, queue), now=now) as watch:
        assert (await watch.scrape()).get(LIMIT) != 3600
        limited = replace(orders, max_age=timedelta(hours=1))
        await watch.exporter.apply(config(account(simulator, limited, AddonEntry(project="shop", addon="c*"))))
        watch.wait()
        values = await watch.scrape()

    assert values[LIMIT] == 3600
    names = {addon.id for addon in simulator.world.addons("shop") if addon.id.startswith("c")}
    assert shown(values) == {"shop/orders-db", *(f"shop/{name}" for name in names)}


async def test_accounts_come_and_go(simulator: Simulator, other: Simulator, now: datetime) -> None:
    first, second = account(simulator, name="first"), account(other, name="second")
    async with watching(first, now=now) as watch:
        await watch.scrape()
        await watch.exporter.apply(config(first, second))
        assert len(shown(await watch.scrape())) == 13 + 5
        await watch.exporter.apply(config(second))
        values = await watch.scrape()

    assert shown(values) == {f"second/{addon}" for addon in existing(other)}
    assert 'northflank_exporter_addons{account="first"}' not in values


async def test_what_cannot_be_opened_changes_nothing(simulator: Simulator, now: datetime, tmp_path: Path) -> None:
    good = account(simulator)
    async with watching(good, now=now) as watch:
        before, kept = shown(await watch.scrape(), DATA), sessions(watch)
        opened = open_sessions()
        accounts = replace(good, name="a"), replace(good, name="b", ca_file=tmp_path / "nowhere")
        with pytest.raises(OSError, match="No such file"):
            await watch.exporter.apply(config(*accounts))
        assert (sessions(watch), open_sessions()) == (kept, opened)
        assert shown(await watch.scrape(), DATA) == before


async def test_a_scrape_in_flight_ends_well_and_its_budget_is_not_lost(simulator: Simulator, now: datetime) -> None:
    simulator.behaviour = Behaviour(rate_limit=10**6)
    async with watching(account(simulator), now=now) as watch:
        before = shown(await watch.scrape(), DATA)
        simulator.faults.inject(Fault.delay(5))
        for concurrency in range(4, 12):
            scrape = asyncio.create_task(watch.scrape())
            await eventually(lambda: simulator.in_flight > 3)
            async with asyncio.timeout(3):
                await watch.exporter.apply(config(account(simulator), concurrency=concurrency))
                values = await scrape
            assert shown(values, DATA) == before
        simulator.faults.clear()
        values = await watch.scrape()
        (budget,) = {group.budget for group in watch.exporter._groups}

    assert shown(values, DATA) == before
    assert values['northflank_scrape_addons{result="polled"}'] == 13
    assert values['northflank_poll_errors_total{reason="internal"}'] == 0
    assert budget._set_aside == 0
    assert budget.window.in_flight == 0


# The real command.


def write(directory: Path, simulator: Simulator, *entries: dict[str, Any], **more: Any) -> Path:  # noqa: ANN401 - JSON
    write_secret(directory / "token", simulator.token)
    described = {"api_url": simulator.url, "token_file": "token", "addons": entries or [{"project": "*", "addon": "*"}]}
    path = directory / "watch.yaml"
    path.write_text(json.dumps({"accounts": [described], **more}))
    return path


async def reload(url: str) -> tuple[int, str]:
    async with aiohttp.request("POST", f"{url}/-/reload") as answer:
        return answer.status, await answer.text()


@pytest.fixture
async def command(tmp_path: Path, simulator: Simulator) -> AsyncIterator[Command]:
    simulator.behaviour = Behaviour(rate_limit=10**9)
    path = write(tmp_path, simulator)
    async with running("--config.file", path, ANY_ADDRESS, "--web.enable-lifecycle", cwd=tmp_path) as command:
        yield command


async def ended_well(command: Command) -> None:
    command.signal(signal.SIGTERM)
    assert (await command.end()).code == 0


def open_files(command: Command) -> int:
    return len(list(Path(f"/proc/{command._process.pid}/fd").iterdir()))


async def test_a_good_file_is_taken_over_by_both_ways(command: Command, simulator: Simulator, tmp_path: Path) -> None:
    url = await command.url()
    await get(f"{url}/metrics")

    write(tmp_path, simulator, {"project": "shop", "addon": "*"})
    assert await reload(url) == (200, "Reloaded.\n")
    assert {addon.split("/")[0] for addon in shown(series((await get(f"{url}/metrics"))[1]))} == {"shop"}

    write(tmp_path, simulator, {"project": "intranet", "addon": "queue"})
    command.signal(signal.SIGHUP)
    await eventually(lambda: command.stderr.count("msg=Reloaded") + command.stderr.count('msg="Reloaded"') == 2)
    assert shown(series((await get(f"{url}/metrics"))[1])) == {"intranet/queue"}
    await ended_well(command)


async def test_a_bad_file_changes_nothing_and_every_problem_is_told(
    command: Command, simulator: Simulator, tmp_path: Path
) -> None:
    url = await command.url()
    before = shown(series((await get(f"{url}/metrics"))[1]), DATA)

    write(tmp_path, simulator, {"project": "[", "addon": "*"}, {"project": "shop"}, colour="red")
    status, problems = await reload(url)

    assert status == 500
    assert len(problems.splitlines()) == 3
    for path in ("accounts[0].addons[0].project", "accounts[0].addons[1]", "colour"):
        assert path in problems
    values = series((await get(f"{url}/metrics"))[1])
    assert (shown(values, DATA), values[RELOADED]) == (before, 0)
    write(tmp_path, simulator)
    assert (await reload(url))[0] == 200
    assert series((await get(f"{url}/metrics"))[1])[RELOADED] == 1
    await ended_well(command)


async def test_a_new_token_and_a_reload_lose_nothing(command: Command, simulator: Simulator, tmp_path: Path) -> None:
    url = await command.url()
    before = shown(series((await get(f"{url}/metrics"))[1]), DATA)
    simulator.token = "another-token"
    write(tmp_path, simulator)

    assert (await reload(url))[0] == 200
    values = series((await get(f"{url}/metrics"))[1])
    assert (shown(values, DATA), values["northflank_up"]) == (before, 1)
    await ended_well(command)


async def test_fifty_reloads_under_scraping_fail_no_scrape_and_leave_nothing_open(
    command: Command, simulator: Simulator, tmp_path: Path
) -> None:
    url = await command.url()
    shop = {"project": "shop", "addon": "*"}
    variants: list[tuple[list[dict[str, str]], int]] = [([], 16), ([shop], 16), ([], 5)]
    known = existing(simulator)
    seen: list[set[str]] = []
    is_over = False

    async def scrapes() -> None:
        while not is_over:
            status, text = await get(f"{url}/metrics")
            assert status == 200
            seen.append(shown(series(text)))

    await get(f"{url}/metrics")
    before = open_files(command)
    clients = [asyncio.create_task(scrapes()) for _ in range(2)]
    for number in range(50):
        entries, concurrency = variants[number % len(variants)]
        write(tmp_path, simulator, *entries, scrape={"concurrency": concurrency})
        assert (await reload(url))[0] == 200
    is_over = True
    await asyncio.gather(*clients)

    assert all({f"shop/{each.id}" for each in simulator.world.addons("shop")} <= addons <= known for addons in seen)
    # Connections to the API that are kept: at most as many as may be used at once, and one more each way.
    assert open_files(command) <= before + 6
    values = series((await get(f"{url}/metrics"))[1])
    assert values['northflank_poll_errors_total{reason="internal"}'] == 0
    await ended_well(command)


async def test_a_signal_in_the_middle_of_a_reload_ends_it(
    command: Command, simulator: Simulator, tmp_path: Path
) -> None:
    url = await command.url()
    simulator.faults.inject(Fault.delay(0.3), times=5)
    scrape = asyncio.create_task(get(f"{url}/metrics"))
    await eventually(lambda: simulator.in_flight > 0)
    write(tmp_path, simulator, scrape={"concurrency": 3})
    command.signal(signal.SIGHUP)
    await ended_well(command)
    assert (await scrape)[0] == 200
