"""Serving, as a process: it listens first, answers while it runs, and ends well."""

import asyncio
import json
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp
import pytest

from exporter import serve
from exporter.app import Exporter
from exporter.config import load
from exporter.listen import ListenAddress
from exporter.simulator import Fault, Simulator
from exporter.web import connection
from tests.machine import wants_ipv6
from tests.oracle import series
from tests.process import ANY_ADDRESS, PATIENCE_SECONDS, Command, eventually, get, run, running, write_config

ADDONS = ["shop/orders-db", "intranet/queue"]
ORDERS_SUCCESS = 'northflank_addon_poll_success{addon_id="orders-db",project_id="shop"}'
STOPS_WITHIN_SECONDS = 3.0
"""A second when idle, and what a busy machine may add."""

Serve = Callable[..., AbstractAsyncContextManager[Command]]


@pytest.fixture
def config(tmp_path: Path, simulator: Simulator) -> Path:
    return write_config(tmp_path, simulator.url, ADDONS)


@pytest.fixture
async def exporter(tmp_path: Path, config: Path) -> AsyncIterator[Command]:
    async with running("--config.file", config, ANY_ADDRESS, cwd=tmp_path) as command:
        yield command


async def test_it_listens_before_any_request_to_the_api(exporter: Command, simulator: Simulator) -> None:
    url = await exporter.url()

    for path in ("/-/healthy", "/-/ready", "/nonsense", "/addon?project=shop&addon=orders-db"):
        await get(url + path)
    assert "Nothing was read yet" in (await get(f"{url}/"))[1]
    assert await get(f"{url}/-/ready") == (200, "Ready.\n")
    assert simulator.request_count == 0

    status, metrics = await get(f"{url}/metrics")
    assert status == 200
    assert series(metrics)[ORDERS_SUCCESS] == 1
    assert simulator.request_count > 0

    assert "of 2 addons" in (await get(f"{url}/"))[1]
    assert "read to its end" in (await get(f"{url}/addon?project=shop&addon=orders-db"))[1]


async def test_addons_are_discovered_and_probed_one_by_one(exporter: Command, simulator: Simulator) -> None:
    url = await exporter.url()

    _, discovered = await get(f"{url}/sd")
    assert [group["targets"] for group in json.loads(discovered)] == [[addon] for addon in ADDONS]
    assert (await get(f"{url}/probe?project=shop&addon=nothing"))[0] == 404
    assert (await get(f"{url}/probe?project=shop"))[0] == 400
    assert simulator.request_count == 0

    status, metrics = await get(f"{url}/probe?project=shop&addon=orders-db")
    assert status == 200
    assert series(metrics)[ORDERS_SUCCESS] == 1
    assert "queue" not in metrics


async def test_nobody_reloads_over_http_unless_a_flag_lets_them(tmp_path: Path, config: Path) -> None:
    async def status_of_reload(command: Command) -> int:
        async with aiohttp.request("POST", f"{await command.url()}/-/reload") as answer:
            return answer.status

    words = ("--config.file", config, ANY_ADDRESS)
    async with running(*words, cwd=tmp_path) as command:
        assert await status_of_reload(command) == 403
    async with running(*words, "--web.enable-lifecycle", cwd=tmp_path) as command:
        assert await status_of_reload(command) != 403


async def test_a_hangup_reloads_and_ends_nothing(exporter: Command) -> None:
    url = await exporter.url()

    exporter.signal(signal.SIGHUP)

    await exporter.logged("eload")
    assert (await get(f"{url}/-/ready"))[0] == 200
    exporter.signal(signal.SIGTERM)
    assert (await exporter.end()).code == 0


async def test_the_real_port_is_logged(exporter: Command) -> None:
    line = await exporter.logged("Listening")

    address = line.rsplit("address=", 1)[1]
    assert line.endswith(f' level=info msg="Listening" address={address}')
    host, port = address.split(":")
    assert host == "127.0.0.1"
    assert int(port) > 0


def test_prometheus_keeps_its_connection_over_a_scrape_that_is_left_out() -> None:
    usual_interval = 60
    assert 2 * usual_interval < connection.KEEP_ALIVE_SECONDS < 3 * usual_interval


async def test_connections_are_kept_no_longer_than_that(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "KEEP_ALIVE_SECONDS", 0.05)
    with serve.bound([ListenAddress("127.0.0.1", 0)]) as sockets:
        async with (
            Exporter(load(config, {})) as exporter,
            serve.serving(exporter, sockets, telemetry_path="/metrics") as (address,),
            asyncio.timeout(PATIENCE_SECONDS),
        ):
            reader, writer = await asyncio.open_connection(address.host, address.port)
            writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: exporter\r\n\r\n")
            until_it_closes = await reader.read()
            writer.close()
    assert until_it_closes.endswith(b"\r\n\r\nHealthy.\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_at_once_when_idle(exporter: Command, number: signal.Signals) -> None:
    url = await exporter.url()
    # Prometheus keeps its connection open between two scrapes.
    async with aiohttp.ClientSession() as prometheus, prometheus.get(f"{url}/metrics") as answer:
        await answer.read()
        started = time.monotonic()
        exporter.signal(number)
        ended = await exporter.end()

    assert ended.code == 0
    assert time.monotonic() - started < STOPS_WITHIN_SECONDS
    assert f'msg="Shutting down" signal={number.name}' in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize("times", [1, 3])
async def test_a_scrape_in_flight_is_finished_first(exporter: Command, simulator: Simulator, times: int) -> None:
    simulator.faults.inject(Fault.delay(0.5))
    url = await exporter.url()

    scrape = asyncio.create_task(get(f"{url}/metrics"))
    await eventually(lambda: simulator.in_flight > 0)
    for _ in range(times):
        exporter.signal(signal.SIGTERM)
    status, metrics = await scrape
    ended = await exporter.end()

    assert status == 200
    assert series(metrics)[ORDERS_SUCCESS] == 1
    assert ended.code == 0


async def test_after_a_kill_the_next_one_shows_the_same_in_its_first_scrape(tmp_path: Path, config: Path) -> None:
    seen = []
    for _ in range(2):
        async with running("--config.file", config, ANY_ADDRESS, cwd=tmp_path) as command:
            values = series((await get(f"{await command.url()}/metrics"))[1])
            command.signal(signal.SIGKILL)
            await command.end()
        # The world stands still, so that ages are the only thing that time changes.
        seen.append({name: values[name] for name in values if "_backup" in name and "_age_seconds" not in name})

    assert seen[0] == seen[1] != {}


async def test_while_it_finishes_it_answers_that_it_is_not_ready(exporter: Command, simulator: Simulator) -> None:
    simulator.faults.inject(Fault.delay(1), times=1)
    url = await exporter.url()
    scrape = asyncio.create_task(get(f"{url}/metrics"))
    await eventually(lambda: simulator.in_flight > 0)

    exporter.signal(signal.SIGTERM)
    await exporter.logged("Shutting down")

    # Each on a connection of its own.
    assert await get(f"{url}/-/ready") == (503, "Shutting down.\n")
    assert (await get(f"{url}/-/healthy"))[0] == 200
    assert not scrape.done()
    assert (await scrape)[0] == 200
    started = time.monotonic()
    assert (await exporter.end()).code == 0
    assert time.monotonic() - started < STOPS_WITHIN_SECONDS


async def test_a_client_that_leaves_costs_nothing(exporter: Command, simulator: Simulator) -> None:
    simulator.faults.inject(Fault.delay(0.3), times=1)
    url = await exporter.url()
    scrape = asyncio.create_task(get(f"{url}/metrics"))
    await eventually(lambda: simulator.in_flight > 0)

    scrape.cancel()
    await asyncio.gather(scrape, return_exceptions=True)

    assert (await get(f"{url}/metrics"))[0] == 200
    exporter.signal(signal.SIGTERM)
    assert (await exporter.end()).code == 0


async def test_what_is_no_http_is_refused_without_a_fuss(exporter: Command) -> None:
    url = await exporter.url()
    await exporter.logged("per refresh")
    before = exporter.stderr.splitlines()
    host, port = url.removeprefix("http://").split(":")

    for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n", b"\r\n" * 20 + b"\0"):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(nonsense)
        writer.write_eof()
        await reader.read()
        writer.close()

    assert (await get(f"{url}/-/ready"))[0] == 200
    exporter.signal(signal.SIGTERM)
    ended = await exporter.end()
    assert ended.code == 0
    *lines, farewell = ended.stderr.splitlines()
    assert lines == before
    assert 'msg="Shutting down"' in farewell


async def test_several_addresses_are_served(tmp_path: Path, config: Path) -> None:
    async with running("--config.file", config, ANY_ADDRESS, ANY_ADDRESS, cwd=tmp_path) as command:
        await eventually(lambda: command.stderr.count("Listening") == 2)

        lines = [line for line in command.stderr.splitlines() if "Listening" in line]
        urls = ["http://" + line.rsplit("address=", 1)[1] for line in lines]
        assert len(set(urls)) == 2
        assert [await get(f"{url}/-/ready") for url in urls] == [(200, "Ready.\n")] * 2


@wants_ipv6
async def test_ipv6_is_served(tmp_path: Path, config: Path) -> None:
    async with running("--config.file", config, "--web.listen-address=[::1]:0", cwd=tmp_path) as command:
        url = await command.url()

        assert url.startswith("http://[::1]:")
        assert (await get(f"{url}/-/ready"))[0] == 200


async def test_without_a_host_the_machine_is_served(tmp_path: Path, config: Path) -> None:
    async with running("--config.file", config, "--web.listen-address=:0", cwd=tmp_path) as command:
        port = (await command.url()).rsplit(":", 1)[1]

        assert (await get(f"http://127.0.0.1:{port}/-/ready"))[0] == 200


@pytest.mark.parametrize("before", [(), (ANY_ADDRESS,)])
async def test_a_port_in_use_is_one_clear_line(
    tmp_path: Path, config: Path, simulator: Simulator, before: tuple[str, ...]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        ended = await run("--config.file", config, *before, "--web.listen-address", address, cwd=tmp_path)

    assert ended.code == 1
    (line,) = ended.stderr.splitlines()
    assert f'level=error msg="Failed" err="cannot listen on {address}: Address already in use' in line
    assert simulator.request_count == 0


async def test_a_host_that_does_not_exist_is_one_clear_line(tmp_path: Path, config: Path) -> None:
    ended = await run("--config.file", config, "--web.listen-address=nowhere.invalid:0", cwd=tmp_path)

    assert ended.code == 1
    (line,) = ended.stderr.splitlines()
    assert "cannot listen on nowhere.invalid:0: " in line


@pytest.mark.parametrize("path", ["/backups", "/"])
async def test_the_telemetry_path_is_served(tmp_path: Path, config: Path, path: str) -> None:
    async with running("--config.file", config, ANY_ADDRESS, f"--web.telemetry-path={path}", cwd=tmp_path) as command:
        url = await command.url()

        assert ORDERS_SUCCESS in (await get(url + path))[1]
        assert (await get(f"{url}/metrics"))[0] == 404
