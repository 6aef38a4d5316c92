"""Polls under way: each in a worker of its account's, and what is the whole account's matter ends them all."""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from exporter.model import AddonKey, FailureReason
from exporter.northflank import NorthflankError
from exporter.polling.account import PolledAccount
from exporter.polling.agenda import Agenda
from exporter.polling.poll import Poll
from exporter.state import ScrapeResult

K = TypeVar("K")
T = TypeVar("T")

log = logging.getLogger(__name__)


class Crew:
    """Owns every task of a poller: they outlive the scrape that started them, and end with `close`."""

    def __init__(self, agenda: Agenda, monotonic: Callable[[], float]) -> None:
        self._agenda = agenda
        self._monotonic = monotonic
        self._tasks: set[asyncio.Task[Any]] = set()

    def cancel(self) -> None:
        """Let nothing go on any more."""
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """End what is under way."""
        self.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for poll in self._agenda.under_way.values():
            if poll.grant is not None:
                # The budget may outlive this crew.
                poll.grant.close()
            # Scrapes may still wait for it.
            if not poll.result.done():
                poll.result.set_result(ScrapeResult.LATE)

    def enqueue(self, account: PolledAccount, poll: Poll) -> None:
        """Let a poll wait for a worker of its account's."""
        account.queue.append(poll)
        if account.workers < account.concurrency:
            account.workers += 1
            self.spawn(self._work(account))

    async def _work(self, account: PolledAccount) -> None:
        try:
            while account.queue:
                poll = account.queue.popleft()
                if account.is_doubtful:
                    # The host may be gone: those that wait are not asked before somebody has found out.
                    self._end(poll, ScrapeResult.DEFERRED)
                else:
                    await self.run(account, poll)
        finally:
            account.workers -= 1

    async def run(self, account: PolledAccount, poll: Poll, *, is_scout: bool = False) -> bool:
        """Read an addon, a scout one page of it; False where what failed is the whole account's matter.

        A fault of ours is shown as such, and leaves nobody waiting who shares the poll.
        """
        try:
            return await self._run(account, poll, is_scout=is_scout)
        except Exception:
            log.exception("Unexpected error around a poll", extra=account.fields)
            if not poll.result.done():
                self._end(poll, ScrapeResult.FAILED, was_asked=False)
            account.condemn([poll.addon], FailureReason.INTERNAL)
            return True

    async def _run(self, account: PolledAccount, poll: Poll, *, is_scout: bool) -> bool:
        if not self._agenda.pay(poll, self._monotonic()):
            self._end(poll, ScrapeResult.DEFERRED)
            return True
        try:
            result = await account.read(poll, pages=1 if is_scout else None)
        except NorthflankError as error:
            account.condemn([poll.addon], error.reason, duration=timedelta(seconds=poll.seconds))
            self._end(poll, ScrapeResult.FAILED)
            if account.verdict is None or is_scout:
                self.condemn(account, error.reason, [poll.addon], error)
            return False
        self._end(poll, result)
        return True

    def _end(self, poll: Poll, result: ScrapeResult, *, was_asked: bool = True) -> None:
        """Let the addon wait for its next turn, and those who wait for the poll know."""
        try:
            self._agenda.end(poll, self._monotonic(), is_read=was_asked and result is not ScrapeResult.DEFERRED)
        finally:
            poll.result.set_result(result)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Let work go on whoever waits for it; where a fault of ours ends it, that is told at once."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("Unexpected error in the background", exc_info=error)

    def condemn(
        self,
        account: PolledAccount,
        reason: FailureReason,
        asked: Collection[AddonKey],
        error: NorthflankError | None = None,
    ) -> None:
        """Let all addons of an account fail, those asked and those that are being read apart."""
        account.judge(reason, error)
        while account.queue:
            self._end(account.queue.popleft(), ScrapeResult.FAILED, was_asked=False)
        others = (addon for addon in account.addons if addon not in asked and addon not in self._agenda.under_way)
        account.condemn(others, reason)


def found_by(ended: asyncio.Task[dict[K, T]]) -> dict[K, T]:
    """Give what a task has found out; nothing where it was cancelled, or a fault of ours ended it, which was told."""
    return {} if ended.cancelled() or ended.exception() is not None else ended.result()
