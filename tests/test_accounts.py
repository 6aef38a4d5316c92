"""Several accounts and teams in one process: each is read as if the others were not there."""

import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from exporter.api_token import ApiToken
from exporter.simulator import Behaviour, Fault, Simulator, World
from exporter.simulator.nouns import Team
from exporter.simulator.routes import Endpoint
from tests.watching import account, existing, shown, watching

UP = 'northflank_up{account="%s"}'


@pytest.fixture
async def other(now: datetime) -> AsyncIterator[Simulator]:
    """Serve another account's world, with a token of its own."""
    world = World.uniform(addons=40, backups=1, seed=2, now=now)
    async with Simulator(world, token="other", clock=lambda: now) as simulator:
        yield simulator


def of(name: str, simulator: Simulator) -> set[str]:
    return {f"{name}/{addon}" for addon in existing(simulator)}


def successes(values: dict[str, float], name: str) -> list[float]:
    return [
        value for each, value in values.items() if each.startswith(f'northflank_addon_poll_success{{account="{name}"')
    ]


async def test_each_account_has_its_own_token_and_its_own_budget(
    simulator: Simulator, other: Simulator, now: datetime
) -> None:
    other.behaviour = Behaviour(rate_limit=500)
    async with watching(account(simulator, name="acme"), account(other, name="other"), now=now) as watch:
        values = await watch.scrape()

    assert shown(values) == of("acme", simulator) | of("other", other)
    assert values['northflank_api_rate_limit_requests{account="acme"}'] == 1000
    assert values['northflank_api_rate_limit_requests{account="other"}'] == 500
    assert all(request.token_accepted for each in (simulator, other) for request in each.requests)


@pytest.mark.parametrize("trouble", ["rejected", "unreachable", "limited"])
async def test_an_account_that_cannot_be_read_costs_the_other_nothing(
    simulator: Simulator, other: Simulator, now: datetime, trouble: str
) -> None:
    config = account(other, name="other")
    if trouble == "rejected":
        other.token = "changed"
    elif trouble == "unreachable":
        await other.close()
    else:
        other.faults.inject(Fault.status(429))
    async with watching(account(simulator, name="acme"), config, now=now) as watch:
        started = time.monotonic()
        values = await watch.scrape()

    assert successes(values, "acme") == [1] * 13
    assert (values[UP % "acme"], values[UP % "other"]) == (1, 0)
    assert time.monotonic() - started < 3
    assert other.request_count <= 1


async def test_a_slow_account_is_not_waited_for_beyond_the_deadline_and_the_other_is_read(
    simulator: Simulator, other: Simulator, now: datetime
) -> None:
    other.faults.inject(Fault.delay(5))
    async with watching(account(simulator, name="acme"), account(other, name="other"), now=now) as watch:
        values = await watch.scrape(seconds=2)

    assert successes(values, "acme") == [1] * 13
    durations = [value for name, value in values.items() if name.startswith("northflank_addon_poll_duration_seconds")]
    assert len(durations) == 13
    assert max(durations) < 2
    assert values['northflank_scrape_addons{account="acme",result="polled"}'] == 13


async def test_accounts_that_share_a_token_are_all_listed_in_the_first_scrape(
    simulator: Simulator, now: datetime
) -> None:
    names = ("one", "two", "three")
    async with watching(*(account(simulator, name=name) for name in names), now=now) as watch:
        values = await watch.scrape()

    assert shown(values) == set().union(*(of(name, simulator) for name in names))
    assert all(value == 1 for name in names for value in successes(values, name))


async def test_a_team_is_read_below_its_own_path(simulator: Simulator, now: datetime) -> None:
    async with watching(account(simulator, team="acme"), now=now) as watch:
        values = await watch.scrape()

    assert shown(values) == existing(simulator)
    assert all(request.path.startswith("/v1/teams/acme/") for request in simulator.requests)


@pytest.mark.parametrize(("name", "teams"), [("org", ["org/acme", "org/lab"]), ("", ["acme", "lab"])])
async def test_every_team_is_an_account(simulator: Simulator, now: datetime, name: str, teams: list[str]) -> None:
    simulator.behaviour = Behaviour(rate_limit=10**9)
    simulator.world.teams = (*simulator.world.teams, Team(id="lab", name="Lab"))
    async with watching(account(simulator, name=name, team="*"), now=now) as watch:
        assert shown(await watch.scrape()) == of(teams[0], simulator) | of(teams[1], simulator)

        simulator.faults.inject(Fault.status(500), endpoint=Endpoint.TEAMS, times=1)
        simulator.world.teams = simulator.world.teams[:1]
        watch.wait()
        assert len(shown(await watch.scrape())) == 26
        watch.wait()
        watch.wait()
        assert shown(await watch.scrape()) == of(teams[0], simulator)


async def test_a_list_of_teams_that_lacks_something_loses_none(simulator: Simulator, now: datetime) -> None:
    simulator.world.teams = (*simulator.world.teams, Team(id="lab", name="Lab"))
    async with watching(account(simulator, name="org", team="*"), now=now) as watch:
        before = shown(await watch.scrape())
        simulator.faults.inject(Fault.wrong_types(), endpoint=Endpoint.TEAMS, times=1)
        watch.wait()
        assert shown(await watch.scrape()) == before == of("org/acme", simulator) | of("org/lab", simulator)


async def test_a_token_is_changed_while_it_runs(simulator: Simulator, now: datetime, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(simulator.token)
    token = ApiToken.from_file(tmp_path / "token")
    async with watching(account(simulator, token=token), now=now) as watch:
        await watch.scrape()
        simulator.token = "another-token"
        watch.wait()
        assert (await watch.scrape())["northflank_up"] == 0
        (tmp_path / "token").write_text("another-token\n")
        watch.wait()
        values = await watch.scrape()

    assert values["northflank_up"] == 1
    assert all(values[name] == 1 for name in values if name.startswith("northflank_addon_poll_success"))
