"""Connections that break, or never come about: what is tried again, and what it is called."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from exporter.model import FailureReason
from exporter.northflank import NorthflankClient, NorthflankError
from exporter.northflank.errors import ConnectionFailed, HostUnreachable, InvalidResponse, RequestTimeout
from tests.fake_api import (
    FakeApi,
    Recorder,
    Step,
    answer,
    close,
    delayed,
    empty_list,
    first_answer,
    hang,
    open_client,
    read_list,
    reset,
    sent,
)

CERTIFICATE = Path(__file__).with_name("untrusted.pem")
"""Certificate and key of nobody: made for these tests with openssl, trusted by no one."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
breaks = pytest.mark.parametrize("broken", [close, reset], ids=["close", "reset"])


async def failure_of(client: NorthflankClient) -> NorthflankError:
    with pytest.raises(NorthflankError) as caught:
        await read_list(client, "shop", "orders-db")
    return caught.value


@breaks
async def test_a_fresh_connection_that_breaks_is_tried_once_more(broken: Step) -> None:
    observer = Recorder()
    async with FakeApi(broken) as api, open_client(api.url, observer=observer) as client:
        error = await failure_of(client)
    assert isinstance(error, ConnectionFailed)
    assert len(api.requests) == 2
    assert observer.codes == ["error", "error"]


@breaks
async def test_the_second_try_is_as_good_as_the_first(broken: Step) -> None:
    observer = Recorder()
    async with FakeApi(broken, empty_list()) as api, open_client(api.url, observer=observer) as client:
        listing = await read_list(client, "shop", "orders-db")
    assert listing.is_complete
    assert len(api.requests) == 2
    assert observer.codes == ["error", "200"]


@breaks
async def test_a_kept_connection_that_breaks_is_tried_once_more(broken: Step) -> None:
    async with FakeApi(empty_list(), broken) as api, open_client(api.url) as client:
        await read_list(client, "shop", "orders-db")
        error = await failure_of(client)
    assert isinstance(error, ConnectionFailed)
    assert [request.connection for request in api.requests] == [1, 1, 2]


@breaks
async def test_a_kept_connection_that_broke_is_replaced(broken: Step) -> None:
    async with FakeApi(empty_list(), broken, empty_list()) as api, open_client(api.url) as client:
        await read_list(client, "shop", "orders-db")
        await read_list(client, "shop", "orders-db")
        await read_list(client, "shop", "orders-db")
    # The second try's connection is not kept.
    assert [request.connection for request in api.requests] == [1, 1, 2, 3]


@breaks
async def test_that_many_kept_connections_broke_fails_nothing(broken: Step) -> None:
    step = first_answer(delayed(0.05, empty_list()), broken)
    async with FakeApi(empty_list(), step) as api, open_client(api.url, concurrency=8) as client:
        # The first request goes alone; eight at once want a connection each, and leave it behind.
        await read_list(client, "shop", "orders-db")
        await asyncio.gather(*(read_list(client, "shop", f"db-{number}") for number in range(8)))
        assert api.connections == 8
        for number in range(8):
            await read_list(client, "shop", f"db-{number}")
    # Every one of the last eight was tried twice.
    assert len(api.requests) == 1 + 8 + 16


@breaks
@pytest.mark.parametrize("part", [HEAD, HEAD + b'{"data":'], ids=["headers", "half a body"])
async def test_after_the_headers_nothing_is_tried_again(broken: Step, part: bytes) -> None:
    observer = Recorder()
    async with FakeApi(sent(part, then=broken)) as api, open_client(api.url, observer=observer) as client:
        error = await failure_of(client)
    assert isinstance(error, InvalidResponse)
    assert len(api.requests) == 1
    assert observer.codes == ["error"]


@breaks
async def test_a_second_try_that_hangs_is_a_timeout(broken: Step) -> None:
    async with FakeApi(broken, hang) as api, open_client(api.url, timeout=0.2) as client:
        error = await failure_of(client)
    assert isinstance(error, RequestTimeout)
    assert len(api.requests) == 2


async def test_an_answer_that_means_no_is_not_tried_again() -> None:
    async with FakeApi(answer(status=503)) as api, open_client(api.url) as client:
        await failure_of(client)
    assert len(api.requests) == 1


async def test_a_refused_connection_is_not_tried_again() -> None:
    observer = Recorder()
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        port = nobody_listens.getsockname()[1]
        async with open_client(f"http://127.0.0.1:{port}", observer=observer) as client:
            error = await failure_of(client)
    assert error.reason is FailureReason.CONNECTION
    assert str(error) == "cannot connect (Connection refused)"
    assert observer.codes == ["error"]
    assert isinstance(error, HostUnreachable)


async def test_a_name_that_nobody_knows_is_a_connection_failure() -> None:
    async with open_client("http://nonexistent.invalid") as client:
        error = await failure_of(client)
    assert error.reason is FailureReason.CONNECTION
    assert str(error) == "the host name cannot be resolved"
    assert isinstance(error, HostUnreachable)


async def test_a_name_that_cannot_exist_is_a_connection_failure() -> None:
    async with open_client(f"http://{'a' * 64}.invalid") as client:
        error = await failure_of(client)
    assert error.reason is FailureReason.CONNECTION


async def test_an_untrusted_certificate_is_a_connection_failure_and_gets_no_request() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    async with FakeApi(empty_list(), tls=context) as api, open_client(api.url) as client:
        error = await failure_of(client)
    assert error.reason is FailureReason.CONNECTION
    assert "certificate" in str(error)
    assert api.requests == []
    assert isinstance(error, HostUnreachable)


async def test_a_peer_without_tls_is_a_connection_failure() -> None:
    async with FakeApi(greeting=b"220 ready\r\n") as api, open_client(f"https://{api.host}") as client:
        error = await failure_of(client)
    assert error.reason is FailureReason.CONNECTION
    assert isinstance(error, HostUnreachable)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed_and_the_token_stays_here(status: int) -> None:
    observer = Recorder()
    async with FakeApi(empty_list()) as elsewhere:
        step = answer(status=status, headers={"Location": f"{elsewhere.url}/v1"})
        async with FakeApi(step) as api, open_client(api.url, observer=observer) as client:
            error = await failure_of(client)
    assert error.reason is FailureReason.INVALID_RESPONSE
    assert elsewhere.connections == 0
    assert len(api.requests) == 1
    assert observer.codes == [str(status)]


async def test_a_redirect_within_the_api_is_not_followed_either() -> None:
    async with FakeApi(answer(status=302, headers={"Location": "/v1/else"})) as api, open_client(api.url) as client:
        assert isinstance(await failure_of(client), InvalidResponse)
    assert len(api.requests) == 1
