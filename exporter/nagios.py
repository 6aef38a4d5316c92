"""The status line and exit codes by which Nagios and its relatives know how something fares. Pure."""

from enum import IntEnum

from exporter.verdict import Kind, Severity, Verdict


class State(IntEnum):
    """Exit codes of a plugin."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


_STATES = {
    Severity.CRITICAL: State.CRITICAL,
    Severity.WARNING: State.WARNING,
    Severity.UNKNOWN: State.UNKNOWN,
}


def state_of(verdict: Verdict) -> State:
    """Give the state of the whole fleet: the worst of its addons', where a warning is worse than not to know.

    An age near its limit is a warning, too, but a slight one: not to know is worse.
    """
    near = State.WARNING if verdict.counted(Kind.NEAR_LIMIT) else State.OK
    return _STATES.get(verdict.severity, near)


def status_line(verdict: Verdict) -> str:
    """Write the first line of a plugin's output: state, verdict, and how many addons there are of each severity."""
    total = len(verdict.rows)
    counts = [f"{severity.word}={verdict.count(severity)};;;0;{total}" for severity in reversed(Severity)]
    return f"{state_of(verdict).name}: {verdict.sentence} | {' '.join([f'addons={total};;;0', *counts])}"
