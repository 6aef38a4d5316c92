"""What the client sends, and on which connection."""

import asyncio
import gzip
from datetime import timedelta
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from exporter.northflank import PageRequest
from exporter.northflank import session as session_module
from exporter.northflank.window import RequestWindow
from tests.builders import NOW, encoded, raw_backup, raw_page
from tests.fake_api import TOKEN, USER_AGENT, FakeApi, Recorder, answer, empty_list, open_client, read_list


async def test_a_request_carries_token_and_name_and_accepts_gzip() -> None:
    async with FakeApi(empty_list()) as api, open_client(api.url) as client:
        await read_list(client, "shop", "orders-db")
    (request,) = api.requests
    assert request.line == "GET /v1/projects/shop/addons/orders-db/backups?per_page=100 HTTP/1.1"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["user-agent"] == USER_AGENT
    assert request.headers["accept-encoding"] == "gzip"
    assert request.headers["accept"] == "application/json"
    assert f"http://{request.headers['host']}" == api.url


@pytest.mark.parametrize(
    "odd", ["a/b", "..", "../../teams", "a?x=1&y#z", "50%", "%2e", "a b+c", "ä🍳", "a\r\nX: y", ""]
)
async def test_ids_are_percent_encoded_and_stay_in_their_place(odd: str) -> None:
    async with FakeApi(empty_list()) as api, open_client(api.url) as client:
        await read_list(client, odd, odd)
    (request,) = api.requests
    path = urlsplit(request.target).path
    assert path.isascii()
    assert [unquote(part) for part in path.split("/")] == ["", "v1", "projects", odd, "addons", odd, "backups"]


@pytest.mark.parametrize(
    "cursor", ["plain", "eyJpZCI6MX0=", "a+b/c==", "a&per_page=1", "50%", "%26", "ä 🍳", "a\r\nX: y\0"]
)
async def test_the_cursor_is_percent_encoded_beside_the_page_size(cursor: str) -> None:
    async with (
        FakeApi(answer(raw_page(raw_backup(), cursor=cursor)), empty_list()) as api,
        open_client(api.url) as client,
    ):
        await read_list(client, "shop", "orders-db")
    first, second = (urlsplit(request.target).query for request in api.requests)
    assert first == "per_page=100"
    # Python reads a + in a query as a space, others do not: the client must send neither.
    assert "+" not in second
    assert parse_qsl(second, keep_blank_values=True) == [("per_page", "100"), ("cursor", cursor)]


async def test_a_list_is_read_across_its_pages() -> None:
    script = [
        answer(raw_page(raw_backup(id="a"), raw_backup(id="b"), cursor="2")),
        answer(raw_page(raw_backup(id="c"), cursor="3")),
        answer(raw_page(raw_backup(id="d"))),
    ]
    async with FakeApi(*script) as api, open_client(api.url) as client:
        listing = await read_list(client, "shop", "orders-db")
    assert [backup.id for backup in listing.items] == ["a", "b", "c", "d"]
    assert listing.pages == len(api.requests) == 3


async def test_connections_are_kept_between_pages_and_calls() -> None:
    async with FakeApi(answer(raw_page(raw_backup(), cursor="2")), empty_list()) as api, open_client(api.url) as client:
        for _ in range(3):
            await read_list(client, "shop", "orders-db")
    assert [request.connection for request in api.requests] == [1, 1, 1, 1]


def test_connections_are_kept_from_one_scrape_to_the_next() -> None:
    usual_interval = 60
    assert usual_interval < session_module.KEEP_ALIVE_SECONDS < 2 * usual_interval


async def test_connections_are_kept_no_longer_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "KEEP_ALIVE_SECONDS", 0)
    async with FakeApi(empty_list()) as api, open_client(api.url) as client:
        for _ in range(2):
            await read_list(client, "shop", "orders-db")
    assert [request.connection for request in api.requests] == [1, 2]


async def test_a_compressed_answer_is_read() -> None:
    body = gzip.compress(encoded(raw_page(raw_backup(id="a"))))
    async with FakeApi(answer(body, headers={"Content-Encoding": "gzip"})) as api, open_client(api.url) as client:
        listing = await read_list(client, "shop", "orders-db")
    assert [backup.id for backup in listing.items] == ["a"]


async def test_no_cookies_are_kept() -> None:
    step = empty_list(**{"Set-Cookie": "session=1; Path=/"})
    # By name: nobody keeps cookies of an address.
    async with FakeApi(step) as api, open_client(api.url.replace("127.0.0.1", "localhost")) as client:
        await read_list(client, "shop", "orders-db")
        await read_list(client, "shop", "orders-db")
    assert all("cookie" not in request.headers for request in api.requests)


async def test_the_token_is_asked_for_at_every_request() -> None:
    tokens = iter(["first", "second"])
    async with FakeApi(empty_list()) as api, open_client(api.url, token=lambda: next(tokens)) as client:
        await read_list(client, "shop", "orders-db")
        await read_list(client, "shop", "orders-db")
    assert [request.headers["authorization"] for request in api.requests] == ["Bearer first", "Bearer second"]


async def test_no_more_requests_are_in_flight_than_allowed() -> None:
    async with FakeApi(empty_list()) as api, open_client(api.url, concurrency=3) as client:
        await read_list(client, "shop", "orders-db")
        await asyncio.gather(*(read_list(client, "shop", f"db-{number}") for number in range(20)))
    assert len(api.requests) == 21
    assert api.connections <= 3


async def test_headers_tell_limit_and_clock_skew() -> None:
    headers = {
        "X-RateLimit-Limit": "1000",
        "X-RateLimit-Remaining": "998",
        "X-RateLimit-Reset": "1800",
        "Date": "Tue, 10 Mar 2026 11:59:57 GMT",
    }
    window = RequestWindow(share=0.8)
    async with FakeApi(empty_list(**headers), empty_list()) as api, open_client(api.url, window=window) as client:
        assert (window.rate_limit, client.clock.skew) == (None, None)
        for _ in range(2):
            # The second answer says nothing, and what was known stays.
            await read_list(client, "shop", "orders-db")
            assert client.clock.skew == timedelta(seconds=3)
            rate_limit = window.rate_limit
            assert rate_limit is not None
            assert (rate_limit.limit, rate_limit.remaining) == (1000, 998)
            assert rate_limit.reset_at == NOW + timedelta(minutes=30)


async def test_the_observer_hears_of_every_request_and_every_rejected_item() -> None:
    observer = Recorder()
    script = [answer(raw_page(raw_backup(), None, 7, cursor="2")), answer(raw_page({}))]
    async with FakeApi(*script) as api, open_client(api.url, observer=observer) as client:
        await read_list(client, "shop", "orders-db")
    assert observer.finished == [("backups", "200"), ("backups", "200")]
    assert observer.rejected == {"backups": 3}
    assert all(0 <= seconds < 10 for seconds in observer.seconds)


async def test_a_page_whose_body_is_known_is_not_read_again() -> None:
    same, other = raw_page(raw_backup(id="a")), raw_page(raw_backup(id="b"))
    async with FakeApi(answer(same), answer(same), answer(other)) as api, open_client(api.url) as client:
        first = await client.backups_page("shop", "orders-db", PageRequest())
        assert first is not None
        assert await client.backups_page("shop", "orders-db", PageRequest(), known=first.digest) is None
        third = await client.backups_page("shop", "orders-db", PageRequest(), known=first.digest)
    assert third is not None
    assert [backup.id for backup in third.items] == ["b"]
