"""From bodies and headers to backups, limits and errors. Pure.

Facts from northflank.com/docs/v1/api and from the types of the official JavaScript client. What the API leaves
open is tolerated in every variant; what cannot be read costs its own item, never the page.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from exporter.model import Backup, BackupKind, BackupStatus, RateLimit
from exporter.northflank.body import Page, decode_json, is_digits, mapping, parse_page, parse_time, text, whole_number
from exporter.northflank.errors import (
    ApiError,
    ClientError,
    Forbidden,
    MalformedBody,
    NotFound,
    RateLimited,
    ServerError,
    Unauthorized,
)

_KIND_OF_SOURCE = {
    "snapshot": BackupKind.SNAPSHOT,
    "fileUpload": BackupKind.IMPORT,
    "externalDump": BackupKind.IMPORT,
    "sameAddon": BackupKind.DUMP,
    "liveInstance": BackupKind.DUMP,
}

_STATUSES = {status.value: status for status in BackupStatus}
_MAX_HEADER_DIGITS = 15
_EPOCH_SECONDS = 10**9  # a reset at or above it is a point in time, not a number of seconds
_EPOCH_MILLISECONDS = 10**12
_LATEST_TIME = 253_402_300_799  # the last second that datetime can hold
_LONGEST_WAIT = timedelta(days=1)


def parse_backups_page(body: bytes | bytearray) -> Page[Backup]:
    """Read one page of `GET …/backups`; raises MalformedBody where it holds no list of backups."""
    return parse_page(body, "backups", parse_backup)


def parse_backup(raw: object) -> Backup | None:
    """Read one item of a list of backups; None where it has no identity or no time of creation."""
    if not isinstance(raw, dict):
        return None
    backup_id = text(raw.get("id"))
    identity = text(raw.get("uid")) or backup_id
    created_at = parse_time(raw.get("createdAt"))
    if not identity or created_at is None:
        return None
    status = _status(raw.get("status"))
    config = mapping(raw.get("config"))
    source_type = text(mapping(config.get("source")).get("type"))
    compression_type = text(config.get("compressionType"))
    return Backup(
        identity=identity,
        id=backup_id,
        status=status,
        kind=_kind(source_type, compression_type),
        created_at=created_at,
        completed_at=parse_time(raw.get("completedAt")) if status is BackupStatus.COMPLETED else None,
        size_bytes=whole_number(config.get("size")),
        source_type=source_type,
        compression_type=compression_type,
        addon_version=text(config.get("addonVersion")),
        destination_id=text(raw.get("customDestinationId")),
        additional_destination_ids=_destination_ids(config.get("additionalDestinations")),
    )


def parse_rate_limit(headers: Mapping[str, str], received_at: datetime) -> RateLimit | None:
    """Read the x-ratelimit headers of an answer; None where one is missing or no number.

    The reset is documented as seconds from now; an epoch in seconds or milliseconds is understood too.
    """
    limit, remaining, reset = (
        _header_number(headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining", "reset")
    )
    if limit is None or remaining is None or reset is None:
        return None
    if reset < _EPOCH_SECONDS:
        resets_in = timedelta(seconds=reset)
        return RateLimit(limit=limit, remaining=remaining, resets_in=resets_in, reset_at=received_at + resets_in)
    seconds = reset / 1000 if reset >= _EPOCH_MILLISECONDS else reset
    reset_at = datetime.fromtimestamp(min(seconds, _LATEST_TIME), UTC)
    # Against the API's own clock where it tells it: ours may be wrong.
    resets_in = reset_at - (parse_date(headers) or received_at)
    return RateLimit(limit=limit, remaining=remaining, resets_in=resets_in, reset_at=reset_at)


def parse_date(headers: Mapping[str, str]) -> datetime | None:
    """Read the server's clock from `Date`; None where it cannot be read."""
    return _http_date(headers.get("Date", ""))


def _http_date(raw: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(raw)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date
    except (ValueError, OverflowError):
        return None


def error_of_status(
    status: int, headers: Mapping[str, str], body: bytes | bytearray, received_at: datetime
) -> ApiError:
    """Tell what an answer with a status of 400 or above means.

    A 401 that names a required permission is about the role, any other 401 about the token itself.
    """
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        permission = _required_permission(body)
        if permission or status == HTTPStatus.FORBIDDEN:
            return Forbidden(status, f"the token's role lacks {permission or 'a permission'}")
        return Unauthorized(status, "the token is rejected")
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(status, "no such team, project or addon")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(status, _retry_after(headers.get("Retry-After", ""), parse_date(headers) or received_at))
    return ServerError(status) if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ClientError(status)


def _required_permission(body: bytes | bytearray) -> str:
    try:
        envelope = mapping(decode_json(body))
    except MalformedBody:
        return ""
    details = mapping(mapping(envelope.get("error")).get("details"))
    permission = details.get("requiredPermission")
    if isinstance(permission, str) and permission.isprintable():
        return permission[:200]
    return "a permission" if permission else ""


def _retry_after(raw: str, now: datetime) -> timedelta | None:
    """Read Retry-After in both its forms (RFC 9110, 10.2.3); None where it asks for no wait at all."""
    seconds = _header_number(raw)
    if seconds is not None:
        wait = timedelta(seconds=min(seconds, _LONGEST_WAIT.total_seconds()))
    else:
        date = _http_date(raw)
        wait = min(date - now, _LONGEST_WAIT) if date is not None else timedelta(0)
    return wait if wait > timedelta(0) else None


def _header_number(raw: str | None) -> int | None:
    number = (raw or "").strip().partition(".")[0]
    return int(number) if is_digits(number, _MAX_HEADER_DIGITS) else None


def _status(raw: object) -> BackupStatus:
    return _STATUSES.get(raw, BackupStatus.UNKNOWN) if isinstance(raw, str) else BackupStatus.UNKNOWN


def _kind(source_type: str, compression_type: str) -> BackupKind:
    known = _KIND_OF_SOURCE.get(source_type)
    if known is not None:
        return known
    return BackupKind.DUMP if compression_type else BackupKind.UNKNOWN


def _destination_ids(raw: object) -> tuple[str, ...]:
    if not raw or not isinstance(raw, list):
        return ()
    named = (text(mapping(destination).get("destinationId")) for destination in raw)
    return tuple(destination_id for destination_id in named if destination_id)
