"""Exit codes and the first line, as monitoring systems read them."""

from dataclasses import replace

import pytest

from exporter.model import AddonKey, FailureReason
from exporter.nagios import State, state_of, status_line
from exporter.state import AddonState
from exporter.verdict import Verdict, judge
from tests.builders import NOW, ago, backup, failed
from tests.oracle import account_state
from tests.verdict.cases import FRESH, OLD, dumps, read, running

WELL = read(FRESH)
NEAR = read(backup(created_at=ago(hours=24)))
UNREAD = WELL.failed(FailureReason.TIMEOUT, at=0.0, duration=None)
SHRUNK = read(*dumps(400, 1000, 1000, 1000))


def verdict(*states: AddonState) -> Verdict:
    named = [replace(state, key=AddonKey("acme", "shop", f"x{number}")) for number, state in enumerate(states)]
    return judge(named, [account_state()], now=NOW)


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([WELL], State.OK),
        ([WELL, NEAR], State.WARNING),
        ([SHRUNK], State.WARNING),
        ([read(OLD)], State.CRITICAL),
        ([read()], State.CRITICAL),
        ([read(FRESH, failed(created_at=ago(hours=1)))], State.CRITICAL),
        ([read(FRESH, running(hours=3))], State.CRITICAL),
        ([UNREAD], State.UNKNOWN),
        ([AddonState(key=AddonKey("", "", ""))], State.UNKNOWN),
        ([], State.UNKNOWN),
        ([UNREAD, NEAR], State.UNKNOWN),
        ([UNREAD, SHRUNK], State.WARNING),
        ([UNREAD, SHRUNK, read(OLD)], State.CRITICAL),
    ],
)
def test_the_worst_counts(states: list[AddonState], state: State) -> None:
    assert state_of(verdict(*states)) is state


def test_an_account_that_is_not_listed_whole_is_unknown() -> None:
    unlisted = replace(account_state(), is_up=True, is_listed=False)

    assert state_of(judge([WELL], [unlisted], now=NOW)) is State.UNKNOWN


def test_the_first_line_ends_with_performance_data() -> None:
    assert status_line(verdict(read(OLD), SHRUNK, UNREAD, WELL)) == (
        "CRITICAL: 2 of 4 addons need attention; 1 could not be read"
        " | addons=4;;;0 critical=1;;;0;4 warning=1;;;0;4 unknown=1;;;0;4 ok=1;;;0;4"
    )
