"""What a slow, endless or oversized answer may cost: time and memory within bounds."""

import asyncio
import gzip
import time
import tracemalloc
import zlib

import pytest

from exporter.northflank import NorthflankClient, RequestDeferred
from exporter.northflank.errors import ApiError, Forbidden, InvalidResponse, RateLimited, RequestTimeout, ServerError
from tests.builders import encoded, raw_page
from tests.fake_api import (
    FakeApi,
    Recorder,
    Step,
    answer,
    delayed,
    empty_list,
    endless,
    hang,
    open_client,
    read_list,
    sent,
)

MIB = 2**20
LARGEST = 16 * MIB
CHUNKED = b"HTTP/1.1 %d Whatever\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b" " * 0x10000 + b"\r\n"


def padded(size: int) -> bytes:
    return encoded(raw_page()).ljust(size)


async def ask(client: NorthflankClient) -> None:
    await read_list(client, "shop", "orders-db")


@pytest.mark.parametrize(
    "slow",
    [
        hang,
        sent(b"HTTP/1.1 200 OK\r\n", then=hang),
        sent(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", then=hang),
        sent(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", then=endless(b" ", pause=0.01)),
        endless(b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.01),
    ],
    ids=["silent", "half a head", "no body", "drip", "continue"],
)
async def test_a_server_that_does_not_come_to_an_end_is_a_timeout(slow: Step) -> None:
    observer = Recorder()
    async with FakeApi(slow) as api, open_client(api.url, timeout=0.2, observer=observer) as client:
        started = time.monotonic()
        with pytest.raises(RequestTimeout, match=r"0\.2 s"):
            await ask(client)
        assert 0.15 < time.monotonic() - started < 2
    assert observer.codes == ["error"]
    assert len(api.requests) == 1


async def test_a_timeout_costs_the_next_request_nothing() -> None:
    async with FakeApi(hang, empty_list()) as api, open_client(api.url, timeout=0.2, concurrency=1) as client:
        with pytest.raises(RequestTimeout):
            await ask(client)
        await ask(client)
    assert [request.connection for request in api.requests] == [1, 2]


async def test_each_page_has_the_time_of_a_request() -> None:
    pages = [answer(raw_page(cursor=str(number))) for number in range(4)]
    script = [delayed(0.2, page) for page in [*pages, empty_list()]]
    async with FakeApi(*script) as api, open_client(api.url, timeout=0.7) as client:
        listing = await read_list(client, "shop", "orders-db")
    assert listing.pages == 5


async def test_waiting_for_a_free_slot_does_not_count() -> None:
    async with FakeApi(delayed(0.2, empty_list())) as api, open_client(api.url, timeout=0.7, concurrency=1) as client:
        await ask(client)
        await asyncio.gather(*(ask(client) for _ in range(5)))
    assert len(api.requests) == 6


async def test_a_body_of_the_largest_size_is_read() -> None:
    async with FakeApi(answer(padded(LARGEST))) as api, open_client(api.url) as client:
        assert (await read_list(client, "shop", "orders-db")).is_complete


@pytest.mark.parametrize(
    "oversized",
    [
        answer(padded(LARGEST + 1)),
        answer(gzip.compress(padded(LARGEST + 1), 1), headers={"Content-Encoding": "gzip"}),
        sent(CHUNKED % 200, then=endless(CHUNK)),
    ],
    ids=["plain", "compressed", "endless"],
)
async def test_a_larger_body_is_refused(oversized: Step) -> None:
    observer = Recorder()
    async with FakeApi(oversized, empty_list()) as api, open_client(api.url, observer=observer) as client:
        with pytest.raises(InvalidResponse, match="16 MiB"):
            await ask(client)
        await ask(client)
    assert observer.codes == ["error", "200"]
    assert len(api.requests) == 2


async def test_a_compressed_bomb_costs_no_memory() -> None:
    compressor = zlib.compressobj(9, wbits=31)
    zeros = bytes(MIB)
    bomb = b"".join([*(compressor.compress(zeros) for _ in range(256)), compressor.flush()])
    async with FakeApi(answer(bomb, headers={"Content-Encoding": "gzip"})) as api, open_client(api.url) as client:
        tracemalloc.start()
        try:
            with pytest.raises(InvalidResponse):
                await ask(client)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 3 * LARGEST


async def test_an_endless_error_is_still_that_error() -> None:
    observer = Recorder()
    step = sent(CHUNKED % 503, then=endless(CHUNK))
    async with FakeApi(step) as api, open_client(api.url, timeout=60, observer=observer) as client:
        with pytest.raises(ServerError):
            await ask(client)
    assert observer.codes == ["503"]
    # It was its size that ended the reading, long before its time was up.
    assert observer.seconds[0] < 5


@pytest.mark.parametrize("status", [401, 403, 404, 405, 429, 503])
@pytest.mark.parametrize("then", [hang, endless(b" ", pause=0.01)], ids=["silent", "drip"])
async def test_a_status_is_not_lost_to_a_body_that_does_not_come_to_an_end(status: int, then: Step) -> None:
    observer = Recorder()
    step = sent(b"HTTP/1.1 %d Whatever\r\nContent-Length: 9999\r\n\r\n" % status, then=then)
    async with FakeApi(step) as api, open_client(api.url, timeout=0.4, observer=observer) as client:
        with pytest.raises(ApiError) as caught:
            await ask(client)
    assert caught.value.status == status
    assert observer.codes == [str(status)]


async def test_after_a_429_that_does_not_come_to_an_end_nothing_is_sent() -> None:
    step = sent(b"HTTP/1.1 429 Slow Down\r\nRetry-After: 30\r\nContent-Length: 100\r\n\r\n", then=hang)
    async with FakeApi(step) as api, open_client(api.url, timeout=0.4) as client:
        with pytest.raises(RateLimited):
            await ask(client)
        with pytest.raises(RequestDeferred):
            await ask(client)
    assert len(api.requests) == 1


async def test_a_permission_that_comes_late_is_still_read() -> None:
    body = encoded({"error": {"details": {"requiredPermission": "Read"}}})
    head = b"HTTP/1.1 401 No\r\nContent-Length: %d\r\n\r\n" % len(body)
    step = sent(head + body[:10], then=delayed(0.1, sent(body[10:])))
    async with FakeApi(step) as api, open_client(api.url, timeout=4) as client:
        with pytest.raises(Forbidden):
            await ask(client)
