"""A scrape reads what there is to read, and what one addon does costs no other."""

import asyncio
import logging
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from exporter.config import AddonEntry
from exporter.model import FailureReason
from exporter.northflank import errors as api
from exporter.polling import Discovery, Freshness
from exporter.polling.poll import Poll
from exporter.state import ScrapeResult
from tests.builders import NOW, ago, backup, page
from tests.polling.world import EMPTY, Outcome, World, newest_of, pages_of, settled, told

FAILURES: dict[str, Exception] = {
    "timeout": api.RequestTimeout("slow"),
    "connection": api.ConnectionFailed("broke"),
    "invalid_response": api.InvalidResponse("odd"),
    "forbidden": api.Forbidden(403),
    "not_found": api.NotFound(404),
    "server_error": api.ServerError(500),
    "client_error": api.ClientError(400),
    "internal": ZeroDivisionError("ours"),
}
failures = pytest.mark.parametrize(("reason", "failure"), FAILURES.items(), ids=FAILURES)


async def test_a_good_poll_replaces_the_state() -> None:
    world, nightly = World(["db"]), backup()
    assert await world.scrape(db=[page(nightly)]) == {"polled": 1}
    assert (world["db"].failure, world["db"].data_at) == (None, NOW)
    assert newest_of(world["db"]) == nightly
    assert world["db"].poll_duration is not None


async def test_a_list_that_says_the_same_as_before_is_not_digested_again_but_counts_as_read() -> None:
    world, nightly = World(["db"]), backup()
    same = replace(page(nightly), digest=b"same")
    await world.scrape(db=[same])
    summary = world["db"].summary
    world.clock.advance(minutes=1)
    assert await world.scrape(db=[same]) == {"polled": 1}
    assert world["db"].summary is summary
    assert world["db"].data_at == world.clock()
    await world.scrape(db=[replace(page(backup()), digest=b"other")])
    assert newest_of(world["db"]) != nightly


async def test_a_list_that_says_the_same_is_digested_where_its_data_was_dropped() -> None:
    world, nightly = World(["db"]), backup()
    same = replace(page(nightly), digest=b"same")
    await world.scrape(db=[same])
    await world.scrape(db=api.ServerError(500))
    world.clock.advance(hours=7)
    await world.scrape(db=api.ServerError(500))
    assert newest_of(world["db"]) is None
    await world.scrape(db=[same])
    assert newest_of(world["db"]) == nightly


async def test_the_first_page_of_a_longer_list_says_nothing_of_the_rest() -> None:
    world, nightly = World(["db"]), backup(created_at=ago(minutes=20))
    first = replace(page(backup(), cursor="2"), digest=b"first")
    await world.scrape(db=[first, page(backup())])
    await world.scrape(db=[first, page(nightly)])
    assert newest_of(world["db"]) == nightly


async def test_the_requests_of_a_poll_are_remembered() -> None:
    world = World(["db", "other"])
    await world.scrape(db=[page(backup(), cursor="2"), page(backup())])
    assert pages_of(world["db"]) == 2
    assert world.poller.agenda.cycle_requests == 3


async def test_every_scrape_asks_for_every_addon_once() -> None:
    world = World(["a", "b", "c", "d", "e", "f"], concurrency=2)
    for _ in range(2):
        assert await world.scrape() == {"polled": 6}
        assert sorted(world.source.asked) == ["a", "b", "c", "d", "e", "f"]


async def test_without_addons_nothing_is_asked() -> None:
    world = World([])
    assert await world.scrape() == {}
    assert world.account.source.is_up is None


@failures
async def test_one_addons_failure_leaves_the_others_served(reason: str, failure: Exception) -> None:
    world = World(["before", "db", "after"], concurrency=1)
    await world.scrape()
    assert await world.scrape(db=failure) == {"polled": 2, "failed": 1}
    assert [world[name].failure for name in ("before", "db", "after")] == [None, FailureReason(reason), None]
    assert world.errors == {FailureReason(reason): 1}


@failures
async def test_a_first_addon_that_fails_leaves_the_others_served_too(reason: str, failure: Exception) -> None:
    world = World(["db", "other", "third"])
    assert await world.scrape(db=failure) == {"polled": 2, "failed": 1}
    assert world["db"].failure == reason


@failures
async def test_a_failed_poll_keeps_the_last_good_data_and_reports_it(reason: str, failure: Exception) -> None:
    world, nightly = World(["db"]), backup()
    await world.scrape(db=[page(nightly)])
    world.clock.advance(minutes=1)
    assert await world.scrape(db=failure) == {"failed": 1}
    assert (world["db"].failure, world["db"].data_at) == (FailureReason(reason), NOW)
    assert newest_of(world["db"]) == nightly
    assert await world.scrape() == {"polled": 1}
    assert (world["db"].failure, newest_of(world["db"])) == (None, None)


async def test_data_that_cannot_be_digested_costs_its_own_addon_only(monkeypatch: pytest.MonkeyPatch) -> None:
    world, bad = World(["good", "bad"]), backup()

    def refuse(state: object) -> None:
        if newest_of(state) == bad:  # type: ignore[arg-type]
            raise ZeroDivisionError

    monkeypatch.setattr(world.store, "_on_replace", refuse)
    assert await world.scrape(bad=[page(bad)]) == {"polled": 1, "failed": 1}
    assert world.errors == {FailureReason.INTERNAL: 1}


async def test_a_fault_of_ours_around_a_poll_is_shown_and_nobody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(["good", "bad"])
    await world.scrape()
    pay = world.poller.agenda.pay

    def fail_for_bad(poll: Poll, now: float) -> bool:
        if poll.addon.addon_id == "bad":
            raise ZeroDivisionError
        return pay(poll, now)

    monkeypatch.setattr(world.poller.agenda, "pay", fail_for_bad)
    assert await world.scrape(time_limit=5) == {"polled": 1, "failed": 1}
    assert world["bad"].failure is FailureReason.INTERNAL
    assert world.errors == {FailureReason.INTERNAL: 1}
    monkeypatch.undo()
    assert await world.scrape() == {"polled": 2}


async def test_a_fault_of_ours_around_the_first_request_of_all_is_shown_and_nobody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(["good", "bad"])

    def fail(*_: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(world.poller.agenda, "pay", fail)
    assert await world.scrape(time_limit=5) == {"failed": 1, "deferred": 1}
    assert world["good"].failure is FailureReason.INTERNAL
    monkeypatch.undo()
    assert await world.scrape(time_limit=5) == {"polled": 2}


async def test_a_fault_of_ours_that_ends_a_task_is_told_and_the_next_scrape_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(["db"])

    async def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(world.poller, "_scout", fail)
    assert await world.scrape(time_limit=5) == {"deferred": 1}
    assert [record.message for record in caplog.records if record.exc_info] == ["Unexpected error in the background"]
    monkeypatch.undo()
    assert await world.scrape(time_limit=5) == {"polled": 1}


async def test_each_addon_is_in_one_result() -> None:
    world = World(["a", "b", "c", "d"])
    await world.scrape()
    results = await world.scrape(b=api.ServerError(500), c=ValueError("ours"))
    assert results == {"failed": 2, "polled": 2}
    assert set(results) <= set(ScrapeResult)


@pytest.mark.parametrize("proof", [EMPTY, api.Forbidden(403), api.NotFound(404)], ids=["list", "403", "404"])
async def test_one_answer_that_proves_the_token_means_up(proof: Outcome) -> None:
    world = World(["a", "b", "c"])
    await world.scrape(a=api.RequestTimeout(), b=proof, c=api.ServerError(500))
    assert world.account.source.is_up is True


@pytest.mark.parametrize("reason", ["timeout", "connection", "server_error", "invalid_response"])
async def test_a_round_that_proves_nothing_means_down_until_one_does(reason: str) -> None:
    world = World(["a", "b"])
    await world.scrape()
    await world.scrape(a=FAILURES[reason], b=FAILURES[reason])
    assert world.account.source.is_up is False
    await world.scrape(a=FAILURES[reason])
    assert world.account.source.is_up is True


@pytest.mark.parametrize(("concurrency", "addons"), [(1, 5), (3, 20), (64, 5)])
async def test_polls_run_in_parallel_as_far_as_allowed(concurrency: int, addons: int) -> None:
    names = [f"db-{number}" for number in range(addons)]
    world = World(names, concurrency=concurrency)
    await world.scrape()
    world.source.held = set(names)
    assert await world.scrape(time_limit=0) == {"late": addons}
    await settled()
    assert len(world.source.in_flight) == min(concurrency, addons)
    world.source.go_on.set()
    assert await world.scrape() == {"polled": addons}


# Those who share a poll, and those who cannot wait for it.


async def test_scrapes_that_overlap_share_a_poll_in_flight() -> None:
    world = World(["quick", "slow"])
    await world.scrape()
    world.source.held = {"slow"}
    assert await world.scrape(time_limit=0.01) == {"polled": 1, "late": 1}
    world.clock.advance(minutes=1)
    assert await world.scrape(time_limit=0.01) == {"polled": 1, "late": 1}
    assert world.source.asked == ["quick"]
    world.source.go_on.set()
    await settled()
    assert world["slow"].data_at == world.clock()


async def test_without_time_the_answer_comes_from_memory_and_the_polls_go_on() -> None:
    world = World(["a", "b"])
    assert await world.scrape(time_limit=0) == {"late": 2}
    assert world["a"].failure is FailureReason.PENDING
    await settled()
    assert [world[name].failure for name in "ab"] == [None, None]


async def test_a_late_poll_is_no_failure() -> None:
    world, nightly = World(["db"]), backup()
    await world.scrape(db=[page(nightly)])
    world.source.held = {"db"}
    assert await world.scrape(time_limit=0) == {"late": 1}
    assert (world["db"].failure, newest_of(world["db"])) == (None, nightly)
    await world.poller.close()


async def test_closing_ends_what_is_under_way() -> None:
    world = World(["a", "b"])
    world.source.held = {"a", "b"}
    await world.scrape(time_limit=0)
    await settled()
    assert world.source.in_flight
    await world.poller.close()
    assert not world.source.in_flight


# What the budget leaves.


async def test_what_the_budget_does_not_allow_is_deferred_and_stays_as_it_is() -> None:
    world = World([f"db-{number}" for number in range(100)])
    world.source.rate_limit = told(100, 99, 3599)
    assert await world.scrape() == {"polled": 36, "deferred": 64}
    assert Counter(world[f"db-{number}"].failure for number in range(100)) == {
        None: 36,
        FailureReason.PENDING: 64,
    }
    assert world.errors == {}


async def test_those_read_longest_ago_come_first() -> None:
    names = [f"db-{number}" for number in range(30)]
    world = World(names)
    world.source.rate_limit = told(100, 99, 3599)
    await world.scrape()
    asked = list(world.source.asked)
    while len(asked) < 90:
        world.clock.advance(minutes=5)
        world.source.rate_limit = told(100, 100 - len(asked), max(3599 - world.clock.monotonic(), 0))
        await world.scrape()
        asked += world.source.asked
        if world.clock.monotonic() > 3600:
            break
    assert asked[:60] == (names + names)[:60]


async def test_a_list_stopped_half_way_goes_on_and_does_not_begin_again() -> None:
    pages = [*(page(backup(), cursor=str(number)) for number in range(2, 31)), page(backup())]
    world = World(["long"])
    world.source.rate_limit = told(100, 99, 3599)
    world.clock.advance(seconds=1)
    asked: list[str] = []
    while not world["long"].summary:
        world.source.rate_limit = told(100, 99 - len(asked), 3599 - world.clock.monotonic())
        await world.scrape(long=pages)
        asked += world.source.asked
        world.clock.advance(minutes=1)
    assert asked == ["long", *(f"long/{number}" for number in range(2, 31))]
    assert pages_of(world["long"]) == 30


async def test_a_429_silences_all_until_its_end() -> None:
    world = World(["a", "b", "c"], others=["d"])
    await world.scrape()
    world.source.outcomes = {"a": api.RateLimited(429)}
    world.clock.advance(minutes=1)
    first = await world.scrape(dict.fromkeys("abc", api.RateLimited(429)))
    assert first["failed"] >= 1
    assert world["a"].failure is FailureReason.RATE_LIMITED
    failed = dict(world.errors)
    assert await world.scrape() == {"deferred": 3}
    assert world.source.asked == []
    assert world.errors == failed
    world.clock.advance(hours=2)
    assert await world.scrape() == {"polled": 3}
    assert world["a"].failure is None


async def test_an_addon_is_not_read_again_sooner_than_wanted() -> None:
    world = World(["db"], freshness=Freshness(min_refresh_interval=timedelta(minutes=5)))
    assert await world.scrape() == {"polled": 1}
    world.clock.advance(minutes=4)
    assert await world.scrape() == {"deferred": 1}
    world.clock.advance(minutes=1)
    assert await world.scrape() == {"polled": 1}


# What is the whole account's matter.


async def test_a_rejected_token_costs_one_request_per_scrape_and_fails_every_addon(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(["a", "b", "c", "d", "e"])
    rejected = dict.fromkeys("abcde", api.Unauthorized(401))
    for scrapes in (1, 2, 3):
        assert await world.scrape(rejected) == {"failed": 5}
        assert len(world.source.asked) == 1
        assert world.errors == {FailureReason.UNAUTHORIZED: 5 * scrapes}
        assert world.account.source.is_up is False
    assert {world[name].failure for name in "abcde"} == {FailureReason.UNAUTHORIZED}
    assert [record.getMessage() for record in caplog.records] == ["Account cannot be read"]


async def test_an_accepted_token_is_used_in_the_same_scrape_and_that_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    world = World(["a", "b", "c"])
    await world.scrape(dict.fromkeys("abc", api.Unauthorized(401)))
    assert await world.scrape() == {"polled": 3}
    assert sorted(world.source.asked) == ["a", "b", "c"]
    assert world.account.source.is_up is True
    assert [record.getMessage() for record in caplog.records] == ["Account cannot be read", "Account is read again"]


async def test_a_token_that_is_revoked_costs_no_more_than_what_is_in_flight() -> None:
    names = [f"db-{number}" for number in range(50)]
    world = World(names, concurrency=4)
    await world.scrape()
    assert await world.scrape(dict.fromkeys(names, api.Unauthorized(401))) == {"failed": 50}
    assert len(world.source.asked) <= 4
    assert world.errors == {FailureReason.UNAUTHORIZED: 50}


async def test_those_not_read_for_a_rejected_token_are_what_they_were_when_it_is_accepted() -> None:
    world, nightly = World([f"db-{number}" for number in range(30)]), backup()
    world.source.rate_limit = told(100, 99, 3599)
    lists: dict[str, Outcome] = {f"db-{number}": [page(nightly)] for number in range(30)}
    await world.scrape(lists)
    read = [name for name in lists if world[name].summary]
    world.clock.advance(minutes=5)
    world.source.rate_limit = told(100, 70, 3299)
    await world.scrape(dict.fromkeys(lists, api.Unauthorized(401)))
    assert {world[name].failure for name in lists} == {FailureReason.UNAUTHORIZED}
    await world.scrape(lists)
    assert {world[name].failure for name in read} == {None}
    assert {world[name].failure for name in lists if not world[name].summary} == {FailureReason.PENDING}


async def test_a_host_that_is_not_there_costs_one_request_per_scrape() -> None:
    world = World(["a", "b", "c", "d", "e"])
    await world.scrape()
    down = dict.fromkeys("abcde", api.HostUnreachable("refused"))
    assert await world.scrape(down) == {"failed": 5}
    assert await world.scrape(down) == {"failed": 5}
    assert len(world.source.asked) == 1
    assert {world[name].failure for name in "abcde"} == {FailureReason.CONNECTION}
    assert await world.scrape() == {"polled": 5}


async def test_a_host_that_never_answers_is_asked_one_request_after_the_other() -> None:
    names = [f"db-{number}" for number in range(9)]
    world = World(names)
    world.source.held = set(names)
    for _ in range(3):
        assert await world.scrape(time_limit=0.01) == {"late": 9}
        assert world.source.in_flight == {"db-0"}
    await world.poller.close()


async def test_addons_that_hang_or_break_do_not_keep_the_others_from_being_read() -> None:
    world = World(["a", "b", "c", "d"])
    faults: dict[str, Outcome] = {"a": api.RequestTimeout("slow"), "b": api.ConnectionFailed("reset")}
    for _ in range(3):
        assert await world.scrape(faults) == {"failed": 2, "polled": 2}
        assert sorted(world.source.asked) == ["a", "b", "c", "d"]


async def test_one_account_that_is_down_does_not_keep_another_from_being_read() -> None:
    world = World(["a", "b"], others=["c", "d"])
    await world.poller.scrape()
    world.source.outcomes = dict.fromkeys("ab", api.HostUnreachable("refused"))
    for _ in range(3):
        results = await world.poller.scrape()
        assert world.results(results) == {"failed": 2}
        assert world.results(results, "other") == {"polled": 2}


async def test_a_hanging_account_does_not_delay_another() -> None:
    world = World(["a", "b"], others=["c", "d"])
    await world.poller.scrape()
    world.source.outcomes = dict.fromkeys("ab", api.HostUnreachable("refused"))
    await world.poller.scrape()
    world.source.held = {"a", "b"}
    results = await world.poller.scrape(0.05)
    assert world.results(results, "other") == {"polled": 2}
    await world.poller.close()


async def test_a_rejected_token_stays_rejected_until_it_is_accepted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World(["a", "b", "c"])
    await world.scrape(dict.fromkeys("abc", api.Unauthorized(401)))
    for trouble in (api.ServerError(500), api.InvalidResponse("odd")):
        assert await world.scrape(dict.fromkeys("abc", trouble)) == {"failed": 3}
        assert len(world.source.asked) == 1
    assert "Account is read again" not in caplog.text
    assert await world.scrape() == {"polled": 3}
    assert "Account is read again" in caplog.text


async def test_a_host_that_stops_answering_costs_no_more_than_what_is_in_flight() -> None:
    names = [f"db-{number}" for number in range(50)]
    world = World(names, concurrency=4)
    await world.scrape()
    await world.scrape(dict.fromkeys(names, api.RequestTimeout("silent")))
    assert len(world.source.asked) <= 5
    await settled()
    assert len(world.source.asked) <= 5


async def test_nothing_goes_on_by_itself_where_nothing_can_be_asked() -> None:
    world = World(["a", "b", "c"], freshness=Freshness(min_refresh_interval=timedelta(minutes=5)))
    await world.scrape()
    world.clock.advance(minutes=6)
    await world.scrape(dict.fromkeys("abc", api.Unauthorized(401)))
    for _ in range(5):
        await world.scrape(dict.fromkeys("abc", api.Unauthorized(401)))
    await settled()
    running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert running == []


async def test_an_account_that_recovers_causes_no_second_reading_of_another() -> None:
    world = World(["a", "b"], others=["c", "d"])
    await world.poller.scrape()
    world.source.outcomes = dict.fromkeys("ab", api.HostUnreachable("refused"))
    await world.poller.scrape()
    world.sources["other"].asked.clear()
    world.source.outcomes = {}
    results = await world.poller.scrape()
    await settled()
    assert world.results(results) == {"polled": 2}
    assert sorted(world.sources["other"].asked) == ["c", "d"]


async def test_two_accounts_whose_host_comes_back_are_read_at_once() -> None:
    world = World(["a", "b"], others=["c", "d"])
    for outcome in (EMPTY, api.HostUnreachable("refused"), api.HostUnreachable("refused"), EMPTY):
        world.source.outcomes = dict.fromkeys("ab", outcome)
        world.sources["other"].outcomes = dict.fromkeys("cd", outcome)
        world.clock.advance(minutes=70)
        results = await world.poller.scrape()
    assert world.results(results) == world.results(results, "other") == {"polled": 2}


# How long old data is shown.


async def test_data_is_dropped_when_polls_have_failed_for_too_long() -> None:
    world, nightly = World(["db", "other"]), backup()
    await world.scrape(db=[page(nightly)])
    world.clock.advance(hours=10)
    await world.scrape(db=api.ServerError(500))
    world.clock.advance(hours=5, minutes=59)
    await world.scrape(db=api.ServerError(500))
    assert newest_of(world["db"]) == nightly
    world.clock.advance(minutes=1)
    await world.scrape(db=api.ServerError(500))
    assert (world["db"].summary, world["db"].data_at) == (None, None)
    assert world["db"].failure is FailureReason.SERVER_ERROR
    assert world["other"].summary


async def test_a_good_poll_between_failed_ones_begins_the_time_anew() -> None:
    world, nightly = World(["db"]), backup()
    for hours in (0, 5, 5, 5):
        world.clock.advance(hours=hours)
        await world.scrape(db=api.ServerError(500))
        await world.scrape(db=[page(nightly)])
    assert newest_of(world["db"]) == nightly


async def test_data_that_is_only_deferred_is_never_dropped() -> None:
    world, nightly = World(["db"]), backup()
    await world.scrape(db=[page(nightly)])
    world.source.rate_limit = told(100, 0, 86_000)
    await world.scrape(db=[page(nightly)])
    for _ in range(20):
        world.clock.advance(hours=1)
        assert await world.scrape() == {"deferred": 1}
    assert newest_of(world["db"]) == nightly


# What is logged.


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


async def test_what_leaves_while_it_waits_for_a_worker_holds_up_nobody() -> None:
    world = World(["a", "b", "c", "d"], concurrency=1)
    await world.scrape()
    world.source.held = {"a"}
    scrape = asyncio.create_task(world.scrape())
    await settled()
    change_entries(world, "a", "d")
    world.source.go_on.set()

    async with asyncio.timeout(5):
        assert await scrape == {"polled": 2}
    assert world.source.asked == ["a", "d"]
    assert list(world.poller.agenda.under_way) == []


async def test_no_result_counts_of_what_left_during_a_scrape() -> None:
    world = World(["a", "b"])
    world.source.held = {"b"}
    await world.scrape(time_limit=0.01)
    scrape = asyncio.create_task(world.scrape())
    await settled()
    change_entries(world, "b")
    world.source.go_on.set()

    assert await scrape == {"polled": 1}


async def test_a_poller_that_is_retired_asks_for_nothing_and_keeps_what_it_knows() -> None:
    world = World(["a", "b"])
    await world.scrape()
    world.poller.retire()

    assert await world.scrape() == {"deferred": 2}
    await world.poller.probe(world["a"].key)
    change_entries(world, "a")
    assert world.source.asked == []
    assert world["b"].failure is None


def change_entries(world: World, *names: str) -> None:
    discovery = world.account.discovery
    assert isinstance(discovery, Discovery)
    discovery.change([AddonEntry(project="shop", addon=name) for name in names])
    world.poller.watch(world.account)


async def test_a_fault_of_ours_in_a_listing_is_told_and_costs_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    world = World(["db"])
    await world.scrape(db=EMPTY)
    assert isinstance(world.account.discovery, Discovery)
    # The source of these tests knows no lists of projects: it raises what no list should.
    world.account.discovery.change([AddonEntry(project="*", addon="*"), AddonEntry(project="shop", addon="db")])
    for scrape in (1, 2):
        world.clock.advance(minutes=10)
        assert await world.scrape(db=EMPTY) == {"polled": 1}
        told = [record for record in caplog.records if record.exc_info]
        assert [record.message for record in told] == ["Unexpected error while addons were listed"] * scrape
