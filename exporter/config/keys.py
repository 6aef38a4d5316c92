"""The keys of the file format."""

from __future__ import annotations

from typing import TypeAlias

Keys: TypeAlias = tuple[str, ...]

ROOT: Keys = ("accounts", "collect", "scrape")
ACCOUNT: Keys = (
    "name",
    "api_url",
    "token",
    "token_file",
    "team",
    "rate_limit_share",
    "rate_limit_group",
    "proxy_url",
    "ca_file",
    "addons",
)
ADDON: Keys = ("project", "addon", "max_age", "exclude", "types", "tags")
COLLECT: Keys = ("discovery", "schedules", "schedules_timezone", "schedules_grace", "restores", "full_listing")
SCRAPE: Keys = (
    "request_timeout",
    "concurrency",
    "timeout",
    "timeout_offset",
    "min_refresh_interval",
    "max_staleness",
)
