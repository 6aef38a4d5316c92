"""What the exporter knows of an addon, before and after polls."""

from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest

from exporter.known import KnownList
from exporter.model import AddonKey, FailureReason
from exporter.poll_log import PollEntry, PollLog, Reading
from exporter.state import AddonState, StateStore
from exporter.summary import summarise
from tests.builders import KEY, NOW, backup

STARTED = 1234.5
SECOND = timedelta(seconds=1)
SUMMARY = summarise([backup()])
KNOWN = KnownList(pages=15, digest=b"of its first page", read_whole_at=0.0)


def read(state: AddonState) -> AddonState:
    return state.polled(SUMMARY, data_at=NOW, duration=SECOND, known=KNOWN)


def test_an_addon_is_pending_until_its_first_poll() -> None:
    state = AddonState(key=KEY)
    assert state.failure is FailureReason.PENDING
    assert (state.summary, state.data_at, state.poll_duration) == (None, None, None)
    assert state.known is None


def test_a_good_poll_replaces_everything_but_the_configuration() -> None:
    before = AddonState(key=KEY, max_age=timedelta(hours=26))
    assert read(before) == AddonState(
        key=KEY,
        max_age=timedelta(hours=26),
        summary=SUMMARY,
        data_at=NOW,
        as_of=NOW,
        failure=None,
        poll_duration=SECOND,
        known=KNOWN,
        polls=PollLog().with_poll(
            PollEntry(at=NOW, result=Reading.WHOLE, duration=SECOND, requests=1, backups=1),
        ),
    )


def test_a_failed_poll_keeps_the_last_good_data() -> None:
    good = read(AddonState(key=KEY, max_age=timedelta(hours=26)))
    state = good.failed(FailureReason.TIMEOUT, at=STARTED, duration=8 * SECOND)
    assert (state.failure, state.poll_duration) == (FailureReason.TIMEOUT, 8 * SECOND)
    assert (state.summary, state.data_at, state.known) == (SUMMARY, NOW, KNOWN)
    assert (state.key, state.max_age) == (KEY, timedelta(hours=26))


def test_a_failed_first_poll_invents_no_data() -> None:
    state = AddonState(key=KEY).failed(FailureReason.NOT_FOUND, at=STARTED, duration=SECOND)
    assert (state.summary, state.data_at, state.known) == (None, None, None)


def test_a_good_poll_ends_a_failure() -> None:
    state = read(AddonState(key=KEY).failed(FailureReason.NOT_FOUND, at=STARTED, duration=SECOND))
    assert (state.failure, state.failing_since) == (None, None)


def test_a_failure_dates_from_the_first_of_a_row() -> None:
    first = read(AddonState(key=KEY)).failed(FailureReason.TIMEOUT, at=STARTED, duration=SECOND)
    second = first.failed(FailureReason.SERVER_ERROR, at=STARTED + 1, duration=SECOND)
    assert (second.failure, second.failing_since) == (FailureReason.SERVER_ERROR, STARTED)


def test_an_addon_that_was_not_asked_keeps_the_duration_of_its_latest_poll() -> None:
    state = read(AddonState(key=KEY)).failed(FailureReason.UNAUTHORIZED, at=STARTED, duration=None)
    assert (state.failure, state.poll_duration) == (FailureReason.UNAUTHORIZED, SECOND)


@pytest.mark.parametrize(("later", "is_stale"), [(timedelta(hours=6) - SECOND, False), (timedelta(hours=6), True)])
def test_data_is_stale_so_long_after_the_first_failure(later: timedelta, *, is_stale: bool) -> None:
    failed = read(AddonState(key=KEY)).failed(FailureReason.TIMEOUT, at=STARTED, duration=SECOND)
    assert failed.is_stale(STARTED + later.total_seconds(), timedelta(hours=6)) is is_stale


def test_data_is_never_stale_while_nothing_fails() -> None:
    assert not read(AddonState(key=KEY)).is_stale(1e9, timedelta(0))


def test_without_data_there_is_nothing_to_be_stale() -> None:
    failed = AddonState(key=KEY).failed(FailureReason.TIMEOUT, at=STARTED, duration=SECOND)
    assert not failed.is_stale(STARTED, timedelta(0))


def test_what_is_dropped_are_the_backups_and_nothing_else() -> None:
    failed = read(AddonState(key=KEY)).failed(FailureReason.TIMEOUT, at=STARTED, duration=SECOND)
    dropped = failed.without_data()
    assert (dropped.summary, dropped.data_at) == (None, None)
    assert (dropped.failure, dropped.failing_since, dropped.known) == (
        FailureReason.TIMEOUT,
        STARTED,
        KNOWN.forgotten(),
    )


def test_a_pardoned_addon_is_what_it_was_before() -> None:
    good = read(AddonState(key=KEY))
    condemned = good.failed(FailureReason.UNAUTHORIZED, at=STARTED, duration=None)
    assert condemned.pardoned(good) == good


def test_a_pardoned_addon_keeps_a_failure_of_its_own() -> None:
    own = read(AddonState(key=KEY)).failed(FailureReason.NOT_FOUND, at=STARTED, duration=SECOND)
    pardoned = own.failed(FailureReason.UNAUTHORIZED, at=STARTED + 1, duration=None).pardoned(own)
    assert (pardoned.failure, pardoned.failing_since) == (FailureReason.NOT_FOUND, STARTED)


def test_a_pardoned_addon_whose_data_was_dropped_is_pending() -> None:
    good = read(AddonState(key=KEY))
    dropped = good.failed(FailureReason.UNAUTHORIZED, at=STARTED, duration=None).without_data()
    assert dropped.pardoned(good).failure is FailureReason.PENDING


def test_a_state_is_never_edited() -> None:
    state = AddonState(key=KEY)
    with pytest.raises(FrozenInstanceError):
        state.failure = None  # type: ignore[misc]
    state.failed(FailureReason.TIMEOUT, at=STARTED, duration=SECOND)
    assert state == AddonState(key=KEY)


def keys(*names: str) -> list[AddonKey]:
    return [AddonKey("acme", "shop", name) for name in names]


def stored(*addons: AddonKey) -> StateStore:
    store = StateStore(on_replace=lambda _: None, on_remove=lambda _: None)
    for key in addons:
        store.replace(AddonState(key=key))
    return store


def test_a_store_keeps_the_order_of_the_configuration() -> None:
    watched = keys("zebra", "ant", "monkey")
    store = stored(*watched)
    for key in reversed(watched):
        store.replace(read(store[key]))
    assert [state.key for state in store.all()] == watched


def test_a_store_gives_the_state_put_in_last() -> None:
    store = stored(KEY)
    assert store[KEY] == AddonState(key=KEY)
    store.replace(read(store[KEY]))
    assert store[KEY] == read(AddonState(key=KEY))
    assert store.all() == (store[KEY],)


def test_what_was_taken_from_a_store_does_not_change() -> None:
    store = stored(KEY)
    before = store.all()
    store.replace(read(store[KEY]))
    assert before == (AddonState(key=KEY),)


def test_a_store_without_addons_is_empty() -> None:
    assert stored().all() == ()


def test_whoever_asked_hears_of_every_new_state() -> None:
    heard: list[AddonState] = []
    store = StateStore(on_replace=heard.append, on_remove=lambda _: None)
    store.replace(AddonState(key=KEY))
    store.replace(read(store[KEY]))
    assert heard == [AddonState(key=KEY), read(AddonState(key=KEY))]


def test_an_addon_that_is_not_watched_is_not_known() -> None:
    with pytest.raises(KeyError):
        stored()[KEY]


def test_an_addon_that_is_removed_is_known_no_more_and_whoever_asked_hears_of_it() -> None:
    heard: list[AddonKey] = []
    store = StateStore(on_replace=lambda _: None, on_remove=heard.append)
    store.replace(AddonState(key=KEY))
    assert KEY in store
    store.remove(KEY)
    assert KEY not in store
    assert store.get(KEY) is None
    assert (store.all(), heard) == ((), [KEY])


def test_a_state_that_is_refused_leaves_the_one_before() -> None:
    def refuse(_: AddonState) -> None:
        raise ZeroDivisionError

    store = StateStore(on_replace=refuse, on_remove=lambda _: None)
    with pytest.raises(ZeroDivisionError):
        store.replace(AddonState(key=KEY))
    assert store.all() == ()
