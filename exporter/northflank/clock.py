"""The API's time, as its answers tell it."""

from collections.abc import Callable
from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=5)
"""By less than this nobody can tell two clocks apart: `Date` has whole seconds, and an answer takes its time."""

_ABSURD = timedelta(days=100 * 365)
"""A date that is further away says nothing of the time."""


class ApiClock:
    """Gives the API's time: its clock has dated the backups, so it is what tells how old they are.

    That is the local clock, less `skew` where the two differ: so much the local one was ahead at the latest answer that
    had a date, None before any. A local clock that is set is followed until the next answer, and no longer.
    """

    def __init__(self, local: Callable[[], datetime]) -> None:
        self.skew: timedelta | None = None
        self._local = local

    def __call__(self) -> datetime:
        """Give the API's time now."""
        now, skew = self._local(), self.skew
        return now if skew is None or not TOLERANCE < abs(skew) < _ABSURD else now - skew

    def told(self, date: datetime | None) -> None:
        """Take in the date of an answer that has come this moment, if it has one."""
        if date is not None:
            self.skew = self._local() - date
