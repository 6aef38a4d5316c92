"""When a request may go out."""

from datetime import timedelta

from exporter.model import RateLimit
from exporter.northflank import RequestBudget
from tests.builders import NOW, ago


def after(**span: float) -> RateLimit:
    """Give a limit whose window ends that long after NOW."""
    return RateLimit(limit=1000, remaining=0, reset_at=NOW + timedelta(**span))


def test_requests_are_allowed_at_first() -> None:
    assert RequestBudget().allows(NOW)


def test_after_a_429_nothing_is_allowed_for_as_long_as_it_asks() -> None:
    budget = RequestBudget()
    budget.observe(after(minutes=30))
    budget.silence(NOW, timedelta(seconds=90))
    assert not budget.allows(NOW)
    assert not budget.allows(NOW + timedelta(seconds=89))
    assert budget.allows(NOW + timedelta(seconds=91))


def test_without_retry_after_the_silence_lasts_until_the_reset() -> None:
    budget = RequestBudget()
    budget.observe(after(minutes=30))
    budget.silence(NOW, None)
    assert not budget.allows(NOW + timedelta(minutes=29, seconds=59))
    assert budget.allows(NOW + timedelta(minutes=30, seconds=2))


def test_without_retry_after_and_reset_the_silence_lasts_a_minute() -> None:
    budget = RequestBudget()
    budget.silence(NOW, None)
    assert not budget.allows(NOW + timedelta(seconds=59))
    assert budget.allows(NOW + timedelta(seconds=61))


def test_a_reset_that_is_past_means_a_minute_too() -> None:
    budget = RequestBudget()
    budget.observe(RateLimit(limit=1000, remaining=0, reset_at=ago(seconds=1)))
    budget.silence(NOW, None)
    assert not budget.allows(NOW + timedelta(seconds=59))
    assert budget.allows(NOW + timedelta(seconds=61))


def test_a_second_429_that_says_nothing_does_not_cut_the_silence_short() -> None:
    budget = RequestBudget()
    budget.silence(NOW, timedelta(minutes=10))
    budget.silence(NOW, None)
    assert not budget.allows(NOW + timedelta(minutes=9))
    assert budget.allows(NOW + timedelta(minutes=10, seconds=2))


def test_the_limit_last_seen_is_known() -> None:
    budget = RequestBudget()
    assert budget.rate_limit is None
    budget.observe(after(minutes=1))
    budget.observe(after(minutes=2))
    assert budget.rate_limit == after(minutes=2)


def test_until_a_limit_is_seen_a_thousand_an_hour_are_assumed() -> None:
    assert RequestBudget().time_for(800) == timedelta(hours=1)


def test_a_raised_limit_makes_a_cycle_shorter() -> None:
    budget = RequestBudget()
    budget.observe(RateLimit(limit=2000, remaining=1, reset_at=NOW))
    assert budget.time_for(800) == timedelta(minutes=30)


def test_a_limit_of_nothing_is_no_division_by_zero() -> None:
    budget = RequestBudget()
    budget.observe(RateLimit(limit=0, remaining=0, reset_at=NOW))
    assert budget.time_for(1) > timedelta(0)
