"""The keys of the file format, and which of them this version understands."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping


class Support(Enum):
    """Whether a part of the file format works in this version."""

    NOW = auto()
    LATER = auto()


Keys: TypeAlias = "Mapping[str, Support]"

ROOT: Keys = {
    "accounts": Support.NOW,
    "collect": Support.NOW,
    "scrape": Support.NOW,
}
ACCOUNT: Keys = {
    "name": Support.NOW,
    "api_url": Support.NOW,
    "token": Support.NOW,
    "token_file": Support.NOW,
    "team": Support.NOW,
    "rate_limit_share": Support.NOW,
    "rate_limit_group": Support.NOW,
    "proxy_url": Support.NOW,
    "ca_file": Support.NOW,
    "addons": Support.NOW,
}
ADDON: Keys = {
    "project": Support.NOW,
    "addon": Support.NOW,
    "max_age": Support.NOW,
    "exclude": Support.NOW,
    "types": Support.NOW,
    "tags": Support.NOW,
}
COLLECT: Keys = {
    "discovery": Support.NOW,
    "schedules": Support.NOW,
    "schedules_timezone": Support.NOW,
    "schedules_grace": Support.NOW,
    "restores": Support.NOW,
    "full_listing": Support.LATER,
}
SCRAPE: Keys = {
    "request_timeout": Support.NOW,
    "concurrency": Support.NOW,
    "timeout": Support.NOW,
    "timeout_offset": Support.NOW,
    "min_refresh_interval": Support.NOW,
    "max_staleness": Support.NOW,
}
