import re

import aiohttp
import pytest

from exporter.simulator import World

from .conftest import NOW
from .reading import EVENTS, ORDERS, all_pages, ids, read, status_and_error


async def test_cursors_lead_through_the_whole_list(api: aiohttp.ClientSession, world: World) -> None:
    pages = await all_pages(api, f"{EVENTS}/backups", per_page=100)
    found = [backup_id for page in pages for backup_id in ids(page)]
    expected = [backup.id for backup in reversed(world.backups("analytics", "events-db", NOW))]
    assert found == expected
    assert [page["pagination"]["count"] for page in pages] == [100] * 15
    assert [page["pagination"]["hasNextPage"] for page in pages] == [True] * 14 + [False]
    assert "cursor" not in pages[-1]["pagination"]


async def test_page_numbers_lead_through_the_whole_list(api: aiohttp.ClientSession) -> None:
    by_cursor = await all_pages(api, f"{ORDERS}/backups", per_page=70)
    by_number = [await read(api, f"{ORDERS}/backups", per_page=70, page=number) for number in (1, 2, 3)]
    assert by_number == by_cursor


async def test_the_cursor_wins_over_the_page(api: aiohttp.ClientSession) -> None:
    first = await read(api, f"{ORDERS}/backups", per_page=10)
    cursor = first["pagination"]["cursor"]
    both = await read(api, f"{ORDERS}/backups", per_page=10, page=7, cursor=cursor)
    assert both == await read(api, f"{ORDERS}/backups", per_page=10, page=2)


async def test_a_page_has_fifty_items_by_default(api: aiohttp.ClientSession) -> None:
    assert (await read(api, f"{ORDERS}/backups"))["pagination"]["count"] == 50


async def test_a_page_beyond_the_end_is_empty_and_last(api: aiohttp.ClientSession) -> None:
    answer = await read(api, f"{ORDERS}/backups", page=1000)
    assert answer == {"data": {"backups": []}, "pagination": {"hasNextPage": False, "count": 0}}


async def test_cursors_need_no_encoding_in_a_query(api: aiohttp.ClientSession) -> None:
    for page in (await all_pages(api, f"{EVENTS}/backups", per_page=37))[:-1]:
        assert re.fullmatch(r"[A-Za-z0-9_-]+", page["pagination"]["cursor"])


@pytest.mark.parametrize(
    "query",
    [
        {"per_page": "0"},
        {"per_page": "101"},
        {"per_page": "-1"},
        {"per_page": "many"},
        {"per_page": "٣"},
        {"page": "0"},
        {"page": "1.5"},
        {"page": "9" * 5000},
        {"cursor": ""},
        {"cursor": "nonsense"},
        {"cursor": "!!"},
        {"cursor": "ZnJvbTotMQ"},
    ],
)
async def test_bad_parameters_are_refused(api: aiohttp.ClientSession, query: dict[str, str]) -> None:
    status, error = await status_and_error(api, f"{ORDERS}/backups", **query)
    assert (status, error["status"], error["id"]) == (400, 400, "nf-invalid-request-body")
    assert next(iter(query)) in error["message"]
