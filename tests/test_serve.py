"""Serving, as a process: it listens first, answers while it runs, and ends well."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp
import pytest

from exporter.simulator import Fault, Simulator
from tests.oracle import series
from tests.process import ANY_ADDRESS, Command, eventually, get, run, running, write_config

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


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def accepts(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) == 0


async def test_it_listens_before_any_request_to_the_api(exporter: Command, simulator: Simulator) -> None:
    url = await exporter.url()

    for path in ("/", "/-/healthy", "/-/ready", "/nonsense"):
        await get(url + path)
    assert await get(f"{url}/-/ready") == (200, "Ready.\n")
    assert simulator.request_count == 0

    status, metrics = await get(f"{url}/metrics")
    assert status == 200
    assert series(metrics)[ORDERS_SUCCESS] == 1
    assert simulator.request_count > 0


async def test_the_real_port_is_logged(exporter: Command) -> None:
    line = await exporter.logged("Listening")

    address = line.rsplit("address=", 1)[1]
    assert line.endswith(f' level=info msg="Listening" address={address}')
    host, port = address.split(":")
    assert host == "127.0.0.1"
    assert int(port) > 0


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


async def test_it_stops_listening_while_it_finishes(exporter: Command, simulator: Simulator) -> None:
    simulator.faults.inject(Fault.delay(0.5))
    url = await exporter.url()
    scrape = asyncio.create_task(get(f"{url}/metrics"))
    await eventually(lambda: simulator.in_flight > 0)

    exporter.signal(signal.SIGTERM)
    await exporter.logged("Shutting down")

    await eventually(lambda: not accepts(url))
    assert (await scrape)[0] == 200


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
    assert len(ended.stderr.splitlines()) == 2


async def test_several_addresses_are_served(tmp_path: Path, config: Path) -> None:
    async with running("--config.file", config, ANY_ADDRESS, ANY_ADDRESS, cwd=tmp_path) as command:
        await eventually(lambda: command.stderr.count("Listening") == 2)

        urls = ["http://" + line.rsplit("address=", 1)[1] for line in command.stderr.splitlines()]
        assert len(set(urls)) == 2
        assert [await get(f"{url}/-/ready") for url in urls] == [(200, "Ready.\n")] * 2


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
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
