"""What a list of backups says about its addon: pure, from the list alone, so a restart cannot change it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from exporter.model import Backup, BackupKind, BackupStatus, Restore
from exporter.recent import RecentBackups

MEDIAN_WINDOW = 7
"""How many completed backups before the latest one say what size is usual, and how many intervals what interval is."""

RECENT = 20
"""So many of the latest completed backups of a kind show how its size goes."""

MEDIAN_MINIMUM = 3
"""With fewer than this, nothing is usual yet."""

IN_FLIGHT = frozenset({BackupStatus.SCHEDULED, BackupStatus.IN_PROGRESS, BackupStatus.ABORTING})

IN_FLIGHT_FOR = timedelta(hours=6)

STARTS = 32
"""So many of the newest backups of a kind are remembered by when they were created: one ends a row of missed runs, and
hardly more can belong to the minutes before the next run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSummary:
    """The completed backups of one kind; `median_size_bytes` leaves the latest one out.

    `recent_sizes` are those of the latest ones, oldest first, in bytes, without those whose size is not known.
    """

    kind: BackupKind
    last_completed_at: datetime
    last_size_bytes: int | None
    median_size_bytes: float | None
    recent_sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationSummary:
    """The copies at a custom destination; `median_interval` is how long it is usually from one to the next."""

    last_completed_at: datetime
    median_interval: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSummary:
    """The facts about an addon's backups that the exporter exposes.

    Imports count in `counts`, `stored_bytes` and their own kind, and in nothing else: somebody uploaded a
    file, this database was not backed up. `completed` and `running` tell per kind when the newest completed ones and
    those in progress were created, earliest first. `recent` are the newest of all, for people to look at.
    """

    counts: Mapping[BackupStatus, int]
    stored_bytes: int
    last_completed: Backup | None
    oldest_completed_at: datetime | None
    last_attempt: Backup | None
    last_failed_at: datetime | None
    failures_since_completed: int
    running_since: datetime | None
    kinds: tuple[KindSummary, ...]
    destinations: Mapping[str, DestinationSummary]
    completed: Mapping[BackupKind, tuple[datetime, ...]] = field(default_factory=dict)
    running: Mapping[BackupKind, tuple[datetime, ...]] = field(default_factory=dict)
    recent: RecentBackups = field(default=RecentBackups(), repr=False)

    def is_about_to_change(self, now: datetime) -> bool:
        """Whether the newest backup is on its way, and not for so long that it will hardly end in the next minute."""
        newest = self.last_attempt
        return newest is not None and newest.status in IN_FLIGHT and now - newest.created_at < IN_FLIGHT_FOR


def summarise(backups: Iterable[Backup]) -> BackupSummary:
    """Condense a complete, duplicate-free list; its order does not matter."""
    listed = tuple(backups)
    all_completed = [backup for backup in listed if backup.status is BackupStatus.COMPLETED]
    # Start and identity break ties, so that the order of the list never shows in the exposition.
    all_completed.sort(key=lambda backup: (backup.completion_time, backup.created_at, backup.identity), reverse=True)
    own = [backup for backup in listed if backup.kind is not BackupKind.IMPORT]
    completed = [backup for backup in all_completed if backup.kind is not BackupKind.IMPORT]
    last_completed = completed[0] if completed else None
    failed = [backup.created_at for backup in own if backup.status is BackupStatus.FAILED]
    running = [backup.created_at for backup in own if backup.status is BackupStatus.IN_PROGRESS]
    return BackupSummary(
        counts=Counter(backup.status for backup in listed),
        stored_bytes=sum(backup.size_bytes or 0 for backup in all_completed),
        last_completed=last_completed,
        oldest_completed_at=completed[-1].completion_time if completed else None,
        last_attempt=max(own, key=lambda backup: (backup.created_at, backup.identity), default=None),
        last_failed_at=max(failed, default=None),
        failures_since_completed=_failures_since(failed, last_completed),
        running_since=min(running, default=None),
        kinds=_kinds(all_completed),
        destinations=_destinations(completed),
        completed=_starts(completed),
        running=_starts(backup for backup in own if backup.status is BackupStatus.IN_PROGRESS),
        recent=RecentBackups.of(listed),
    )


def _starts(backups: Iterable[Backup]) -> dict[BackupKind, tuple[datetime, ...]]:
    starts: dict[BackupKind, list[datetime]] = {}
    for backup in backups:
        starts.setdefault(backup.kind, []).append(backup.created_at)
    return {kind: tuple(sorted(created)[-STARTS:]) for kind, created in starts.items()}


def _failures_since(failed: list[datetime], last_completed: Backup | None) -> int:
    if last_completed is None:
        return len(failed)
    return sum(1 for created_at in failed if created_at > last_completed.created_at)


def _kinds(newest_first: Iterable[Backup]) -> tuple[KindSummary, ...]:
    of_kind: dict[BackupKind, list[Backup]] = {}
    for backup in newest_first:
        of_kind.setdefault(backup.kind, []).append(backup)
    return tuple(
        KindSummary(
            kind=kind,
            last_completed_at=of_kind[kind][0].completion_time,
            last_size_bytes=of_kind[kind][0].size_bytes,
            median_size_bytes=_usual_size(of_kind[kind][1 : MEDIAN_WINDOW + 1]),
            recent_sizes=tuple(
                backup.size_bytes for backup in reversed(of_kind[kind][:RECENT]) if backup.size_bytes is not None
            ),
        )
        for kind in BackupKind
        if kind in of_kind
    )


def _usual_size(preceding: Iterable[Backup]) -> float | None:
    sizes = [backup.size_bytes for backup in preceding if backup.size_bytes is not None]
    return median(sizes) if len(sizes) >= MEDIAN_MINIMUM else None


def _destinations(newest_first: Iterable[Backup]) -> dict[str, DestinationSummary]:
    copies: dict[str, list[datetime]] = {}
    for backup in newest_first:
        for destination_id in dict.fromkeys(backup.destination_ids):
            copies.setdefault(destination_id, []).append(backup.completion_time)
    return {
        destination_id: DestinationSummary(
            last_completed_at=times[0], median_interval=_usual_interval(times[: MEDIAN_WINDOW + 1])
        )
        for destination_id, times in sorted(copies.items())
    }


def _usual_interval(newest_first: list[datetime]) -> timedelta | None:
    intervals = [(later - earlier).total_seconds() for later, earlier in pairwise(newest_first)]
    return timedelta(seconds=median(intervals)) if len(intervals) >= MEDIAN_MINIMUM else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreSummary:
    """The facts about an addon's restores that the exporter exposes."""

    counts: Mapping[BackupStatus, int]
    last_completed_at: datetime | None


def summarise_restores(restores: Iterable[Restore]) -> RestoreSummary:
    """Condense a list of restores; without a time of completion, one was completed no earlier than it was started."""
    listed = tuple(restores)
    completed = (each for each in listed if each.status is BackupStatus.COMPLETED)
    times = (each.completed_at or each.started_at for each in completed)
    return RestoreSummary(
        counts=Counter(each.status for each in listed),
        last_completed_at=max((time for time in times if time is not None), default=None),
    )
