"""Reading a simulated Northflank page by page."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

Json = dict[str, Any]

ORDERS = "/v1/projects/shop/addons/orders-db"
EVENTS = "/v1/projects/analytics/addons/events-db"


async def read(api: aiohttp.ClientSession, path: str, **query: str | int) -> Json:
    async with api.get(path, params=query) as response:
        assert response.status == 200
        answer: Json = await response.json()
        return answer


async def items(api: aiohttp.ClientSession, path: str, **query: str | int) -> list[Json]:
    (found,) = (await read(api, path, **query))["data"].values()
    assert isinstance(found, list)
    return found


async def all_pages(api: aiohttp.ClientSession, path: str, per_page: int, limit: int = 50) -> list[Json]:
    """Follow the cursors to the end, or for `limit` pages."""
    answer = await read(api, path, per_page=per_page)
    pages = [answer]
    while answer["pagination"]["hasNextPage"] and len(pages) < limit:
        answer = await read(api, path, per_page=per_page, cursor=answer["pagination"]["cursor"])
        pages.append(answer)
    return pages


async def status_and_error(api: aiohttp.ClientSession, path: str, **query: str | int) -> tuple[int, Json]:
    async with api.get(path, params=query, allow_redirects=False) as response:
        error: Json = (await response.json())["error"]
        return response.status, error


def ids(page: Json) -> list[str]:
    (found,) = page["data"].values()
    return [item["id"] for item in found]


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for what the simulator does of its own accord; TimeoutError when it does not."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 (nothing tells a client that the server has noticed it leave)
            await asyncio.sleep(0.001)
