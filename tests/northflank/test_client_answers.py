"""What each answer becomes: data, or an error with its reason."""

import asyncio
import gzip
from datetime import timedelta

import pytest

from exporter.model import FailureReason
from exporter.northflank import NorthflankError, RequestDeferred
from exporter.northflank.errors import RateLimited
from tests.builders import encoded, raw_backup, raw_page
from tests.fake_api import Clock, FakeApi, Recorder, Step, answer, close, empty_list, open_client, read_list, sent

HTML = b"<html><h1>502 Bad Gateway</h1></html>"
PERMISSION = {"error": {"status": 401, "message": "No.", "details": {"requiredPermission": "Addons > Read"}}}
GZIP = {"Content-Encoding": "gzip"}
NOT_FOUND = {"error": {"status": 404, "message": "Not found."}}


@pytest.mark.parametrize(
    ("step", "reason", "proves_token"),
    [
        (answer({"error": {"status": 401, "message": "Unauthorized"}}, 401), "unauthorized", False),
        (answer(b"Unauthorized", 401), "unauthorized", False),
        (answer(PERMISSION, 401), "forbidden", True),
        (answer(gzip.compress(encoded(PERMISSION)), 401, GZIP), "forbidden", True),
        (answer(b"", 403), "forbidden", True),
        (answer(NOT_FOUND, 404), "not_found", True),
        (answer(b"Method Not Allowed", 405, {"Content-Type": "text/plain"}), "client_error", False),
        (answer(b"", 400), "client_error", False),
        (answer(b"Too many requests", 429), "rate_limited", False),
        (answer(HTML, 500), "server_error", False),
        (answer(HTML, 502), "server_error", False),
        (answer(HTML, 503, GZIP), "server_error", False),
        (sent(b"HTTP/1.1 503 Busy\r\nContent-Length: 99\r\n\r\nhalf", then=close), "server_error", False),
        (answer(status=304), "invalid_response", False),
        (answer(HTML), "invalid_response", True),
        (answer(b""), "invalid_response", True),
        (answer({}), "invalid_response", True),
        (answer(gzip.compress(encoded(raw_page()))[:-20], headers=GZIP), "invalid_response", True),
        (sent(b"HTTP/1.1 204 No Content\r\n\r\n"), "invalid_response", True),
    ],
)
async def test_every_status_and_body_has_its_reason(step: Step, reason: str, *, proves_token: bool) -> None:
    observer = Recorder()
    async with FakeApi(step) as api, open_client(api.url, observer=observer) as client:
        with pytest.raises(NorthflankError) as caught:
            await read_list(client, "shop", "orders-db")
    assert caught.value.reason is FailureReason(reason)
    assert caught.value.proves_token == proves_token
    assert caught.value.is_answer
    assert len(observer.codes) == 1
    assert observer.codes[0].isdigit()


@pytest.mark.parametrize(
    "step",
    [
        answer(b"no gzip", headers=GZIP),
        answer(b"no deflate", headers={"Content-Encoding": "deflate"}),
        answer(b"no brotli", headers={"Content-Encoding": "br"}),
        sent(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        sent(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", then=close),
        sent(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"),
        sent(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n"),
        sent(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    ],
    ids=["gzip", "deflate", "br", "chunk", "half chunked", "length", "long header", "no HTTP"],
)
async def test_what_cannot_be_read_as_http_is_an_invalid_response(step: Step) -> None:
    observer = Recorder()
    async with FakeApi(step) as api, open_client(api.url, observer=observer) as client:
        with pytest.raises(NorthflankError) as caught:
            await read_list(client, "shop", "orders-db")
    assert caught.value.reason is FailureReason.INVALID_RESPONSE
    assert observer.codes == ["error"]
    assert len(api.requests) == 1


async def test_a_page_that_fails_fails_the_list() -> None:
    script = [answer(raw_page(raw_backup(), cursor="2")), answer(HTML, 502)]
    async with FakeApi(*script) as api, open_client(api.url) as client:
        with pytest.raises(NorthflankError) as caught:
            await read_list(client, "shop", "orders-db")
    assert caught.value.reason is FailureReason.SERVER_ERROR
    assert len(api.requests) == 2


async def test_a_cursor_that_no_url_can_hold_is_an_invalid_response() -> None:
    script = [answer(raw_page(raw_backup(), cursor="\ud800")), empty_list()]
    async with FakeApi(*script) as api, open_client(api.url) as client:
        with pytest.raises(NorthflankError) as caught:
            await read_list(client, "shop", "orders-db")
    assert caught.value.reason is FailureReason.INVALID_RESPONSE


RESET = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800"}


@pytest.mark.parametrize(
    ("headers", "silence"),
    [
        ({"Retry-After": "30"}, 30),
        ({"Retry-After": "30"} | RESET, 30),
        ({"Retry-After": "Tue, 10 Mar 2026 12:00:30 GMT"}, 30),
        (RESET, 1800),
        ({"Retry-After": "soon"} | RESET, 1800),
        ({"Retry-After": "0"} | RESET, 1800),
        ({}, 60),
        ({"Retry-After": "soon"}, 60),
    ],
)
async def test_after_a_429_nothing_is_sent_until_its_end(headers: dict[str, str], silence: int) -> None:
    clock = Clock()
    script = [answer(b"Too many requests", 429, headers), empty_list()]
    async with FakeApi(*script) as api, open_client(api.url, now=clock) as client:
        with pytest.raises(RateLimited):
            await read_list(client, "shop", "orders-db")
        clock.advance(seconds=silence - 1)
        for addon in ("orders-db", "other-db"):
            with pytest.raises(RequestDeferred):
                await read_list(client, "shop", addon)
        assert len(api.requests) == 1
        clock.advance(seconds=3)
        assert (await read_list(client, "shop", "orders-db")).is_complete
    assert len(api.requests) == 2


async def test_the_reset_known_before_a_429_counts_too() -> None:
    clock = Clock()
    early = empty_list(**(RESET | {"X-RateLimit-Remaining": "900"}))
    script = [early, answer(b"Too many requests", 429), empty_list()]
    async with FakeApi(*script) as api, open_client(api.url, now=clock) as client:
        await read_list(client, "shop", "orders-db")
        clock.advance(minutes=10)
        with pytest.raises(RateLimited):
            await read_list(client, "shop", "orders-db")
        clock.advance(minutes=19)
        with pytest.raises(RequestDeferred):
            await read_list(client, "shop", "orders-db")
    assert len(api.requests) == 2


async def test_a_429_ends_a_list_half_way() -> None:
    script = [answer(raw_page(raw_backup(), cursor="2")), answer(b"", 429), empty_list()]
    async with FakeApi(*script) as api, open_client(api.url) as client:
        with pytest.raises(RateLimited) as caught:
            await read_list(client, "shop", "orders-db")
    assert caught.value.retry_after is None
    assert len(api.requests) == 2


async def test_those_who_wait_for_a_slot_hear_of_a_429() -> None:
    script = [empty_list(), answer(b"", 429, {"Retry-After": "30"})]
    async with FakeApi(*script) as api, open_client(api.url, concurrency=1) as client:
        await read_list(client, "shop", "orders-db")
        results = await asyncio.gather(
            *(read_list(client, "shop", f"db-{n}") for n in range(9)), return_exceptions=True
        )
    assert [type(result) for result in results] == [RateLimited, *[RequestDeferred] * 8]
    assert isinstance(results[0], RateLimited)
    assert results[0].retry_after == timedelta(seconds=30)
    assert len(api.requests) == 2
