"""One poll, and what it takes: where lists come from, who counts failures, how fresh data has to be."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from exporter.model import AddonKey, Backup, FailureReason, ListedAddon
from exporter.northflank import Grant, Page, PageRequest, Purse
from exporter.polling.extras import ExtrasSource
from exporter.polling.refresh import Refresh
from exporter.polling.turns import Place
from exporter.state import ScrapeResult
from exporter.summary import BackupSummary


class Source(ExtrasSource, Protocol):
    """Where lists come from; all raise NorthflankError, or RequestDeferred where no request may go out."""

    async def teams_page(self, cursor: str) -> Page[str]:
        """Read one page of the teams."""

    async def projects_page(self, cursor: str) -> Page[str]:
        """Read one page of the projects."""

    async def addons_page(self, project_id: str, cursor: str) -> Page[ListedAddon]:
        """Read one page of a project's addons."""

    async def backups_page(
        self, project_id: str, addon_id: str, page: PageRequest, *, known: bytes = b""
    ) -> Page[Backup] | None:
        """Read one page of an addon's backups; None where its digest is `known`."""


class PollObserver(Protocol):
    """Who counts what gave no data."""

    def poll_failed(self, reason: FailureReason) -> None:
        """Count a poll that failed."""

    def discovery_failed(self) -> None:
        """Count a listing that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How soon an addon may be read again, and how long its last good data outlives failed polls.

    `full_listing` is how often a list is read to its end although only its newest part has changed; 0 is each time.
    """

    min_refresh_interval: timedelta = timedelta(0)
    max_staleness: timedelta = timedelta(hours=6)
    full_listing: timedelta = timedelta(hours=6)


@dataclass(slots=True, kw_only=True, eq=False)
class Poll:
    """The reading of one addon's list; `seconds` is how long it has taken so far, interruptions left out.

    `summary` is of what was known when it began. `purse` pays for it; without one, it may take what the client lets it.
    `place` is where the addon has waited. `begun_at` is before the first page was asked for, by the API's clock as
    the answer told it; `stopped_at`, in seconds of a clock that never goes back, is when it was stopped half-way.
    """

    addon: AddonKey
    place: Place
    purse: Purse | None = None
    grant: Grant | None = None
    refresh: Refresh = field(default_factory=Refresh)
    summary: BackupSummary | None = None
    seconds: float = 0.0
    begun_at: datetime | None = None
    stopped_at: float = 0.0
    result: asyncio.Future[ScrapeResult] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
