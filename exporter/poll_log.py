"""What became of an addon's last polls, kept small. Pure."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from exporter.model import FailureReason

LONGEST = 20
"""So many polls are remembered: with a scrape a minute, a third of an hour."""


class Reading(StrEnum):
    """How far a poll that succeeded had to read."""

    WHOLE = "whole"
    NEWEST = "newest"
    UNCHANGED = "unchanged"


class PollEntry(NamedTuple):
    """A poll that has ended `at`; `result` is how far the list was read, or why it could not be.

    `requests` counts those for pages of the list; none where the addon was not asked, because its account could not be
    read. `backups` is how many the list had, None where that is not known.
    """

    at: datetime
    result: Reading | FailureReason
    duration: timedelta
    requests: int
    backups: int | None


_RESULTS: tuple[Reading | FailureReason, ...] = (*Reading, *FailureReason)
_PLACES = {result: place for place, result in enumerate(_RESULTS)}
_ENTRY = struct.Struct("<dfiiB")


@dataclass(frozen=True, slots=True)
class PollLog:
    """The last polls of one addon, at most `LONGEST`."""

    _packed: bytes = field(default=b"", repr=False)

    def with_poll(self, entry: PollEntry) -> "PollLog":
        """Give the log with one more entry, which is the latest."""
        packed = _ENTRY.pack(
            entry.at.timestamp(),
            entry.duration.total_seconds(),
            entry.requests,
            -1 if entry.backups is None else entry.backups,
            _PLACES[entry.result],
        )
        return PollLog((packed + self._packed)[: LONGEST * _ENTRY.size])

    def entries(self) -> Iterator[PollEntry]:
        """Give the polls, the latest first."""
        for at, seconds, requests, backups, place in _ENTRY.iter_unpack(self._packed):
            yield PollEntry(
                at=datetime.fromtimestamp(at, UTC),
                result=_RESULTS[place],
                duration=timedelta(seconds=seconds),
                requests=requests,
                backups=None if backups < 0 else backups,
            )
