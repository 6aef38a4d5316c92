"""What is read of an account's addons besides their backups: a little at a time, and whatever comes of it.

Details once, schedules and restores again and again. Of an addon that stands in no list, nobody tells whether it is
paused: while it lacks backups, which may be why, its details are read as often as a list would be.

A failure says nothing about the backups, which are what matters: what was known stays, and it is tried again later.
"""

import logging
import math
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import nsmallest
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from exporter.expectation import Expectation
from exporter.model import AddonDetails, AddonKey, Restore, Schedule
from exporter.northflank import Listing, NorthflankError, Page, RequestDeferred
from exporter.northflank.errors import Forbidden, NotFound
from exporter.state import AddonState, StateStore
from exporter.summary import summarise_restores

AGAIN_SECONDS = 600.0
"""After what may pass; a permission or a path that is not there is asked for again at the usual time."""

_UTC = ZoneInfo("UTC")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """How often what is read, never where None, and how schedules are to be understood.

    `discovery` is how often one looks which addons there are and how they are.
    """

    schedules: timedelta | None = None
    restores: timedelta | None = None
    discovery: timedelta | None = timedelta(minutes=10)
    zone: ZoneInfo = _UTC
    grace: timedelta = timedelta(hours=1)


class Subject(StrEnum):
    """What can be read of an addon besides its backups."""

    DETAILS = "details"
    SCHEDULES = "schedules"
    RESTORES = "restores"


class Errand(NamedTuple):
    """Something to read of one addon."""

    addon: AddonKey
    subject: Subject


class ExtrasSource(Protocol):
    """Where it comes from; all raise NorthflankError, or RequestDeferred where no request may go out."""

    async def addon(self, project_id: str, addon_id: str) -> AddonDetails:
        """Read what an addon is and when it was created."""

    async def schedules_page(self, project_id: str, addon_id: str, cursor: str) -> Page[Schedule]:
        """Read one page of an addon's backup schedules."""

    async def restores_page(self, project_id: str, addon_id: str, cursor: str) -> Page[Restore]:
        """Read one page of an addon's restores."""


class Extras:
    """The errands of one account: which are due, and how one is run.

    Times are seconds of a clock that never goes back.
    """

    def __init__(
        self,
        collection: Collection,
        *,
        source: ExtrasSource,
        store: StateStore,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._collection = collection
        self._source = source
        self._store = store
        self._now = now
        self._monotonic = monotonic
        self._due_at: dict[Errand, float] = {}
        self._listings: dict[Errand, Listing[Any]] = {}
        self._running: set[Errand] = set()
        self._described_at: dict[AddonKey, float] = {}

    def adopted(self, state: AddonState) -> AddonState:
        """Give the state of an addon that comes to be watched: what was known of it before, as this account sees it."""
        expectation = state.expectation if self._interval(Subject.SCHEDULES) is not None else None
        if expectation is not None:
            expectation = replace(expectation, zone=self._collection.zone, grace=self._collection.grace)
        restores = state.restores if self._interval(Subject.RESTORES) is not None else None
        if expectation is state.expectation and restores is state.restores:
            return state
        return replace(state, expectation=expectation, restores=restores)

    def add(self, state: AddonState) -> None:
        """Read what is to be known of an addon more."""
        for subject in Subject:
            is_unknown = state.created_at is None or state.about is None
            if is_unknown if subject is Subject.DETAILS else self._interval(subject) is not None:
                self._due_at[Errand(state.key, subject)] = 0.0

    def reconsider(self, state: AddonState) -> None:
        """Ask again in time what an addon is like that stands in no list, while it is paused or may well be."""
        errand, interval = Errand(state.key, Subject.DETAILS), self._interval(Subject.DETAILS)
        if interval is None or errand in self._due_at or state.info is not None:
            return
        if state.is_paused or state.lacks_backups:
            self._due_at[errand] = self._described_at.get(state.key, -math.inf) + interval

    def remove(self, addon: AddonKey) -> None:
        """Read nothing more of an addon; what is being read comes to its end all the same."""
        for subject in Subject:
            self._due_at.pop(Errand(addon, subject), None)
            self._listings.pop(Errand(addon, subject), None)
        self._described_at.pop(addon, None)

    @property
    def waiting(self) -> int:
        """How many errands are due, those too that wait for their addon's backups."""
        now = self._monotonic()
        return sum(1 for due_at in self._due_at.values() if due_at <= now)

    @property
    def running(self) -> int:
        """How many errands are being run."""
        return len(self._running)

    def due(self, most: int) -> list[Errand]:
        """Give what is to be read now of addons whose backups have been read, the most worth reading first.

        Thousands can be due for days, and every scrape asks: no more is put in order than is wanted.
        """
        now = self._monotonic()
        ranked = []
        for errand, due_at in self._due_at.items():
            if due_at <= now and errand not in self._running:
                state = self._store[errand.addon]
                if state.summary is not None:
                    ranked.append((self._rank(errand, state), due_at, errand))
        # Stable: among equals as they came to be watched.
        return [errand for _, _, errand in nsmallest(most, ranked, key=lambda each: each[:2])]

    def run(self, errand: Errand, take: Callable[[], bool]) -> Coroutine[Any, Any, None]:
        """Read something whose first request is paid; `take` pays for one more, or the rest is read another time.

        It is no longer due from this call on, not only once what this gives is awaited: scrapes can begin together.
        """
        self._running.add(errand)
        return self._run(errand, take)

    async def _run(self, errand: Errand, take: Callable[[], bool]) -> None:
        begun_at = self._monotonic()
        try:
            is_over = await self._read(errand, take)
        except RequestDeferred:
            self._put_off(errand, begun_at)
        except NorthflankError as error:
            log.debug(
                "Besides its backups, something of an addon cannot be read", extra=_fields(errand) | {"err": error}
            )
            is_lasting = isinstance(error, Forbidden | NotFound)
            self._begin_anew(errand, begun_at, self._interval(errand.subject) if is_lasting else None)
        except Exception:
            # A fault of ours costs this reading, and not the scrape that it came with.
            log.exception("Unexpected error besides polls", extra=_fields(errand))
            self._begin_anew(errand, begun_at)
        else:
            if is_over and errand in self._due_at:
                self._finish(errand, begun_at)
        finally:
            self._running.discard(errand)

    async def _read(self, errand: Errand, take: Callable[[], bool]) -> bool:
        if errand.subject is Subject.DETAILS:
            details = await self._source.addon(errand.addon.project_id, errand.addon.addon_id)
            self._learn(errand, lambda state: state.described(details, now=self._now()))
        elif errand.subject is Subject.SCHEDULES:
            schedules: Listing[Schedule] = self._listings.setdefault(errand, Listing.of_schedules())
            if not await self._go_on(errand.addon, schedules, self._source.schedules_page, take):
                return False
            zone, grace = self._collection.zone, self._collection.grace
            expectation = Expectation.of(schedules.items, zone=zone, grace=grace, unreadable=schedules.rejected)
            self._learn(errand, lambda state: replace(state, expectation=expectation))
        else:
            restores: Listing[Restore] = self._listings.setdefault(errand, Listing.of_restores())
            if not await self._go_on(errand.addon, restores, self._source.restores_page, take):
                return False
            summary = summarise_restores(restores.items)
            self._learn(errand, lambda state: replace(state, restores=summary))
        return True

    async def _go_on(
        self,
        addon: AddonKey,
        listing: Listing[Any],
        page: Callable[[str, str, str], Awaitable[Page[Any]]],
        take: Callable[[], bool],
    ) -> bool:
        is_paid = True
        while not listing.is_complete:
            if not is_paid and not take():
                return False
            is_paid = False
            listing.add(await page(addon.project_id, addon.addon_id, listing.cursor))
        return True

    def _learn(self, errand: Errand, learn: Callable[[AddonState], AddonState]) -> None:
        if errand in self._due_at:
            self._store.replace(learn(self._store[errand.addon]))

    def _finish(self, errand: Errand, begun_at: float) -> None:
        self._listings.pop(errand, None)
        interval = self._interval(errand.subject)
        if errand.subject is Subject.DETAILS or interval is None:
            del self._due_at[errand]
            self._described_at[errand.addon] = begun_at
        else:
            self._due_at[errand] = begun_at + interval

    def _put_off(self, errand: Errand, begun_at: float, seconds: float | None = None) -> None:
        if errand in self._due_at:
            self._due_at[errand] = begun_at + (AGAIN_SECONDS if seconds is None else seconds)

    def _begin_anew(self, errand: Errand, begun_at: float, seconds: float | None = None) -> None:
        self._listings.pop(errand, None)
        self._put_off(errand, begun_at, seconds)

    def _interval(self, subject: Subject) -> float | None:
        """Say after how many seconds something is read again; None where it is not."""
        interval = {
            Subject.DETAILS: self._collection.discovery,
            Subject.SCHEDULES: self._collection.schedules,
            Subject.RESTORES: self._collection.restores,
        }[subject]
        return None if interval is None else interval.total_seconds()

    def _rank(self, errand: Errand, state: AddonState) -> int:
        if errand in self._listings:
            return 0
        is_undescribed = errand.subject is Subject.DETAILS and errand.addon not in self._described_at
        if is_undescribed and state.is_overdue:
            # Whether that is wrong depends on the addon's age, and on whether it is paused, which a list tells too.
            return 1 if state.info is None else 2
        if errand.subject is Subject.SCHEDULES and state.expectation is None:
            return 2
        return 3 if is_undescribed else 4


def _fields(errand: Errand) -> dict[str, str]:
    account, project_id, addon_id = errand.addon
    fields = {"project_id": project_id, "addon_id": addon_id, "subject": errand.subject}
    return {"account": account, **fields} if account else fields
