"""The geometry of what is drawn: sizes, ages, backups along a line of time. Pure: numbers in, numbers out."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from exporter.model import Backup, BackupKind, BackupStatus

SPARK_HEIGHT, LANE_HEIGHT = 18, 56
"""In pixels."""

_BAR_WIDTH, _BAR_GAP = 3, 1
_TALLEST_BAR = 30
_LOWEST_BAR = 2
_SHORTEST = timedelta(hours=1)
_MOST_TICKS = 8
_STEPS = (
    *(timedelta(minutes=minutes) for minutes in (10, 30)),
    *(timedelta(hours=hours) for hours in (1, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 7, 14, 30, 90)),
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = timedelta(days=1)
_YEAR = timedelta(days=365)
_EPOCH = datetime.fromtimestamp(0, UTC)
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Spark:
    """Bars from the ground up, as paths: all but the last one, and that."""

    width: int
    before: str
    last: str


def spark(sizes: Sequence[int]) -> Spark:
    """Draw how sizes went; the height of the tallest is that of the picture."""
    largest = max(sizes, default=0) or 1
    bars = [_bar(place, size / largest) for place, size in enumerate(sizes)]
    return Spark(
        width=max(len(bars) * (_BAR_WIDTH + _BAR_GAP) - _BAR_GAP, 0), before="".join(bars[:-1]), last="".join(bars[-1:])
    )


def _bar(place: int, part: float) -> str:
    height = max(round(part * SPARK_HEIGHT, 1), 1)
    return f"M{place * (_BAR_WIDTH + _BAR_GAP)} {SPARK_HEIGHT}v-{height:g}h{_BAR_WIDTH}v{height:g}z"


@dataclass(frozen=True, slots=True)
class Gauge:
    """An age beside its limit: how much of the width is the age, and where the limit stands, in percent."""

    age: float
    limit: float


def gauge(age: timedelta, limit: timedelta) -> Gauge:
    """Draw an age against its limit: whichever is longer takes the whole width."""
    whole = max(age, limit) or timedelta(seconds=1)
    return Gauge(age=_percent(age / whole), limit=_percent(limit / whole))


@dataclass(frozen=True, slots=True)
class Mark:
    """A backup on the line: where in percent, and how tall its bar is in pixels, 0 where there is no size."""

    x: float
    height: float
    backup: Backup


@dataclass(frozen=True, slots=True)
class Lane:
    """The backups of one kind, oldest first."""

    kind: BackupKind
    y: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A time that is written below the line."""

    x: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Backups along the time up to now; all places in percent of the width.

    `uncovered` is where the time without a completed backup begins, `too_old` where that became longer than the limit;
    None where there is none, or where it lies outside.
    """

    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    uncovered: float | None
    too_old: float | None
    start: datetime
    now: datetime

    @property
    def height(self) -> int:
        """How tall all lanes are together, in pixels."""
        return LANE_HEIGHT * len(self.lanes)


def timeline(
    backups: Sequence[Backup], *, now: datetime, last_completed_at: datetime | None, age_limit: timedelta | None
) -> Timeline | None:
    """Draw backups, the oldest at the left; None where there are none."""
    if not backups:
        return None
    oldest = min(backup.created_at for backup in backups)
    first = min(oldest, now - _SHORTEST)
    # A little room, so that the first mark is not cut; some dates have none before them.
    start = first - min(max(now - oldest, _SHORTEST) / 50, first - _FIRST)
    whole = now - start

    def x(time: datetime) -> float:
        return _percent((time - start) / whole)

    too_old_at = _too_old_at(last_completed_at, age_limit, now)
    kinds = [kind for kind in BackupKind if any(backup.kind is kind for backup in backups)]
    return Timeline(
        lanes=tuple(
            Lane(kind, place * LANE_HEIGHT, tuple(_marks([each for each in backups if each.kind is kind], x)))
            for place, kind in enumerate(kinds)
        ),
        ticks=tuple(Tick(x(time), text) for time, text in _ticks(start, now)),
        uncovered=None if last_completed_at is None or last_completed_at < start else x(last_completed_at),
        too_old=None if too_old_at is None else x(too_old_at),
        start=oldest,
        now=now,
    )


def _too_old_at(last_completed_at: datetime | None, age_limit: timedelta | None, now: datetime) -> datetime | None:
    # Some dates are so late that nothing can be added to them.
    if last_completed_at is None or age_limit is None or now - last_completed_at <= age_limit:
        return None
    return last_completed_at + age_limit


def _marks(backups: Sequence[Backup], x: Callable[[datetime], float]) -> Iterator[Mark]:
    alike = sorted(backups, key=lambda backup: backup.created_at)
    largest = max((backup.size_bytes or 0 for backup in alike), default=0) or 1
    for backup in alike:
        is_sized = backup.status is BackupStatus.COMPLETED and backup.size_bytes is not None
        part = (backup.size_bytes or 0) / largest
        height = max(part * _TALLEST_BAR, _LOWEST_BAR) if is_sized else 0
        yield Mark(x(backup.created_at), round(height, 1), backup)


def _ticks(start: datetime, end: datetime) -> Iterator[tuple[datetime, str]]:
    years = _YEAR * math.ceil((end - start) / _YEAR / _MOST_TICKS)
    step = next((step for step in _STEPS if (end - start) / step <= _MOST_TICKS), years)
    time = start + (-(start - _EPOCH) % step)
    while time < end:
        yield time, _tick(time, step)
        time += step


def _tick(time: datetime, step: timedelta) -> str:
    if step >= _YEAR:
        return f"{_MONTHS[time.month - 1]} {time.year}"
    return f"{time.day} {_MONTHS[time.month - 1]}" if step >= _DAY else f"{time:%H:%M}"


def _percent(part: float) -> float:
    return round(100 * min(max(part, 0.0), 1.0), 2)
