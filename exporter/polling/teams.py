"""Which teams an organisation's token can see; each becomes an account of its own."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from exporter.northflank import HostUnreachable, Listing, NorthflankError, Page, RequestDeferred, Unauthorized
from exporter.polling.finding import AddonDiscovery, Watched

log = logging.getLogger(__name__)


class TeamSource(Protocol):
    """Where the listing of teams comes from; raises NorthflankError or RequestDeferred."""

    async def teams_page(self, cursor: str) -> Page[str]:
        """Read one page of the teams."""


class TeamDiscovery:
    """Lists the teams; `on_teams` hears of every good listing. A failed one leaves everything as it was.

    Stands where an account's discovery of addons does: the account of the organisation itself has none.
    """

    def __init__(
        self,
        *,
        source: TeamSource,
        interval: float | None,
        on_teams: Callable[[Sequence[str]], None],
        on_error: Callable[[], None],
        fields: Mapping[str, str],
    ) -> None:
        self.requests = 1
        self.is_needed = True
        self._source = source
        self._interval = interval
        self._on_teams = on_teams
        self._on_error = on_error
        self._fields = fields
        self._listing: Listing[str] | None = None
        self._begun_at: float | None = None
        self._is_known = False
        self._has_failed = False
        self._teams: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether the latest listing was good."""
        return self._is_known and not self._has_failed and self._listing is None

    def is_due(self, now: float) -> bool:
        """Whether the teams should be listed now."""
        if self._listing is not None or self._begun_at is None or not self._is_known:
            return True
        return self._interval is not None and now - self._begun_at >= self._interval

    async def run(self, now: float, take: Callable[[], bool]) -> None:
        """List the teams, or go on where that stopped; stops where `take` allows no request more.

        Raises HostUnreachable or Unauthorized: what they tell is the whole account's matter.
        """
        if self._listing is None:
            self._listing, self._begun_at = Listing.of_ids(), now
        listing = self._listing
        try:
            while not listing.is_complete:
                if not take():
                    return
                listing.add(await self._source.teams_page(listing.cursor))
        except RequestDeferred:
            return
        except (HostUnreachable, Unauthorized):
            raise
        except NorthflankError as error:
            self._on_error()
            self._has_failed = True
            fields = {"listing": "teams", "reason": error.reason.value, "err": error}
            log.warning("Listing failed", extra={**self._fields, **fields})
        else:
            self._is_known, self._has_failed = True, False
            self.requests = listing.pages
            # As of addons, only a list that lacks nothing may say that a team is gone.
            before = () if listing.is_exhaustive else self._teams
            self._teams = tuple(dict.fromkeys([*before, *listing.items]))
            self._on_teams(self._teams)
        self._listing = None

    def adopt(self, before: AddonDiscovery) -> None:
        """Go on with the teams that another one has found."""
        if isinstance(before, TeamDiscovery) and before._is_known:  # noqa: SLF001 - this class's own
            self._is_known, self._has_failed, self._begun_at = True, before._has_failed, before._begun_at  # noqa: SLF001
            self.requests, self._teams = before.requests, before._teams  # noqa: SLF001
            self._on_teams(self._teams)

    def watched(self) -> dict[tuple[str, str], Watched]:
        """Give no addons: those of a team belong to the team's account."""
        return {}

    def matches(self) -> dict[tuple[str, str], int]:
        """Give no patterns, likewise."""
        return {}
