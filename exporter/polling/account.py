"""One account: reads its addons' lists and keeps what that tells, of each addon and of the account as a whole."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from exporter.model import AddonKey, FailureReason
from exporter.northflank import (
    ClientError,
    HostUnreachable,
    NorthflankError,
    NotFound,
    RequestDeferred,
    Unauthorized,
)
from exporter.poll_log import PollEntry
from exporter.polling.asking import CountingSource
from exporter.polling.extras import Collection, Extras
from exporter.polling.finding import AddonDiscovery
from exporter.polling.poll import Poll, PollObserver, Source
from exporter.state import AddonState, ScrapeResult, StateStore
from exporter.summary import summarise

SUSPICIOUS = 2
"""So many requests in a row without any answer: the next one goes alone, in case the host is gone."""

log = logging.getLogger(__name__)


class PolledAccount:
    """The addons of one account, what polls of them tell, and the polls that wait for a worker (`queue`).

    `verdict` is why none of them can be read, while that is so: the token is rejected, or the host does not answer.
    `source` counts what its answers say of the account, `now` gives the time by its API's clock.
    """

    def __init__(
        self,
        name: str,
        *,
        source: Source,
        store: StateStore,
        observer: PollObserver,
        concurrency: int,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        collection: Collection = Collection(),  # noqa: B008 - frozen
    ) -> None:
        self.name = name
        self.addons: dict[AddonKey, None] = {}
        self.discovery: AddonDiscovery
        self.concurrency = concurrency
        self.queue: deque[Poll] = deque()
        self.workers = 0
        self.verdict: FailureReason | None = None
        self.source = CountingSource(source)
        self.extras = Extras(collection, source=self.source, store=store, now=now, monotonic=monotonic)
        self._store = store
        self._observer = observer
        self.now = now
        self._monotonic = monotonic
        self._condemned: dict[AddonKey, AddonState] = {}
        self._complained: set[AddonKey] = set()
        self._failing: set[AddonKey] = set()
        self._read_at: dict[AddonKey, float] = {}

    @property
    def is_doubtful(self) -> bool:
        """Whether one request should find out whether there is an answer before all others are sent."""
        return self.verdict is not None or self.source.unanswered >= SUSPICIOUS

    @property
    def may_be_pardoned(self) -> bool:
        """Whether the latest request shows that the verdict holds no longer.

        Any answer does of a host that was not there, only one that accepts the token does of a rejected one.
        """
        return self.source.was_proof if self.verdict is FailureReason.UNAUTHORIZED else self.was_answered

    @property
    def was_answered(self) -> bool:
        """Whether the latest request had an answer of any kind."""
        return self.source.unanswered == 0

    @property
    def fields(self) -> dict[str, str]:
        """What names this account in a log line."""
        return _fields_of(self.name)

    def has_read(self, addon: AddonKey, *, within: timedelta) -> bool:
        """Whether an addon was read well so recently."""
        return addon in self._read_at and self._monotonic() - self._read_at[addon] <= within.total_seconds()

    def forget(self) -> None:
        """Watch nothing any more."""
        for addon in self.addons:
            self._store.remove(addon)
            self.extras.remove(addon)
        self.addons.clear()
        self._failing.clear()

    def watch(self) -> tuple[list[AddonKey], list[AddonKey]]:
        """Watch what the entries select now; gives the addons that came and those that left."""
        watched = {
            AddonKey(self.name, project_id, addon_id): each
            for (project_id, addon_id), each in self.discovery.watched().items()
        }
        left = [addon for addon in self.addons if addon not in watched]
        for addon in left:
            self._store.remove(addon)
            for known in (self.addons, self._condemned, self._read_at):
                known.pop(addon, None)
            self._complained.discard(addon)
            self._failing.discard(addon)
            self.extras.remove(addon)
        came = {addon: None for addon in watched if addon not in self.addons}
        for addon, each in watched.items():
            self.addons[addon] = None
            before = self._store.get(addon) or AddonState(key=addon)
            state = before.listed(each.info, max_age=each.max_age, now=self.now())
            if addon in came:
                state = self.extras.adopted(state)
                self.extras.add(state)
            if addon in came or state != before:
                self._store.replace(state)
        return list(came), left

    async def read(self, poll: Poll, *, pages: int | None = None) -> ScrapeResult:
        """Go on with a list until it is whole, or for so many pages; DEFERRED where it stopped half-way.

        Raises HostUnreachable or Unauthorized: what they tell is the whole account's matter.
        """
        try:
            if not await self._go_on(poll, pages):
                return ScrapeResult.DEFERRED
            if poll.addon in self.addons:
                self._succeeded(poll)
        except (HostUnreachable, Unauthorized):
            raise
        except NorthflankError as error:
            return self._failed(poll, error.reason, error)
        except Exception as error:
            # A fault of ours costs this addon's data and is shown as such; the others are served.
            if poll.addon in self.addons and self._store[poll.addon].failure is not FailureReason.INTERNAL:
                log.exception("Unexpected error in a poll", extra=_fields(poll.addon))
            return self._failed(poll, FailureReason.INTERNAL, error)
        return ScrapeResult.POLLED

    def condemn(self, addons: Iterable[AddonKey], reason: FailureReason, *, duration: timedelta | None = None) -> None:
        """Let addons fail for what is their account's matter; with a duration those that were asked."""
        for addon in addons:
            if addon not in self.addons:
                continue
            state = self._store[addon]
            self._condemned.setdefault(addon, state)
            self._observer.poll_failed(reason)
            self._failing.add(addon)
            if state.failure is not reason or state.failing_since is None or duration is not None:
                requests = 0 if duration is None else 1
                entry = PollEntry(self.now(), reason, duration or timedelta(0), requests=requests, backups=None)
                failed = state.failed(reason, at=self._monotonic(), duration=duration)
                self._store.replace(failed.logged(entry))

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
        now = self._monotonic()
        for addon in self._failing:
            state = self._store.get(addon)
            if state is not None and state.is_stale(now, max_staleness):
                self._store.replace(state.without_data())

    async def _go_on(self, poll: Poll, pages: int | None) -> bool:
        started = self._monotonic()
        try:
            while not poll.refresh.is_complete and pages != 0:
                if poll.grant is not None and not poll.grant.take(self._monotonic()):
                    break
                await self._read_page(poll)
                pages = None if pages is None else pages - 1
        except RequestDeferred:
            return False
        finally:
            poll.seconds += self._monotonic() - started
        return poll.refresh.is_complete

    async def _read_page(self, poll: Poll) -> None:
        _, project_id, addon_id = poll.addon
        refresh = poll.refresh
        started = self._monotonic()
        try:
            page = await self.source.backups_page(project_id, addon_id, refresh.next_page, known=refresh.comparable)
        except (NotFound, ClientError):
            if not refresh.refused():
                raise
            return
        if poll.begun_at is None:
            # Only now is it known what the time is there.
            poll.begun_at = self.now() - timedelta(seconds=self._monotonic() - started)
        if page is None:
            refresh.leave()
        else:
            refresh.add(page)

    def _succeeded(self, poll: Poll) -> None:
        refresh, now = poll.refresh, self.now()
        summary = poll.summary if refresh.is_unchanged else None
        state = self._store[poll.addon].polled(
            summarise(refresh.backups) if summary is None else summary,
            known=refresh.result(now=now, at=self._monotonic()),
            is_whole=refresh.is_whole,
            data_at=now,
            duration=timedelta(seconds=poll.seconds),
            as_of=poll.begun_at,
            reading=refresh.reading,
            requests=refresh.requests,
        )
        self._store.replace(state)
        self._read_at[poll.addon] = self._monotonic()
        self.extras.reconsider(state)
        self._failing.discard(poll.addon)
        if poll.addon in self._complained:
            self._complained.remove(poll.addon)
            log.info("Addon is read again", extra=_fields(poll.addon))

    def _failed(self, poll: Poll, reason: FailureReason, error: Exception) -> ScrapeResult:
        if poll.addon not in self.addons:
            return ScrapeResult.FAILED
        state = self._store[poll.addon]
        if state.failure is not reason:
            log.warning("Addon cannot be read", extra=_fields(poll.addon) | {"reason": reason.value, "err": error})
        self._complained.add(poll.addon)
        self._failing.add(poll.addon)
        self._observer.poll_failed(reason)
        took = timedelta(seconds=poll.seconds)
        # One more request than were answered: it brought no page.
        entry = PollEntry(self.now(), reason, took, requests=poll.refresh.requests + 1, backups=None)
        self._store.replace(state.failed(reason, at=self._monotonic(), duration=took).logged(entry))
        return ScrapeResult.FAILED


def _fields(addon: AddonKey) -> dict[str, str]:
    return _fields_of(addon.account) | {"project_id": addon.project_id, "addon_id": addon.addon_id}


def _fields_of(account: str) -> dict[str, str]:
    return {"account": account} if account else {}
