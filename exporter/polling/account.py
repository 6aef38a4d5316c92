"""One account: reads its addons' lists and keeps what that tells, of each addon and of the account as a whole."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from exporter.model import AddonKey, FailureReason
from exporter.northflank import (
    Grant,
    HostUnreachable,
    Listing,
    NorthflankError,
    Page,
    Purse,
    RequestDeferred,
    Unauthorized,
)
from exporter.polling.turns import Place
from exporter.state import AddonState, ScrapeResult, StateStore
from exporter.summary import summarise

SUSPICIOUS = 2
"""So many requests in a row without any answer: the next one goes alone, in case the host is gone."""

log = logging.getLogger(__name__)


class BackupSource(Protocol):
    """Where lists of backups come from."""

    async def backups_page(self, project_id: str, addon_id: str, cursor: str) -> Page:
        """Read one page; raises NorthflankError, or RequestDeferred where no request may go out."""


class PollObserver(Protocol):
    """Who counts the polls that gave no data."""

    def poll_failed(self, reason: FailureReason) -> None:
        """Count a poll that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How soon an addon may be read again, and how long its last good data outlives failed polls."""

    min_refresh_interval: timedelta = timedelta(0)
    max_staleness: timedelta = timedelta(hours=6)


@dataclass(slots=True, kw_only=True, eq=False)
class Poll:
    """The reading of one addon's list; `seconds` is how long it has taken so far, interruptions left out.

    `purse` pays for it; without one, it may take what the client lets it. `place` is where the addon has waited.
    """

    addon: AddonKey
    place: Place
    purse: Purse | None = None
    grant: Grant | None = None
    listing: Listing = field(default_factory=Listing)
    seconds: float = 0.0
    result: asyncio.Future[ScrapeResult] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class PolledAccount:
    """The addons of one account, what polls of them tell, and the polls that wait for a worker (`queue`).

    `verdict` is why none of them can be read, while that is so: the token is rejected, or the host does not answer.
    `is_up` tells whether the latest round that had answers proved API and token good; None before the first.
    """

    def __init__(
        self,
        name: str,
        addons: Iterable[AddonKey],
        *,
        source: BackupSource,
        store: StateStore,
        observer: PollObserver,
        concurrency: int,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.addons = tuple(addons)
        self.concurrency = concurrency
        self.queue: deque[Poll] = deque()
        self.workers = 0
        self.verdict: FailureReason | None = None
        self.is_up: bool | None = None
        self._source = source
        self._store = store
        self._observer = observer
        self._now = now
        self._monotonic = monotonic
        self._condemned: dict[AddonKey, AddonState] = {}
        self._complained: set[AddonKey] = set()
        self._failing: set[AddonKey] = set()
        self._unanswered = 0
        self._ended = 0
        self._proofs = 0

    @property
    def is_doubtful(self) -> bool:
        """Whether one request should find out whether there is an answer before all others are sent."""
        return self.verdict is not None or self._unanswered >= SUSPICIOUS

    @property
    def was_answered(self) -> bool:
        """Whether the latest request had an answer of any kind."""
        return self._unanswered == 0

    async def read(self, poll: Poll, *, pages: int | None = None) -> ScrapeResult:
        """Go on with a list until it is whole, or for so many pages; DEFERRED where it stopped half-way.

        Raises HostUnreachable or Unauthorized: what they tell is the whole account's matter.
        """
        try:
            if not await self._go_on(poll, pages):
                return ScrapeResult.DEFERRED
            self._succeeded(poll)
        except (HostUnreachable, Unauthorized):
            raise
        except NorthflankError as error:
            return self._failed(poll, error.reason, error)
        except Exception as error:
            # A fault of ours costs this addon's data and is shown as such; the others are served.
            if self._store[poll.addon].failure is not FailureReason.INTERNAL:
                log.exception("Unexpected error in a poll", extra=_fields(poll.addon))
            return self._failed(poll, FailureReason.INTERNAL, error)
        return ScrapeResult.POLLED

    def condemn(self, addons: Iterable[AddonKey], reason: FailureReason, *, duration: timedelta | None = None) -> None:
        """Let addons fail for what is their account's matter; with a duration those that were asked."""
        for addon in addons:
            state = self._store[addon]
            self._condemned.setdefault(addon, state)
            self._observer.poll_failed(reason)
            self._failing.add(addon)
            if state.failure is not reason or state.failing_since is None or duration is not None:
                self._store.replace(state.failed(reason, at=self._now(), duration=duration))

    def judge(self, reason: FailureReason, error: Exception | None = None) -> None:
        """Hold that none of the addons can be read for this reason."""
        if self.verdict is not reason:
            log.warning("Account cannot be read", extra=_fields_of(self.name) | {"reason": reason.value, "err": error})
        self.verdict = reason

    def pardon(self) -> None:
        """Hold that the addons can be read again: each is what it was before, until it is read."""
        if self.verdict is None:
            return
        log.info("Account is read again", extra=_fields_of(self.name))
        for addon, before in self._condemned.items():
            state = self._store[addon]
            if state.failure is self.verdict:
                self._store.replace(state.pardoned(before))
        self._condemned.clear()
        self.verdict = None

    def drop_stale(self, max_staleness: timedelta) -> None:
        """Show no backups any more of addons whose polls have failed for so long."""
        now = self._now()
        for addon in self._failing:
            state = self._store[addon]
            if state.is_stale(now, max_staleness):
                self._store.replace(state.without_data())

    def end_round(self) -> None:
        """Draw the conclusion from the requests that ended since the last call, if there were any."""
        if self._ended:
            self.is_up = self._proofs > 0
            self._ended = self._proofs = 0

    async def _go_on(self, poll: Poll, pages: int | None) -> bool:
        started = self._monotonic()
        try:
            while not poll.listing.is_complete and pages != 0:
                if poll.grant is not None and not poll.grant.take(self._monotonic()):
                    break
                poll.listing.add(await self._page(poll))
                pages = None if pages is None else pages - 1
        except RequestDeferred:
            return False
        finally:
            poll.seconds += self._monotonic() - started
        return poll.listing.is_complete

    async def _page(self, poll: Poll) -> Page:
        _, project_id, addon_id = poll.addon
        try:
            page = await self._source.backups_page(project_id, addon_id, poll.listing.cursor)
        except NorthflankError as error:
            self._count(is_answer=error.is_answer, is_proof=error.proves_token)
            raise
        self._count(is_answer=True, is_proof=True)
        return page

    def _count(self, *, is_answer: bool, is_proof: bool) -> None:
        self._ended += 1
        self._proofs += is_proof
        self._unanswered = 0 if is_answer else self._unanswered + 1

    def _succeeded(self, poll: Poll) -> None:
        state = self._store[poll.addon].polled(
            summarise(poll.listing.backups),
            data_at=self._now(),
            duration=timedelta(seconds=poll.seconds),
            requests=poll.listing.pages,
        )
        self._store.replace(state)
        self._failing.discard(poll.addon)
        if poll.addon in self._complained:
            self._complained.remove(poll.addon)
            log.info("Addon is read again", extra=_fields(poll.addon))

    def _failed(self, poll: Poll, reason: FailureReason, error: Exception) -> ScrapeResult:
        state = self._store[poll.addon]
        if state.failure is not reason:
            log.warning("Addon cannot be read", extra=_fields(poll.addon) | {"reason": reason.value, "err": error})
        self._complained.add(poll.addon)
        self._failing.add(poll.addon)
        self._observer.poll_failed(reason)
        self._store.replace(state.failed(reason, at=self._now(), duration=timedelta(seconds=poll.seconds)))
        return ScrapeResult.FAILED


def _fields(addon: AddonKey) -> dict[str, str]:
    return _fields_of(addon.account) | {"project_id": addon.project_id, "addon_id": addon.addon_id}


def _fields_of(account: str) -> dict[str, str]:
    return {"account": account} if account else {}
