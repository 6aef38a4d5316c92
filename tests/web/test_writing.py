"""Large answers go out piece by piece, small ones whole; whoever made the pieces cannot tell who reads them."""

import asyncio
import gzip
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Self

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from isal import isal_zlib

from exporter.web import answers, writing
from exporter.web.writing import PIECE_BYTES, written
from tests.process import PATIENCE_SECONDS, eventually

HEADERS = {"Content-Type": "text/plain"}


class Answering:
    """A server that answers with the chunks that `make` gives."""

    def __init__(self) -> None:
        self.make: Callable[[], Iterator[bytes]] = lambda: iter(())
        self.ended = 0
        self.url = ""
        self._pool = ThreadPoolExecutor(1)
        self._app = web.Application()
        self._app.router.add_get("/", self._answer)
        self._app.router.add_get("/healthy", self._healthy)

    async def __aenter__(self) -> Self:
        self._server = TestServer(self._app)
        await self._server.start_server()
        self.url = str(self._server.make_url("/"))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()
        self._pool.shutdown()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            return await written(request, self.make(), HEADERS, pool=self._pool)
        finally:
            self.ended += 1

    async def _healthy(self, _: web.Request) -> web.Response:
        return web.Response(text="Healthy.\n")


def asking(encoding: str = "identity") -> aiohttp.ClientSession:
    """Ask for this encoding, and read the answer as it came."""
    return aiohttp.ClientSession(auto_decompress=False, headers={"Accept-Encoding": encoding})


@pytest.fixture
async def answering() -> AsyncIterator[Answering]:
    async with Answering() as server:
        yield server


def lines(number: int) -> Iterator[bytes]:
    """Make so many chunks of 100,000 bytes, each other than the last."""
    for each in range(number):
        yield f"{each:09}\n".encode() * 10_000


@pytest.mark.parametrize("number", [0, 1, 2, 3, 5, 50])
@pytest.mark.parametrize("library", [None, zlib, isal_zlib])
async def test_what_is_read_is_what_was_made(
    answering: Answering, monkeypatch: pytest.MonkeyPatch, number: int, library: object
) -> None:
    answering.make = lambda: lines(number)
    if library is not None:
        monkeypatch.setattr(writing, "_compressor", library.compressobj)  # type: ignore[attr-defined]

    async with asking("gzip" if library else "identity") as session, session.get(answering.url) as answer:
        body = await answer.read()

    assert answer.headers.get("Content-Encoding") == ("gzip" if library else None)
    assert (gzip.decompress(body) if library else body) == b"".join(lines(number))


async def test_a_small_answer_tells_its_length_and_a_large_one_begins_before_it_is_whole(answering: Answering) -> None:
    may_go_on = threading.Event()

    def halting() -> Iterator[bytes]:
        yield b"x" * PIECE_BYTES
        may_go_on.wait(PATIENCE_SECONDS)
        yield b"y"

    async with asking() as session:
        answering.make = lambda: iter([b"one\n", b"two\n"])
        async with session.get(answering.url) as answer:
            assert answer.headers["Content-Length"] == "8"
        answering.make = halting
        async with session.get(answering.url) as answer:
            assert "Content-Length" not in answer.headers
            assert await answer.content.readexactly(PIECE_BYTES) == b"x" * PIECE_BYTES
            # What is made in its thread keeps nobody else from an answer.
            async with session.get(f"{answering.url}healthy") as healthy:
                assert await healthy.text() == "Healthy.\n"
            may_go_on.set()
            assert await answer.content.read() == b"y"


async def test_a_client_that_leaves_ends_the_making(answering: Answering, caplog: pytest.LogCaptureFixture) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * PIECE_BYTES
        finally:
            loop.call_soon_threadsafe(ended.set)

    answering.make = endless
    async with asking() as session, session.get(answering.url) as answer:
        await answer.content.readexactly(10)
        answer.close()

    await asyncio.wait_for(ended.wait(), PATIENCE_SECONDS)
    assert not caplog.records, "nothing went wrong"


async def test_a_client_that_reads_nothing_has_little_made_for_it(answering: Answering) -> None:
    made: list[int] = []

    def counted() -> Iterator[bytes]:
        for each in range(1000):
            made.append(each)
            yield b"x" * PIECE_BYTES

    answering.make = counted
    reader, writer = await asyncio.open_connection("127.0.0.1", int(answering.url.rsplit(":")[-1].strip("/")))
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await reader.readexactly(10)
    async with asking() as session:
        for _ in range(50):
            async with session.get(f"{answering.url}healthy") as healthy:
                assert healthy.ok

    assert len(made) < 200, "most of it waits for the reader"
    writer.close()


async def test_a_client_that_reads_nothing_is_hung_up_on(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "WRITE_SECONDS", 0.2)
    whole = 1000
    answering.make = lambda: (b"x" * PIECE_BYTES for _ in range(whole))
    reader, writer = await asyncio.open_connection("127.0.0.1", int(answering.url.rsplit(":")[-1].strip("/")))
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await eventually(lambda: answering.ended == 1)
    read = 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        with suppress(ConnectionError):
            while piece := await reader.read(PIECE_BYTES):
                read += len(piece)

    assert read < whole * PIECE_BYTES
    writer.close()


async def test_a_fault_midway_shows_as_an_answer_that_is_cut_off(
    answering: Answering, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * PIECE_BYTES
        raise ArithmeticError("on purpose")

    answering.make = broken
    async with asking() as session, session.get(answering.url) as answer:
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
    assert "on purpose" in caplog.text
