"""One scrape's work for one account: read every watched addon, in parallel, and keep what was learnt."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from exporter.model import AddonKey, FailureReason
from exporter.northflank import Listing, NorthflankError, RequestDeferred
from exporter.state import ScrapeResult, StateStore
from exporter.summary import summarise

log = logging.getLogger(__name__)


class BackupSource(Protocol):
    """Where lists of backups come from; `sent` and `proofs` count requests and answers that prove the token."""

    sent: int
    proofs: int

    async def backups(self, project_id: str, addon_id: str) -> Listing:
        """Read an addon's whole list; raises NorthflankError or RequestDeferred."""


class PollObserver(Protocol):
    """Who counts the polls that gave no data."""

    def poll_failed(self, reason: FailureReason) -> None:
        """One poll failed."""


class AccountPoller:
    """Polls the watched addons of one account.

    `is_up` tells whether the latest round that sent requests proved API and token good; None before the first.
    """

    def __init__(
        self,
        addons: Iterable[AddonKey],
        *,
        source: BackupSource,
        store: StateStore,
        concurrency: int,
        observer: PollObserver,
        now: Callable[[], datetime],
    ) -> None:
        self.addons = tuple(addons)
        self.is_up: bool | None = None
        self._source = source
        self._store = store
        self._concurrency = concurrency
        self._observer = observer
        self._now = now

    async def scrape(self) -> Mapping[ScrapeResult, int]:
        """Poll every addon once and count what became of each."""
        sent, proofs = self._source.sent, self._source.proofs
        results: Counter[ScrapeResult] = Counter()
        # A few workers on one queue, not a task for each of thousands of addons.
        queue = iter(self.addons)

        async def work() -> None:
            for key in queue:
                results[await self._poll(key)] += 1

        async with asyncio.TaskGroup() as workers:
            for _ in range(min(self._concurrency, len(self.addons))):
                workers.create_task(work())
        if self._source.sent > sent:
            self.is_up = self._source.proofs > proofs
        return results

    async def _poll(self, key: AddonKey) -> ScrapeResult:
        started = time.monotonic()
        try:
            listing = await self._source.backups(key.project_id, key.addon_id)
        except RequestDeferred:
            return ScrapeResult.DEFERRED
        except NorthflankError as error:
            return self._failed(key, error.reason, error, _since(started))
        except Exception as error:
            # A fault of ours costs this addon's data and is shown as such; the others are served.
            if self._store[key].failure is not FailureReason.INTERNAL:
                log.exception("Unexpected error in a poll", extra=_fields(key))
            return self._failed(key, FailureReason.INTERNAL, error, _since(started))
        state = self._store[key]
        if state.failure not in {None, FailureReason.PENDING}:
            log.info("Addon is read again", extra=_fields(key))
        self._store.replace(
            state.polled(
                summarise(listing.backups),
                data_at=self._now(),
                duration=_since(started),
                requests=listing.pages,
            )
        )
        return ScrapeResult.POLLED

    def _failed(self, key: AddonKey, reason: FailureReason, error: Exception, duration: timedelta) -> ScrapeResult:
        state = self._store[key]
        if state.failure is not reason:
            log.warning("Addon cannot be read", extra=_fields(key) | {"reason": reason.value, "err": error})
        self._observer.poll_failed(reason)
        self._store.replace(state.failed(reason, duration=duration))
        return ScrapeResult.FAILED


def _since(started: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - started)


def _fields(key: AddonKey) -> dict[str, str]:
    account = {"account": key.account} if key.account else {}
    return account | {"project_id": key.project_id, "addon_id": key.addon_id}
