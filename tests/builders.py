"""Values and API answers for tests: complete and plausible, but for what a test says about them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from exporter.model import AddonKey, Backup, BackupKind, BackupStatus, Schedule, ScheduleInterval
from exporter.northflank.body import Page
from exporter.northflank.listing import Listing

NOW: Final = datetime(2026, 3, 10, 12, tzinfo=UTC)
KEY: Final = AddonKey("acme", "shop", "orders-db")

ABSENT: Final = object()
"""As a field's value: leave the field out."""

_serial = count(1)


def ago(**span: float) -> datetime:
    """Give the time so long before NOW, in the units of timedelta."""
    return NOW - timedelta(**span)


def backup(**overrides: Any) -> Backup:  # noqa: ANN401 - any field of any type
    """Build a completed dump that took ten minutes; told apart from every other by its number."""
    number = next(_serial)
    fields: dict[str, Any] = {
        "identity": f"uid-{number}",
        "id": f"backup-{number}",
        "status": BackupStatus.COMPLETED,
        "kind": BackupKind.DUMP,
        "created_at": ago(hours=1),
        "size_bytes": 1000,
    }
    fields |= overrides
    if fields["status"] is BackupStatus.COMPLETED:
        fields.setdefault("completed_at", fields["created_at"] + timedelta(minutes=10))
    return Backup(**fields)


def failed(**overrides: Any) -> Backup:  # noqa: ANN401 - any field of any type
    """Build a backup that failed."""
    return backup(**{"status": BackupStatus.FAILED, "size_bytes": None} | overrides)


def schedule(**overrides: Any) -> Schedule:  # noqa: ANN401 - any field of any type
    """Build a schedule of dumps that is due at 02:00, daily and on Mondays, if the interval does not say else."""
    fields: dict[str, Any] = {
        "id": f"schedule-{next(_serial)}",
        "kind": BackupKind.DUMP,
        "interval": ScheduleInterval.DAILY,
        "minutes": (0,),
        "hours": (2,),
        "days": (0,),
        "retention": timedelta(days=7),
        "created_at": ago(days=400),
    }
    return Schedule(**fields | overrides)


def raw_backup(*, config: object = None, **overrides: object) -> dict[str, Any]:
    """Build a completed dump as the API lists it; a mapping as `config` changes only the keys it holds."""
    number = next(_serial)
    fields: dict[str, Any] = {
        "id": f"backup-{number}",
        "uid": f"uid-{number}",
        "name": f"Backup {number}",
        "status": "completed",
        "createdAt": "2026-03-10T10:00:00.000Z",
        "completedAt": "2026-03-10T10:10:00.250Z",
        "config": {
            "source": {"type": "sameAddon"},
            "size": "1000",
            "compressionType": "gz",
            "addonVersion": "16.2.0",
        },
    }
    if config is None or isinstance(config, Mapping):
        fields["config"] = _without_absent(fields["config"] | dict(config or {}))
    else:
        fields["config"] = config
    return _without_absent(fields | overrides)


def raw_page(*items: object, key: str = "backups", cursor: object = ABSENT, **pagination: object) -> dict[str, Any]:
    """Build a page of the API; with a cursor it says that another one follows."""
    paging = {"hasNextPage": cursor is not ABSENT, "cursor": cursor, "count": len(items)} | pagination
    return {"data": {key: list(items)}, "pagination": _without_absent(paging)}


def encoded(value: object) -> bytes:
    """Encode as the body of an answer; lone surrogates become JSON's escapes."""
    return json.dumps(value).encode()


def page(*backups: Backup, cursor: str = "") -> Page[Backup]:
    """Build a page as it comes from the wire."""
    return Page(items=backups, rejected=0, cursor=cursor)


def listing(*backups: Backup) -> Listing[Backup]:
    """Build a list that is read whole."""
    whole = Listing.of_backups()
    whole.add(page(*backups))
    return whole


def _without_absent(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not ABSENT}
