"""From schedules and restores to the exposition: what was due, what came, and what cannot be known."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from exporter.api_token import ApiToken
from exporter.app import Exporter
from exporter.config import AccountConfig, AddonEntry, CollectConfig, Config, ScrapeConfig
from exporter.simulator import Behaviour, Fault, Simulator, World
from exporter.simulator.routes import Endpoint
from tests.oracle import series
from tests.process import TOKEN
from tests.schedule_oracle import longest_gap, said_of_restores, said_of_schedules

ALL = CollectConfig(restores=timedelta(hours=6))
SCHEDULES = "northflank_addon_backup_schedule"
RESTORES = "northflank_addon_restore"
MAX_AGE = "northflank_addon_backup_max_age_seconds"
CATALOG = 'addon_id="catalog-db",project_id="shop"'
CATALOG_DUMPS = 'addon_id="catalog-db",backup_kind="dump",interval="daily",project_id="shop"'
HOUR = timedelta(hours=1)


def configured(
    simulator: Simulator,
    collect: CollectConfig = ALL,
    *,
    max_age: timedelta | Literal["off"] | None = None,
    addon: str = "*",
    project: str = "*",
) -> Config:
    entry = AddonEntry(project=project, addon=addon, max_age=max_age)
    account = AccountConfig(api_url=simulator.url, token=ApiToken.literal(TOKEN), addons=(entry,))
    return Config(accounts=(account,), collect=collect)


async def scraped(exporter: Exporter, time_limit: timedelta | None = None) -> dict[str, float]:
    return series(b"".join(exporter.exposition.text(await exporter.scrape(time_limit))).decode())


async def values_of(config: Config, now: datetime) -> dict[str, float]:
    async with Exporter(config, now=lambda: now) as exporter:
        for _ in range(5):
            values = await scraped(exporter)
    return values


def about(values: dict[str, float], *prefixes: str) -> dict[str, float]:
    return {name: value for name, value in values.items() if name.startswith(prefixes)}


def expected(simulator: Simulator, now: datetime) -> dict[str, float]:
    world, said = simulator.world, {}
    for project in world.projects:
        for addon in world.addons(project.id):
            ids = {"addon_id": addon.id, "project_id": project.id}
            schedules = world.schedules(project.id, addon.id)
            facts = [
                *said_of_schedules(schedules, world.backups(project.id, addon.id, now), now),
                *said_of_restores(world.restores(project.id, addon.id, now)),
            ]
            gap = longest_gap(schedules, now)
            if gap is not None:
                facts.append(("backup_max_age_seconds", {}, (gap + HOUR).total_seconds()))
            for metric, labels, value in facts:
                pairs = ",".join(f'{key}="{text}"' for key, text in sorted((ids | labels).items()))
                said[f"northflank_addon_{metric}{{{pairs}}}"] = float(value)
    return said


@pytest.mark.parametrize(("project", "addon"), [("intranet", "crm-db"), ("*", "*")])
async def test_a_paused_addon_misses_no_run_however_it_is_watched(
    simulator: Simulator, now: datetime, project: str, addon: str
) -> None:
    values = await values_of(configured(simulator, project=project, addon=addon), now)

    assert values['northflank_addon_paused{addon_id="crm-db",project_id="intranet"}'] == 1
    runs = f'{SCHEDULES}_missed_runs{{addon_id="crm-db",backup_kind="dump",interval="daily",project_id="intranet"}}'
    assert values[runs] == 0


async def test_what_is_said_of_schedules_and_restores_follows_from_what_northflank_holds(
    simulator: Simulator, now: datetime
) -> None:
    values = await values_of(configured(simulator), now)

    # A paused addon runs nothing.
    paused = f'{SCHEDULES}_missed_runs{{addon_id="crm-db",backup_kind="dump",interval="daily",project_id="intranet"}}'
    assert values[paused] == 0
    assert about(values, SCHEDULES, RESTORES, MAX_AGE) == expected(simulator, now) | {paused: 0}


async def test_a_database_that_fails_for_days_has_missed_as_many_runs(simulator: Simulator, now: datetime) -> None:
    values = await values_of(configured(simulator), now)

    labels = 'addon_id="carts-db",backup_kind="dump",interval="daily",project_id="shop"'
    assert values[f"{SCHEDULES}_missed_runs{{{labels}}}"] == 12


@pytest.mark.parametrize(("max_age", "seconds"), [(26 * HOUR, 93_600), ("off", None), (None, 90_000)])
async def test_a_limit_follows_from_the_schedules_unless_the_configuration_has_something_to_say(
    simulator: Simulator, now: datetime, max_age: timedelta | Literal["off"] | None, seconds: float | None
) -> None:
    values = await values_of(configured(simulator, max_age=max_age, project="shop", addon="catalog-db"), now)

    assert values.get(f"{MAX_AGE}{{{CATALOG}}}") == seconds


async def test_time_zone_and_grace_are_as_configured(simulator: Simulator, now: datetime) -> None:
    collect = replace(ALL, schedules_timezone=ZoneInfo("Europe/Berlin"), schedules_grace=2 * HOUR)

    values = await values_of(configured(simulator, collect), now)

    due = datetime(2026, 3, 14, 3, tzinfo=ZoneInfo("Europe/Berlin"))
    assert values[f"{SCHEDULES}_last_due_timestamp_seconds{{{CATALOG_DUMPS}}}"] == due.timestamp()
    assert values[f"{MAX_AGE}{{{CATALOG}}}"] == 26 * 3600


async def test_what_is_not_to_be_collected_is_not_asked_for(simulator: Simulator, now: datetime) -> None:
    values = await values_of(configured(simulator, CollectConfig(schedules=None)), now)

    assert about(values, SCHEDULES, RESTORES, MAX_AGE) == {}
    assert not [name for name in values if 'endpoint="schedules"' in name or 'endpoint="restores"' in name]


@pytest.mark.parametrize("fault", [Fault.status(500), Fault.status(404), Fault.forbidden(), Fault.not_json()])
async def test_schedules_that_cannot_be_read_harm_no_backups(simulator: Simulator, now: datetime, fault: Fault) -> None:
    simulator.faults.inject(fault, endpoint=Endpoint.SCHEDULES)

    values = await values_of(configured(simulator), now)

    assert about(values, SCHEDULES, MAX_AGE) == {}
    assert values["northflank_up"] == 1
    assert set(about(values, "northflank_addon_poll_success").values()) == {1}
    assert not any(about(values, "northflank_poll_errors_total").values())


@pytest.mark.parametrize("fault", [Fault.status(500), Fault.status(404), Fault.forbidden()])
async def test_schedules_that_were_read_once_stay_known(simulator: Simulator, now: datetime, fault: Fault) -> None:
    simulator.behaviour = Behaviour(rate_limit=10**9)
    clock, seconds = [now], [0.0]
    config = configured(simulator, CollectConfig(schedules=HOUR), project="shop", addon="catalog-db")
    async with Exporter(config, now=lambda: clock[-1], monotonic=lambda: seconds[-1]) as exporter:
        before = await scraped(exporter)
        simulator.faults.inject(fault, endpoint=Endpoint.SCHEDULES)
        seconds.append(3600.0)
        after = await scraped(exporter)
        seconds.append(3660.0)
        again = await scraped(exporter)

    assert about(after, SCHEDULES, MAX_AGE) == about(before, SCHEDULES, MAX_AGE) != {}
    asked = [sum(about(each, "northflank_api_request_duration_seconds_count").values()) for each in (before, after)]
    code = 401 if fault.code == 200 else fault.code
    answers = f'northflank_api_requests_total{{code="{code}",endpoint="schedules"}}'
    assert asked[1] - asked[0] == 2
    assert after[answers] == again[answers] == 1


async def test_a_run_is_not_missed_because_nobody_could_look(now: datetime) -> None:
    clock = [now]
    async with (
        Simulator(World.demo(1, now), clock=lambda: clock[-1]) as simulator,
        Exporter(configured(simulator, project="shop", addon="catalog-db"), now=lambda: clock[-1]) as exporter,
    ):
        await scraped(exporter)
        simulator.faults.inject(Fault.status(503))
        clock.append(now + timedelta(days=2))
        values = await scraped(exporter)

    last_due = datetime(2026, 3, 16, 3, tzinfo=now.tzinfo)
    assert values[f"{SCHEDULES}_last_due_timestamp_seconds{{{CATALOG_DUMPS}}}"] == last_due.timestamp()
    assert values[f"{SCHEDULES}_missed_runs{{{CATALOG_DUMPS}}}"] == 0


async def test_a_file_tells_of_schedules_too(simulator: Simulator, now: datetime) -> None:
    async with Exporter(configured(simulator), for_file=True, now=lambda: now) as exporter:
        values = await scraped(exporter)

    assert about(values, SCHEDULES) == about(await values_of(configured(simulator), now), SCHEDULES)


async def test_a_scrape_waits_for_backups_only(simulator: Simulator, now: datetime) -> None:
    simulator.faults.inject(Fault.hang(), endpoint=Endpoint.SCHEDULES)
    async with Exporter(configured(simulator), now=lambda: now) as exporter:
        await scraped(exporter, timedelta(seconds=10))
        values = await scraped(exporter, timedelta(seconds=10))

    assert values["northflank_scrape_duration_seconds"] < 5
    assert set(about(values, "northflank_addon_poll_success").values()) == {1}


async def test_a_schedule_that_cannot_be_understood_is_one_all_the_same(simulator: Simulator, now: datetime) -> None:
    config = configured(simulator, project="shop", addon="catalog-db")
    before = await values_of(config, now)
    simulator.faults.inject(Fault.patch({"scheduling": {"interval": "monthly"}}), endpoint=Endpoint.SCHEDULES)

    values = await values_of(config, now)

    assert values[f"{SCHEDULES}s{{{CATALOG}}}"] == before[f"{SCHEDULES}s{{{CATALOG}}}"] >= 1
    assert len(about(values, f"{SCHEDULES}_next_due")) == len(about(before, f"{SCHEDULES}_next_due")) - 1
    assert values['northflank_api_rejected_items_total{endpoint="schedules"}'] == 1


async def test_schedules_that_nobody_answers_leave_room_for_backups(simulator: Simulator, now: datetime) -> None:
    simulator.faults.inject(Fault.hang(), endpoint=Endpoint.SCHEDULES)
    config = replace(configured(simulator), scrape=ScrapeConfig(concurrency=4))
    async with Exporter(config, now=lambda: now) as exporter:
        scrapes = [await scraped(exporter, timedelta(seconds=6)) for _ in range(4)]

    addons = scrapes[0]["northflank_exporter_addons"]
    assert [each['northflank_scrape_addons{result="polled"}'] for each in scrapes] == [addons] * 4


async def test_scrapes_that_begin_together_ask_for_schedules_once(simulator: Simulator, now: datetime) -> None:
    async with Exporter(configured(simulator, project="shop", addon="catalog-db"), now=lambda: now) as exporter:
        await exporter.scrape(timedelta(seconds=10))
        await asyncio.gather(*(exporter.scrape(timedelta(seconds=10)) for _ in range(3)))
        values = await scraped(exporter)

    assert values['northflank_api_requests_total{code="200",endpoint="schedules"}'] == 1


async def test_another_time_zone_counts_from_the_next_answer_on(simulator: Simulator, now: datetime) -> None:
    config = configured(simulator, project="shop", addon="catalog-db")
    async with Exporter(config, now=lambda: now) as exporter:
        await scraped(exporter)
        simulator.faults.inject(Fault.status(503))
        berlin = replace(ALL, schedules_timezone=ZoneInfo("Europe/Berlin"), schedules_grace=3 * HOUR)
        await exporter.apply(replace(config, collect=berlin))
        there = await scraped(exporter)
        await exporter.apply(replace(config, collect=CollectConfig(schedules=None)))
        gone = await scraped(exporter)

    assert there[f"{SCHEDULES}_last_due_timestamp_seconds{{{CATALOG_DUMPS}}}"] == (
        datetime(2026, 3, 14, 2, tzinfo=now.tzinfo).timestamp()
    )
    assert there[f"{MAX_AGE}{{{CATALOG}}}"] == 27 * 3600
    assert about(gone, SCHEDULES, MAX_AGE, RESTORES) == {}
