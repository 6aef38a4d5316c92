"""Northflank's nouns as the simulated world knows them, before they are written as JSON."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class BackupStatus(StrEnum):
    """The seven documented statuses of a backup or a restore."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    ABORTING = "aborting"
    ABORTED = "aborted"
    FAILED = "failed"
    NOT_SUPPORTED = "not-supported"


class SourceType(StrEnum):
    """Where the bytes of a backup came from."""

    FILE_UPLOAD = "fileUpload"
    LIVE_INSTANCE = "liveInstance"
    SNAPSHOT = "snapshot"
    EXTERNAL_DUMP = "externalDump"
    SAME_ADDON = "sameAddon"


class Compression(StrEnum):
    """Compression of a dump."""

    GZ = "gz"
    ZSTD = "zstd"


class BackupType(StrEnum):
    """What a schedule makes."""

    DUMP = "dump"
    SNAPSHOT = "snapshot"


class Interval(StrEnum):
    """How often a schedule runs."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


class AddonType(StrEnum):
    """The addon types that the simulated world has."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    MONGODB = "mongodb"
    REDIS = "redis"
    MINIO = "minio"
    RABBITMQ = "rabbitmq"


class AddonStatus(StrEnum):
    """The statuses that an addon of the simulated world goes through."""

    RUNNING = "running"
    PAUSED = "paused"
    BACKUP = "backup"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team of an organisation."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project."""

    id: str
    name: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addon:
    """An addon, without what changes over time."""

    project_id: str
    id: str
    name: str
    type: AddonType
    version: str
    created_at: datetime
    storage_megabytes: int = 10_240
    tags: tuple[str, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A backup schedule; hours, minutes and days (0 is Monday) are UTC."""

    id: str
    backup_type: BackupType
    interval: Interval
    minutes: tuple[int, ...]
    hours: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    retention: timedelta
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup at one moment; `completed_at` and `size_bytes` exist once it has completed."""

    id: str
    uid: str | None
    name: str
    status: BackupStatus
    created_at: datetime
    completed_at: datetime | None
    source_type: SourceType
    size_bytes: int | None
    addon_version: str
    compression: Compression | None = None
    custom_destination_id: str | None = None
    additional_destination_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """A restore of a backup at one moment."""

    id: str
    backup_id: str
    status: BackupStatus
    started_at: datetime
    completed_at: datetime | None
