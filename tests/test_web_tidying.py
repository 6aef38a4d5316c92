"""What clients leave behind in memory, and that it is given back."""

import asyncio
import gc
import time
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


@pytest.fixture
def full_collections() -> Iterator[list[float]]:
    """Note when all objects are looked through."""
    times: list[float] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            times.append(time.monotonic())

    gc.collect()
    gc.callbacks.append(note)
    yield times
    gc.callbacks.remove(note)


def planned_at() -> float:
    """Tell when the garbage is going to be collected, by the clock of the loop."""
    return memory._plans[asyncio.get_running_loop()].timer.when()


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


@pytest.mark.usefixtures("_no_collector")
async def test_what_was_alive_when_the_server_began_is_collected_too(
    address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "MOST_USES", 1)
    monkeypatch.setattr(memory, "SETTLING_SECONDS", 0.01)
    circle = Circle()
    left_behind = weakref.ref(circle)
    gc.freeze()
    del circle

    await asked(address, ["/-/healthy"])
    await eventually(lambda: left_behind() is None)


async def test_nobody_waits_for_the_garbage_to_be_collected(
    address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "MOST_USES", 5)
    monkeypatch.setattr(memory, "SETTLING_SECONDS", 1000.0)

    await asked(address, ["/-/healthy"] * 5)
    before = planned_at()
    await asked(address, ["/-/healthy"])
    assert planned_at() > before


async def test_where_it_never_is_quiet_the_garbage_is_collected_all_the_same(
    address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "MOST_USES", 5)
    monkeypatch.setattr(memory, "SETTLING_SECONDS", 1000.0)
    monkeypatch.setattr(memory, "MOST_SECONDS", 0.0)

    await asked(address, ["/-/healthy"] * 5)
    before = planned_at()
    await asked(address, ["/-/healthy"] * 10)
    assert planned_at() == before


async def test_all_objects_are_looked_through_when_it_is_quiet_and_never_before(
    address: ListenAddress, monkeypatch: pytest.MonkeyPatch, full_collections: list[float]
) -> None:
    # What Python would have looked through several times by now.
    kept = [[number] for number in range(200_000)]
    assert gc.get_count()[2] > 10
    await asked(address, ["/-/healthy"])
    assert not full_collections

    monkeypatch.setattr(memory, "MOST_YOUNG_COLLECTIONS", gc.get_count()[2])
    monkeypatch.setattr(memory, "SETTLING_SECONDS", 0.01)
    await asked(address, ["/-/healthy"])
    await eventually(lambda: bool(full_collections))
    assert kept


def test_where_very_much_is_left_behind_nobody_waits_for_quiet(
    monkeypatch: pytest.MonkeyPatch, full_collections: list[float]
) -> None:
    monkeypatch.setattr(memory, "MOST_WHILE_IN_USE", 20)

    with memory.collected_when_quiet():
        kept = [[number] for number in range(200_000)]

    assert full_collections
    assert kept


async def test_handing_memory_back_does_no_harm_where_the_c_library_cannot(
    address: ListenAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    monkeypatch.setattr(tidying, "MOST_USES", 1)
    monkeypatch.setattr(memory, "SETTLING_SECONDS", 0.0)

    for _ in range(3):
        assert await get(f"http://{address}/-/healthy") == (200, "Healthy.\n")
