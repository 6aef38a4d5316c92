"""Local clocks that are wrong, jump or stand still: ages and judgements go by the API's, waiting by none that jumps."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from exporter.app import Exporter
from exporter.config import CollectConfig, Config, ScrapeConfig
from exporter.model import AddonKey
from exporter.simulator import Behaviour, Fault, Simulator
from tests.oracle import series
from tests.troubled import ILL, WELL, troubled_world
from tests.watching import account

WRONG = [
    pytest.param(sign * span, id=f"{'+' if sign > 0 else '-'}{name}")
    for name, span in {
        "30s": timedelta(seconds=30),
        "10min": timedelta(minutes=10),
        "1h": timedelta(hours=1),
        "1d": timedelta(days=1),
        "10y": timedelta(days=3653),
    }.items()
    for sign in (1, -1)
]
_SCRAPE = ScrapeConfig()
FAR = WRONG[4:]
SKEW = "northflank_api_clock_skew_seconds"
AGE = "northflank_addon_backup_last_completed_age_seconds"
JUDGED = (
    AGE,
    "northflank_addon_backup_max_age_seconds",
    "northflank_addon_backup_schedule_",
    "northflank_addon_data_timestamp_seconds",
    "northflank_addon_paused",
    "northflank_addon_poll_success",
    "northflank_api_rate_limit_reset_timestamp_seconds",
)
SPANS = ("_age_seconds", "_duration_seconds", "_cycle_seconds", "_interval_seconds")


class Clocks:
    """The API's time, a local clock beside it, and one that never goes back but may stand still."""

    def __init__(self, now: datetime, ahead: timedelta) -> None:
        self.api = now
        self.ahead = ahead
        self.seconds = 0.0

    def local(self) -> datetime:
        return self.api + self.ahead

    def monotonic(self) -> float:
        return self.seconds

    def wait(self, *, suspended: bool = False, **span: float) -> None:
        time = timedelta(**span)
        self.api += time
        self.seconds += 0.0 if suspended else time.total_seconds()


class Watch:
    """An exporter with these clocks."""

    def __init__(self, clocks: Clocks, simulator: Simulator, exporter: Exporter) -> None:
        self.clocks, self.simulator, self.exporter = clocks, simulator, exporter

    async def scrape(self) -> dict[str, float]:
        values = series(b"".join(self.exporter.exposition.text(await self.exporter.scrape())).decode())
        assert not {name for name, value in values.items() if name.partition("{")[0].endswith(SPANS) and value < 0}
        return values

    async def judged(self) -> dict[str, float]:
        """Give what depends on what the time is."""
        return {name: value for name, value in (await self.scrape()).items() if name.startswith(JUDGED)}


@asynccontextmanager
async def watching(
    now: datetime, ahead: timedelta = timedelta(), scrape: ScrapeConfig = _SCRAPE
) -> AsyncIterator[Watch]:
    clocks = Clocks(now, ahead)
    async with Simulator(troubled_world(now), clock=lambda: clocks.api) as simulator:
        simulator.behaviour = Behaviour(rate_limit=10**9)
        config = Config(
            accounts=(account(simulator),),
            # Without much grace a clock that is a little ahead would miss runs.
            collect=CollectConfig(schedules_grace=timedelta(minutes=1)),
            scrape=scrape,
        )
        async with Exporter(config, now=clocks.local, monotonic=clocks.monotonic) as exporter:
            yield Watch(clocks, simulator, exporter)


async def seen(now: datetime, ahead: timedelta) -> list[dict[str, float]]:
    """Scrape a few times over an hour."""
    async with watching(now, ahead) as watch:
        told = []
        for minutes in (0, 1, 9, 20, 30):
            watch.clocks.wait(minutes=minutes)
            told.append(await watch.judged())
    return told


@pytest.mark.parametrize("ahead", WRONG)
async def test_a_wrong_local_clock_changes_no_judgement(now: datetime, ahead: timedelta) -> None:
    expected = await seen(now, timedelta())
    assert sum(name.startswith(AGE) for name in expected[-1]) >= len(WELL) + len(ILL) - 2
    assert any("missed_runs" in name for name in expected[-1])
    assert await seen(now, ahead) == expected


@pytest.mark.parametrize("ahead", WRONG)
async def test_a_local_clock_that_jumps_changes_no_judgement_after_the_next_answer(
    now: datetime, ahead: timedelta
) -> None:
    async with watching(now) as watch, watching(now) as usual:
        for minutes, jumped in ((0, timedelta()), (5, ahead), (5, ahead), (20, timedelta()), (5, timedelta())):
            for each in (watch, usual):
                each.clocks.wait(minutes=minutes)
            watch.clocks.ahead = jumped
            assert await watch.judged() == await usual.judged()
            assert (await watch.scrape())[SKEW] == jumped.total_seconds()


@pytest.mark.parametrize("ahead", FAR)
async def test_requests_go_on_whatever_the_local_clock_does(now: datetime, ahead: timedelta) -> None:
    async with watching(now) as watch:
        watch.simulator.behaviour = Behaviour(rate_limit=100)
        before, spent = 0, []
        for hour in range(3):
            watch.clocks.ahead = ahead * (hour % 2)
            for _ in range(4):
                watch.clocks.wait(minutes=15)
                await watch.scrape()
            spent.append(watch.simulator.request_count - before)
            before = watch.simulator.request_count
    assert all(40 <= each <= 81 for each in spent[1:]), spent


@pytest.mark.parametrize("ahead", FAR)
async def test_a_probe_asks_again_after_a_jump_of_the_local_clock(now: datetime, ahead: timedelta) -> None:
    key = AddonKey("", "shop", "orders-db")
    async with watching(now) as watch:
        watch.simulator.behaviour = Behaviour(rate_limit=1000)
        await watch.scrape()
        watch.clocks.ahead = ahead
        watch.clocks.wait(hours=2)
        before = watch.simulator.request_count
        await watch.exporter.probe(key, None)
        asked = watch.simulator.request_count
        await watch.exporter.probe(key, None)
    assert before < asked == watch.simulator.request_count


@pytest.mark.parametrize("ahead", FAR)
async def test_data_outlives_failed_polls_for_as_long_as_configured_whatever_the_local_clock_does(
    now: datetime, ahead: timedelta
) -> None:
    stored = 'northflank_addon_backups_stored_bytes{addon_id="orders-db",project_id="shop"}'
    async with watching(now, scrape=ScrapeConfig(max_staleness=timedelta(hours=2))) as watch:
        await watch.scrape()
        watch.simulator.faults.inject(Fault.reset())
        await watch.scrape()
        watch.clocks.ahead = ahead
        watch.clocks.wait(minutes=119)
        assert stored in await watch.scrape()
        watch.clocks.wait(minutes=1)
        assert stored not in await watch.scrape()


async def test_a_machine_that_has_slept_misses_no_run_and_goes_on(now: datetime) -> None:
    async with watching(now) as watch, watching(now) as usual:
        for each, suspended in ((watch, True), (usual, False)):
            await each.scrape()
            each.clocks.wait(hours=8, suspended=suspended)
        assert await watch.judged() == await usual.judged()


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 1900 00:00:00 GMT"])
async def test_without_a_date_that_can_be_true_the_local_clock_counts(
    now: datetime, date: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Simulator._headers

    async with watching(now) as watch:
        expected = await watch.judged()
    monkeypatch.setattr(Simulator, "_headers", lambda simulator: usual(simulator) | {"Date": date})
    async with watching(now) as watch:
        assert await watch.judged() == expected
