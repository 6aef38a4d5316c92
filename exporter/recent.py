"""The newest backups of a list, kept small for who wants to look at them. Pure."""

import pickle
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import cast

from exporter.model import Backup, BackupKind, BackupStatus

NEWEST = 50
"""So many are kept: more than a month of daily ones, two days of hourly ones."""

_STATUSES, _KINDS = tuple(BackupStatus), tuple(BackupKind)
_PLACE_OF_STATUS = {status: place for place, status in enumerate(_STATUSES)}
_PLACE_OF_KIND = {kind: place for place, kind in enumerate(_KINDS)}

# The last second that there is: a number with a fraction can lie so near to the one after it that it is rounded up.
_LATEST = datetime.max.replace(microsecond=0, tzinfo=UTC).timestamp()

_Entry = tuple[str, int, int, float, float | None, int | None]


@dataclass(frozen=True, slots=True)
class RecentBackups:
    """The newest backups of one addon, of any status and kind; of each what tells how it went."""

    # Sixty bytes for each: as objects they would take ten times as much, and the garbage collector's time.
    _packed: bytes = field(default=b"", repr=False)

    @staticmethod
    def of(backups: Iterable[Backup]) -> "RecentBackups":
        """Keep the newest of these, whose order does not matter."""
        # Stable, and in two steps: most lists are in order already, and a key of two parts would be made for each.
        by_identity = sorted(backups, key=attrgetter("identity"), reverse=True)
        newest = sorted(by_identity, key=attrgetter("created_at"), reverse=True)[:NEWEST]
        return RecentBackups(pickle.dumps(list(map(_entry, newest)), pickle.HIGHEST_PROTOCOL)) if newest else _NONE

    def backups(self) -> tuple[Backup, ...]:
        """Give them, the newest first, as far as was kept: one's id stands for its identity, too."""
        if not self._packed:
            return ()
        # Nothing but what was packed above.
        return tuple(map(_backup, cast("list[_Entry]", pickle.loads(self._packed))))  # noqa: S301


_NONE = RecentBackups()


def _entry(backup: Backup) -> _Entry:
    completed_at = backup.completed_at
    return (
        backup.id or backup.identity,
        _PLACE_OF_STATUS[backup.status],
        _PLACE_OF_KIND[backup.kind],
        backup.created_at.timestamp(),
        None if completed_at is None else completed_at.timestamp(),
        backup.size_bytes,
    )


def _backup(entry: _Entry) -> Backup:
    name, status, kind, created_at, completed_at, size_bytes = entry
    return Backup(
        identity=name,
        id=name,
        status=_STATUSES[status],
        kind=_KINDS[kind],
        created_at=_time(created_at),
        completed_at=None if completed_at is None else _time(completed_at),
        size_bytes=size_bytes,
    )


def _time(timestamp: float) -> datetime:
    return datetime.fromtimestamp(min(timestamp, _LATEST), UTC)
