"""What is known of a request window, and that no request crosses its bounds."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model import RateLimit
from exporter.northflank.window import RequestWindow
from tests.builders import NOW


def told(limit: int, remaining: int, seconds: float) -> RateLimit:
    """Give what headers say: so many requests per window and left, and its end so many seconds away."""
    resets_in = timedelta(seconds=seconds)
    return RateLimit(limit=limit, remaining=remaining, resets_in=resets_in, reset_at=NOW + resets_in)


def answered(window: RequestWindow, now: float, rate_limit: RateLimit | None) -> None:
    """Send a request and have its answer at once."""
    number = window.sent()
    window.answered(now, number, rate_limit)
    window.ended()


def opened(limit: int = 1000, remaining: int = 999, seconds: float = 3599, share: float = 0.8) -> RequestWindow:
    window = RequestWindow(share)
    answered(window, 0, told(limit, remaining, seconds))
    return window


def test_the_first_request_goes_alone() -> None:
    window = RequestWindow(0.8)
    assert window.wants_scout(0)
    assert window.may_send(0)
    number = window.sent()
    assert not window.may_send(0)
    window.answered(0.1, number, told(1000, 999, 3599))
    assert window.may_send(0.1)
    assert not window.wants_scout(0.1)


def test_a_request_without_any_answer_lets_the_next_one_try_alone() -> None:
    window = RequestWindow(0.8)
    window.sent()
    window.ended()
    assert window.may_send(1)
    assert window.wants_scout(1)


def test_our_share_is_never_exceeded() -> None:
    window = opened(limit=10, remaining=9, seconds=99)
    sent = 1
    while window.may_send(1):
        answered(window, 1, told(10, 9 - sent, 98))
        sent += 1
    assert sent == 8


def test_what_others_are_left_shrinks_with_the_time_to_the_end() -> None:
    window = opened(limit=100, remaining=99, seconds=99)
    assert window.length == 100
    answered(window, 50, told(100, 30, 49))
    # Half of the window is to come: others keep half of their twenty.
    assert window.left(50) == pytest.approx(20)
    answered(window, 95, told(100, 30, 4))
    assert window.left(95) == pytest.approx(29)


def test_what_others_took_before_is_expected_of_them_until_the_next_answer() -> None:
    window = opened(limit=100, remaining=99, seconds=99)
    answered(window, 50, told(100, 48, 49))
    fresh = window.left(50)
    # They took fifty in fifty seconds, so ten more in ten; and have ten seconds' less to come.
    assert window.left(60) == pytest.approx(fresh - 10 + 2)


def test_requests_in_flight_count_as_spent() -> None:
    window = opened(limit=100, remaining=22, seconds=99)
    assert window.left(0) == pytest.approx(22 - 20 * 100 / 3600)
    numbers = [window.sent() for _ in range(5)]
    assert window.left(0) == pytest.approx(17 - 20 * 100 / 3600)
    assert [sent.number for sent in numbers] == [1] * 5


def test_within_a_window_answers_that_overtake_each_other_give_nothing_back() -> None:
    window = opened()
    answered(window, 1, told(1000, 400, 3598))
    answered(window, 1, told(1000, 401, 3598))
    assert window.left(1) == pytest.approx(200, abs=1)


def test_a_window_opened_by_our_first_request_has_the_length_it_says() -> None:
    assert opened(limit=100, remaining=99, seconds=20).length == 21


def test_a_window_opened_by_others_may_be_an_hour_old() -> None:
    assert opened(limit=1000, remaining=500, seconds=20).length == 3600


def test_after_its_expected_end_one_request_goes_alone() -> None:
    window = opened(limit=100, remaining=99, seconds=20)
    assert not window.wants_scout(20.9)
    assert window.wants_scout(21)
    answered(window, 21.5, told(100, 99, 20))
    assert window.number == 2
    assert window.spent == 1
    assert window.left(21.5) == pytest.approx(79)


def test_a_reset_seen_before_it_was_expected_opens_a_window() -> None:
    window = opened(limit=100, remaining=99, seconds=20)
    for now in (1, 2, 3):
        answered(window, now, told(100, 99 - now, 20 - now))
    answered(window, 20.5, told(100, 99, 20))
    assert (window.number, window.spent) == (2, 1)


def test_an_answer_of_the_window_before_that_comes_late_says_nothing() -> None:
    window = opened(limit=100, remaining=99, seconds=20)
    late = window.sent()
    answered(window, 21.5, told(100, 99, 20))
    window.answered(21.6, late, told(100, 3, 0))
    window.ended()
    assert window.number == 2
    assert window.left(21.6) == pytest.approx(78)


def test_an_end_that_moves_while_less_remains_is_no_reset() -> None:
    window = opened(limit=100, remaining=99, seconds=0)
    for now in range(1, 200):
        if window.may_send(now):
            answered(window, now, told(100, max(99 - now, 0), 0))
    assert window.number == 1


def test_a_shorter_end_is_believed() -> None:
    window = opened(limit=100, remaining=90, seconds=50_000)
    answered(window, 1, told(100, 89, 20))
    assert window.seconds_left(1) == 21


def test_an_end_beyond_a_day_is_not_believed() -> None:
    window = opened(limit=100, remaining=90, seconds=900_000_000)
    assert window.limit == 1000
    assert window.seconds_left(0) == 3600


def test_a_raised_limit_counts_at_once() -> None:
    window = opened()
    answered(window, 1, told(5000, 4998, 3598))
    assert window.left(1) == pytest.approx(3998)


def test_without_headers_a_thousand_an_hour_are_assumed() -> None:
    window = RequestWindow(0.8)
    answered(window, 0, None)
    assert window.left(0) == 799
    assert not window.wants_scout(3599)
    assert window.wants_scout(3600)
    answered(window, 3601, None)
    assert window.left(3601) == 799


def test_headers_that_come_late_replace_what_was_assumed() -> None:
    window = RequestWindow(0.8)
    answered(window, 0, None)
    answered(window, 10, told(100, 99, 19))
    assert window.left(10) == pytest.approx(79)
    assert window.seconds_left(10) == 20


def test_others_who_take_more_than_their_part_make_us_look_before_we_send() -> None:
    window = opened(limit=100, remaining=99, seconds=99)
    answered(window, 50, told(100, 40, 49))
    assert not window.wants_scout(51)
    assert window.wants_scout(56)
    assert window.may_send(56)


@pytest.mark.parametrize(
    ("known", "retry_after", "silence"),
    [
        (told(1000, 0, 1800), timedelta(seconds=30), 30),
        (told(1000, 0, 1800), None, 1801),
        (None, timedelta(seconds=30), 30),
        (None, None, 60),
        (None, timedelta(days=900), 86_400),
        (told(1000, 0, 900_000_000), None, 60),
    ],
)
def test_after_a_429_it_is_silent_for_as_long_as_it_asks(
    known: RateLimit | None, retry_after: timedelta | None, silence: float
) -> None:
    window = RequestWindow(0.8)
    number = window.sent()
    if known is not None:
        window.answered(0, number, known)
    window.refused(0, retry_after)
    window.ended()
    assert window.is_silent(silence - 0.5)
    assert not window.may_send(silence - 0.5)
    assert not window.is_silent(silence)
    assert window.wants_scout(silence)


def test_a_second_429_that_says_nothing_does_not_cut_the_silence_short() -> None:
    window = RequestWindow(0.8)
    window.refused(0, timedelta(minutes=10))
    window.refused(1, None)
    assert window.is_silent(599)


def test_after_a_429_what_remains_is_learnt_anew() -> None:
    window = opened()
    number = window.sent()
    window.answered(10, number, told(1000, 0, 3589))
    window.refused(10, timedelta(seconds=1))
    window.ended()
    answered(window, 12, told(1000, 700, 3587))
    assert window.number == 1
    assert window.left(12) > 400


def test_an_answer_to_what_was_sent_before_a_429_does_not_end_the_going_alone() -> None:
    window = opened()
    before = [window.sent() for _ in range(3)]
    window.answered(10, before[0], told(1000, 900, 3589))
    window.refused(10, timedelta(seconds=2))
    window.ended()
    for sent in before[1:]:
        window.answered(10.1, sent, told(1000, 899, 3589))
        window.ended()
    assert window.wants_scout(13)
    answered(window, 13, told(1000, 890, 3586))
    assert not window.wants_scout(13)


def test_requests_that_end_without_headers_count_until_the_next_ones_do() -> None:
    window = opened(limit=100, remaining=60, seconds=99)
    left = window.left(0)
    for _ in range(10):
        window.sent()
        window.ended()
    assert window.left(0) == pytest.approx(left - 10)
    answered(window, 0, told(100, 49, 99))
    assert window.left(0) == pytest.approx(left - 11)


def test_a_window_that_was_only_assumed_is_not_reset_by_the_first_that_is_told() -> None:
    window = RequestWindow(0.8)
    answered(window, 0, None)
    answered(window, 10, told(1000, 990, 3589))
    assert not window.has_reset
    answered(window, 3605, told(1000, 999, 3599))
    assert window.has_reset


headers = st.one_of(
    st.none(),
    st.builds(
        told,
        st.integers(0, 10**15),
        st.integers(0, 10**15),
        st.one_of(st.integers(0, 10_000), st.floats(-(10**9), 10**9, allow_nan=False)),
    ),
)


@given(st.lists(st.tuples(st.floats(0, 4000), headers, st.sampled_from(["answer", "refuse", "lose"])), max_size=60))
def test_whatever_the_headers_say_a_request_is_always_possible_some_day(
    script: list[tuple[float, RateLimit | None, str]],
) -> None:
    window, now = RequestWindow(0.8), 0.0
    for pause, rate_limit, outcome in script:
        now += pause
        if not window.may_send(now):
            continue
        number = window.sent()
        if outcome != "lose":
            window.answered(now, number, rate_limit)
        if outcome == "refuse":
            window.refused(now, None)
        window.ended()
        assert window.in_flight == 0
        assert window.left(now) >= 0
    assert window.may_send(now + 2 * 86_400)
