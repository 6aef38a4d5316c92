"""The way through a proxy: what it gets to see, what it is called when it fails, and that its password stays secret."""

import ssl
import traceback
from base64 import b64encode
from pathlib import Path

import pytest

from exporter.model import FailureReason
from exporter.northflank import NorthflankClient, NorthflankError
from exporter.northflank.errors import ConnectionFailed, HostUnreachable, RequestTimeout
from tests.builders import raw_backup, raw_page
from tests.fake_api import (
    TOKEN,
    FakeApi,
    Recorder,
    Step,
    answer,
    close,
    empty_list,
    hang,
    open_client,
    read_list,
    reset,
    tunnel,
)

AUTHORITY = Path(__file__).with_name("authority.pem")
PASSWORD = "made-up-password"
API = "http://api.invalid"
TLS_API = "https://api.invalid"
"""Names that nobody can resolve: only a proxy gets further."""


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(AUTHORITY.with_name("of_authority.pem"))
    return context


def with_password(proxy: FakeApi, user: str = f"user:{PASSWORD}") -> str:
    return proxy.url.replace("://", f"://{user}@")


def basic(credentials: str) -> str:
    return f"Basic {b64encode(credentials.encode('latin-1')).decode()}"


async def failure_of(client: NorthflankClient) -> NorthflankError:
    with pytest.raises(NorthflankError) as caught:
        await read_list(client, "shop", "orders-db")
    return caught.value


def shown(error: BaseException) -> str:
    """Give all that a tool showing this error could show, and all behind it."""
    behind: list[BaseException | None] = [error]
    for each in behind:
        if each is not None:
            behind += [each.__cause__, each.__context__]
    return "".join(f"{each} {each!r} {vars(each)!r}" for each in behind if each) + "".join(
        traceback.format_exception(error)
    )


async def test_a_plain_request_is_handed_to_the_proxy_with_user_and_password() -> None:
    async with FakeApi(empty_list()) as proxy, open_client(API, proxy_url=with_password(proxy)) as client:
        for _ in range(2):
            await read_list(client, "shop", "orders-db")
    for request in proxy.requests:
        assert request.line == f"GET {API}/v1/projects/shop/addons/orders-db/backups?per_page=100 HTTP/1.1"
        assert request.headers["proxy-authorization"] == basic(f"user:{PASSWORD}")
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert [request.connection for request in proxy.requests] == [1, 1]


async def test_a_proxy_without_password_gets_none() -> None:
    async with FakeApi(empty_list()) as proxy, open_client(API, proxy_url=proxy.url) as client:
        await read_list(client, "shop", "orders-db")
    assert "proxy-authorization" not in proxy.requests[0].headers


async def test_of_a_tunnel_the_proxy_sees_the_host_and_the_api_no_password() -> None:
    step = answer(raw_page(raw_backup(id="a")))
    async with FakeApi(step, tls=server_tls()) as api, FakeApi(tunnel(api.host)) as proxy:
        url = api.url.replace("127.0.0.1", "localhost")
        async with open_client(url, proxy_url=with_password(proxy), ca_file=AUTHORITY) as client:
            for _ in range(2):
                listing = await read_list(client, "shop", "orders-db")
    assert [backup.id for backup in listing.items] == ["a"]
    (asked,) = proxy.requests
    assert asked.line == f"CONNECT localhost:{api.host.split(':')[1]} HTTP/1.1"
    assert asked.headers["proxy-authorization"] == basic(f"user:{PASSWORD}")
    assert TOKEN not in str(asked)
    assert [request.connection for request in api.requests] == [1, 1]
    for request in api.requests:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert "proxy-authorization" not in request.headers


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_can_be_reached_over_tls_too(scheme: str) -> None:
    tls = server_tls()
    async with FakeApi(empty_list(), tls=tls if scheme == "https" else None) as api:
        step = tunnel(api.host) if scheme == "https" else empty_list()
        async with (
            FakeApi(step, tls=tls) as proxy,
            open_client(api.url, proxy_url=with_password(proxy), ca_file=AUTHORITY) as client,
        ):
            await read_list(client, "shop", "orders-db")
    (request,) = proxy.requests
    assert request.line.split(" ")[0] == ("CONNECT" if scheme == "https" else "GET")
    assert request.headers["proxy-authorization"] == basic(f"user:{PASSWORD}")


async def test_what_cannot_stand_in_a_url_is_decoded_in_user_and_password() -> None:
    async with FakeApi(empty_list()) as proxy:
        url = with_password(proxy, "us%40er:%2F%3F%23%25%3A%C3%A9")
        async with open_client(API, proxy_url=url) as client:
            await read_list(client, "shop", "orders-db")
    assert proxy.requests[0].headers["proxy-authorization"] == basic("us@er:/?#%:é")


@pytest.mark.parametrize("url", [API, TLS_API])
async def test_a_rejected_password_is_a_connection_failure(url: str) -> None:
    observer = Recorder()
    step = answer(PASSWORD.encode(), 407, {"Proxy-Authenticate": f"Basic realm={PASSWORD}"})
    async with FakeApi(step) as proxy, open_client(url, proxy_url=with_password(proxy), observer=observer) as client:
        error = await failure_of(client)
    assert isinstance(error, HostUnreachable)
    assert error.reason is FailureReason.CONNECTION
    assert not error.is_answer
    assert "the proxy" in str(error)
    assert "407" in str(error)
    assert PASSWORD not in shown(error)
    assert len(proxy.requests) == 1
    assert observer.codes == ["407" if url == API else "error"]


@pytest.mark.parametrize("status", [302, 400, 403, 404, 429, 500, 502, 503, 504])
async def test_a_tunnel_that_is_refused_is_a_connection_failure(status: int) -> None:
    async with FakeApi(answer(status=status)) as proxy, open_client(TLS_API, proxy_url=with_password(proxy)) as client:
        error = await failure_of(client)
    assert isinstance(error, HostUnreachable)
    assert str(error) == f"the proxy refuses to connect (HTTP status {status})"
    assert PASSWORD not in shown(error)


@pytest.mark.parametrize("url", [API, TLS_API])
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:1", "cannot connect to the proxy (Connection refused)"),
        ("nonexistent.invalid:3128", "the proxy's host name cannot be resolved"),
        (f"{'a' * 64}.invalid:3128", "the proxy's host name cannot be resolved"),
    ],
)
async def test_a_proxy_that_is_not_there_is_a_connection_failure(url: str, address: str, said: str) -> None:
    async with open_client(url, proxy_url=f"http://user:{PASSWORD}@{address}") as client:
        error = await failure_of(client)
    assert isinstance(error, HostUnreachable)
    assert str(error) == said
    assert PASSWORD not in shown(error)


@pytest.mark.parametrize("broken", [close, reset])
@pytest.mark.parametrize("url", [API, TLS_API])
async def test_a_proxy_that_hangs_up_is_a_connection_failure(url: str, broken: Step) -> None:
    async with FakeApi(broken) as proxy, open_client(url, proxy_url=with_password(proxy)) as client:
        error = await failure_of(client)
    assert isinstance(error, ConnectionFailed)
    assert PASSWORD not in shown(error)
    assert len(proxy.requests) == 2


@pytest.mark.parametrize("url", [API, TLS_API])
async def test_a_proxy_that_says_nothing_is_a_timeout(url: str) -> None:
    async with FakeApi(hang) as proxy, open_client(url, proxy_url=with_password(proxy), timeout=0.2) as client:
        error = await failure_of(client)
    assert isinstance(error, RequestTimeout)
    assert PASSWORD not in shown(error)


async def test_a_proxy_that_does_not_speak_http_shows_no_password() -> None:
    async with (
        FakeApi(hang, greeting=f"220 {PASSWORD}\r\n".encode()) as proxy,
        open_client(TLS_API, proxy_url=with_password(proxy)) as client,
    ):
        error = await failure_of(client)
    assert PASSWORD not in shown(error)


async def test_an_untrusted_certificate_behind_a_proxy_gets_no_request() -> None:
    async with (
        FakeApi(empty_list(), tls=server_tls()) as api,
        FakeApi(tunnel(api.host)) as proxy,
        open_client(TLS_API, proxy_url=with_password(proxy)) as client,
    ):
        error = await failure_of(client)
    assert isinstance(error, HostUnreachable)
    assert "certificate" in str(error)
    assert PASSWORD not in shown(error)
    assert api.requests == []


async def test_a_certificate_is_compared_with_the_api_not_with_the_proxy() -> None:
    async with (
        FakeApi(empty_list(), tls=server_tls()) as api,
        FakeApi(tunnel(api.host)) as proxy,
        open_client(TLS_API, proxy_url=proxy.url, ca_file=AUTHORITY) as client,
    ):
        error = await failure_of(client)
    assert isinstance(error, HostUnreachable)
    assert "Hostname mismatch" in str(error)
    assert api.requests == []


async def test_a_password_that_http_cannot_carry_is_a_connection_failure() -> None:
    async with FakeApi(empty_list()) as proxy:
        url = with_password(proxy, f"user:{PASSWORD}%E2%98%83")
        async with open_client(API, proxy_url=url) as client:
            error = await failure_of(client)
    assert isinstance(error, HostUnreachable)
    assert "user or password" in str(error)
    assert PASSWORD not in shown(error)


async def test_a_client_does_not_show_the_password() -> None:
    async with open_client(API, proxy_url=f"http://user:{PASSWORD}@127.0.0.1:1") as client:
        assert PASSWORD not in f"{client!r} {client._session!r} {client._session.kept}"


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with FakeApi(empty_list()) as api, open_client(api.url) as client:
        await read_list(client, "shop", "orders-db")
    assert len(api.requests) == 1
