"""What is fixed about an addon's backups, and from which everything at any moment follows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from exporter.simulator.nouns import Addon, BackupStatus, Compression, Schedule, SourceType


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """How large an addon's dumps are and how they grow; snapshots hold a few per cent of it."""

    base_bytes: int
    daily_growth: float = 0.004
    collapse_at: datetime | None = None
    collapse_factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """From the first due time at or after `since`, one backup stays in `status` and none follows it."""

    since: datetime
    status: BackupStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A backup that no schedule made: somebody pressed the button or imported a file. It never expires."""

    name: str
    source_type: SourceType
    created_at: datetime
    duration: timedelta
    size_bytes: int
    outcome: BackupStatus = BackupStatus.COMPLETED
    compression: Compression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRestore:
    """A restore of the newest completed backup there is at `started_at`."""

    started_at: datetime
    duration: timedelta
    outcome: BackupStatus = BackupStatus.COMPLETED


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonPlan:
    """One addon's fate; `uid_since` is when Northflank began to give backups a `uid`.

    At `healed_at` somebody puts things right: what hangs ends well at that moment, later runs neither halt nor fail
    nor shrink, and a backup is made by hand. What was before stays as it was.
    """

    addon: Addon
    volume: Volume
    schedules: tuple[Schedule, ...] = ()
    compression: Compression = Compression.GZ
    minimum_duration: timedelta = timedelta(seconds=8)
    failure_odds: float = 0.0
    abort_odds: float = 0.0
    failing_since: datetime | None = None
    halt: Halt | None = None
    extras: tuple[Extra, ...] = ()
    restores: tuple[PlannedRestore, ...] = ()
    custom_destination_id: str | None = None
    additional_destination_ids: tuple[str, ...] = ()
    uid_since: datetime
    healed_at: datetime | None = None

    def is_healed(self, at: datetime) -> bool:
        """Tell whether things have been put right by a moment."""
        return self.healed_at is not None and self.healed_at <= at
