"""Short words for writing down the plans of a world's addons."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from exporter.simulator.nouns import Addon, AddonType, BackupType, Interval, Schedule

MEBIBYTE = 1024**2
GIBIBYTE = 1024**3

_VERSIONS = {
    AddonType.POSTGRESQL: "16.4.0",
    AddonType.MYSQL: "8.0.36",
    AddonType.MONGODB: "7.0.12",
    AddonType.REDIS: "7.2.5",
    AddonType.MINIO: "2024.8.26",
    AddonType.RABBITMQ: "3.13.6",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafting:
    """Everything of a project is drawn up as of `start`."""

    project_id: str
    start: datetime

    @property
    def uid_since(self) -> datetime:
        """Return when Northflank began to give backups a `uid`: late enough that old ones have none."""
        return self.ago(days=20)

    def ago(self, **spans: float) -> datetime:
        """Return a moment before the start."""
        return self.start - timedelta(**spans)

    def addon(
        self, addon_id: str, name: str, addon_type: AddonType, description: str, *tags: str, days: int = 400
    ) -> Addon:
        """Return an addon created `days` before the start."""
        return Addon(
            project_id=self.project_id,
            id=addon_id,
            name=name,
            type=addon_type,
            version=_VERSIONS[addon_type],
            created_at=self.ago(days=days),
            tags=tags,
            description=description,
        )

    def hourly(self, backup_type: BackupType, *minutes: int, keep_days: int) -> Schedule:
        """Return a schedule that runs at these minutes of every hour."""
        return self._schedule(backup_type, Interval.HOURLY, minutes=minutes, keep_days=keep_days)

    def daily(self, backup_type: BackupType, *hours: int, minute: int = 0, keep_days: int = 30) -> Schedule:
        """Return a schedule that runs at these hours of every day."""
        return self._schedule(backup_type, Interval.DAILY, minutes=(minute,), hours=hours, keep_days=keep_days)

    def weekly(self, backup_type: BackupType, *days: int, hour: int, keep_days: int) -> Schedule:
        """Return a schedule that runs on these days of the week."""
        return self._schedule(backup_type, Interval.WEEKLY, minutes=(0,), hours=(hour,), days=days, keep_days=keep_days)

    def _schedule(
        self,
        backup_type: BackupType,
        interval: Interval,
        *,
        minutes: tuple[int, ...],
        hours: tuple[int, ...] = (),
        days: tuple[int, ...] = (),
        keep_days: int,
    ) -> Schedule:
        return Schedule(
            id=f"{interval}-{backup_type}-{minutes[0]:02}",
            backup_type=backup_type,
            interval=interval,
            minutes=minutes,
            hours=hours,
            days=days,
            retention=timedelta(days=keep_days),
            created_at=self.ago(days=390),
        )
