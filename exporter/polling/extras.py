"""What is read besides backups: who may send a request for it, and details of addons, which nobody waits for."""

from collections.abc import Callable, Mapping

from exporter.northflank import Purse, RequestBudget
from exporter.polling.account import PolledAccount
from exporter.polling.agenda import Agenda
from exporter.polling.crew import Crew

DETAILS_AT_ONCE = 10


class Extras:
    """Spends the parts of the budget that are not for backups, for all accounts that share it."""

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

    def release(self, now: float) -> None:
        """Let all purses have what time has brought."""
        accounts = self._accounts.values()
        details = min(sum(account.lacking_details for account in accounts), DETAILS_AT_ONCE)
        listings = sum(account.discovery.requests for account in accounts if account.discovery.is_needed)
        self._agenda.release(now, {Purse.DETAILS: details, Purse.EXTRAS: listings})

    def start_details(self) -> None:
        """Ask when addons were created, a few at a time; nobody waits for that."""
        now = self._monotonic()
        if not self._budget.window.is_known(now) or not self._budget.available(now, Purse.DETAILS):
            return
        for account in self._accounts.values():
            if account.is_doubtful:
                continue
            for addon in account.undetailed()[:DETAILS_AT_ONCE]:
                if not self._take(Purse.DETAILS):
                    return
                self._crew.spawn(account.read_details(addon))

    def take_for_listing(self) -> bool:
        """Whether one more request of a listing may go out."""
        return self._take(Purse.EXTRAS)

    def _take(self, purse: Purse) -> bool:
        """Whether one more request may go out for what is not backups."""
        now, window = self._monotonic(), self._budget.window
        if not window.is_known(now):
            return window.may_send(now)
        self.release(now)
        if not self._budget.set_aside(now, purse, 1):
            return False
        self._budget.used(1)
        return True
