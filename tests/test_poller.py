"""One scrape's work: every addon is asked for, and what one of them does costs no other."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

import pytest

from exporter.model import AddonKey, Backup, FailureReason
from exporter.northflank import Listing, RequestDeferred
from exporter.northflank import errors as api
from exporter.poller import AccountPoller
from exporter.state import AddonState, ScrapeResult, StateStore
from tests.builders import NOW, backup, listing, page
from tests.fake_api import Clock

Outcome = Listing | Exception

DEFERRED = RequestDeferred()
FAILURES: dict[str, Exception] = {
    "timeout": api.RequestTimeout("slow"),
    "connection": api.ConnectionFailed("broke"),
    "invalid_response": api.InvalidResponse("odd"),
    "unauthorized": api.Unauthorized(401),
    "forbidden": api.Forbidden(403),
    "not_found": api.NotFound(404),
    "rate_limited": api.RateLimited(429),
    "server_error": api.ServerError(500),
    "client_error": api.ClientError(400),
    "internal": ZeroDivisionError("ours"),
}
failures = pytest.mark.parametrize(("reason", "failure"), FAILURES.items(), ids=FAILURES)


class Source:
    """Gives what a test says for each addon, and an empty list for every other."""

    def __init__(self, outcomes: dict[str, Outcome]) -> None:
        self.outcomes = outcomes
        self.asked: list[str] = []
        self.sent = 0
        self.proofs = 0

    async def backups(self, project_id: str, addon_id: str) -> Listing:
        assert project_id == "shop"
        self.asked.append(addon_id)
        outcome = self.outcomes.get(addon_id, listing())
        if isinstance(outcome, RequestDeferred):
            raise outcome
        self.sent += 1
        await asyncio.sleep(0)
        self.proofs += isinstance(outcome, Listing) or getattr(outcome, "proves_token", False)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class World:
    """A poller of a few addons, with everything around it."""

    def __init__(self, names: Iterable[str], *, concurrency: int = 4, source: Source | None = None) -> None:
        self.clock = Clock()
        self.errors: Counter[FailureReason] = Counter()
        self.source = source or Source({})
        addons = [self.key(name) for name in names]
        self.store = StateStore((AddonState(key=key) for key in addons), on_replace=lambda _: None)
        self.poller = AccountPoller(
            addons, source=self.source, store=self.store, concurrency=concurrency, observer=self, now=self.clock
        )

    @staticmethod
    def key(name: str) -> AddonKey:
        return AddonKey("acme", "shop", name)

    def __getitem__(self, name: str) -> AddonState:
        return self.store[self.key(name)]

    def poll_failed(self, reason: FailureReason) -> None:
        self.errors[reason] += 1

    async def scrape(self, **outcomes: Outcome) -> dict[str, int]:
        """Scrape while the source gives these outcomes; tell how many addons had which result."""
        self.source.outcomes = outcomes
        results = await self.poller.scrape()
        return {result.value: number for result, number in results.items() if number}


def newest_of(state: AddonState) -> Backup | None:
    return state.summary.last_completed if state.summary else None


async def test_a_good_poll_replaces_the_state() -> None:
    world, nightly = World(["db"]), backup()
    assert await world.scrape(db=listing(nightly)) == {"polled": 1}
    assert world["db"].failure is None
    assert world["db"].data_at == NOW
    assert newest_of(world["db"]) == nightly
    duration = world["db"].poll_duration
    assert duration is not None
    assert timedelta(0) <= duration < timedelta(seconds=10)


async def test_the_requests_of_a_poll_are_remembered() -> None:
    pages = Listing()
    pages.add(page(backup(), cursor="2"))
    pages.add(page(backup()))
    world = World(["db"])
    await world.scrape(db=pages)
    assert world["db"].requests == 2


async def test_every_scrape_asks_for_every_addon_once() -> None:
    world = World(["a", "b", "c", "d", "e", "f"], concurrency=2)
    await world.scrape()
    assert sorted(world.source.asked) == ["a", "b", "c", "d", "e", "f"]
    await world.scrape()
    assert Counter(world.source.asked) == dict.fromkeys("abcdef", 2)


async def test_without_addons_nothing_is_asked() -> None:
    world = World([])
    assert await world.scrape() == {}
    assert world.poller.is_up is None


@failures
async def test_one_addons_failure_leaves_the_others_served(reason: str, failure: Exception) -> None:
    world = World(["before", "db", "after"], concurrency=1)
    assert await world.scrape(db=failure) == {"polled": 2, "failed": 1}
    assert world["db"].failure == reason
    assert world["before"].failure is None
    assert world["after"].failure is None
    assert world.errors == {FailureReason(reason): 1}


@failures
async def test_a_failed_poll_keeps_the_last_good_data_and_reports_it(reason: str, failure: Exception) -> None:
    world, nightly = World(["db"]), backup()
    await world.scrape(db=listing(nightly))
    world.clock.advance(minutes=1)
    assert await world.scrape(db=failure) == {"failed": 1}
    assert world["db"].failure == reason
    assert newest_of(world["db"]) == nightly
    assert world["db"].data_at == NOW
    assert await world.scrape() == {"polled": 1}
    recovered = world["db"]
    assert (recovered.failure, newest_of(recovered)) == (None, None)


@pytest.mark.parametrize("before", [listing(), api.NotFound(404)], ids=["read", "failed"])
async def test_a_deferred_poll_changes_nothing(before: Outcome) -> None:
    world = World(["db"])
    await world.scrape(db=before)
    state, errors, is_up = world["db"], world.errors.copy(), world.poller.is_up
    world.clock.advance(minutes=1)
    assert await world.scrape(db=DEFERRED) == {"deferred": 1}
    assert world["db"] == state
    assert world.errors == errors
    assert world.poller.is_up is is_up


async def test_an_addon_that_was_never_asked_stays_pending() -> None:
    world = World(["db"])
    await world.scrape(db=DEFERRED)
    assert world["db"].failure is FailureReason.PENDING


async def test_a_429_is_the_asked_addons_and_no_other_ones() -> None:
    world = World(["a", "b", "c"])
    await world.scrape()
    assert await world.scrape(a=api.RateLimited(429), b=DEFERRED, c=DEFERRED) == {"failed": 1, "deferred": 2}
    assert [world[name].failure for name in "abc"] == [FailureReason.RATE_LIMITED, None, None]


async def test_each_addon_is_in_one_result() -> None:
    world = World(["a", "b", "c", "d", "e"])
    results = await world.scrape(a=DEFERRED, b=api.ServerError(500), c=ValueError("ours"))
    assert results == {"deferred": 1, "failed": 2, "polled": 2}
    assert set(results) <= set(ScrapeResult)


async def test_before_any_request_it_is_not_known_whether_the_api_is_up() -> None:
    world = World(["db"])
    assert world.poller.is_up is None
    await world.scrape(db=DEFERRED)
    assert world.poller.is_up is None


@pytest.mark.parametrize("proof", [listing(), api.Forbidden(403), api.NotFound(404)], ids=["list", "403", "404"])
async def test_one_answer_that_proves_the_token_means_up(proof: Outcome) -> None:
    world = World(["a", "b", "c"])
    await world.scrape(a=api.RequestTimeout(), b=proof, c=api.ServerError(500))
    assert world.poller.is_up is True


@pytest.mark.parametrize("reason", ["timeout", "connection", "unauthorized", "rate_limited", "server_error"])
async def test_a_round_that_proves_nothing_means_down_until_one_does(reason: str) -> None:
    world = World(["a", "b"])
    await world.scrape()
    await world.scrape(a=FAILURES[reason], b=FAILURES[reason])
    assert world.poller.is_up is False
    await world.scrape(a=DEFERRED, b=DEFERRED)
    assert world.poller.is_up is False
    await world.scrape(a=FAILURES[reason])
    assert world.poller.is_up is True


@pytest.mark.parametrize(("concurrency", "addons"), [(1, 5), (3, 20), (64, 5)])
async def test_polls_run_in_parallel_as_far_as_allowed(concurrency: int, addons: int) -> None:
    class Crowded(Source):
        """Answers nobody before as many have asked at once as are expected."""

        def __init__(self) -> None:
            super().__init__({})
            self.in_flight = 0
            self.most = 0
            self.is_crowded = asyncio.Event()

        async def backups(self, project_id: str, addon_id: str) -> Listing:
            self.in_flight += 1
            self.most = max(self.most, self.in_flight)
            if self.in_flight == min(concurrency, addons):
                self.is_crowded.set()
            await self.is_crowded.wait()
            answer = await super().backups(project_id, addon_id)
            self.in_flight -= 1
            return answer

    source = Crowded()
    world = World([f"db-{number}" for number in range(addons)], concurrency=concurrency, source=source)
    async with asyncio.timeout(10):
        assert await world.scrape() == {"polled": addons}
    assert source.most == min(concurrency, addons)


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str, str]]:
    """Take the log lines since the last look: level, message, addon, reason."""
    taken = [
        (record.levelname, record.getMessage(), getattr(record, "addon_id", ""), getattr(record, "reason", ""))
        for record in caplog.records
        if record.name.startswith("exporter")
    ]
    caplog.clear()
    return taken


async def test_only_transitions_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World(["db", "other"])
    for _ in range(2):
        await world.scrape()
        assert lines(caplog) == []
    await world.scrape(db=api.NotFound(404))
    assert lines(caplog) == [("WARNING", "Addon cannot be read", "db", "not_found")]
    await world.scrape(db=api.NotFound(404))
    await world.scrape(db=DEFERRED)
    assert lines(caplog) == []
    await world.scrape(db=api.ServerError(500))
    assert lines(caplog) == [("WARNING", "Addon cannot be read", "db", "server_error")]
    await world.scrape()
    assert lines(caplog) == [("INFO", "Addon is read again", "db", "")]
    await world.scrape()
    assert lines(caplog) == []


async def test_a_fault_of_ours_is_logged_with_its_traceback_once(caplog: pytest.LogCaptureFixture) -> None:
    world = World(["db"])
    await world.scrape(db=ZeroDivisionError("ours"))
    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"]
    assert "ZeroDivisionError: ours" in caplog.text
    caplog.clear()
    await world.scrape(db=ZeroDivisionError("ours"))
    assert lines(caplog) == []


async def test_a_log_line_names_its_account_where_it_has_a_name(caplog: pytest.LogCaptureFixture) -> None:
    await World(["db"]).scrape(db=api.NotFound(404))
    (record,) = caplog.records
    assert {"account": "acme", "project_id": "shop", "addon_id": "db"}.items() <= vars(record).items()
