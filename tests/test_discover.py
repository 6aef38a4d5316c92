"""A token alone: everything is watched, and `discover` writes what that is."""

import json
import signal
from pathlib import Path

from exporter.config import parse
from exporter.simulator import Behaviour, Fault, Simulator
from exporter.simulator.nouns import Team
from exporter.simulator.routes import Endpoint
from tests.documented import validated
from tests.in_terminal import seen
from tests.oracle import series
from tests.process import ANY_ADDRESS, get, run, running, write_secret
from tests.watching import existing, shown


def environment(simulator: Simulator) -> dict[str, str]:
    return {"NORTHFLANK_API_TOKEN": simulator.token, "NORTHFLANK_API_URL": simulator.url}


def listed(text: str, simulator: Simulator) -> set[str]:
    """Read what was written as the configuration that it is."""
    (account,) = parse(text, environment(simulator)).accounts
    assert account.token.reveal() == simulator.token
    assert account.api_url == simulator.url
    return {f"{entry.project}/{entry.addon}" for entry in account.addons}


async def test_a_token_alone_watches_everything(tmp_path: Path, simulator: Simulator) -> None:
    async with running(ANY_ADDRESS, cwd=tmp_path, environment=environment(simulator)) as command:
        url = await command.url()
        values = series((await get(f"{url}/metrics"))[1])
        targets = json.loads((await get(f"{url}/sd"))[1])
        command.signal(signal.SIGTERM)
        assert (await command.end()).code == 0

    assert shown(values) == {target for group in targets for target in group["targets"]} == existing(simulator)


async def test_once_finds_and_reads_everything(tmp_path: Path, simulator: Simulator) -> None:
    ended = await run("once", cwd=tmp_path, environment=environment(simulator))

    assert (ended.code, ended.stderr) == (0, "")
    assert shown(series(ended.stdout)) == existing(simulator)


async def test_once_fails_where_not_everything_could_be_listed(tmp_path: Path, simulator: Simulator) -> None:
    simulator.faults.inject(Fault.status(500), project="shop", endpoint=Endpoint.ADDONS)

    ended = await run("once", cwd=tmp_path, environment=environment(simulator))

    assert ended.code == 1
    assert "Not everything could be listed" in ended.stderr
    assert shown(series(ended.stdout)) == {each for each in existing(simulator) if not each.startswith("shop/")}


async def test_what_is_discovered_is_a_configuration_that_watches_it(tmp_path: Path, simulator: Simulator) -> None:
    ended = await run("discover", cwd=tmp_path, environment=environment(simulator))

    assert (ended.code, ended.stderr) == (0, "")
    assert listed(ended.stdout, simulator) == existing(simulator)
    assert simulator.token not in ended.stdout.replace(simulator.url, "").split()
    assert not [request for request in simulator.requests if request.path.endswith("/backups")]


async def test_what_cannot_be_listed_is_told_and_the_rest_is_written(tmp_path: Path, simulator: Simulator) -> None:
    simulator.faults.inject(Fault.forbidden(), project="shop", endpoint=Endpoint.ADDONS)

    ended = await run("discover", cwd=tmp_path, environment=environment(simulator))

    assert ended.code == 1
    assert "Not everything could be listed" in ended.stderr
    assert listed(ended.stdout, simulator) == {each for each in existing(simulator) if not each.startswith("shop/")}


async def test_all_that_a_configured_token_sees_is_discovered(tmp_path: Path, simulator: Simulator) -> None:
    simulator.behaviour = Behaviour(rate_limit=10**6)
    simulator.world.teams = (*simulator.world.teams, Team(id="lab", name="Lab"))
    write_secret(tmp_path / "token", simulator.token)
    account = {"name": "org", "api_url": simulator.url, "token_file": str(tmp_path / "token"), "team": "*"}
    addons = [{"project": "shop", "addon": "orders-db"}]
    (tmp_path / "config.yaml").write_text(json.dumps({"accounts": [account | {"addons": addons}]}))

    ended = await run("discover", cwd=tmp_path)

    assert (ended.code, ended.stderr) == (0, "")
    accounts = parse(ended.stdout, {}).accounts
    assert [(each.name, each.team, len(each.addons)) for each in accounts] == [
        ("org/acme", "acme", 13),
        ("org/lab", "lab", 13),
    ]


async def test_a_terminal_sees_a_table(tmp_path: Path, simulator: Simulator) -> None:
    saw = await seen("discover", cwd=tmp_path, environment=environment(simulator))

    assert saw.code == 0
    assert " requests" in saw.text, "progress"
    assert "0/0" not in saw.text, "it reads no addons"
    title, *rows = saw.text[saw.text.index("PROJECT") :].splitlines()
    assert title.split() == ["PROJECT", "ADDON", "TYPE", "STATUS", "NAME"]
    assert {"/".join(row.split()[:2]) for row in rows[:13]} == existing(simulator)
    (paused,) = (row for row in rows if "crm-db" in row)
    assert paused.split() == ["intranet", "crm-db", "postgresql", "paused", "CRM", "DB"]
    assert rows[14:] == [
        "13 addons in 3 projects of 1 account",
        "discover --yaml writes a configuration that watches them",
    ]
    assert "\x1b[2mcrm-db" in saw.raw, "dim"


async def test_a_configuration_is_written_to_a_terminal_that_asks_for_it(tmp_path: Path, simulator: Simulator) -> None:
    saw = await seen("discover", "--yaml", cwd=tmp_path, environment=environment(simulator) | {"TERM": "dumb"})

    assert saw.code == 0
    assert listed(saw.text, simulator) == existing(simulator)


async def test_a_table_is_written_to_a_pipe_that_asks_for_it(tmp_path: Path, simulator: Simulator) -> None:
    ended = await run("discover", "--table", cwd=tmp_path, environment=environment(simulator))

    assert ended.code == 0
    assert ended.stdout.startswith("PROJECT    ADDON       TYPE        STATUS   NAME        TAGS\n")
    assert "\x1b" not in ended.stdout


async def test_the_json_is_as_documented(tmp_path: Path, simulator: Simulator) -> None:
    simulator.faults.inject(Fault.forbidden(), project="shop", endpoint=Endpoint.ADDONS)

    ended = await run("discover", "--json", cwd=tmp_path, environment=environment(simulator))

    told = validated(ended.stdout, "discover")
    assert (ended.code, told["complete"]) == (1, False)
    (account,) = told["accounts"]
    assert (account["account"], account["team"]) == ("", None)
    assert {f"{addon['project_id']}/{addon['addon_id']}" for addon in account["addons"]} == {
        each for each in existing(simulator) if not each.startswith("shop/")
    }
    assert [addon["addon_id"] for addon in account["addons"] if addon["paused"]] == ["crm-db"]
