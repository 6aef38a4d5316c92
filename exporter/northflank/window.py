"""What is known of an account's window of requests, and the bounds that no request may cross. Pure.

Facts from northflank.com/docs/v1/api/use-the-api: a limit per hour for the whole account, in a window that starts at
its first request; every answer's headers tell limit, remaining and reset. Others (CI, CLI, other tokens) draw on it.
Times are seconds of a clock that never goes back, given from outside.
"""

from datetime import timedelta
from typing import NamedTuple

from exporter.model import RateLimit

DEFAULT_LIMIT = 1000
"""Requests per window, until the API says otherwise."""

DEFAULT_LENGTH = 3600.0
"""Seconds of a window, until the API says otherwise."""

DEFAULT_SILENCE = 60.0
"""Seconds of silence after a 429 that says nothing of its end."""

_ROUNDING = 1.0
"""Seconds: a reset that counts whole ones may have been rounded down."""

_JITTER = 2.0
"""Seconds by which the end of one and the same window may seem to move between two answers."""

_STALE = 5.0
"""Seconds after which what remains is asked for again, where others take more than their part."""

_LONGEST = 86_400.0
"""Seconds: headers that name an end further away than a day say nothing that one could plan with."""


class Sent(NamedTuple):
    """When a request was sent: in which window, and after how many 429."""

    number: int
    refusals: int


class RequestWindow:
    """One window after the other, as far as it is known.

    `share` is the part of the limit that we may spend; the rest is left to the account's other users.
    `limit` counts requests, `length` is in seconds, `spent` counts our own requests in this window, `in_flight` those
    without an answer, `number` the windows seen so far; `has_reset` tells whether one of them has replaced another.
    `rate_limit` is what the latest headers said.
    """

    def __init__(self, share: float) -> None:
        self.share = share
        self.limit = DEFAULT_LIMIT
        self.length = DEFAULT_LENGTH
        self.spent = 0
        self.in_flight = 0
        self.number = 0
        self.rate_limit: RateLimit | None = None
        self._remaining: int | None = None
        self._ends_at: float | None = None
        self._is_trusted = False
        self._is_told = False
        self._answered_at: float | None = None
        self._others = 0
        self._unaccounted = 0
        self._refusals = 0
        self.has_reset = False
        self._silent_until: float | None = None

    def is_silent(self, now: float) -> bool:
        """Whether a 429 still forbids every request."""
        return self._silent_until is not None and now < self._silent_until

    def is_known(self, now: float) -> bool:
        """Whether limit, remaining and end are those of the window at `now`; else one request must go alone."""
        return self._is_trusted and self._ends_at is not None and now < self._ends_at

    def may_send(self, now: float) -> bool:
        """Whether one more request may go out at `now`."""
        if self.is_silent(now):
            return False
        if not self.is_known(now):
            return self.in_flight == 0
        return self.left(now) >= 1

    def seconds_left(self, now: float) -> float:
        """Say how long the window goes on; its whole length where that is not known."""
        return self.length if self._ends_at is None else max(self._ends_at - now, 0.0)

    def left(self, now: float) -> float:
        """Say how many requests may still go out in this window, so that share and others' part are both kept."""
        ours = self.share * self.limit - self.spent
        if self._remaining is None:
            return max(ours, 0.0)
        reserve = (1 - self.share) * self.limit * min(self.seconds_left(now) / self.length, 1.0)
        return max(min(ours, self._remaining - self._unaccounted - reserve - self._taken_since(now)), 0.0)

    def wants_scout(self, now: float) -> bool:
        """Whether the next request should go alone, for its headers' sake.

        So it is where the window is not known, and where others take more than their part: then what remains is
        not what it was a while ago.
        """
        if not self.is_known(now):
            return True
        is_tight = self.left(now) < self.share * self.limit - self.spent
        return is_tight and (self._answered_at is None or now - self._answered_at > _STALE)

    def sent(self) -> "Sent":
        """Count a request that goes out; gives what is to be handed in with its answer."""
        self.spent += 1
        self.in_flight += 1
        self._unaccounted += 1
        return Sent(self.number, self._refusals)

    def ended(self) -> None:
        """Count a request that has its answer, or will never have one."""
        self.in_flight -= 1

    def answered(self, now: float, sent: "Sent", rate_limit: RateLimit | None) -> None:
        """Take in what the headers of an answer say, while its request still counts as in flight."""
        self._answered_at = now
        seconds = _LONGEST if rate_limit is None else max(rate_limit.resets_in.total_seconds(), 0.0) + _ROUNDING
        if rate_limit is None or seconds >= _LONGEST:
            if not self.is_known(now) and sent.refusals == self._refusals:
                self.has_reset = self.has_reset or self.number > 0
                self._open(now + self.length)
            return
        if sent.number != self.number and self._ends_at is not None and now + seconds < self._ends_at - _JITTER:
            return  # An answer that came late speaks of the window before.
        remaining = min(rate_limit.remaining, rate_limit.limit)
        if self._is_new(now + seconds, remaining, rate_limit.limit):
            self._begin(now, seconds, fresh=remaining >= rate_limit.limit - 1)
        if self._remaining is not None and rate_limit.limit == self.limit:
            # Answers overtake each other; within a window nothing comes back.
            remaining = min(remaining, self._remaining)
        self.rate_limit = rate_limit
        self.limit = max(rate_limit.limit, 1)
        self.length = max(self.length, seconds)
        self._remaining = remaining
        self._others = max(rate_limit.limit - remaining - (self.spent - self.in_flight + 1), 0)
        # Requests in flight may be in that number or not. Those that ended without headers are.
        self._unaccounted = self.in_flight - 1
        ends_at = now + seconds
        # Rounded up by us, an end is at best where the earliest of its readings puts it.
        is_jitter = self._ends_at is not None and ends_at <= self._ends_at + _JITTER
        self._ends_at = min(ends_at, self._ends_at or ends_at) if is_jitter else ends_at
        # After a 429 only what was sent after it says that others may follow.
        self._is_trusted = sent.refusals == self._refusals

    def refused(self, now: float, retry_after: timedelta | None) -> None:
        """Be silent after a 429: for what the server asks, else until the window's end, else a minute."""
        if retry_after is not None:
            end = now + min(retry_after.total_seconds(), _LONGEST)
        elif self._ends_at is not None and self._ends_at > now and self._is_told:
            end = self._ends_at
        else:
            end = now + DEFAULT_SILENCE
        self._silent_until = max(self._silent_until or end, end)
        self._is_trusted = False
        self._remaining = None
        self._refusals += 1

    def _taken_since(self, now: float) -> float:
        """Guess how many requests others have sent since the latest answer, from what they had sent until then."""
        if self._answered_at is None:
            return 0.0
        elapsed = max(self.length - self.seconds_left(self._answered_at), 1.0)
        return self._others / elapsed * min(now - self._answered_at, elapsed)

    def _is_new(self, ends_at: float, remaining: int, limit: int) -> bool:
        """Whether an answer speaks of a window that was not known before."""
        if self._ends_at is None or not self._is_told:
            return True
        # An end that moves while less and less remains is no reset, only an odd way to count. The request that was
        # answered has cost one, so that the same number means a reset too.
        has_recovered = self._remaining is None or remaining >= max(self._remaining, 1) or limit != self.limit
        return has_recovered and ends_at > self._ends_at + _JITTER

    def _begin(self, now: float, seconds: float, *, fresh: bool) -> None:
        # The first window that we see may have been opened by others, long ago.
        self.length = seconds if fresh or self._is_told else max(DEFAULT_LENGTH, seconds)
        self.has_reset = self._is_told
        self._is_told = True
        self._open(now + seconds)

    def _open(self, ends_at: float) -> None:
        self.number += 1
        self.spent = self.in_flight
        self._ends_at = ends_at
        self._remaining = None
        self._is_trusted = True
