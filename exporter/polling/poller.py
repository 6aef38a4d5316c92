"""A scrape's work for the accounts of one request budget: what is worth reading now, in parallel, shared, in time."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime

from exporter.model import AddonKey
from exporter.northflank import NorthflankError, RequestBudget
from exporter.polling.account import PolledAccount
from exporter.polling.agenda import Agenda
from exporter.polling.crew import Crew, found_by
from exporter.polling.poll import Freshness
from exporter.polling.side import SideWork
from exporter.state import ScrapeResult, StateStore

log = logging.getLogger(__name__)

Results = dict[AddonKey, asyncio.Future[ScrapeResult]]


class Poller:
    """Polls the watched addons of all accounts that share one request budget.

    Polls outlive the scrape that started them; the next one finds what they have learnt.
    """

    def __init__(
        self,
        *,
        budget: RequestBudget,
        store: StateStore,
        freshness: Freshness,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.accounts: dict[str, PolledAccount] = {}
        self.budget = budget
        self._store = store
        self._freshness = freshness
        self._monotonic = monotonic
        self.agenda = Agenda(budget=budget, store=store, freshness=freshness, now=self._time_of)
        self._scouting: asyncio.Task[Results] | None = None
        self._recoveries: dict[str, asyncio.Task[Results]] = {}
        self._discoveries: dict[str, asyncio.Task[None]] = {}
        self._crew = Crew(self.agenda, monotonic)
        self._side = SideWork(self.accounts, budget=budget, agenda=self.agenda, crew=self._crew, monotonic=monotonic)
        self._alone = asyncio.Lock()
        self._scrapes = 0
        self._is_retired = False

    async def scrape(self, time_limit: float | None = None) -> Mapping[str, Counter[ScrapeResult]]:
        """Read what the budget allows, for at most so many seconds; tell per account what became of its addons.

        Nobody waits for what is read besides backups, unless there is no limit of time.
        """
        results: Results = {}
        is_planned = False
        self._scrapes += 1
        if not self._is_retired:
            self._side.start()
        try:
            async with asyncio.timeout(time_limit):
                results |= await self._planned()
                self._start_recoveries(results)
                if await self._discovered():
                    results |= self._plan(results)
                is_planned = True
                results |= await self._recovered()
                if results:
                    await asyncio.wait(results.values())
                if time_limit is None:
                    await self._side.finish()
        except TimeoutError:
            pass  # What is under way goes on, and the next scrape finds what it has learnt.
        finally:
            self._scrapes -= 1
        for account in () if self._is_retired else self.accounts.values():
            account.drop_stale(self._freshness.max_staleness)
            account.source.end_round()
        return {name: self._counted(account, results, is_planned=is_planned) for name, account in self.accounts.items()}

    async def probe(self, addon: AddonKey, time_limit: float | None = None) -> None:
        """Read one addon, if its data is older than it need be and the budget allows, for at most so many seconds.

        What is read besides backups is gone on with, as in a scrape: nothing else may ever ask.
        """
        if self.accounts[addon.account].has_read(addon, within=self.budget.time_for(self.agenda.cycle_requests)):
            return
        if not self._is_retired:
            self._side.start()
        with suppress(TimeoutError):
            async with asyncio.timeout(time_limit):
                results = await self._planned(only=addon)
                self._start_recoveries(results)
                results |= await self._recovered()
                if addon in results:
                    await asyncio.wait([results[addon]])
        account = self.accounts.get(addon.account)
        if account is not None and not self._is_retired:
            account.drop_stale(self._freshness.max_staleness)
            account.source.end_round()

    async def discover(self, time_limit: float | None = None) -> None:
        """Resolve the patterns that are due, as far as the budget allows, for at most so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(time_limit):
                await self._discovered()

    def add(self, account: PolledAccount) -> None:
        """Poll the addons of one account more."""
        self.accounts[account.name] = account
        self.watch(account)

    def remove(self, name: str) -> None:
        """Poll the addons of an account no more; a poll that is under way comes to its end all the same."""
        account = self.accounts.pop(name)
        for addon in account.addons:
            self.agenda.remove(addon)
        account.forget()

    def watch(self, account: PolledAccount) -> None:
        """Watch what an account's entries select now."""
        if self._is_retired or self.accounts.get(account.name) is not account:
            return  # It has left while it was being listed.
        came, left = account.watch()
        for addon in left:
            self.agenda.remove(addon)
        for addon in came:
            self.agenda.add(addon)

    def retire(self) -> None:
        """Begin nothing and learn nothing any more; until it is closed, scrapes still have their answers."""
        self._is_retired = True
        self._crew.cancel()

    async def close(self) -> None:
        """End what is under way."""
        self.retire()
        await self._crew.close()

    def _time_of(self, addon: AddonKey) -> datetime:
        return self.accounts[addon.account].now()

    def _counted(self, account: PolledAccount, results: Results, *, is_planned: bool) -> Counter[ScrapeResult]:
        counted = Counter(
            result.result() if result.done() else ScrapeResult.LATE
            for addon, result in results.items()
            if addon in account.addons
        )
        rest = ScrapeResult.DEFERRED
        if account.verdict is not None:
            rest = ScrapeResult.FAILED
        elif not is_planned or account.name in self._recoveries:
            rest = ScrapeResult.LATE
        counted[rest] += len(account.addons) - counted.total()
        return counted

    # Whose turn it is, and who pays.

    async def _planned(self, *, only: AddonKey | None = None) -> Results:
        """Start what the budget allows, once the request window is known; scrapes share the wait for that."""
        now, window = self._monotonic(), self.budget.window
        if self._is_retired:
            return {}
        if self._scouting is None and (window.is_silent(now) or not window.wants_scout(now)):
            return self._plan({}, only=only)
        if self._scouting is None:
            self._scouting = self._crew.spawn(self._scout_window(only))
            self._scouting.add_done_callback(self._scouting_ended)
        scouting = self._scouting
        await asyncio.wait([scouting])
        return found_by(scouting)

    def _scouting_ended(self, _: asyncio.Task[Results]) -> None:
        self._scouting = None

    def _plan(self, ended: Results, *, only: AddonKey | None = None, account: PolledAccount | None = None) -> Results:
        """Start what the budget allows now, but for those that have just ended; gives all polls under way.

        With `only` no other addon is started, with `account` none of another account.
        """
        now = self._monotonic()
        if self.budget.window.is_known(now) and not self._is_retired:
            self._side.release(now)

            def may_read(addon: AddonKey) -> bool:
                is_meant = only in {None, addon} and (account is None or addon.account == account.name)
                return is_meant and addon not in ended and not self.accounts[addon.account].is_doubtful

            for addon, purse in self.agenda.affordable(now, may_read):
                self._crew.enqueue(self.accounts[addon.account], self.agenda.begin(addon, now, purse))
        under_way = {addon: poll.result for addon, poll in self.agenda.under_way.items()}
        return ended | (under_way if account is None else _of_account(under_way, account))

    # One request alone, where others would be too many: to learn the window, or whether an account can be read.

    async def _scout_window(self, only: AddonKey | None) -> Results:
        ended: Results = {}
        window = self.budget.window
        candidates = [account for account in self.accounts.values() if not account.is_doubtful]
        while candidates and window.wants_scout(self._monotonic()) and not window.is_silent(self._monotonic()):
            if not self.agenda.under_way:
                ended |= await self._scout(candidates.pop(0))
            elif window.is_known(self._monotonic()):
                break
            else:
                # What is under way already will tell.
                under_way = [poll.result for poll in self.agenda.under_way.values()]
                await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        return self._plan(ended, only=only)

    async def _recovered(self) -> Results:
        """Wait until it is known of every doubtful account whether it can be read again."""
        recoveries = tuple(self._recoveries.values())
        if recoveries:
            await asyncio.wait(recoveries)
        return {addon: result for each in recoveries for addon, result in found_by(each).items()}

    def _start_recoveries(self, results: Results) -> None:
        """Ask again whether accounts can be read that could not be, unless this scrape has asked already."""
        if self._is_retired or self.budget.window.is_silent(self._monotonic()):
            return
        for account in self.accounts.values():
            was_asked = bool(_of_account(results, account))
            if account.is_doubtful and account.addons and not was_asked and account.name not in self._recoveries:
                self._recoveries[account.name] = self._crew.spawn(self._recover(account))

    async def _recover(self, account: PolledAccount) -> Results:
        try:
            # Where the request window is not known, only one request at a time may find out.
            async with self._alone:
                ended = await self._scout(account)
        finally:
            del self._recoveries[account.name]
        return ended if account.is_doubtful else self._plan(ended, account=account)

    async def _scout(self, account: PolledAccount) -> Results:
        """Read one page alone, of one addon after the other until there is an answer or nobody waits for it."""
        ended: Results = {}
        for addon in self.agenda.in_order(self._monotonic()):
            if addon.account != account.name or addon in ended or addon in self.agenda.under_way:
                continue
            poll = self.agenda.begin(addon, self._monotonic())
            requests = poll.refresh.requests
            is_addons_matter = await self._crew.run(account, poll, is_scout=True)
            if poll.result.result() is not ScrapeResult.DEFERRED:
                ended[addon] = poll.result
            elif poll.refresh.requests == requests:
                break  # The window is closed: nothing was asked.
            if is_addons_matter and account.may_be_pardoned:
                account.pardon()
            if not is_addons_matter or account.was_answered or not self._scrapes:
                break
        return ended

    # Which addons there are.

    async def _discovered(self) -> bool:
        """Resolve the patterns that are due; whether there were any. Scrapes share the work."""
        tried: set[str] = set()
        while discoveries := self._start_discoveries(tried):
            tried |= discoveries.keys()
            await asyncio.wait(discoveries.values())
        return bool(tried)

    def _start_discoveries(self, tried: Collection[str]) -> dict[str, asyncio.Task[None]]:
        now, window = self._monotonic(), self.budget.window
        for account in self.accounts.values():
            # Where there are addons, one of them finds out whether a doubtful account can be read.
            can_ask = not window.is_silent(now) and not (account.is_doubtful and account.addons)
            can_ask = can_ask and not self._is_retired
            if can_ask and account.discovery.is_due(now) and account.name not in {*self._discoveries, *tried}:
                self._discoveries[account.name] = self._crew.spawn(self._discover(account))
                if not window.is_known(now):
                    break  # One request goes alone; the other accounts' come next.
        return {name: task for name, task in self._discoveries.items() if name not in tried}

    async def _discover(self, account: PolledAccount) -> None:
        try:
            await account.discovery.run(self._monotonic(), self._side.take_for_listing)
        except NorthflankError as error:
            self._crew.condemn(account, error.reason, (), error)
        except Exception:
            # A fault of ours costs this listing; what was known stays, and it is gone on with in the next scrape.
            log.exception("Unexpected error while addons were listed", extra=account.fields)
        else:
            if account.may_be_pardoned:
                account.pardon()
        finally:
            del self._discoveries[account.name]
        # Not where the task was cancelled: another configuration may be in force by now.
        self.watch(account)


def _of_account(results: Results, account: PolledAccount) -> Results:
    return {addon: result for addon, result in results.items() if addon.account == account.name}
