import asyncio
import socket

import aiohttp
import pytest

from exporter.simulator import Fault, Simulator
from exporter.simulator.behaviour import BodyFormat
from exporter.simulator.routes import Endpoint

from .reading import ORDERS, all_pages, eventually, ids, items, read, status_and_error

BACKUPS = f"{ORDERS}/backups"
CATALOG = "/v1/projects/shop/addons/catalog-db/backups"
MEBIBYTE = 1024**2


async def _status(api: aiohttp.ClientSession, path: str = BACKUPS) -> int:
    async with api.get(path, allow_redirects=False) as response:
        return response.status


async def test_a_fault_strikes_its_addon_alone(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.faults.inject(Fault.status(503), project="shop", addon="orders-db")
    assert [await _status(api, path) for path in (BACKUPS, ORDERS, CATALOG)] == [503, 503, 200]


async def test_a_fault_strikes_a_project_an_endpoint_or_everything(
    simulator: Simulator, api: aiohttp.ClientSession
) -> None:
    paths = (BACKUPS, "/v1/projects/analytics/addons/warehouse/backups", "/v1/projects")
    simulator.faults.inject(Fault.status(500), project="shop")
    assert [await _status(api, path) for path in paths] == [500, 200, 200]
    simulator.faults.clear()
    simulator.faults.inject(Fault.status(501), endpoint=Endpoint.BACKUPS)
    assert [await _status(api, path) for path in paths] == [501, 501, 200]
    simulator.faults.clear()
    simulator.faults.inject(Fault.status(502))
    assert [await _status(api, path) for path in paths] == [502, 502, 502]


async def test_counted_faults_strike_one_after_the_other_and_end(
    simulator: Simulator, api: aiohttp.ClientSession
) -> None:
    simulator.faults.inject(Fault.status(503), addon="orders-db", times=2)
    simulator.faults.inject(Fault.status(504), addon="orders-db", times=1)
    assert [await _status(api) for _ in range(4)] == [503, 503, 504, 200]


async def test_faults_can_be_cleared_by_place_or_one_by_one(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.faults.inject(Fault.status(500), project="shop", addon="orders-db")
    elsewhere = simulator.faults.inject(Fault.status(501), project="shop", addon="catalog-db")
    simulator.faults.clear(project="shop", addon="orders-db")
    assert [await _status(api, BACKUPS), await _status(api, CATALOG)] == [200, 501]
    simulator.faults.remove(elsewhere)
    simulator.faults.remove(elsewhere)
    assert await _status(api, CATALOG) == 200


@pytest.mark.parametrize(
    ("body_format", "content_type", "body"),
    [
        (BodyFormat.JSON, "application/json", '{"error":{"status":502,"message":"Bad Gateway"}}'),
        (BodyFormat.PLAIN, "text/plain", "Bad Gateway"),
        (BodyFormat.HTML, "text/html", "<!doctype html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>"),
    ],
)
async def test_a_status_comes_with_a_json_plain_or_html_body(
    simulator: Simulator, api: aiohttp.ClientSession, body_format: BodyFormat, content_type: str, body: str
) -> None:
    simulator.faults.inject(Fault.status(502, body_format))
    async with api.get(BACKUPS) as response:
        assert (response.status, response.content_type, await response.text()) == (502, content_type, body)


async def test_an_unofficial_status_is_possible(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.faults.inject(Fault.status(599))
    assert await status_and_error(api, BACKUPS) == (599, {"status": 599, "message": "Error"})


async def test_a_body_may_be_anything(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.faults.inject(Fault.not_json(), times=1)
    simulator.faults.inject(Fault.body(b'{"data": []}'), times=1)
    async with api.get(BACKUPS) as response:
        assert (response.status, response.content_type) == (200, "text/html")
    assert await read(api, BACKUPS) == {"data": []}


async def test_a_redirect_names_its_target(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.faults.inject(Fault.redirect("http://127.0.0.1:1/elsewhere", 307))
    async with api.get(BACKUPS, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (307, "http://127.0.0.1:1/elsewhere")


async def test_delays_add_up_and_precede_other_faults(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.faults.inject(Fault.delay(0.03))
    simulator.faults.inject(Fault.status(503))
    simulator.faults.inject(Fault.delay(0.04), times=1)
    loop = asyncio.get_running_loop()
    start = loop.time()
    assert await _status(api) == 503
    assert loop.time() - start >= 0.07


async def test_delayed_requests_do_not_wait_for_each_other(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.faults.inject(Fault.delay(0.2))
    loop = asyncio.get_running_loop()
    start = loop.time()
    assert await asyncio.gather(*(_status(api) for _ in range(20))) == [200] * 20
    assert 0.2 <= loop.time() - start < 2
    assert simulator.most_in_flight == 20


async def test_a_hanging_request_ends_with_the_client(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.faults.inject(Fault.hang())
    with pytest.raises(TimeoutError):
        await api.get(BACKUPS, timeout=aiohttp.ClientTimeout(total=0.05))
    await eventually(lambda: simulator.in_flight == 0)
    assert [record.status for record in simulator.requests] == [None]


async def test_a_hanging_request_ends_with_the_simulator(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.faults.inject(Fault.hang())
    pending = asyncio.create_task(_status(api))
    await eventually(lambda: simulator.in_flight == 1)
    await simulator.close()
    with pytest.raises(aiohttp.ClientError):
        await pending
    assert simulator.in_flight == 0


async def test_a_connection_is_reset_before_any_answer(simulator: Simulator) -> None:
    simulator.faults.inject(Fault.reset(), times=1)
    host, port = simulator.url.removeprefix("http://").split(":")
    request = f"GET {BACKUPS} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer demo\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    with socket.create_connection((host, int(port))) as connection:
        connection.setblocking(False)
        await loop.sock_sendall(connection, request)
        with pytest.raises(ConnectionResetError):
            await loop.sock_recv(connection, 1)
    assert [record.status for record in simulator.requests] == [None]


async def test_a_truncated_body_ends_before_its_announced_length(
    simulator: Simulator, api: aiohttp.ClientSession
) -> None:
    simulator.faults.inject(Fault.truncated())
    async with api.get(BACKUPS) as response:
        assert response.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


@pytest.mark.parametrize("compressed", [False, True])
async def test_a_huge_body_has_the_size_asked_for_and_is_valid(
    simulator: Simulator, api: aiohttp.ClientSession, *, compressed: bool
) -> None:
    simulator.faults.inject(Fault.huge(5 * MEBIBYTE + 17, compressed=compressed))
    async with api.get(BACKUPS) as response:
        body = await response.read()
        assert response.headers.get("Content-Encoding") == ("gzip" if compressed else None)
        assert len(body) == 5 * MEBIBYTE + 17
        assert await response.json() == {"data": {"backups": []}}


async def test_a_gzip_bomb_is_small_on_the_wire(simulator: Simulator) -> None:
    simulator.faults.inject(Fault.huge(compressed=True))
    headers = {"Authorization": "Bearer demo"}
    async with (
        aiohttp.ClientSession(simulator.url, headers=headers, auto_decompress=False) as api,
        api.get(BACKUPS) as response,
    ):
        assert len(await response.read()) < MEBIBYTE


async def test_a_client_may_leave_in_the_middle_of_a_huge_body(
    simulator: Simulator, api: aiohttp.ClientSession
) -> None:
    simulator.faults.inject(Fault.huge(), times=1)
    async with api.get(BACKUPS) as response:
        await response.content.readexactly(MEBIBYTE)
    assert await _status(api) == 200
    await eventually(lambda: simulator.in_flight == 0)


async def test_an_endless_list_has_a_new_cursor_on_every_page(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.faults.inject(Fault.endless_cursor())
    pages = await all_pages(api, CATALOG, per_page=20, limit=10)
    assert len({page["pagination"]["cursor"] for page in pages}) == 10
    assert all(ids(page) for page in pages)
    empty = await read(api, "/v1/projects/intranet/addons/queue/backups")
    assert empty["data"] == {"backups": []}
    assert empty["pagination"]["hasNextPage"]


async def test_an_endless_list_may_repeat_its_cursor(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.faults.inject(Fault.endless_cursor(repeating=True))
    pages = await all_pages(api, CATALOG, per_page=20, limit=5)
    assert len({page["pagination"]["cursor"] for page in pages}) == 1


async def test_duplicates_begin_each_page_with_the_end_of_the_one_before(
    simulator: Simulator, api: aiohttp.ClientSession
) -> None:
    whole = ids(await read(api, CATALOG))
    simulator.faults.inject(Fault.duplicates())
    pages = [ids(page) for page in await all_pages(api, CATALOG, per_page=10)]
    assert [page[0] for page in pages[1:]] == [page[-1] for page in pages[:-1]]
    assert list(dict.fromkeys(backup_id for page in pages for backup_id in page)) == whole


async def test_one_item_may_have_wrong_types_or_any_changes(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    good = await items(api, CATALOG)
    simulator.faults.inject(Fault.wrong_types(item=2), endpoint=Endpoint.BACKUPS, times=1)
    simulator.faults.inject(Fault.patch({"status": "brand-new"}), endpoint=Endpoint.BACKUPS)
    struck = await items(api, CATALOG)
    assert struck[:2] + struck[3:] == good[:2] + good[3:]
    assert (struck[2]["id"], struck[2]["config"]) == (17, "large")
    assert [backup["status"] for backup in await items(api, CATALOG)][:2] == ["brand-new", "completed"]


async def test_faults_of_pages_leave_single_objects_alone(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.faults.inject(Fault.wrong_types(), times=1)
    assert (await read(api, ORDERS))["data"]["id"] == "orders-db"
    assert (await items(api, CATALOG))[0]["id"] == 17


async def test_a_bad_token_is_told_before_any_fault(simulator: Simulator) -> None:
    simulator.faults.inject(Fault.status(503))
    async with aiohttp.ClientSession(simulator.url) as stranger:
        assert await _status(stranger) == 401
