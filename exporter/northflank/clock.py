"""The API's time, as its answers tell it."""

from collections.abc import Callable
from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=5)
"""By less than this nobody can tell two clocks apart: `Date` has whole seconds, and an answer takes its time."""

_ABSURD = timedelta(days=100 * 365)
"""A date that is further away says nothing of the time."""


class ApiClock:
    """Gives the API's time: its clock has dated the backups, so it is what tells how old they are.

    That is the local clock, less what two answers in a row say that it is ahead, where that is more than nobody can
    tell: one answer alone may come from anywhere. A local clock that is set is followed until then, and no longer.
    `skew` is what the latest answer that had a date said, None before any.
    """

    def __init__(self, local: Callable[[], datetime]) -> None:
        self.skew: timedelta | None = None
        self._local = local
        self._believed = timedelta(0)

    def __call__(self) -> datetime:
        """Give the API's time now."""
        return self._local() - self._believed

    def told(self, date: datetime | None) -> None:
        """Take in the date of an answer that has come this moment, if it has one."""
        if date is None:
            return
        before, self.skew = self.skew, self._local() - date
        if before is not None and abs(self.skew - before) <= TOLERANCE:
            self._believed = self.skew if TOLERANCE < abs(self.skew) < _ABSURD else timedelta(0)
