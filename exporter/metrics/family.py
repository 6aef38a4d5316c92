"""What a metric's declaration is made of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

Samples = Iterable[tuple[tuple[str, ...], float]]
"""Label values beyond the base labels, and the sample's value; nothing where there is nothing to say."""

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family(Generic[S]):
    """One gauge: `samples` gives what it says of one subject, with the label values that `labels` name."""

    name: str
    help: str
    samples: Callable[[S], Samples]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFamily(Generic[S]):
    """One gauge that moves with the clock, so it is computed when the answer is written.

    `freezes` tells whether it must not stand in a file that is read later. `basis`, where it is quicker than writing,
    gives what the samples follow from: while that is the same, so are they.
    """

    name: str
    help: str
    samples: Callable[[S, datetime], Samples]
    labels: tuple[str, ...] = ()
    freezes: bool = False
    basis: Callable[[S, datetime], object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue(Generic[S]):
    """The families about one kind of subject, and the labels that tell its subjects apart."""

    base_labels: tuple[str, ...]
    base_values: Callable[[S], tuple[str, ...]]
    families: tuple[Family[S] | LiveFamily[S], ...]


def one(value: float | None) -> Samples:
    """Give a single sample without labels of its own, or none."""
    return () if value is None else (((), value),)


def timestamp(time: datetime | None) -> Samples:
    """Give a moment in seconds since the epoch."""
    return () if time is None else (((), time.timestamp()),)


def seconds(duration: timedelta | None) -> Samples:
    """Give a length of time in seconds."""
    return () if duration is None else (((), duration.total_seconds()),)
