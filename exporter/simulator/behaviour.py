"""What Northflank's documentation leaves open, as switches."""

from dataclasses import dataclass
from enum import Enum, auto


class ListOrder(Enum):
    """Order of the items in lists of backups and restores."""

    NEWEST_FIRST = auto()
    OLDEST_FIRST = auto()
    SHUFFLED = auto()


class Blank(Enum):
    """How a value is written that does not exist; the filler looks like one and means nothing."""

    ABSENT = auto()
    NULL = auto()
    EMPTY = auto()
    FILLER = auto()


class LastCursor(Enum):
    """The cursor on the last page of a list."""

    ABSENT = auto()
    NULL = auto()
    EMPTY = auto()
    KEPT = auto()


class ResetFormat(Enum):
    """What `x-ratelimit-reset` counts."""

    SECONDS_LEFT = auto()
    EPOCH_SECONDS = auto()
    EPOCH_MILLISECONDS = auto()


class RetryAfter(Enum):
    """Format of `Retry-After` beside a 429."""

    ABSENT = auto()
    SECONDS = auto()
    HTTP_DATE = auto()


class BodyFormat(Enum):
    """Format of the body of an error."""

    JSON = auto()
    PLAIN = auto()
    HTML = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One way in which Northflank may behave; the defaults are the likeliest.

    `completed_at` and `size` are those of backups that have not completed; fillers are the creation time
    and "0". `uids` and `sources` tell whether backups carry `uid` and `config.source`.
    """

    order: ListOrder = ListOrder.NEWEST_FIRST
    completed_at: Blank = Blank.ABSENT
    size: Blank = Blank.FILLER
    uids: bool = True
    sources: bool = True
    times_with_space: bool = False
    last_cursor: LastCursor = LastCursor.ABSENT
    schedules_paginated: bool = False
    permission_status: int = 401
    rate_limit: int = 1000
    rate_limit_window_seconds: float = 3600.0
    rate_limit_headers: bool = True
    rate_limit_reset: ResetFormat = ResetFormat.SECONDS_LEFT
    rate_limited_body: BodyFormat = BodyFormat.JSON
    retry_after: RetryAfter = RetryAfter.ABSENT
