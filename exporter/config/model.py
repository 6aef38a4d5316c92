"""What a configuration says once it has been read, and what can be wrong with one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exporter.api_token import ApiToken

DEFAULT_API_URL = "https://api.northflank.com"
DEFAULT_RATE_LIMIT_SHARE = 0.8
DEFAULT_SCRAPE_TIMEOUT = timedelta(seconds=10)
"""Where neither Prometheus nor the file sets one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonEntry:
    """One addon to watch; ``max_age`` is None where none is configured, "off" where none is wanted."""

    project: str
    addon: str
    max_age: timedelta | Literal["off"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountConfig:
    """What one API token watches; ``name`` is empty when the only account is unnamed.

    ``rate_limit_share`` is above 0 and at most 1. ``budget_groups`` tells who shares a budget with whom.
    """

    name: str = ""
    api_url: str = DEFAULT_API_URL
    token: ApiToken
    rate_limit_share: float = DEFAULT_RATE_LIMIT_SHARE
    rate_limit_group: str = ""
    addons: tuple[AddonEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeConfig:
    """How a scrape is answered; all but ``request_timeout`` may be 0.

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
    """Every problem of a configuration, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line or 0))
        super().__init__("\n".join(map(str, self.problems)))
