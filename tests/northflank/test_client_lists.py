"""Teams, projects, addons, schedules, restores: what is asked for where, and what the observer hears of it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import pytest

from exporter.model import AddonDetails, BackupKind, Endpoint, ListedAddon, Schedule, ScheduleInterval
from exporter.northflank import Listing, NorthflankClient, Page, PageRequest, RequestDeferred
from exporter.northflank import client as client_module
from exporter.northflank.errors import Forbidden, MalformedBody, NotFound
from exporter.northflank.window import RequestWindow
from exporter.simulator import Behaviour, Simulator, World
from exporter.simulator import nouns as simulated
from tests.builders import NOW, raw_page
from tests.fake_api import FakeApi, Recorder, answer, empty_list, open_client

T = TypeVar("T")

Read = Callable[[NorthflankClient], Awaitable[object]]

READINGS: dict[Endpoint, tuple[Read, str]] = {
    Endpoint.TEAMS: (lambda client: client.teams_page(""), "/teams?per_page=100"),
    Endpoint.PROJECTS: (lambda client: client.projects_page(""), "/projects?per_page=100"),
    Endpoint.ADDONS: (lambda client: client.addons_page("shop", ""), "/projects/shop/addons?per_page=100"),
    Endpoint.ADDON: (lambda client: client.addon("shop", "db"), "/projects/shop/addons/db"),
    Endpoint.BACKUPS: (
        lambda client: client.backups_page("shop", "db", PageRequest()),
        "/projects/shop/addons/db/backups?per_page=100",
    ),
    Endpoint.SCHEDULES: (
        lambda client: client.schedules_page("shop", "db", ""),
        "/projects/shop/addons/db/backup-schedules?per_page=100",
    ),
    Endpoint.RESTORES: (
        lambda client: client.restores_page("shop", "db", ""),
        "/projects/shop/addons/db/restores?per_page=100",
    ),
}
BODIES = {endpoint: raw_page(key=endpoint) for endpoint in Endpoint} | {Endpoint.ADDON: {"data": {"id": "db"}}}

every_reading = pytest.mark.parametrize("endpoint", Endpoint)


@every_reading
async def test_each_reading_has_its_path_and_its_word(endpoint: Endpoint) -> None:
    read, path = READINGS[endpoint]
    observer = Recorder()
    async with FakeApi(answer(BODIES[endpoint])) as api, open_client(api.url, observer=observer) as client:
        await read(client)
    assert [request.target for request in api.requests] == [f"/v1{path}"]
    assert observer.finished == [(endpoint.value, "200")]
    assert observer.rejected == {}


@every_reading
async def test_with_a_team_all_but_the_teams_is_read_below_it(endpoint: Endpoint) -> None:
    read, path = READINGS[endpoint]
    async with FakeApi(answer(BODIES[endpoint])) as api, open_client(api.url, team="acme") as client:
        await read(client)
    below = "/v1" if endpoint is Endpoint.TEAMS else "/v1/teams/acme"
    assert [request.target for request in api.requests] == [f"{below}{path}"]


@pytest.mark.parametrize("odd", ["a/b", "..", "a?x=1&y#z", "50%", "%2e", "a b+c", "ä🍳", "a\r\nX: y"])
async def test_ids_and_cursors_are_percent_encoded_and_stay_in_their_place(odd: str) -> None:
    async with FakeApi(answer(raw_page(key="addons"))) as api, open_client(api.url, team=odd) as client:
        await client.addons_page(odd, odd)
    (request,) = api.requests
    target = urlsplit(request.target)
    assert [unquote(part) for part in target.path.split("/")] == ["", "v1", "teams", odd, "projects", odd, "addons"]
    assert target.query.isascii()
    assert "+" not in target.query
    assert unquote(target.query) == f"per_page=100&cursor={odd}"


async def test_rejected_items_are_counted_under_their_list() -> None:
    observer = Recorder()
    async with (
        FakeApi(answer(raw_page({"id": "a"}, {}, None, key="projects"))) as api,
        open_client(api.url, observer=observer) as client,
    ):
        assert await client.projects_page("") == Page(items=("a",), rejected=2, cursor="")
    assert observer.rejected == {"projects": 2}


@every_reading
async def test_an_answer_about_something_else_is_malformed(endpoint: Endpoint) -> None:
    read, _ = READINGS[endpoint]
    async with FakeApi(answer({"data": []})) as api, open_client(api.url) as client:
        with pytest.raises(MalformedBody):
            await read(client)


@every_reading
async def test_a_missing_permission_is_told_from_a_rejected_token(endpoint: Endpoint) -> None:
    read, _ = READINGS[endpoint]
    body = {"error": {"status": 401, "details": {"requiredPermission": "Project > Addons > General > Read"}}}
    async with FakeApi(answer(body, 401)) as api, open_client(api.url) as client:
        with pytest.raises(Forbidden, match="General > Read"):
            await read(client)


@every_reading
async def test_nothing_is_read_where_no_request_may_go_out(endpoint: Endpoint) -> None:
    read, _ = READINGS[endpoint]
    window = RequestWindow(share=0.8)
    window.refused(0, timedelta(hours=1))
    async with FakeApi(empty_list()) as api, open_client(api.url, window=window) as client:
        with pytest.raises(RequestDeferred):
            await read(client)
    assert api.requests == []


async def test_a_client_of_another_team_shares_connections_slots_and_window() -> None:
    window = RequestWindow(share=0.8)
    root, team = Recorder(), Recorder()
    date = {"Date": "Tue, 10 Mar 2026 11:59:57 GMT"}
    step = answer(raw_page({"id": "a"}, {}, key="projects"), headers=date)
    async with FakeApi(step) as api, open_client(api.url, observer=root, window=window, concurrency=1) as client:
        other = client.for_team("acme/prod", observer=team)
        await other.projects_page("")
        await client.projects_page("")
        assert client.clock.skew == other.clock.skew == timedelta(seconds=3)
    assert [request.target for request in api.requests] == [
        "/v1/teams/acme%2Fprod/projects?per_page=100",
        "/v1/projects?per_page=100",
    ]
    assert [request.connection for request in api.requests] == [1, 1]
    assert root.finished == team.finished == [("projects", "200")]
    assert root.rejected == team.rejected == {"projects": 1}
    assert window.spent == 2


async def test_a_silence_of_one_team_is_kept_for_all() -> None:
    async with FakeApi(answer(status=429)) as api, open_client(api.url) as client:
        other = client.for_team("acme", observer=Recorder())
        with pytest.raises(Exception, match="429"):
            await other.projects_page("")
        with pytest.raises(RequestDeferred):
            await client.teams_page("")
    assert len(api.requests) == 1


async def test_the_whole_simulated_world_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PAGE_SIZE", 2)
    world = World.demo(1, NOW)
    async with (
        Simulator(world, clock=lambda: NOW) as simulator,
        open_client(simulator.url, token=lambda: simulator.token) as client,
    ):
        (team,) = (await whole(Listing.of_ids(), client.teams_page)).items
        below = client.for_team(team, observer=Recorder())
        projects = await whole(Listing.of_ids(), below.projects_page)
        found = {
            project: await whole(Listing.of_addons(), partial(below.addons_page, project)) for project in projects.items
        }
        details = await below.addon("shop", "orders-db")
        with pytest.raises(NotFound):
            await client.for_team("nobody", observer=Recorder()).projects_page("")
    assert {project: [addon.id for addon in listing.items] for project, listing in found.items()} == {
        project.id: [addon.id for addon in world.addons(project.id)] for project in world.projects
    }
    assert found["shop"].pages > 1
    assert found["shop"].items[0] == ListedAddon(
        id="orders-db", name="Orders DB", type="postgresql", status="running", tags=("pci", "prod")
    )
    created_at = to_milliseconds(world.addon("shop", "orders-db").created_at)
    assert details == AddonDetails(info=found["shop"].items[0], created_at=created_at)


@pytest.mark.parametrize("paginated", [False, True])
@pytest.mark.parametrize("with_space", [False, True])
async def test_the_schedules_and_restores_of_the_whole_simulated_world_are_read(
    monkeypatch: pytest.MonkeyPatch, *, paginated: bool, with_space: bool
) -> None:
    monkeypatch.setattr(client_module, "PAGE_SIZE", 2)
    world = World.demo(1, NOW)
    behaviour = Behaviour(schedules_paginated=paginated, times_with_space=with_space)
    observer = Recorder()
    pages = []
    async with (
        Simulator(world, clock=lambda: NOW, behaviour=behaviour) as simulator,
        open_client(simulator.url, token=lambda: simulator.token, observer=observer) as client,
    ):
        for key in [(project.id, addon.id) for project in world.projects for addon in world.addons(project.id)]:
            schedules = await whole(Listing.of_schedules(), partial(client.schedules_page, *key))
            restores = await whole(Listing.of_restores(), partial(client.restores_page, *key))
            pages.append(schedules.pages)
            assert {each.id: each for each in schedules.items} == {
                each.id: as_listed(each) for each in world.schedules(*key)
            }
            assert {each.id: (each.status.value, each.started_at, each.completed_at) for each in restores.items} == {
                each.id: (each.status.value, to_milliseconds(each.started_at), to_milliseconds(each.completed_at))
                for each in world.restores(*key, NOW)
            }
    assert (max(pages) > 1) == paginated
    assert {"schedules", "restores"} <= {endpoint for endpoint, _ in observer.finished}
    assert observer.rejected == {}


def as_listed(planned: simulated.Schedule) -> Schedule:
    is_hourly = planned.interval == "hourly"
    return Schedule(
        id=planned.id,
        kind=BackupKind(planned.backup_type),
        interval=ScheduleInterval(planned.interval),
        minutes=tuple(sorted(planned.minutes)),
        hours=() if is_hourly else tuple(sorted(planned.hours)),
        days=tuple(sorted(planned.days)) if planned.interval == "weekly" else (),
        retention=planned.retention,
        created_at=to_milliseconds(planned.created_at),
    )


def to_milliseconds(time: datetime | None) -> datetime | None:
    return time and time.replace(microsecond=time.microsecond // 1000 * 1000)


async def whole(listing: Listing[T], read: Callable[[str], Awaitable[Page[T]]]) -> Listing[T]:
    while not listing.is_complete:
        listing.add(await read(listing.cursor))
    return listing


async def test_when_an_addon_was_created_is_read_where_the_api_says_it() -> None:
    script = [answer({"data": {"createdAt": "2025-02-03 04:05:06.789Z"}}), answer({"data": {}})]
    async with FakeApi(*script) as api, open_client(api.url) as client:
        created_at = [(await client.addon("shop", "db")).created_at for _ in script]
    assert created_at == [datetime(2025, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC), None]
