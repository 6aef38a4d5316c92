"""The health check of the image, on real exporters with all that a web configuration can ask for."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from exporter.simulator import Simulator
from tests.certificates import make_certificate
from tests.machine import wants_ipv6
from tests.process import ANY_ADDRESS, Ended, running, write_config

USERS = {"carol": "$2y$10$qRTBuFoULoYNA7AQ/F3ck.trZBPyjV64.oA4ZsSBCIWvXuvQlQTuu"}
TLS = {"cert_file": "server.pem", "key_file": "server.key"}
TLS_FOR_CERTIFIED_CLIENTS = {**TLS, "client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": "server.pem"}


@asynccontextmanager
async def serving(directory: Path, simulator: Simulator, sections: Mapping[str, Any]) -> AsyncIterator[str]:
    """Serve with a web configuration; gives host and port."""
    make_certificate(directory, "server", "DNS:localhost")
    config = write_config(directory, simulator.url, ["shop/orders-db"])
    (directory / "web.yml").write_text(json.dumps(sections))
    words = ("--config.file", config, "--web.config.file", directory / "web.yml", ANY_ADDRESS)
    async with running(*words, cwd=directory) as command:
        yield (await command.url()).removeprefix("http://")


@asynccontextmanager
async def answering(answer: bytes, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Listen, and answer whatever comes with these bytes; gives host and port."""

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answered, host, 0) as server:
        shown = f"[{host}]" if ":" in host else host
        yield f"{shown}:{server.sockets[0].getsockname()[1]}"


async def checked(address: str, directory: Path) -> Ended:
    async with running(address, cwd=directory, module="exporter.healthcheck") as command:
        return await command.end()


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"basic_auth_users": USERS},
        {"tls_server_config": TLS},
        {"tls_server_config": TLS, "basic_auth_users": USERS},
        {"tls_server_config": {**TLS, "min_version": "TLS13"}},
        {"tls_server_config": TLS_FOR_CERTIFIED_CLIENTS},
        {"tls_server_config": {**TLS_FOR_CERTIFIED_CLIENTS, "max_version": "TLS12"}},
    ],
    ids=[
        "plain",
        "password",
        "TLS",
        "TLS and password",
        "TLS 1.3",
        "client certificate",
        "client certificate, TLS 1.2",
    ],
)
async def test_an_exporter_is_healthy_whatever_it_asks_of_clients(
    sections: Mapping[str, Any], tmp_path: Path, simulator: Simulator
) -> None:
    async with serving(tmp_path, simulator, sections) as address:
        assert await checked(address, tmp_path) == Ended(code=0, stdout="", stderr="")


@wants_ipv6
async def test_an_address_of_ipv6_is_asked(tmp_path: Path) -> None:
    async with answering(b"HTTP/1.0 200 OK\r\n\r\n", host="::1") as address:
        assert (await checked(address, tmp_path)).code == 0


async def test_a_server_with_trouble_of_its_own_is_ill(tmp_path: Path) -> None:
    async with answering(b"HTTP/1.0 500 Internal Server Error\r\n\r\n") as address:
        assert await checked(address, tmp_path) == Ended(code=1, stdout="", stderr="answered 500\n")


@pytest.mark.parametrize("answer", [b"", b"\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"])
async def test_what_speaks_neither_http_nor_tls_is_ill(answer: bytes, tmp_path: Path) -> None:
    async with answering(answer) as address:
        ended = await checked(address, tmp_path)

    assert ended.code == 1
    assert ended.stderr.count("\n") == 1


async def test_an_exporter_that_hangs_is_ill(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ended = await checked(f"127.0.0.1:{silent.getsockname()[1]}", tmp_path)

    assert ended == Ended(code=1, stdout="", stderr="timed out\n")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1", ":http"])
async def test_where_nothing_listens_nothing_is_healthy(address: str, tmp_path: Path) -> None:
    ended = await checked(address, tmp_path)

    assert ended.code == 1
    assert ended.stderr.count("\n") == 1
