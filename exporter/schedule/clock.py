"""What a clock on a wall shows: when its hands pass given times of the hour, the day or the week.

Moments are whole seconds since a Monday midnight in UTC: due times need no fractions, and integers are an order
of magnitude faster than datetimes. Nothing is ever counted up minute by minute. A recurring time on an evenly
running clock is found, and any number of them counted, by division; only the hour or so after a change of the
clocks is listed time by time.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

MINUTE = 60
DAY = 86_400

_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_BEGINNING_OF_TIME = 0
# A year before Python's datetimes end, so that no time zone leads out of them.
_END_OF_TIME = (datetime(9999, 1, 1, tzinfo=UTC) - _MONDAY) // _SECOND
_MINUTES_OF_HOUR = 60


def seconds(at: datetime) -> int:
    """Give the whole second that a moment lies in."""
    return (at - _MONDAY) // _SECOND


def first_second(at: datetime) -> int:
    """Give the first whole second that is not before a moment."""
    return -((_MONDAY - at) // _SECOND)


def moment(at: int) -> datetime:
    """Give a second as a datetime in UTC."""
    return _MONDAY + timedelta(seconds=at)


class Recurrence(NamedTuple):
    """Times of the clock, as minutes into a period of so many minutes; sorted, without repetition."""

    period: int
    minutes: tuple[int, ...]

    def rank(self, wall: int) -> int:
        """Count the times shown since the beginning of time before the clock shows so many seconds."""
        periods, rest = divmod(-(-wall // MINUTE), self.period)
        return periods * len(self.minutes) + bisect_left(self.minutes, rest)

    def shown(self, rank: int) -> int:
        """Give what the clock shows at the time of this rank, in seconds."""
        periods, index = divmod(rank, len(self.minutes))
        return (periods * self.period + self.minutes[index]) * MINUTE


class Stretch:
    """The recurring times in [begin, end) of a clock so many seconds ahead of UTC: a sequence without elements."""

    __slots__ = ("_first", "_length", "_offset", "_recurrence")

    def __init__(self, recurrence: Recurrence, offset: int, begin: int, end: int) -> None:
        self._recurrence = recurrence
        self._offset = offset
        self._first = recurrence.rank(begin + offset)
        self._length = max(recurrence.rank(end + offset) - self._first, 0)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> int:
        counted = index + self._length if index < 0 else index
        return self._recurrence.shown(self._first + counted) - self._offset

    def __iter__(self) -> Iterator[int]:
        return map(self.__getitem__, range(self._length))


class Change(NamedTuple):
    """The clocks change: how far they are ahead of UTC before and after, in seconds."""

    at: int
    before: int
    after: int

    @property
    def settled(self) -> int:
        """When every time that is shown twice, or was skipped, is over on either clock."""
        return self.at + abs(self.after - self.before)


def passes(recurrence: Recurrence, zone: ZoneInfo, begin: int, end: int) -> Iterator[Stretch | tuple[int, ...]]:
    """Yield all moments in [begin, end) at which the zone's clock reaches a recurring time, in sorted pieces."""
    at, end = max(begin, _BEGINNING_OF_TIME), min(end, _END_OF_TIME)
    if at >= end:
        return
    for change in _changes_between(zone, at - DAY, end):
        if change.settled > at:
            yield Stretch(recurrence, change.before, at, change.at)
            yield tuple(due for due in _passes_after(change, recurrence) if at <= due < end)
            at = change.settled
    if at < end:
        yield Stretch(recurrence, _offset(zone, at), at, end)


def _passes_after(change: Change, recurrence: Recurrence) -> tuple[int, ...]:
    """Give the moments from a change of the clocks until it is settled: here alone is decided what it does.

    A time that the clocks skip is due that day on no clock, so nobody may call its backup missed. A time that
    they show twice is due the first time; what runs the second time, or both times, answers that one too. So
    whichever way the scheduler takes the change, no run is expected that it does not make. Hourly is every
    hour that passes, whatever it is called.
    """
    shown = Stretch(recurrence, change.after, change.at, change.settled)
    goes_back = change.after < change.before
    if goes_back and recurrence.period != _MINUTES_OF_HOUR:
        return ()
    return tuple(shown)


def _changes_between(zone: ZoneInfo, begin: int, end: int) -> Iterator[Change]:
    first, last = max(begin, _BEGINNING_OF_TIME), end - 1
    for year in range(moment(first).year, moment(last).year + 1):
        for change in _changes_in(zone, year):
            if first <= change.at <= last:
                yield change


@lru_cache(maxsize=1024)
def _changes_in(zone: ZoneInfo, year: int) -> tuple[Change, ...]:
    """Find a year's changes by looking at every midnight in UTC; zoneinfo does not tell them."""
    begin, end = (seconds(datetime(each, 1, 1, tzinfo=UTC)) for each in (year, year + 1))
    return tuple(
        _change_between(zone, midnight, following)
        for midnight, following in pairwise(range(begin, end + 1, DAY))
        if _offset(zone, midnight) != _offset(zone, following)
    )


def _change_between(zone: ZoneInfo, begin: int, end: int) -> Change:
    before, after = _offset(zone, begin), _offset(zone, end)
    while end - begin > 1:
        middle = (begin + end) // 2
        if _offset(zone, middle) == before:
            begin = middle
        else:
            end = middle
    return Change(end, before, after)


def _offset(zone: ZoneInfo, at: int) -> int:
    ahead = moment(at).astimezone(zone).utcoffset()
    return ahead // _SECOND if ahead else 0
