"""The JSON of `status` and `discover`, for other programs; docs/*.schema.json say what they can rely on. Pure.

What is not known, or does not exist, is null. Times are RFC 3339 in UTC, spans of time are seconds, sizes bytes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from exporter.discovered import FoundAccount
from exporter.model import ListedAddon
from exporter.state import AccountState
from exporter.verdict import Concern, Kind, Row, Severity, Verdict
from exporter.wording import utc

Document = dict[str, Any]
"""An object of JSON."""


def status_document(verdict: Verdict, accounts: Sequence[AccountState], *, exit_code: int, requests: int) -> Document:
    """Tell everything that is known of a fleet, the worst first, and how it fares."""
    return {
        "at": utc(verdict.now),
        "exit_code": exit_code,
        "severity": verdict.severity.word,
        "verdict": verdict.sentence,
        "requests": requests,
        "counts": {
            "addons": len(verdict.rows),
            "need_attention": verdict.needing_attention,
            **{severity.word: verdict.count(severity) for severity in reversed(Severity)},
        },
        "accounts": [_account(account, verdict) for account in accounts],
        "addons": [_addon(row) for row in verdict.rows],
    }


def discover_document(accounts: Mapping[str, FoundAccount], *, is_whole: bool) -> Document:
    """Tell what tokens see, account by account, and whether that is all."""
    return {
        "complete": is_whole,
        "accounts": [
            {
                "account": name,
                "team": account.team or None,
                "addons": [
                    _found(project_id, addon) for project_id, addons in account.projects.items() for addon in addons
                ],
            }
            for name, account in accounts.items()
        ],
    }


def written(document: Document) -> bytes:
    """Write a document in ASCII, so that nothing in it moves a cursor."""
    return f"{json.dumps(document, indent=2)}\n".encode("ascii")


def _account(account: AccountState, verdict: Verdict) -> Document:
    limit = account.rate_limit
    return {
        "account": account.name,
        "reachable": account.is_up,
        "listed": account.is_listed,
        "token_expires_at": _time(account.token_expires_at),
        "rate_limit": None
        if limit is None
        else {"limit": limit.limit, "remaining": limit.remaining, "resets_at": utc(limit.reset_at)},
        "concerns": _concerns(each.concern for each in verdict.accounts if each.account == account.name),
    }


def _addon(row: Row) -> Document:
    return {
        "account": row.key.account,
        "project_id": row.key.project_id,
        "addon_id": row.key.addon_id,
        "name": row.name or None,
        "type": row.type or None,
        "paused": row.is_paused,
        "severity": row.severity.word,
        "concerns": _concerns(row.concerns),
        "last_completed_at": _time(row.last_completed_at),
        "age_seconds": _seconds(row.age),
        "max_age_seconds": _seconds(row.age_limit),
        "last_attempt_at": _time(row.last_attempt_at),
        "last_attempt_status": None if row.last_status is None else row.last_status.value,
        "size_bytes": row.size_bytes,
        "recent_sizes_bytes": list(row.sizes),
        "next_due_at": _time(row.next_due),
        "missed_runs": row.missed_runs,
        "data_at": _time(row.data_at),
        "data_age_seconds": _seconds(row.data_age),
        "error": None if row.error is None else row.error.value,
    }


def _concerns(concerns: Iterable[Concern]) -> list[Document]:
    return [
        {
            "kind": concern.kind.word,
            "severity": concern.severity.word,
            "alert": _alert(concern.kind),
            "text": concern.text,
        }
        for concern in concerns
    ]


def _alert(kind: Kind) -> str | None:
    return kind.alert or None


def _found(project_id: str, addon: ListedAddon) -> Document:
    return {
        "project_id": project_id,
        "addon_id": addon.id,
        "name": addon.name or None,
        "type": addon.type or None,
        "status": addon.status or None,
        "paused": addon.is_paused,
        "tags": list(addon.tags),
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else utc(time)


def _seconds(time: timedelta | None) -> float | None:
    return None if time is None else round(time.total_seconds(), 3)
