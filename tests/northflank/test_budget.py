"""How the requests that a window allows are spread, and that nobody waits for ever."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model import RateLimit
from exporter.northflank import Purse, RequestBudget
from tests.northflank.test_window import answered, headers, told

HOUR = 3600
PLENTY = {Purse.REGULAR: 10**9}


def opened(limit: int = 1000, seconds: float = HOUR - 1, share: float = 0.8) -> RequestBudget:
    """Give a budget whose window was opened at 0 by its first request."""
    budget = RequestBudget(share)
    answered(budget.window, 0, told(limit, limit - 1, seconds))
    budget.release(0, PLENTY)
    return budget


def spend(budget: RequestBudget, now: float, purse: Purse = Purse.REGULAR) -> bool:
    """Send one request, if there is one to spend."""
    grant = budget.grant(now, purse, 1)
    if grant is None or not budget.window.may_send(now):
        return False
    assert grant.take(now)
    window = budget.window
    limit = window.limit
    answered(window, now, told(limit, limit - window.spent - 1, max(HOUR - 1 - now, 0)))
    grant.close()
    return True


def spent_until(budget: RequestBudget, end: int, *, step: int, purse: Purse = Purse.REGULAR) -> Iterator[int]:
    """Spend all there is at every step; give how much that was."""
    for now in range(step, end, step):
        budget.release(now, PLENTY)
        count = 0
        while spend(budget, now, purse):
            count += 1
        yield count


def test_requests_come_free_evenly_until_the_end_of_the_window() -> None:
    per_minute = list(spent_until(opened(), HOUR, step=60))
    assert sum(per_minute) in {784, 785, 786}
    assert {13, 14} >= set(per_minute)


@pytest.mark.parametrize(("cycle", "burst"), [(10, 199), (400, 199), (1000, 399), (5000, 799)])
def test_a_quarter_of_the_share_may_go_at_once_and_more_where_there_is_more_to_read(cycle: int, burst: int) -> None:
    budget, count = opened(), 0
    budget.release(0, {Purse.REGULAR: cycle})
    while spend(budget, 0, Purse.BURST):
        count += 1
    assert count == burst


def test_after_a_restart_in_the_middle_of_a_window_a_part_of_what_is_left_may_go_at_once() -> None:
    budget = RequestBudget(0.8)
    answered(budget.window, 0, told(1000, 724, 1799))
    budget.release(0, {Purse.REGULAR: 13})
    assert budget.available(0, Purse.BURST) > 100


def test_what_runs_once_may_have_all_that_is_left() -> None:
    budget = RequestBudget(0.8, is_for_once=True)
    answered(budget.window, 0, told(1000, 999, HOUR - 1))
    budget.release(0, {Purse.REGULAR: 10})
    assert budget.available(0, Purse.BURST) == 799


def test_a_window_that_others_opened_long_ago_is_not_spent_at_once() -> None:
    budget = RequestBudget(0.8)
    answered(budget.window, 0, told(100, 90, 19))
    budget.release(0, {Purse.REGULAR: 10})
    assert budget.available(0, Purse.BURST) == 19


def test_after_a_burst_the_rest_is_spread() -> None:
    budget = opened()
    budget.release(0, {Purse.REGULAR: 1000})
    for _ in range(399):
        assert spend(budget, 0, Purse.BURST)
    assert {6, 7} >= set(spent_until(budget, HOUR, step=60))


def test_there_is_no_burst_after_the_first_window() -> None:
    budget = opened()
    answered(budget.window, HOUR + 5, told(1000, 999, HOUR - 1))
    budget.release(HOUR + 5, {Purse.REGULAR: 5000})
    assert budget.grant(HOUR + 5, Purse.BURST, 1) is None


def test_nothing_gathers_beyond_what_is_wanted() -> None:
    budget = opened()
    budget.release(HOUR / 2, {Purse.REGULAR: 5})
    assert budget.grant(HOUR / 2, Purse.REGULAR, 5)
    assert not budget.grant(HOUR / 2, Purse.REGULAR, 1)


def test_a_reset_brings_no_burst() -> None:
    budget = opened()
    list(spent_until(budget, HOUR, step=60))
    answered(budget.window, HOUR + 5, told(1000, 999, HOUR - 1))
    budget.release(HOUR + 5, PLENTY)
    assert not budget.grant(HOUR + 5, Purse.REGULAR, 15)


def test_a_task_starts_when_all_that_it_will_cost_is_there() -> None:
    budget = opened()
    budget.release(60, {Purse.REGULAR: 15})
    assert budget.grant(60, Purse.REGULAR, 15) is None
    budget.release(70, {Purse.REGULAR: 15})
    assert budget.grant(70, Purse.REGULAR, 15) is not None


def test_a_task_that_costs_more_than_half_of_a_window_starts_all_the_same() -> None:
    budget = opened(limit=100)
    budget.release(HOUR / 2, {Purse.REGULAR: 200})
    assert budget.grant(HOUR / 2, Purse.REGULAR, 200) is None
    budget.release(HOUR * 0.6, {Purse.REGULAR: 200})
    assert budget.grant(HOUR * 0.6, Purse.REGULAR, 200) is not None


def test_what_a_task_did_not_need_goes_back() -> None:
    budget = opened()
    budget.release(60, PLENTY)
    grant = budget.grant(60, Purse.REGULAR, 13)
    assert grant is not None
    assert grant.take(60)
    grant.close()
    assert budget.grant(60, Purse.REGULAR, 12) is not None
    assert budget.grant(60, Purse.REGULAR, 1) is None


def test_a_task_goes_on_beyond_its_grant_while_there_is_something_to_spare() -> None:
    budget = opened()
    budget.release(60, PLENTY)
    grant = budget.grant(60, Purse.REGULAR, 1)
    assert grant is not None
    assert [grant.take(60) for _ in range(14)] == [True] * 13 + [False]


def test_what_is_urgent_has_its_own_part_while_it_is_wanted() -> None:
    budget = opened()
    budget.release(600, {Purse.URGENT: 100, Purse.REGULAR: 10**9})
    assert all(budget.grant(600, purse, 1) for purse in (Purse.URGENT, Purse.REGULAR))
    urgent = 1
    while budget.grant(600, Purse.URGENT, 1):
        urgent += 1
    assert urgent == pytest.approx(0.15 * 799 / 6, abs=1)


def test_listings_need_not_wait_as_long_as_they_keep_to_their_part_of_a_window() -> None:
    budget, taken = opened(), 0
    for now in (1, 2, 3, 600):
        budget.release(now, {Purse.EXTRAS: 10, Purse.REGULAR: 10**9})
        while budget.set_aside(now, Purse.EXTRAS, 1):
            taken += 1
    assert taken == 120


def test_nothing_is_kept_for_what_is_not_urgent() -> None:
    budget = opened()
    budget.release(600, PLENTY)
    assert budget.grant(600, Purse.URGENT, 1) is None
    assert budget.grant(600, Purse.REGULAR, 133) is not None


def test_others_who_take_what_was_set_free_are_made_way_for() -> None:
    budget = opened()
    budget.release(1800, {Purse.REGULAR: 100})
    answered(budget.window, 1800, told(1000, 103, 1799))
    budget.release(1801, {Purse.REGULAR: 100})
    assert budget.grant(1801, Purse.REGULAR, 4) is None


def test_a_cycle_takes_as_long_as_the_share_permits() -> None:
    assert RequestBudget(0.8).time_for(800) == timedelta(hours=1)
    assert opened(limit=2000).time_for(800) == timedelta(minutes=30)
    assert opened(limit=100, seconds=19).time_for(40) == timedelta(seconds=10)
    assert opened(limit=0).time_for(1) > timedelta(0)


class Server:
    """A limit with a fixed window that others use too, within the part that they are left."""

    def __init__(self, limit: int, length: int, share: float) -> None:
        self.limit, self.length, self.share = limit, length, share
        self.opened_at, self.ours, self.others = 0.0, 0, 0

    def go_on(self, now: float, others: int) -> None:
        """Let others send requests, and the window end where its time is over."""
        if now - self.opened_at >= self.length:
            self.opened_at, self.ours, self.others = now, 0, 0
        self.others = min(self.others + others, int((1 - self.share) * self.limit))

    def answer(self, budget: RequestBudget, now: float) -> None:
        """Answer one of our requests, whose number must be within the limit and within our share."""
        self.ours += 1
        assert self.ours + self.others <= max(self.limit, 1), "a 429"
        assert self.ours <= max(self.share * self.limit, 1) + 1e-9
        seconds = int(self.length - (now - self.opened_at))
        answered(budget.window, now, told(self.limit, self.limit - self.ours - self.others, seconds))


@given(
    limit=st.integers(1, 2000),
    length=st.integers(5, 7200),
    share=st.floats(0.05, 1.0),
    steps=st.lists(st.tuples(st.floats(0, 120), st.integers(0, 30), st.integers(1, 20)), min_size=1, max_size=80),
)
def test_no_window_is_overspent(limit: int, length: int, share: float, steps: list[tuple[float, int, int]]) -> None:
    server, budget, now = Server(limit, length, share), RequestBudget(share), 0.0
    for pause, others, cost in steps:
        now += pause
        server.go_on(now, others)
        if budget.window.wants_scout(now) and budget.window.may_send(now):
            server.answer(budget, now)
        budget.release(now, {Purse.REGULAR: 50, Purse.URGENT: 5})
        for purse in Purse:
            grant = budget.grant(now, purse, cost)
            while grant is not None and grant.take(now) and budget.window.may_send(now):
                server.answer(budget, now)
            if grant is not None:
                grant.close()


@given(st.lists(st.tuples(st.floats(-50, 400), headers, st.integers(1, 30)), min_size=1, max_size=60))
def test_whatever_the_headers_say_and_the_clock_does_everyone_gets_something_some_day(
    script: list[tuple[float, RateLimit | None, int]],
) -> None:
    budget, now = RequestBudget(0.8), 1000.0
    for pause, rate_limit, cost in script:
        now += pause
        if budget.window.may_send(now):
            answered(budget.window, now, rate_limit)
        budget.release(now, {Purse.REGULAR: 30})
        grant = budget.grant(now, Purse.REGULAR, cost)
        if grant is not None:
            grant.take(now)
            grant.close()
    sound = told(1000, 999, HOUR)
    now += 3 * 86_400
    assert budget.window.may_send(now)
    answered(budget.window, now, sound)
    budget.release(now, {Purse.REGULAR: 30})
    budget.release(now + HOUR / 2, {Purse.REGULAR: 30})
    assert budget.grant(now + HOUR / 2, Purse.REGULAR, 30) is not None


def test_all_that_is_not_backups_keeps_to_a_fifth_of_each_window() -> None:
    budget = opened()
    wanted = {Purse.REGULAR: 50, Purse.DETAILS: 10, Purse.EXTRAS: 10_000}
    for window in range(4):
        spent = 0
        for now in range(window * (HOUR + 5) + 30, (window + 1) * (HOUR + 5), 30):
            if budget.window.number == window:
                answered(budget.window, now, told(1000, 999, HOUR - 31))
            budget.release(now, wanted if window % 2 else {**wanted, Purse.EXTRAS: 3})
            for purse in (Purse.DETAILS, *[Purse.EXTRAS] * (1 + 9 * (window % 2))):
                if budget.set_aside(now, purse, 1):
                    budget.used(1)
                    spent += 1
        assert 40 <= spent <= 161


@pytest.mark.parametrize(("addons", "details"), [(50, 40), (5000, 10)])
def test_where_all_fits_into_a_window_details_need_not_wait_for_what_comes_free(addons: int, details: int) -> None:
    budget, count = opened(), 0
    for _ in range(details + 10):
        budget.release(0, {Purse.REGULAR: addons, Purse.DETAILS: 10})
        if budget.set_aside(0, Purse.DETAILS, 1):
            budget.used(1)
            count += 1
    assert count <= details
    assert (count == details) is (addons == 50)
