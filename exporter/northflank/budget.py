"""How many requests may go out now: what the window allows, spread evenly until its end. Pure.

Times are seconds of a clock that never goes back, given from outside.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum, auto

from exporter.northflank.window import RequestWindow

_ROUNDING_ERROR = 1e-6

_BURST_OF_SHARE = 0.25
_BURST_OF_CYCLE = 0.4
"""The larger of these parts may go at once. Had everything that the window leaves gone at once, what was read first
would be read again only long after the reset; so it is never half as old again as it need be."""

_LONGEST_PAUSE = 1 / 20
"""Part of a window that is made up for after its beginning: a reset brings no burst, but nobody loses a turn by it."""


class Purse(Enum):
    """What requests are for."""

    BURST = auto()
    """What need not wait for requests to come free, in the first window only: above all what was never read."""

    EXTRAS = auto()
    """Listings of teams, projects and addons."""

    DETAILS = auto()
    """What is read of each addon besides its backups, and can wait for hours in a large fleet."""

    URGENT = auto()
    """Lists that are about to change."""

    FULL = auto()
    """Long lists read to their end once in a while, although it would suffice to read their newest part."""

    REGULAR = auto()
    """All other lists."""


_PART = {Purse.EXTRAS: 0.15, Purse.DETAILS: 0.05, Purse.URGENT: 0.15, Purse.FULL: 0.15, Purse.REGULAR: 1.0}
"""Part of what comes free that a purse has while it is wanted, of what those before it leave. What is urgent has so
little that it delays the others by less than a fifth, and so has what is read to its end."""

_ASIDE = (Purse.EXTRAS, Purse.DETAILS)

_ASIDE_PART = 0.2
"""Part of a window that all that is not backups may have together. Details may have what listings leave of it where
everything can be read within one window; in a larger fleet they would make the backups' lists too old."""


class Grant:
    """Requests set aside for one task; what it does not take goes back when it is closed."""

    def __init__(self, budget: "RequestBudget", purse: Purse, size: int) -> None:
        self._budget = budget
        self._purse = purse
        self._size = size

    def take(self, now: float) -> bool:
        """Whether the task may send one more request: one that was set aside, or one that can be spared."""
        if self._size == 0 and not self._budget.set_aside(now, self._purse, 1):
            return False
        self._size = max(self._size - 1, 0)
        self._budget.used(1)
        return True

    def close(self) -> None:
        """Give back what was not taken."""
        self._budget.set_free(self._purse, self._size)
        self._size = 0


class RequestBudget:
    """The requests that all accounts with one limit may make together.

    `window` knows the limit and never lets it be crossed; this class spreads what the window leaves. After one burst
    in the first window, requests come free one by one, at a rate that uses the allowance up just when the window ends.
    With `is_for_once` nothing is kept for later: there is no later.
    """

    def __init__(self, share: float, *, is_for_once: bool = False) -> None:
        self.window = RequestWindow(share)
        self._is_for_once = is_for_once
        self._purses = dict.fromkeys(Purse, 0.0)
        self._set_aside = 0
        self._released_at: float | None = None
        self._number = 0
        self._span = 0.0
        self._at_first = 0.0
        self._extras = 0
        self._details = 0
        self._usual_extras: int | None = None

    def release(self, now: float, wanted: Mapping[Purse, float]) -> None:
        """Set free what time has brought since the last call; a purse gathers no more than what is wanted of it.

        What is wanted of the regular purse is what it takes to read everything once.
        """
        left, window, purses = self._spare(now), self.window, self._purses
        is_first_release = self._number == 0 and window.number == 1
        elapsed = 0.0 if self._released_at is None else max(now - self._released_at, 0.0)
        if window.number != self._number:
            elapsed = min(elapsed, window.length * _LONGEST_PAUSE)
            self._span, self._at_first = window.seconds_left(now), left + window.spent
            self._usual_extras = self._extras if self._number else None
            self._extras = self._details = 0
        self._number, self._released_at = window.number, max(now, self._released_at or now)
        wanted = {
            Purse.REGULAR: 0.0,
            **wanted,
            Purse.EXTRAS: min(wanted.get(Purse.EXTRAS, 0), self._allowed_extras()),
            Purse.DETAILS: min(wanted.get(Purse.DETAILS, 0), self._allowed_details()),
        }
        for purse in _ASIDE:
            if is_first_release or (purse is Purse.DETAILS and self._has_enough(left, wanted)):
                # The first listing comes before everything else, and where all fits nothing need wait.
                purses[purse] = left * self._part(purse, wanted)
            purses[purse] = min(purses[purse], wanted.get(purse, 0))
        purses[Purse.REGULAR] = min(purses[Purse.REGULAR], left)
        unreleased = max(left - sum(purses[purse] for purse in _PART), 0.0)
        released = unreleased * elapsed / (elapsed + window.seconds_left(now)) if elapsed else 0.0
        for purse in _PART:
            part = min(released * self._part(purse, wanted), max(wanted.get(purse, 0) - purses[purse], 0.0))
            purses[purse] += part
            released -= part
        aside = sum(purses[purse] for purse in _ASIDE)
        purses[Purse.BURST] = self._burst(now, left - aside, wanted.get(Purse.REGULAR, 0))

    def available(self, now: float, purse: Purse) -> int:
        """Say how many requests there are in a purse."""
        return int(min(self._purses[purse] + _ROUNDING_ERROR, self._spare_for(now, purse)))

    def start_with(self, cost: int) -> int:
        """Say how much must be there for a task to start: what it costs, but no more than half of a window."""
        return max(min(cost, int(self.window.share * self.window.limit / 2)), 1)

    def grant(self, now: float, purse: Purse, cost: int) -> Grant | None:
        """Set aside what a task starts with, None where that is not there."""
        size = self.start_with(cost)
        return Grant(self, purse, size) if self.set_aside(now, purse, size) else None

    def set_aside(self, now: float, purse: Purse, requests: int) -> bool:
        """Take requests out of a purse and keep them; False where there are too few."""
        if purse is Purse.EXTRAS:
            self._top_up(now, requests)
        if self._spare_for(now, purse) < requests or self._purses[purse] < requests - _ROUNDING_ERROR:
            return False
        self._extras += requests if purse is Purse.EXTRAS else 0
        self._details += requests if purse is Purse.DETAILS else 0
        self._purses[purse] -= requests
        self._set_aside += requests
        return True

    def used(self, requests: int) -> None:
        """Keep requests no longer: they go out now."""
        self._set_aside -= requests

    def set_free(self, purse: Purse, requests: int) -> None:
        """Put requests that were kept back into their purse."""
        self._set_aside -= requests
        self._purses[purse] += requests

    def time_for(self, requests: int) -> timedelta:
        """Say how long so many requests take at the rate that the limit leaves to the exporter."""
        window = self.window
        return timedelta(seconds=window.length * requests / (window.share * window.limit))

    def full_part(self, requests: int, every: timedelta) -> float:
        """Say which part of all requests goes into full listings that take so many, where they come so often."""
        return min(self.time_for(requests) / every, _PART[Purse.FULL])

    def _top_up(self, now: float, requests: int) -> None:
        """Let listings not wait for what comes free, as long as they keep to their part of the window."""
        unreleased = self._spare(now) - sum(self._purses[purse] for purse in _PART)
        missing = min(requests, self._allowed_extras()) - self._purses[Purse.EXTRAS]
        self._purses[Purse.EXTRAS] += max(min(missing, unreleased), 0.0)

    def _has_enough(self, left: float, wanted: Mapping[Purse, float]) -> bool:
        """Whether nothing need wait, in the first window: all that is left is more than the lists will take."""
        return self._is_for_once or (not self.window.has_reset and left > wanted[Purse.REGULAR])

    def _part(self, purse: Purse, wanted: Mapping[Purse, float]) -> float:
        fits = wanted[Purse.REGULAR] <= self.window.share * self.window.limit
        return _ASIDE_PART if purse is Purse.DETAILS and fits else _PART[purse]

    def _allowed_extras(self) -> float:
        share = self.window.share * self.window.limit
        if self._is_for_once:
            return share
        return max(min(_PART[Purse.EXTRAS] * share, _ASIDE_PART * share - self._details) - self._extras, 0.0)

    def _allowed_details(self) -> float:
        """Say what listings leave, which need what they needed in the last window; unknown is all that is theirs."""
        share = self.window.share * self.window.limit
        usual = _PART[Purse.EXTRAS] * share if self._usual_extras is None else self._usual_extras
        kept = self._extras if self._is_for_once else max(self._extras, usual)
        return max(_ASIDE_PART * share - kept - self._details, 0.0)

    def _burst(self, now: float, left: float, cycle: float) -> float:
        window = self.window
        if self._is_for_once:
            return left
        if window.has_reset:
            return 0.0
        # Of what was left when we came: others, or this exporter before a restart, may have used the rest.
        kept = self._at_first - max(self._at_first * _BURST_OF_SHARE, cycle * _BURST_OF_CYCLE)
        to_come = window.seconds_left(now) / self._span if self._span else 0.0
        return max(left - max(kept, 0.0) * to_come, 0.0)

    def _spare_for(self, now: float, purse: Purse) -> float:
        """Say what is left for a purse: what has come free for other things than backups is kept for those."""
        return self._spare(now) - (0.0 if purse in _ASIDE else sum(self._purses[each] for each in _ASIDE))

    def _spare(self, now: float) -> float:
        return max(self.window.left(now) - self._set_aside, 0.0)
