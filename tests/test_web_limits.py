"""What clients can take up: heads, bodies, connections and scrapes at once, on the real command."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from exporter import serve
from exporter.app import Exporter
from exporter.config import load
from exporter.listen import ListenAddress
from exporter.simulator import Fault, Simulator
from exporter.web import connection
from tests.oracle import series
from tests.process import (
    ANY_ADDRESS,
    PATIENCE_SECONDS,
    Command,
    clean_environment,
    eventually,
    get,
    run,
    running,
    write_config,
)

GET = b"GET /-/healthy HTTP/1.1\r\nHost: exporter\r\n"


@pytest.fixture
def config(tmp_path: Path, simulator: Simulator) -> Path:
    return write_config(tmp_path, simulator.url, ["shop/orders-db", "intranet/queue"])


@pytest.fixture
async def address(config: Path) -> AsyncIterator[ListenAddress]:
    """Serve in this process, two scrapes at once at most."""
    with serve.bound([ListenAddress("127.0.0.1", 0)]) as sockets:
        async with (
            Exporter(load(config, {})) as exporter,
            serve.serving(exporter, sockets, telemetry_path="/metrics", max_requests=2) as (address,),
        ):
            yield address


async def sent(address: ListenAddress, *pieces: bytes) -> bytes:
    """Send bytes on a connection of their own; gives all that comes back until it is closed."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return await reader.read()
        finally:
            writer.close()


def status(answer: bytes) -> int:
    return int(answer.split()[1])


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 10_000), 400),
        (GET + b"A: %s\r\n\r\n" % (b"a" * 10_000), 400),
        (GET + b"A: a\r\n" * 200 + b"\r\n", 400),
        (GET + b"".join(b"A%d: %s\r\n" % (number, b"a" * 1_000) for number in range(100)) + b"\r\n", 431),
        (b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", 413),
    ],
)
async def test_what_is_too_large_is_refused(address: ListenAddress, head: bytes, expected: int) -> None:
    assert status(await sent(address, head)) == expected


@pytest.mark.parametrize("request_line", [b"GET /metrics", b"GET /", b"GET /nowhere", b"PUT /metrics", b"no HTTP"])
async def test_answers_do_not_tell_the_versions_of_what_makes_them(address: ListenAddress, request_line: bytes) -> None:
    head, _, _ = (await sent(address, request_line + b" HTTP/1.1\r\nConnection: close\r\n\r\n")).partition(b"\r\n\r\n")

    assert b"Server: northflank-backup-exporter\r\n" in head + b"\r\n"
    assert b"ython" not in head


async def test_a_body_without_end_is_answered_and_hung_up_on(address: ListenAddress) -> None:
    head = b"POST /-/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    assert status(await sent(address, head, b"ff\r\n" + b"x" * 255 + b"\r\n")) == 403


@pytest.mark.parametrize("beginning", [b"", GET])
async def test_a_head_that_does_not_come_is_not_waited_for(
    address: ListenAddress, monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)

    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(beginning)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await reader.read() == b""
    writer.close()


async def test_the_next_head_on_a_connection_is_not_waited_for_either(
    address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(GET + b"\r\n")
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert b"Healthy" in await reader.readuntil(b"Healthy.\n")
        monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)
        writer.write(GET)
        assert await reader.read() == b""
    writer.close()


async def test_who_does_not_wait_for_answers_has_one(address: ListenAddress) -> None:
    answer = await sent(address, (GET + b"\r\n") * 20)

    assert answer.count(b"HTTP/1.1 200 OK") == 1
    assert b"Connection: close" in answer


async def test_scrapes_beyond_the_limit_are_refused_and_health_is_not(
    address: ListenAddress, simulator: Simulator
) -> None:
    simulator.faults.inject(Fault.delay(1))
    url = f"http://{address}"
    scrapes = [asyncio.create_task(get(f"{url}/metrics")) for _ in range(2)]
    await eventually(lambda: simulator.in_flight > 0)

    refused = [await get(url + path) for path in ("/metrics", "/sd", "/probe?project=shop&addon=orders-db")]
    assert refused == [(503, "Limit of concurrent requests reached (2), try again later.\n")] * 3
    assert (await get(f"{url}/-/healthy"))[0] == 200

    assert [status for status, _ in await asyncio.gather(*scrapes)] == [200, 200]
    assert (await get(f"{url}/metrics"))[0] == 200


async def test_a_flood_of_scrapes_is_no_flood_of_requests_to_the_api(
    address: ListenAddress, simulator: Simulator
) -> None:
    simulator.faults.inject(Fault.delay(0.5), times=2)
    await asyncio.gather(*(get(f"http://{address}/metrics") for _ in range(50)))

    assert simulator.request_count < 10


async def test_a_connection_that_says_nothing_makes_room_for_one_that_does(
    address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "UNDISTURBED_SECONDS", 0.1)
    silent = [
        await asyncio.open_connection(address.host, address.port) for _ in range(3 * connection.SPARE_CONNECTIONS)
    ]

    async with asyncio.timeout(PATIENCE_SECONDS):
        assert (await get(f"http://{address}/-/healthy"))[0] == 200
        assert await silent[0][0].read() == b""
    for _, writer in silent:
        writer.close()


async def test_answers_are_counted(tmp_path: Path, config: Path) -> None:
    async with running("--config.file", config, ANY_ADDRESS, cwd=tmp_path) as command:
        url = await command.url()
        await get(f"{url}/nowhere")
        metrics = series((await get(f"{url}/metrics"))[1])

        assert metrics['northflank_exporter_http_requests_total{code="404"}'] == 1
        assert metrics["northflank_exporter_unexpected_errors_total"] == 0
        assert "process_resident_memory_bytes" in metrics


async def test_the_process_metrics_can_be_left_out(tmp_path: Path, config: Path) -> None:
    words = ("--config.file", config, ANY_ADDRESS, "--web.disable-exporter-metrics")
    async with running(*words, cwd=tmp_path) as command:
        _, metrics = await get(f"{await command.url()}/metrics")

    assert "northflank_exporter_build_info" in metrics
    assert "\nprocess_" not in metrics
    assert "\npython_" not in metrics


PASSING = """
import os, sys
number, *words = sys.argv[1:]
os.dup2(int(number), 3, inheritable=True)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "web"}
os.execv(sys.executable, [sys.executable, "-m", "exporter", *words])
"""
"""Starts the command as systemd does: with a listening socket as its file descriptor 3."""


@asynccontextmanager
async def with_socket(listening: socket.socket, *words: str | Path) -> AsyncIterator[Command]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PASSING, str(listening.fileno()), *map(str, words)),
        env=clean_environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=[listening.fileno()],
    )
    command = Command(process)
    try:
        yield command
        command.signal(signal.SIGTERM)
        assert (await command.end()).code == 0
    finally:
        await command.close()


async def test_a_socket_that_systemd_passes_is_served(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with with_socket(listening, "--config.file", config, "--web.systemd-socket") as command:
            url = await command.url()

            assert url == f"http://127.0.0.1:{listening.getsockname()[1]}"
            assert (await get(f"{url}/-/healthy"))[0] == 200


async def test_a_unix_socket_that_systemd_passes_is_served(config: Path, tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        async with with_socket(listening, "--config.file", config, "--web.systemd-socket") as command:
            await command.logged(f"address={path}")
            over_it = aiohttp.UnixConnector(str(path))
            async with (
                aiohttp.ClientSession(connector=over_it) as session,
                session.get("http://exporter/-/healthy") as answer,
            ):
                assert answer.status == 200


async def test_without_a_socket_from_systemd_nothing_is_served(config: Path, tmp_path: Path) -> None:
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "1"}
    ended = await run("--config.file", config, "--web.systemd-socket", cwd=tmp_path, environment=environment)

    assert ended.code == 1
    assert "no socket activation file descriptors found" in ended.stderr
