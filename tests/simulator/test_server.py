import asyncio
import socket
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from exporter.listen import ListenAddress
from exporter.simulator import Simulator, World
from exporter.simulator.behaviour import Behaviour

from .conftest import Clock
from .reading import ORDERS, items, read, status_and_error


async def test_projects_and_teams_are_listed(api: aiohttp.ClientSession) -> None:
    assert await read(api, "/v1/projects") == {
        "data": {
            "projects": [
                {"id": "shop", "name": "Shop", "description": "The web shop and what it sells"},
                {"id": "analytics", "name": "Analytics", "description": "Events, reports and the warehouse"},
                {"id": "intranet", "name": "Intranet"},
            ]
        },
        "pagination": {"hasNextPage": False, "count": 3},
    }
    assert await items(api, "/v1/teams") == [{"id": "acme", "name": "Acme"}]


async def test_a_project_has_all_its_addons_unpaged(api: aiohttp.ClientSession, world: World) -> None:
    project = (await read(api, "/v1/projects/shop", per_page=1))["data"]
    assert [addon["id"] for addon in project["addons"]] == [addon.id for addon in world.addons("shop")]
    assert project["addons"][0] == {
        "id": "orders-db",
        "name": "Orders DB",
        "appId": "/acme/shop/orders-db",
        "spec": {"type": "postgresql"},
    }


async def test_an_addon_is_listed_and_asked_for_with_more_details(api: aiohttp.ClientSession) -> None:
    listed = (await items(api, "/v1/projects/shop/addons"))[0]
    assert listed == {
        "id": "orders-db",
        "name": "Orders DB",
        "appId": "/acme/shop/orders-db",
        "tags": ["prod", "pci"],
        "spec": {"type": "postgresql"},
        "status": "running",
        "description": "Healthy: snapshots and dumps",
    }
    config = {"versionTag": "16.4.0", "deployment": {"replicas": 1, "storageSize": 10240}}
    assert (await read(api, ORDERS))["data"] == {
        **listed,
        "createdAt": "2025-02-03T12:34:56.789Z",
        "spec": {"type": "postgresql", "config": config},
    }


async def test_backups_are_written_as_documented(api: aiohttp.ClientSession, world: World, now: datetime) -> None:
    written = {backup["id"]: backup for backup in await items(api, f"{ORDERS}/backups", per_page=100)}
    snapshot = world.backup("shop", "orders-db", "snapshot-2026-03-10-1215", now)
    dump = world.backup("shop", "orders-db", "dump-2026-03-10-0230", now)
    assert snapshot.completed_at is not None
    assert written[snapshot.id] == {
        "id": snapshot.id,
        "uid": snapshot.uid,
        "name": "Snapshot 2026-03-10 12:15",
        "status": "completed",
        "createdAt": f"{snapshot.created_at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        "completedAt": f"{snapshot.completed_at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        "config": {
            "source": {"type": "snapshot"},
            "size": str(snapshot.size_bytes),
            "additionalDestinations": [{"destinationId": "acme-s3-dublin", "retentionTime": 30, "type": "custom"}],
            "addonVersion": "16.4.0",
        },
    }
    assert written[dump.id]["config"] == {
        "source": {"type": "sameAddon"},
        "size": str(dump.size_bytes),
        "compressionType": "zstd",
        "addonVersion": "16.4.0",
    }
    assert written[dump.id]["customDestinationId"] == "acme-s3-frankfurt"


async def test_schedules_have_what_their_interval_needs(api: aiohttp.ClientSession) -> None:
    answer = await read(api, f"{ORDERS}/backup-schedules")
    assert "pagination" not in answer
    hourly = answer["data"]["schedules"][1]
    (weekly,) = await items(api, "/v1/projects/intranet/addons/wiki-db/backup-schedules")
    assert hourly == {
        "id": "hourly-snapshot-15",
        "backupType": "snapshot",
        "scheduling": {"interval": "hourly", "minute": [15]},
        "retentionTime": 7,
        "createdAt": "2025-02-13T12:34:56.789Z",
        "updatedAt": "2025-02-13T12:34:56.789Z",
    }
    assert weekly["scheduling"] == {"interval": "weekly", "minute": [0], "hour": [22], "day": [0, 3]}


async def test_one_backup_has_its_restores_and_the_last_of_them(
    api: aiohttp.ClientSession, world: World, now: datetime
) -> None:
    newest = world.restores("shop", "orders-db", now)[-1]
    listed = (await items(api, f"{ORDERS}/restores"))[0]
    assert listed == {
        "id": newest.id,
        "status": "completed",
        "restoreTimestamp": "2026-03-04T12:34:56.789Z",
        "completedAt": "2026-03-04T12:41:56.789Z",
        "backupId": newest.backup_id,
    }
    backup = (await read(api, f"{ORDERS}/backups/{newest.backup_id}"))["data"]
    restores = await items(api, f"{ORDERS}/backups/{newest.backup_id}/restores")
    assert backup["lastRestore"] == {key: listed[key] for key in ("status", "restoreTimestamp", "completedAt")}
    assert restores == [{key: value for key, value in listed.items() if key != "backupId"}]


@pytest.mark.parametrize("path", ["", "/backups", "/backup-schedules", "/restores"])
async def test_a_team_mirrors_the_paths_of_the_account(api: aiohttp.ClientSession, path: str) -> None:
    mirrored = await read(api, f"{ORDERS}{path}".replace("/v1/", "/v1/teams/acme/"))
    assert mirrored == await read(api, f"{ORDERS}{path}")


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate", "gzip"),
        ("*", "gzip"),
        ("br;q=1.0, GZIP; q=0.5", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("", None),
    ],
)
async def test_gzip_is_used_where_it_is_accepted(
    api: aiohttp.ClientSession, accepted: str, encoding: str | None
) -> None:
    async with api.get("/v1/projects", headers={"Accept-Encoding": accepted}) as response:
        assert response.headers.get("Content-Encoding") == encoding
        assert len((await response.json())["data"]["projects"]) == 3


async def test_every_answer_carries_the_date_of_the_world(api: aiohttp.ClientSession) -> None:
    for path in ("/v1/projects", "/v1/nonsense"):
        async with api.get(path) as response:
            assert response.headers["Date"] == "Tue, 10 Mar 2026 12:34:56 GMT"


async def test_pages_change_when_the_world_does(simulator: Simulator, api: aiohttp.ClientSession, clock: Clock) -> None:
    path = "/v1/projects/shop/addons/sessions/backups"
    before = await items(api, path)
    assert await items(api, path) == before
    clock.advance(minutes=5)
    assert await items(api, path) != before
    assert simulator.now() == clock.now


async def test_the_world_runs_at_the_speed_given(world: World, clock: Clock) -> None:
    simulator = Simulator(world, clock=clock, speed=60)
    start = simulator.now()
    clock.advance(seconds=2)
    assert simulator.now() == start + timedelta(minutes=2)


async def test_requests_are_recorded(simulator: Simulator, api: aiohttp.ClientSession, now: datetime) -> None:
    await read(api, f"{ORDERS}/backups", per_page=7)
    (record,) = simulator.requests
    assert (record.method, record.path, record.query) == ("GET", f"{ORDERS}/backups", {"per_page": "7"})
    assert (record.status, record.token_accepted, record.at) == (200, True, now)
    assert (simulator.request_count, simulator.in_flight, simulator.most_in_flight) == (1, 0, 1)


async def test_a_port_in_use_is_an_error_of_the_system(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        simulator = Simulator(world, address=ListenAddress("127.0.0.1", taken.getsockname()[1]))
        with pytest.raises(OSError, match=r"(?i)address already in use"):
            await simulator.start()


async def test_a_closed_simulator_starts_again_on_its_port(world: World) -> None:
    simulator = Simulator(world)
    await simulator.start()
    url = simulator.url
    await simulator.close()
    await simulator.close()
    async with simulator, aiohttp.ClientSession(simulator.url) as stranger:
        assert simulator.url == url
        assert (await status_and_error(stranger, "/v1/login"))[0] == 401


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8"),
        ("::1", "http://[::1]:8"),
        ("0.0.0.0", "http://127.0.0.1:8"),  # noqa: S104
        ("", "http://127.0.0.1:8"),
    ],
)
def test_the_url_can_be_reached_from_this_machine(world: World, host: str, url: str) -> None:
    assert Simulator(world, address=ListenAddress(host, 8)).url == url


async def test_many_requests_at_once_are_answered_in_parallel(now: datetime) -> None:
    world = World.uniform(addons=64, backups=100, seed=1, now=now)
    behaviour = Behaviour(rate_limit=10**6)
    async with (
        Simulator(world, behaviour=behaviour) as simulator,
        aiohttp.ClientSession(simulator.url, headers={"Authorization": "Bearer demo"}) as api,
    ):
        paths = [f"/v1/projects/project-1/addons/{addon.id}/backups" for addon in world.addons("project-1")]
        pages = await asyncio.gather(*(items(api, path, per_page=100) for path in paths))
        assert [len(page) for page in pages] == [100] * 64
        assert simulator.request_count == 64


def test_without_a_clock_the_time_is_that_of_the_system(world: World) -> None:
    before = datetime.now(UTC)
    assert before <= Simulator(world).now() <= datetime.now(UTC)
