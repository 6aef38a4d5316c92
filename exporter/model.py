"""Northflank's nouns as values: what a backup is, what its words mean, and which addon it belongs to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class BackupStatus(StrEnum):
    """Status of a backup; a word that Northflank has not documented yet is `UNKNOWN`."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    ABORTING = "aborting"
    ABORTED = "aborted"
    FAILED = "failed"
    NOT_SUPPORTED = "not-supported"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, _value: object) -> "BackupStatus":
        return cls.UNKNOWN


class BackupKind(StrEnum):
    """What a backup holds: sizes compare within a kind only, and imports are not backups of this database."""

    SNAPSHOT = "snapshot"
    DUMP = "dump"
    IMPORT = "import"
    UNKNOWN = "unknown"


class ScheduleInterval(StrEnum):
    """How often a schedule comes round."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


class FailureReason(StrEnum):
    """Why the latest poll of an addon gave no data."""

    PENDING = "pending"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    CLIENT_ERROR = "client_error"
    INVALID_RESPONSE = "invalid_response"
    INTERNAL = "internal"


class Endpoint(StrEnum):
    """What a request to the API asks for, as the exporter's own metrics name it."""

    BACKUPS = "backups"
    TEAMS = "teams"
    PROJECTS = "projects"
    ADDONS = "addons"
    ADDON = "addon"
    SCHEDULES = "schedules"
    RESTORES = "restores"

    @property
    def is_list(self) -> bool:
        """Whether it answers with items, of which one can be unreadable while the others are good."""
        return self is not Endpoint.ADDON


class AddonKey(NamedTuple):
    """Identity of a watched addon: ids are unique inside their parent only."""

    account: str
    project_id: str
    addon_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAddon:
    """An addon as Northflank shows it, in a list or alone; texts that the API left out are empty."""

    id: str
    name: str = ""
    type: str = ""
    status: str = ""
    tags: tuple[str, ...] = ()

    @property
    def is_paused(self) -> bool | None:
        """Whether somebody has paused it; None where the API does not tell its status."""
        return self.status == "paused" if self.status else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonDetails:
    """What the API says of a single addon: how it looks in a list, and when it was created; None where it does not."""

    info: ListedAddon | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """An account's request limit as an answer's headers report it: requests per window, and what is left.

    `resets_in` is how long the window goes on after the answer, `reset_at` the same as a time of day.
    """

    limit: int
    remaining: int
    resets_in: timedelta
    reset_at: datetime


class Backup(NamedTuple):
    """One backup as listed by Northflank; a tuple, because a scrape makes hundreds of thousands of them.

    `identity` tells backups apart (`uid`, else `id`). `completed_at` is None unless `status` is completed and
    the API gave a time that can be read. Texts that the API left out are empty.
    """

    identity: str
    id: str
    status: BackupStatus
    kind: BackupKind
    created_at: datetime
    completed_at: datetime | None = None
    size_bytes: int | None = None
    source_type: str = ""
    compression_type: str = ""
    addon_version: str = ""
    destination_id: str = ""
    additional_destination_ids: tuple[str, ...] = ()

    @property
    def completion_time(self) -> datetime:
        """When a completed backup was completed; its start where Northflank does not say."""
        return self.completed_at or self.created_at

    @property
    def duration(self) -> timedelta | None:
        """How long a completed backup took, never negative; None without a completion time."""
        if self.completed_at is None:
            return None
        return max(self.completed_at - self.created_at, timedelta(0))

    @property
    def destination_ids(self) -> tuple[str, ...]:
        """Every custom destination that holds a copy of this backup."""
        own = (self.destination_id,) if self.destination_id else ()
        return own + self.additional_destination_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When Northflank backs an addon up by itself, on a clock whose time zone it does not tell.

    Hourly at each of `minutes`, daily at each minute of each of `hours`, weekly at those on each of `days`
    (0 is Monday). The three are sorted, without repetition, in range, and not empty where the interval uses
    them. What Northflank left out is None.
    """

    id: str
    kind: BackupKind
    interval: ScheduleInterval
    minutes: tuple[int, ...]
    hours: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    retention: timedelta | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """A backup put back into its addon; its status is one of the words that backups have.

    `completed_at` is None unless `status` is completed. What Northflank left out is None.
    """

    id: str
    status: BackupStatus
    started_at: datetime | None = None
    completed_at: datetime | None = None
