"""`demo` and `simulate`: the exporter without a Northflank."""

import asyncio
import signal
import socket
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from exporter.app import Exporter
from exporter.demo import demo_config, scraped_until
from exporter.simulator import Simulator
from tests.oracle import series
from tests.process import ANY_ADDRESS, PATIENCE_SECONDS, get, run, running

NAME = "northflank_addon_backup"


async def status_with_token(url: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.request("GET", f"{url}/v1/projects", headers=headers) as answer:
        return answer.status


async def test_the_demo_serves_addons_in_every_situation(tmp_path: Path) -> None:
    async with running("demo", ANY_ADDRESS, cwd=tmp_path) as command:
        printed = await command.printed("Metrics: ")
        status, metrics = await get(printed.removeprefix("Metrics: "))
        command.signal(signal.SIGTERM)
        ended = await command.end()

    values = series(metrics)
    addons = {
        name.split('"')[1]: name.partition("{")[2]
        for name in values
        if name.startswith("northflank_addon_poll_success{")
    }
    assert status == 200
    assert len(addons) >= 8
    assert all(values[f"northflank_addon_poll_success{{{labels}"] == 1 for labels in addons.values())

    def value(metric: str, addon: str) -> float | None:
        return values.get(f"{NAME}{metric}{{{addons[addon]}")

    age = value("_last_completed_age_seconds", "orders-db")
    assert age is not None
    assert age < 7200, "healthy"
    assert value("_last_completed_timestamp_seconds", "queue") is None, "never backed up"
    assert value("s_stored_bytes", "queue") == 0
    assert (value("_failures_since_completed", "carts-db") or 0) >= 9, "its backups fail"
    assert value("_running_since_timestamp_seconds", "warehouse") is not None, "stuck"
    assert values[f'{NAME}s{{addon_id="crm-db",project_id="intranet",status="scheduled"}}'] == 1, "paused"
    imports = f'{NAME}_kind_last_completed_timestamp_seconds{{addon_id="reports-db",backup_kind="import"'
    assert any(name.startswith(imports) for name in values)
    listed = sum(count for name, count in values.items() if name.startswith(f'{NAME}s{{addon_id="events-db"'))
    assert listed > 1450, "a long list"
    assert value("_max_age_seconds", "orders-db") == 26 * 3600
    assert ended.code == 0


async def test_the_demo_prints_where_to_look(tmp_path: Path) -> None:
    async with running("demo", ANY_ADDRESS, "--web.telemetry-path=/backups", cwd=tmp_path) as command:
        url = await command.url()
        await command.printed("Stop with Ctrl-C.")
        command.signal(signal.SIGINT)
        ended = await command.end()

    api, metrics, page, _ = ended.stdout.splitlines()
    assert api.startswith("Simulated Northflank API: http://127.0.0.1:")
    assert metrics == f"Metrics: {url}/backups"
    assert page == f"Status page: {url}/"
    assert ended.code == 0


async def test_whoever_opens_the_demos_page_first_sees_its_addons(tmp_path: Path) -> None:
    async with running("demo", ANY_ADDRESS, cwd=tmp_path) as command:
        page = (await command.printed("Status page: ")).removeprefix("Status page: ")
        text = (await get(page))[1]

    assert "of 13 addons need attention" in text
    assert "carts-db" in text


async def test_without_prometheus_the_demo_is_scraped_all_the_same_until_it_stops(simulator: Simulator) -> None:
    stop = asyncio.Event()
    async with Exporter(demo_config(simulator, simulator.token)) as exporter:
        scraping = asyncio.create_task(scraped_until(stop, exporter, every=timedelta(milliseconds=10)))
        seen = set[datetime | None]()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(seen) < 3:
                seen.add(exporter.known().exporter.asked_at)
                await asyncio.sleep(0.01)
            stop.set()
            await scraping


async def test_the_demo_names_an_address_that_a_browser_can_open(tmp_path: Path) -> None:
    async with running("demo", "--web.listen-address=:0", cwd=tmp_path) as command:
        metrics = (await command.printed("Metrics: ")).removeprefix("Metrics: ")

        assert metrics.startswith("http://127.0.0.1:")
        assert (await get(metrics))[0] == 200


async def test_simulate_prints_its_token_and_accepts_no_other(tmp_path: Path) -> None:
    async with running("simulate", ANY_ADDRESS, cwd=tmp_path) as command:
        url = await command.url()
        await command.printed("NORTHFLANK_API_TOKEN=demo")

        assert await status_with_token(url, "demo") == 200
        assert await status_with_token(url, "other") == 401
        command.signal(signal.SIGTERM)
        ended = await command.end()

    assert (ended.code, ended.stdout) == (0, "NORTHFLANK_API_TOKEN=demo\n")
    assert 'level=info msg="Listening" address=127.0.0.1:' in ended.stderr


async def test_simulate_takes_another_token(tmp_path: Path) -> None:
    async with running("simulate", ANY_ADDRESS, "--token=x y", "--speed", "60", "--seed=7", cwd=tmp_path) as command:
        url = await command.url()
        await command.printed("NORTHFLANK_API_TOKEN=x y")

        assert await status_with_token(url, "x y") == 200


async def test_simulate_without_a_host_is_reached_at_every_address(tmp_path: Path) -> None:
    async with running("simulate", "--web.listen-address=:0", cwd=tmp_path) as command:
        address, _, port = (await command.url()).rpartition(":")

        assert address == ("http://[::]" if socket.has_dualstack_ipv6() else "http://0.0.0.0"), "the real one"
        assert await status_with_token(f"http://127.0.0.1:{port}", "demo") == 200


@pytest.mark.parametrize("command", ["demo", "simulate"])
async def test_its_address_may_stand_before_the_command(tmp_path: Path, command: str) -> None:
    async with running(ANY_ADDRESS, command, cwd=tmp_path) as started:
        url = await started.url()

        assert url.startswith("http://127.0.0.1:")
        assert not url.endswith((":10087", ":10088"))


async def test_addresses_before_and_behind_the_command_are_all_served(tmp_path: Path) -> None:
    async with running(ANY_ADDRESS, "demo", ANY_ADDRESS, cwd=tmp_path) as command:
        await command.printed("Stop with Ctrl-C.")

        assert command.stdout.count("Metrics: http://127.0.0.1:") == 2


@pytest.mark.parametrize("command", ["demo", "simulate"])
async def test_a_port_in_use_is_one_clear_line(tmp_path: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        ended = await run(command, f"--web.listen-address={address}", cwd=tmp_path)

    assert (ended.code, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert f"cannot listen on {address}: " in line
    assert "address already in use" in line.lower()
