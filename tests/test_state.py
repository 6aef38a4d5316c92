"""What the exporter knows of an addon, before and after polls."""

from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest

from exporter.model import AddonKey, FailureReason
from exporter.state import AddonState, StateStore
from exporter.summary import summarise
from tests.builders import KEY, NOW, backup

SECOND = timedelta(seconds=1)
SUMMARY = summarise([backup()])


def read(state: AddonState) -> AddonState:
    return state.polled(SUMMARY, data_at=NOW, duration=SECOND, requests=15)


def test_an_addon_is_pending_until_its_first_poll() -> None:
    state = AddonState(key=KEY)
    assert state.failure is FailureReason.PENDING
    assert (state.summary, state.data_at, state.poll_duration) == (None, None, None)
    assert state.requests == 1


def test_a_good_poll_replaces_everything_but_the_configuration() -> None:
    before = AddonState(key=KEY, max_age=timedelta(hours=26))
    assert read(before) == AddonState(
        key=KEY,
        max_age=timedelta(hours=26),
        summary=SUMMARY,
        data_at=NOW,
        failure=None,
        poll_duration=SECOND,
        requests=15,
    )


def test_a_failed_poll_keeps_the_last_good_data() -> None:
    good = read(AddonState(key=KEY, max_age=timedelta(hours=26)))
    state = good.failed(FailureReason.TIMEOUT, duration=8 * SECOND)
    assert (state.failure, state.poll_duration) == (FailureReason.TIMEOUT, 8 * SECOND)
    assert (state.summary, state.data_at, state.requests) == (SUMMARY, NOW, 15)
    assert (state.key, state.max_age) == (KEY, timedelta(hours=26))


def test_a_failed_first_poll_invents_no_data() -> None:
    state = AddonState(key=KEY).failed(FailureReason.NOT_FOUND, duration=SECOND)
    assert (state.summary, state.data_at, state.requests) == (None, None, 1)


def test_a_good_poll_ends_a_failure() -> None:
    assert read(AddonState(key=KEY).failed(FailureReason.NOT_FOUND, duration=SECOND)).failure is None


def test_a_state_is_never_edited() -> None:
    state = AddonState(key=KEY)
    with pytest.raises(FrozenInstanceError):
        state.failure = None  # type: ignore[misc]
    state.failed(FailureReason.TIMEOUT, duration=SECOND)
    assert state == AddonState(key=KEY)


def keys(*names: str) -> list[AddonKey]:
    return [AddonKey("acme", "shop", name) for name in names]


def test_a_store_keeps_the_order_of_the_configuration() -> None:
    watched = keys("zebra", "ant", "monkey")
    store = StateStore((AddonState(key=key) for key in watched), on_replace=lambda _: None)
    for key in reversed(watched):
        store.replace(read(store[key]))
    assert [state.key for state in store.all()] == watched


def test_a_store_gives_the_state_put_in_last() -> None:
    store = StateStore([AddonState(key=KEY)], on_replace=lambda _: None)
    assert store[KEY] == AddonState(key=KEY)
    store.replace(read(store[KEY]))
    assert store[KEY] == read(AddonState(key=KEY))
    assert store.all() == (store[KEY],)


def test_what_was_taken_from_a_store_does_not_change() -> None:
    store = StateStore([AddonState(key=KEY)], on_replace=lambda _: None)
    before = store.all()
    store.replace(read(store[KEY]))
    assert before == (AddonState(key=KEY),)


def test_a_store_without_addons_is_empty() -> None:
    assert StateStore([], on_replace=lambda _: None).all() == ()


def test_whoever_asked_hears_of_every_new_state() -> None:
    heard: list[AddonState] = []
    store = StateStore([AddonState(key=KEY)], on_replace=heard.append)
    store.replace(read(store[KEY]))
    assert heard == [AddonState(key=KEY), read(AddonState(key=KEY))]


def test_an_addon_that_is_not_watched_is_not_known() -> None:
    with pytest.raises(KeyError):
        StateStore([], on_replace=lambda _: None)[KEY]
