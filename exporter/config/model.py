"""What a configuration says once it has been read, and what can be wrong with one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from exporter.config.pattern import is_pattern, matches

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from exporter.api_token import ApiToken

DEFAULT_API_URL = "https://api.northflank.com"
DEFAULT_RATE_LIMIT_SHARE = 0.8
DEFAULT_SCRAPE_TIMEOUT = timedelta(seconds=10)
"""Where neither Prometheus nor the file sets one."""
ALL_TEAMS = "*"
"""As an account's team: every team that its token can list."""
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonEntry:
    """Addons to watch, by ids or shell-style patterns of ids in which upper and lower case differ.

    ``exclude`` takes addons away again, by their ids or patterns of them. ``types`` and ``tags`` select, also
    from literal ids: only an addon of one of these types, and with one of these tags, is watched. What type and
    tags an addon has is known from listing its project only, so such an entry is not literal.
    ``max_age`` is None where none is configured, "off" where none is wanted.
    """

    project: str
    addon: str
    exclude: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    max_age: timedelta | Literal["off"] | None = None

    @property
    def is_literal(self) -> bool:
        """Whether it names one addon outright, so that nothing needs to be listed."""
        return not (is_pattern(self.project) or is_pattern(self.addon) or self.types or self.tags)

    @property
    def is_project_literal(self) -> bool:
        """Whether it names one project outright, so that projects need not be listed."""
        return not is_pattern(self.project)

    def selects_project(self, project_id: str) -> bool:
        """Tell whether addons of this project can be meant, so that listing them is worth it."""
        return matches(self.project, project_id)

    def selects(self, project_id: str, addon_id: str, addon_type: str | None, tags: Iterable[str]) -> bool:
        """Tell whether an addon is meant; its type is None where the listing gave none."""
        return (
            matches(self.project, project_id)
            and matches(self.addon, addon_id)
            and not any(matches(pattern, addon_id) for pattern in self.exclude)
            and (not self.types or addon_type in self.types)
            and (not self.tags or not set(self.tags).isdisjoint(tags))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountConfig:
    """What one API token watches; ``name`` is empty when the only account is unnamed.

    ``team`` is empty unless the token is an organisation's, and may be ALL_TEAMS.
    ``rate_limit_share`` is above 0 and at most 1. ``budget_groups`` tells who shares a budget with whom.
    ``proxy_url`` may hold a password, so it is not in the repr. ``ca_file`` held certificates when it was read.
    """

    name: str = ""
    api_url: str = DEFAULT_API_URL
    token: ApiToken
    team: str = ""
    rate_limit_share: float = DEFAULT_RATE_LIMIT_SHARE
    rate_limit_group: str = ""
    proxy_url: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    addons: tuple[AddonEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectConfig:
    """What is read, and how often.

    ``discovery`` is None where patterns are resolved once and never again, ``schedules`` and ``restores`` are where
    they are never read, and longer than 0 otherwise. Schedules are due by the clock of ``schedules_timezone``; a run
    due less than ``schedules_grace`` ago is not missed yet. ``full_listing`` is how often a list is read to its end
    although only its newest part has changed; 0 is each time.
    """

    discovery: timedelta | None = timedelta(minutes=10)
    schedules: timedelta | None = timedelta(hours=6)
    schedules_timezone: ZoneInfo = _UTC
    schedules_grace: timedelta = timedelta(hours=1)
    restores: timedelta | None = None
    full_listing: timedelta = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeConfig:
    """How a scrape is answered; of the durations, only ``request_timeout`` is never 0.

    ``concurrency`` counts requests in flight per account. ``timeout`` is None where the file sets none: then
    DEFAULT_SCRAPE_TIMEOUT counts, and only where Prometheus sends no timeout of its own.
    """

    request_timeout: timedelta = timedelta(seconds=8)
    concurrency: int = 16
    timeout: timedelta | None = None
    timeout_offset: timedelta = timedelta(milliseconds=500)
    min_refresh_interval: timedelta = timedelta()
    max_staleness: timedelta = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole configuration; ``warnings`` are lines to show to whoever starts the exporter."""

    accounts: tuple[AccountConfig, ...]
    collect: CollectConfig = CollectConfig()
    scrape: ScrapeConfig = ScrapeConfig()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to correct; ``path`` is empty for the file as a whole, ``line`` counts from 1."""

    path: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.path}: " if self.path else ""
        return f"{place}{self.message}" + ("" if self.line is None else f" (line {self.line})")


class ConfigError(Exception):
    """Every problem of a configuration, in the order of the file; `file` is None for the main one."""

    def __init__(self, problems: Iterable[Problem], file: Path | None = None) -> None:
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line or 0))
        super().__init__("\n".join(map(str, self.problems)))
