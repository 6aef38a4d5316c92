"""Which addons an account's entries watch: resolved through the API's listings, a part at a time."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from exporter.model import ListedAddon
from exporter.northflank import HostUnreachable, Listing, NorthflankError, RequestDeferred, Unauthorized
from exporter.polling.finding import AddonDiscovery, Entry, ListingSource, Watched

log = logging.getLogger(__name__)

AGAIN_SECONDS = 600.0

UNKNOWN_COST = 10_000
"""Requests: before the first round is over nobody knows; it may have all that there is for listings."""


class Discovery:
    """Keeps what the latest good listings of one account said; a failed one leaves that as it was.

    `is_needed` tells whether any entry needs a listing, `requests` how many requests a whole round took last;
    `on_error` hears of every listing that fails. Times are seconds of a clock that never goes back.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        *,
        source: ListingSource,
        interval: float | None,
        concurrency: int,
        on_error: Callable[[], None],
        fields: Mapping[str, str],
    ) -> None:
        self._entries = entries
        self.is_needed = _need_listings(entries)
        self.requests = UNKNOWN_COST
        self._source = source
        self._interval = interval
        self._concurrency = concurrency
        self._on_error = on_error
        self._fields = fields
        self._projects: tuple[str, ...] | None = None
        self._addons: dict[str, dict[str, ListedAddon]] = {}
        self._begun_at: float | None = None
        self._listing: Listing[str] | None = None
        self._todo: dict[str, Listing[ListedAddon]] = {}
        self._spent = 0
        self._matches: dict[tuple[str, str], int] | None = None
        self._empty: set[tuple[str, str]] = set()
        self._ailing: set[str] = set()

    @property
    def is_under_way(self) -> bool:
        """Whether a round was begun and is not over."""
        return self._listing is not None or bool(self._todo)

    @property
    def is_complete(self) -> bool:
        """Whether all that is needed was listed, and nothing failed."""
        return not self.is_needed or (self._begun_at is not None and not self.is_under_way and not self._ailing)

    @property
    def knows_anything(self) -> bool:
        """Whether any listing has succeeded."""
        return bool(self._addons)

    def is_due(self, now: float) -> bool:
        """Whether there is something to list now."""
        if not self.is_needed:
            return False
        if self.is_under_way or self._begun_at is None or not self.knows_anything:
            return True
        interval = self._interval
        if interval is None and self._ailing:
            interval = AGAIN_SECONDS  # Once is enough, but it has to succeed once.
        return interval is not None and now - self._begun_at >= interval

    async def run(self, now: float, take: Callable[[], bool]) -> None:
        """List what is due, or go on where that stopped; stops where `take` allows no request more.

        Raises HostUnreachable or Unauthorized: what they tell is the whole account's matter.
        """
        if not self.is_under_way:
            self._begin(now)
        if self._listing is not None and not await self._list_projects(self._listing, take):
            return
        # The first one alone: where the request window is not known, more would be too many.
        for project_id in tuple(self._todo)[:1]:
            await self._list_addons(project_id, take)
        pending = iter(tuple(self._todo))
        async with asyncio.TaskGroup() as workers:
            for _ in range(min(self._concurrency, len(self._todo))):
                workers.create_task(self._work(pending, take))
        if not self._todo:
            self.requests = self._spent
            self._complain_of_empty_patterns()

    def change(self, entries: Sequence[Entry]) -> None:
        """Resolve other entries from now on; what they need is listed at the next occasion."""
        self._entries, self.is_needed = entries, _need_listings(entries)
        self._begun_at, self._listing, self._matches = None, None, None
        self._todo.clear()

    def adopt(self, before: AddonDiscovery) -> None:
        """Go on with what another one has found; its round, where it was not over, is begun anew."""
        if not isinstance(before, Discovery):
            return
        self._projects, self._addons = before._projects, before._addons  # noqa: SLF001 - this class's own
        self._empty, self._ailing = before._empty, before._ailing  # noqa: SLF001
        self.requests, self._matches = before.requests, None
        if self._entries == before._entries and not before.is_under_way:  # noqa: SLF001
            self._begun_at = before._begun_at  # noqa: SLF001

    def watched(self) -> dict[tuple[str, str], Watched]:
        """Give every addon to watch, by project and addon; the first entry that selects it decides its limit."""
        found: dict[tuple[str, str], Watched] = {}
        for entry in self._entries:
            for key, info in self._selected(entry):
                found.setdefault(key, Watched(max_age=entry.max_age, info=info))
        return found

    def matches(self) -> dict[tuple[str, str], int]:
        """Count what each pattern matched, by its project and addon as configured."""
        # Every scrape asks, and a large fleet takes a while to go through.
        if self._matches is None:
            counts: Counter[tuple[str, str]] = Counter()
            for entry in self._entries:
                if not entry.is_literal:
                    counts[entry.project, entry.addon] += sum(1 for _ in self._selected(entry))
            self._matches = counts
        return self._matches

    def _selected(self, entry: Entry) -> Iterator[tuple[tuple[str, str], ListedAddon | None]]:
        if entry.is_literal:
            yield (entry.project, entry.addon), self._addons.get(entry.project, {}).get(entry.addon)
            return
        for project_id, addons in self._addons.items():
            if entry.selects_project(project_id):
                for addon in addons.values():
                    if entry.selects(project_id, addon.id, addon.type or None, addon.tags):
                        yield (project_id, addon.id), addon

    def _begin(self, now: float) -> None:
        self._begun_at, self._spent = now, 0
        if all(entry.is_project_literal for entry in self._entries if not entry.is_literal):
            self._projects = ()
            self._plan_addons()
        else:
            self._listing = Listing.of_ids()

    def _plan_addons(self) -> None:
        """Find the projects whose addons are to be listed; forget those that are gone."""
        searching = [entry for entry in self._entries if not entry.is_literal]
        named = [entry.project for entry in searching if entry.is_project_literal]
        listed = [
            project_id
            for project_id in self._projects or ()
            if any(entry.selects_project(project_id) for entry in searching)
        ]
        projects = dict.fromkeys([*named, *listed])
        self._addons = {project_id: addons for project_id, addons in self._addons.items() if project_id in projects}
        self._matches = None
        self._todo = {project_id: Listing.of_addons() for project_id in projects}

    async def _list_projects(self, listing: Listing[str], take: Callable[[], bool]) -> bool:
        """Read the projects; False where that stopped half-way."""
        try:
            while not listing.is_complete:
                if not take():
                    return False
                self._spent += 1
                listing.add(await self._source.projects_page(listing.cursor))
            before = () if listing.is_exhaustive else self._projects or ()
            self._projects = tuple(dict.fromkeys([*before, *listing.items]))
            self._succeeded("projects")
        except RequestDeferred:
            return False
        except (HostUnreachable, Unauthorized):
            raise
        except NorthflankError as error:
            self._failed("projects", error)
        self._listing = None
        # Projects that are named need no list of projects.
        self._plan_addons()
        return True

    async def _work(self, pending: Iterator[str], take: Callable[[], bool]) -> None:
        for project_id in pending:
            # What ends the whole account's reading comes from the first request, which went alone; here it costs
            # this listing.
            with suppress(HostUnreachable, Unauthorized):
                await self._list_addons(project_id, take)

    async def _list_addons(self, project_id: str, take: Callable[[], bool]) -> None:
        listing = self._todo.get(project_id)
        if listing is None:
            return  # Other entries have come meanwhile.
        try:
            while not listing.is_complete:
                if not take():
                    return
                self._spent += 1
                listing.add(await self._source.addons_page(project_id, listing.cursor))
            # A listing that was cut short, or of which not every item could be read, tells of nobody who is gone.
            before = {} if listing.is_exhaustive else self._addons.get(project_id, {})
            self._addons[project_id] = before | {addon.id: addon for addon in listing.items}
            self._matches = None
            self._succeeded(f"addons of {project_id}")
        except RequestDeferred:
            return
        except (HostUnreachable, Unauthorized):
            raise
        except NorthflankError as error:
            self._failed(f"addons of {project_id}", error)
        self._todo.pop(project_id, None)

    def _failed(self, what: str, error: NorthflankError) -> None:
        self._on_error()
        if what not in self._ailing:
            fields = {"listing": what, "reason": error.reason.value, "err": error}
            log.warning("Listing failed", extra={**self._fields, **fields})
        self._ailing.add(what)

    def _succeeded(self, what: str) -> None:
        if what in self._ailing:
            self._ailing.remove(what)
            log.info("Listing succeeds again", extra={**self._fields, "listing": what})

    def _complain_of_empty_patterns(self) -> None:
        empty = {pattern for pattern, count in self.matches().items() if count == 0}
        for project, addon in sorted(empty - self._empty):
            log.warning("A pattern matches nothing", extra={**self._fields, "project": project, "addon": addon})
        self._empty = empty


def _need_listings(entries: Sequence[Entry]) -> bool:
    return not all(entry.is_literal for entry in entries)
