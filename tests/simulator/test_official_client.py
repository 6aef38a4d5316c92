"""Northflank's official JavaScript client takes the simulator for Northflank."""

import asyncio
import json
import subprocess
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from exporter.simulator import Simulator, World
from exporter.simulator.behaviour import Behaviour, BodyFormat
from exporter.simulator.render import render_addon, render_backup, render_restore, render_schedule
from tests.machine import npm_packages, program

from .reading import Json

FOLDER = Path(__file__).parents[1] / "js"
PATIENCE_SECONDS = 120


@pytest.fixture(name="client", scope="module")
def _client() -> list[str]:
    """Install the official client where that is due, and return the command that runs our script."""
    node = program("node", origin="Node.js")
    npm_packages(FOLDER)
    return [node, str(FOLDER / "official-client.mjs")]


async def _run(client: list[str], action: str, simulator: Simulator) -> Json:
    process = await asyncio.create_subprocess_exec(
        *client, action, simulator.url, simulator.token, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    answer: Json = json.loads(output)
    return answer


async def test_it_reads_every_list_whole(client: list[str], simulator: Simulator, world: World, now: datetime) -> None:
    found = await _run(client, "lists", simulator)

    def backups(project: str, addon: str) -> list[str]:
        return [backup.id for backup in reversed(world.backups(project, addon, now))]

    orders = [render_backup(backup, Behaviour()) for backup in reversed(world.backups("shop", "orders-db", now))]
    assert found["page"] == orders[:20]
    assert found["pagination"] == {"hasNextPage": True, "count": 20}
    assert found["second"] == backups("shop", "orders-db")[20:40]
    assert found["allOfMany"] == backups("analytics", "events-db")
    assert found["allByDefault"] == backups("shop", "sessions")
    assert found["none"] == []
    assert found["inTeam"] == backups("shop", "catalog-db")
    assert found["addons"] == [
        render_addon(addon, world.addon_status("shop", addon.id, now)) for addon in world.addons("shop")
    ]
    assert [project["id"] for project in found["projects"]] == [project.id for project in world.projects]
    assert found["addon"]["spec"]["config"]["versionTag"] == world.addon("shop", "orders-db").version
    assert [addon["id"] for addon in found["project"]["addons"]] == [addon.id for addon in world.addons("shop")]
    assert found["schedules"] == [
        render_schedule(schedule, Behaviour()) for schedule in world.schedules("shop", "orders-db")
    ]
    assert found["restores"] == [
        render_restore(restore, Behaviour()) for restore in reversed(world.restores("shop", "orders-db", now))
    ]


async def test_it_understands_the_errors(client: list[str], simulator: Simulator) -> None:
    found = await _run(client, "errors", simulator)
    assert found == {
        "unauthorized": {"status": 401, "message": "Unauthorized", "http": 401},
        "unknownProject": {"status": 404, "message": "Not found: project no-such-project", "http": 404},
        "unknownAddon": {"status": 404, "message": "Not found: addon no such/addon", "http": 404},
        "badParameter": {
            "status": 400,
            "message": "Bad request. 'per_page' must be a number of at least 1 and at most 100",
            "id": "nf-invalid-request-body",
            "http": 400,
        },
    }


async def test_it_understands_that_it_is_rate_limited(client: list[str], simulator: Simulator) -> None:
    simulator.behaviour = replace(simulator.behaviour, rate_limit=0)
    assert await _run(client, "one", simulator) == {
        "status": 429,
        "message": "Too Many Requests",
        "http": 429,
    }
    assert simulator.behaviour.rate_limited_body is BodyFormat.JSON


def test_the_lock_file_names_no_registry_and_keeps_the_hashes() -> None:
    packages: Json = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    installed = [package for name, package in packages.items() if name]
    assert all("resolved" not in package and "integrity" in package for package in installed)
    assert packages["node_modules/@northflank/js-client"]["version"] == "0.9.5"
