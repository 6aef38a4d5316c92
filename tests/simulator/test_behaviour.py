from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from exporter.simulator import Fault, Simulator
from exporter.simulator.behaviour import Blank, LastCursor, ListOrder

from .reading import EVENTS, ORDERS, items, read, status_and_error

CATALOG = "/v1/projects/shop/addons/catalog-db"
CARTS = "/v1/projects/shop/addons/carts-db"
MISSING = object()


@pytest.mark.parametrize("path", [f"{CATALOG}/backups", f"{ORDERS}/restores"])
async def test_lists_may_be_oldest_first(simulator: Simulator, api: aiohttp.ClientSession, path: str) -> None:
    newest_first = await items(api, path)
    simulator.behaviour = replace(simulator.behaviour, order=ListOrder.OLDEST_FIRST)
    assert await items(api, path) == newest_first[::-1]


async def test_newest_first_is_the_default(api: aiohttp.ClientSession) -> None:
    created = [backup["createdAt"] for backup in await items(api, f"{ORDERS}/backups")]
    assert created == sorted(created, reverse=True)


async def test_a_shuffled_list_is_whole_and_keeps_its_order(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    newest_first = [backup["id"] for backup in await items(api, f"{CATALOG}/backups")]
    simulator.behaviour = replace(simulator.behaviour, order=ListOrder.SHUFFLED)
    shuffled = [backup["id"] for backup in await items(api, f"{CATALOG}/backups")]
    by_page = [await items(api, f"{CATALOG}/backups", per_page=15, page=page) for page in (1, 2)]
    assert shuffled not in (newest_first, newest_first[::-1])
    assert sorted(shuffled) == sorted(newest_first)
    assert [backup["id"] for page in by_page for backup in page] == shuffled


@pytest.mark.parametrize(
    ("blank", "written"),
    [(Blank.ABSENT, MISSING), (Blank.NULL, None), (Blank.EMPTY, "")],
)
async def test_values_of_unfinished_backups_may_be_absent_null_or_empty(
    simulator: Simulator, api: aiohttp.ClientSession, blank: Blank, written: object
) -> None:
    simulator.behaviour = replace(simulator.behaviour, completed_at=blank, size=blank)
    failed, *_, completed = await items(api, f"{CARTS}/backups", per_page=100)
    assert (failed["status"], completed["status"]) == ("failed", "completed")
    assert failed.get("completedAt", MISSING) == written
    assert failed["config"].get("size", MISSING) == written
    assert completed["completedAt"] > completed["createdAt"]
    assert int(completed["config"]["size"]) > 0


async def test_values_of_unfinished_backups_may_be_meaningless(
    simulator: Simulator, api: aiohttp.ClientSession
) -> None:
    simulator.behaviour = replace(simulator.behaviour, completed_at=Blank.FILLER, size=Blank.FILLER)
    failed, *_ = await items(api, f"{CARTS}/backups")
    assert failed["completedAt"] == failed["createdAt"]
    assert failed["config"]["size"] == "0"


async def test_uids_may_be_missing(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    listed = await items(api, f"{EVENTS}/backups", per_page=100, page=1)
    assert all("uid" in backup for backup in listed)
    simulator.behaviour = replace(simulator.behaviour, uids=False)
    listed = await items(api, f"{EVENTS}/backups", per_page=100, page=1)
    assert not any("uid" in backup for backup in listed)


async def test_the_source_may_be_missing(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.behaviour = replace(simulator.behaviour, sources=False)
    assert not any("source" in backup["config"] for backup in await items(api, f"{ORDERS}/backups"))


async def test_times_may_have_a_space(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.behaviour = replace(simulator.behaviour, times_with_space=True)
    (schedule, _) = await items(api, f"{ORDERS}/backup-schedules")
    assert schedule["createdAt"] == "2025-02-13 12:34:56.789Z"


@pytest.mark.parametrize(
    ("last_cursor", "written"),
    [(LastCursor.ABSENT, {}), (LastCursor.NULL, {"cursor": None}), (LastCursor.EMPTY, {"cursor": ""})],
)
async def test_the_last_page_may_have_an_empty_cursor(
    simulator: Simulator, api: aiohttp.ClientSession, last_cursor: LastCursor, written: dict[str, Any]
) -> None:
    simulator.behaviour = replace(simulator.behaviour, last_cursor=last_cursor)
    pagination = (await read(api, "/v1/projects"))["pagination"]
    assert pagination == {"hasNextPage": False, "count": 3, **written}


async def test_the_last_page_may_keep_its_own_cursor(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.behaviour = replace(simulator.behaviour, last_cursor=LastCursor.KEPT)
    first = await read(api, "/v1/projects", per_page=2)
    last = await read(api, "/v1/projects", per_page=2, cursor=first["pagination"]["cursor"])
    assert last["pagination"] == {"hasNextPage": False, "count": 1, "cursor": first["pagination"]["cursor"]}


async def test_schedules_may_be_paginated(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.behaviour = replace(simulator.behaviour, schedules_paginated=True)
    answer = await read(api, f"{EVENTS}/backup-schedules", per_page=3)
    assert answer["pagination"]["hasNextPage"]
    assert len(answer["data"]["schedules"]) == 3


@pytest.mark.parametrize("status", [401, 403])
async def test_a_missing_permission_may_be_either_status(
    simulator: Simulator, api: aiohttp.ClientSession, status: int
) -> None:
    simulator.behaviour = replace(simulator.behaviour, permission_status=status)
    simulator.faults.inject(Fault.forbidden(), project="shop")
    answered, error = await status_and_error(api, f"{ORDERS}/backups")
    assert (answered, error["status"]) == (status, status)
    assert "does not have permission" in error["message"]
    assert error["details"] == {"requiredPermission": "Project > Addons > General > Read"}
