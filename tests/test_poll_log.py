"""What is remembered of an addon's last polls."""

from datetime import timedelta
from typing import Any

import pytest

from exporter.model import FailureReason
from exporter.poll_log import LONGEST, PollEntry, PollLog, Reading
from exporter.state import AddonState
from exporter.summary import summarise
from tests.builders import KEY, ago, backup

TOOK = timedelta(seconds=0.5)


def read_entry(minutes: int, **overrides: Any) -> PollEntry:  # noqa: ANN401 - any field of any type
    entry = PollEntry(at=ago(minutes=minutes), result=Reading.WHOLE, duration=TOOK, requests=1, backups=30)
    return entry._replace(**overrides)


@pytest.mark.parametrize("result", [*Reading, *FailureReason])
def test_an_entry_is_told_as_it_was(result: Reading | FailureReason) -> None:
    entry = read_entry(1, result=result, requests=15, backups=1500)
    without = read_entry(0, result=result, requests=0, backups=None)

    assert list(PollLog().with_poll(entry).with_poll(without).entries()) == [without, entry]


def test_the_oldest_polls_are_forgotten_and_the_rest_takes_little() -> None:
    log = PollLog()
    for minutes in range(LONGEST + 5, 0, -1):
        log = log.with_poll(read_entry(minutes))

    assert [entry.at for entry in log.entries()] == [ago(minutes=minutes) for minutes in range(1, LONGEST + 1)]
    assert len(log._packed) < 500


def test_good_and_failed_polls_are_logged_with_the_state() -> None:
    state = AddonState(key=KEY).polled(
        summarise([backup(), backup()]), data_at=ago(minutes=3), duration=TOOK, reading=Reading.NEWEST, requests=2
    )
    timeout = read_entry(2, result=FailureReason.TIMEOUT, requests=3, backups=None)
    state = state.failed(FailureReason.TIMEOUT, at=10.0, duration=TOOK).logged(timeout)
    condemned = state.failed(FailureReason.UNAUTHORIZED, at=70.0, duration=None)

    assert list(condemned.polls.entries()) == [timeout, PollEntry(ago(minutes=3), Reading.NEWEST, TOOK, 2, 2)]
    assert condemned.pardoned(state).without_data().polls == condemned.polls


def test_an_addon_that_was_never_polled_has_an_empty_log() -> None:
    assert list(AddonState(key=KEY).polls.entries()) == []
