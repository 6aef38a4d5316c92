"""What clients leave behind in memory, and that it is given back."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import yarl

from exporter import memory, serve
from exporter.app import Exporter
from exporter.config import load
from exporter.listen import ListenAddress
from exporter.simulator import Simulator
from exporter.web import tidying
from tests.process import PATIENCE_SECONDS, eventually, get, write_config


class Circle:
    """What only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
async def address(tmp_path: Path, simulator: Simulator) -> AsyncIterator[ListenAddress]:
    """Serve in this process."""
    config = write_config(tmp_path, simulator.url, ["shop/orders-db"])
    with serve.bound([ListenAddress("127.0.0.1", 0)]) as sockets:
        async with (
            Exporter(load(config, {})) as exporter,
            serve.serving(exporter, sockets, telemetry_path="/metrics") as (address,),
        ):
            yield address


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """Leave collecting to what is tested."""
    gc.disable()
    yield
    gc.enable()


async def asked(address: ListenAddress, paths: list[str]) -> None:
    """Ask for paths as they are, each over a connection of its own."""
    for path in paths:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert (await reader.read()).startswith(b"HTTP/1.1 ")
        writer.close()


@pytest.mark.parametrize("path", ["/metrics?{}", "/{}", "http://evil.example/{}"])
async def test_long_urls_are_not_remembered(address: ListenAddress, path: str) -> None:
    def remembered() -> int:
        gc.collect()
        return sum(1 for each in gc.get_objects() if isinstance(each, yarl.URL) and "name[]=odd" in str(each))

    many = ["&".join(f"name[]=odd{number}x{part}" for part in range(400)) for number in range(100)]
    await asked(address, [path.format(each) for each in many])

    assert remembered() < 50


@pytest.mark.usefixtures("_no_collector")
async def test_after_many_uses_the_garbage_is_collected(
    address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "MOST_USES", 10)
    monkeypatch.setattr(memory, "SETTLING_SECONDS", 0.01)
    left_behind = weakref.ref(Circle())

    await asked(address, ["/-/healthy"] * 3)
    assert left_behind() is not None
    await asked(address, ["/-/healthy"] * 10)
    await eventually(lambda: left_behind() is None)


async def test_nobody_waits_for_the_garbage_to_be_collected(
    address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "MOST_USES", 5)
    monkeypatch.setattr(memory, "SETTLING_SECONDS", 1000.0)
    planned = memory._planned  # when it will be

    await asked(address, ["/-/healthy"] * 5)
    before = planned[asyncio.get_running_loop()].when()
    await asked(address, ["/-/healthy"])
    assert planned[asyncio.get_running_loop()].when() > before


async def test_handing_memory_back_does_no_harm_where_the_c_library_cannot(
    address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    monkeypatch.setattr(tidying, "MOST_USES", 1)
    monkeypatch.setattr(memory, "SETTLING_SECONDS", 0.0)

    for _ in range(3):
        assert await get(f"http://{address}/-/healthy") == (200, "Healthy.\n")
