"""Requests for other things than backups: whether one more may go out, and the errands that they are spent on."""

import asyncio
from collections.abc import Callable, Mapping

from exporter.northflank import Purse, RequestBudget
from exporter.polling.account import PolledAccount
from exporter.polling.agenda import Agenda
from exporter.polling.crew import Crew

ERRANDS_AT_ONCE = 10
"""What is no hurry comes a little at a time, so that it delays no backups."""


class SideWork:
    """What all accounts of one budget read besides backups."""

    def __init__(
        self,
        accounts: Mapping[str, PolledAccount],
        *,
        budget: RequestBudget,
        agenda: Agenda,
        crew: Crew,
        monotonic: Callable[[], float],
    ) -> None:
        self._accounts = accounts
        self._budget = budget
        self._agenda = agenda
        self._crew = crew
        self._monotonic = monotonic
        self._wanted = 0
        self._under_way: set[asyncio.Task[None]] = set()

    def release(self, now: float) -> None:
        """Let the purses have what time has brought."""
        accounts = self._accounts.values()
        listings = sum(account.discovery.requests for account in accounts if account.discovery.is_needed)
        self._agenda.release(now, {Purse.DETAILS: self._wanted, Purse.EXTRAS: listings})

    def start(self) -> None:
        """Begin what is due, a few errands of each account at a time."""
        self._wanted = min(sum(account.extras.waiting for account in self._accounts.values()), ERRANDS_AT_ONCE)
        now = self._monotonic()
        if not self._wanted or not self._budget.window.is_known(now):
            return
        self.release(now)
        if not self._budget.available(now, Purse.DETAILS):
            return
        for account in self._accounts.values():
            # However slow they are, half of what may be in flight is left to backups.
            at_once = min(ERRANDS_AT_ONCE, max(account.concurrency // 2, 1)) - account.extras.running
            for errand in account.extras.due(at_once) if at_once > 0 and not account.is_doubtful else ():
                if not self._take(Purse.DETAILS):
                    return
                task = self._crew.spawn(account.extras.run(errand, self.take_for_errand))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    async def finish(self) -> None:
        """Do all that is due and can be paid."""
        self.start()
        while self._under_way:
            await asyncio.wait(self._under_way)
            self.start()

    def take_for_listing(self) -> bool:
        """Whether one more request of a listing may go out."""
        return self._take(Purse.EXTRAS)

    def take_for_errand(self) -> bool:
        """Whether one more request of an errand may go out."""
        return self._take(Purse.DETAILS)

    def _take(self, purse: Purse) -> bool:
        now, window = self._monotonic(), self._budget.window
        if not window.is_known(now):
            return window.may_send(now)
        self.release(now)
        if not self._budget.set_aside(now, purse, 1):
            return False
        self._budget.used(1)
        return True
