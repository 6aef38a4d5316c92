"""A scrape's work for the accounts of one request budget: what is worth reading now, in parallel, shared, in time."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from math import ceil
from typing import Any, TypeVar

from exporter.model import AddonKey, FailureReason
from exporter.northflank import NorthflankError, Purse, RequestBudget
from exporter.polling.account import Freshness, Poll, PolledAccount
from exporter.polling.turns import Turns
from exporter.state import ScrapeResult, StateStore

T = TypeVar("T")
Results = dict[AddonKey, asyncio.Future[ScrapeResult]]


class Poller:
    """Results the watched addons of all accounts that share one request budget.

    Results outlive the scrape that started them; the next one finds what they have learnt.
    """

    def __init__(
        self,
        accounts: Iterable[PolledAccount],
        *,
        budget: RequestBudget,
        store: StateStore,
        freshness: Freshness,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.accounts = {account.name: account for account in accounts}
        self.budget = budget
        self._store = store
        self._freshness = freshness
        self._now = now
        self._monotonic = monotonic
        addons = [addon for account in self.accounts.values() for addon in account.addons]
        self._costs: dict[AddonKey, int] = {}
        self._costs_total = 0
        self._turns = Turns(addons)
        self._polls: dict[AddonKey, Poll] = {}
        self._half_read: dict[AddonKey, Poll] = {}
        self._scouting: asyncio.Task[Results] | None = None
        self._recoveries: dict[str, asyncio.Task[Results]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._scrapes = 0

    async def scrape(self, time_limit: float | None = None) -> Mapping[str, Counter[ScrapeResult]]:
        """Read what the budget allows, for at most so many seconds; tell per account what became of its addons."""
        results: Results = {}
        is_planned = False
        self._scrapes += 1
        try:
            async with asyncio.timeout(time_limit):
                results |= await self._planned()
                is_planned = True
                results |= await self._recovered()
                if results:
                    await asyncio.wait(results.values())
        except TimeoutError:
            pass  # What is under way goes on, and the next scrape finds what it has learnt.
        finally:
            self._scrapes -= 1
        for account in self.accounts.values():
            account.drop_stale(self._freshness.max_staleness)
            account.end_round()
        return {name: self._counted(account, results, is_planned=is_planned) for name, account in self.accounts.items()}

    @property
    def cycle_requests(self) -> int:
        """How many requests it takes to read everything once; what was never read is taken to be like the others."""
        addons = sum(len(account.addons) for account in self.accounts.values())
        return addons if not self._costs else ceil(addons * self._costs_total / len(self._costs))

    @property
    def has_read_everything(self) -> bool:
        """Whether every addon has been read at least once, well or badly: then `cycle_requests` is no guess."""
        return not self._turns.has_new

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _counted(self, account: PolledAccount, results: Results, *, is_planned: bool) -> Counter[ScrapeResult]:
        counted = Counter(
            result.result() if result.done() else ScrapeResult.LATE
            for addon, result in results.items()
            if addon.account == account.name
        )
        rest = ScrapeResult.DEFERRED
        if account.verdict is not None:
            rest = ScrapeResult.FAILED
        elif not is_planned or account.name in self._recoveries:
            rest = ScrapeResult.LATE
        counted[rest] += len(account.addons) - counted.total()
        return counted

    # Whose turn it is, and who pays.

    async def _planned(self) -> Results:
        """Start what the budget allows, once the request window is known; scrapes share the wait for that."""
        now, window = self._monotonic(), self.budget.window
        if self._scouting is None and (window.is_silent(now) or not window.wants_scout(now)):
            return self._plan({})
        if self._scouting is None:
            self._scouting = self._spawn(self._scout_window())
            self._scouting.add_done_callback(self._scouting_ended)
        return await asyncio.shield(self._scouting)

    def _scouting_ended(self, _: asyncio.Task[Results]) -> None:
        self._scouting = None

    def _plan(self, ended: Results) -> Results:
        """Start every poll that the budget allows now, but for those that have just ended; gives all under way."""
        now = self._monotonic()
        window = self.budget.window
        if window.is_silent(now):
            return ended | self._under_way()
        for account in self.accounts.values():
            was_asked = any(addon.account == account.name for addon in ended)
            if account.is_doubtful and not was_asked and account.name not in self._recoveries:
                self._recoveries[account.name] = self._spawn(self._recover(account))
        if not window.is_known(now):
            return ended | self._under_way()
        urgent = sum(self._store[addon].requests for addon in self._turns.urgent_before(now))
        self.budget.release(now, {Purse.REGULAR: self.cycle_requests, Purse.URGENT: urgent})
        available = {purse: self.budget.available(now, purse) for purse in Purse}
        for purse, addons in self._in_order(now):
            for addon in addons:
                if addon in ended or addon in self._polls or self.accounts[addon.account].is_doubtful:
                    continue
                available[purse] -= self.budget.start_with(self._cost(addon))
                if available[purse] < 0:
                    # Nor may those behind it have what this one waits for.
                    break
                self._enqueue(self.accounts[addon.account], self._taken(addon, purse))
        return ended | self._under_way()

    def _under_way(self) -> Results:
        return {addon: poll.result for addon, poll in self._polls.items()}

    def _in_order(self, now: float) -> Iterator[tuple[Purse, Iterable[AddonKey]]]:
        """Give all addons that may be read, the most worth reading first, by what pays for them."""
        yield Purse.BURST, (addon for addon in self._turns.half_read() if self._turns.is_new(addon))
        yield Purse.BURST, self._turns.unread()
        yield Purse.REGULAR, self._turns.half_read()
        yield Purse.REGULAR, self._turns.unread()
        time = now - self._freshness.min_refresh_interval.total_seconds()
        yield Purse.URGENT, self._turns.urgent_before(time)
        yield Purse.REGULAR, self._turns.read_before(time)
        yield Purse.BURST, self._turns.read_before(time)

    def _cost(self, addon: AddonKey) -> int:
        """Say how many requests the reading of an addon will still take, as far as that is known."""
        half_read = self._half_read.get(addon) or self._polls.get(addon)
        return max(self._store[addon].requests - (half_read.listing.pages if half_read else 0), 1)

    # Results, each in a worker of its account's.

    def _taken(self, addon: AddonKey, purse: Purse | None = None) -> Poll:
        """Begin to read an addon, or go on where that was stopped."""
        poll = Poll(addon=addon, place=self._turns.begin(addon), purse=purse)
        half_read = self._half_read.pop(addon, None)
        if half_read is not None:
            poll.listing, poll.seconds = half_read.listing, half_read.seconds
        self._polls[addon] = poll
        return poll

    def _enqueue(self, account: PolledAccount, poll: Poll) -> None:
        account.queue.append(poll)
        if account.workers < account.concurrency:
            account.workers += 1
            self._spawn(self._work(account))

    async def _work(self, account: PolledAccount) -> None:
        try:
            while account.queue:
                await self._run(account, account.queue.popleft())
        finally:
            account.workers -= 1

    async def _run(self, account: PolledAccount, poll: Poll, *, is_scout: bool = False) -> bool:
        """Read an addon, a scout one page of it; False where what failed is the whole account's matter."""
        if poll.purse is not None:
            poll.grant = self.budget.grant(self._monotonic(), poll.purse, self._cost(poll.addon))
            if poll.grant is None:
                self._end(poll, ScrapeResult.DEFERRED)
                return True
        try:
            result = await account.read(poll, pages=1 if is_scout else None)
        except NorthflankError as error:
            account.condemn([poll.addon], error.reason, duration=timedelta(seconds=poll.seconds))
            self._end(poll, ScrapeResult.FAILED)
            if account.verdict is None or is_scout:
                self._condemn(account, error.reason, [poll.addon], error)
            return False
        self._end(poll, result)
        return True

    def _end(self, poll: Poll, result: ScrapeResult) -> None:
        if poll.grant is not None:
            poll.grant.close()
        self._release(poll, result, is_read=result is not ScrapeResult.DEFERRED)

    def _release(self, poll: Poll, result: ScrapeResult, *, is_read: bool) -> None:
        """Let the addon wait for its turn again, and those who wait for the poll know."""
        del self._polls[poll.addon]
        poll.result.set_result(result)
        if is_read:
            state = self._store[poll.addon]
            self._costs_total += state.requests - self._costs.get(poll.addon, 0)
            self._costs[poll.addon] = state.requests
            is_urgent = state.summary is not None and state.summary.is_about_to_change(self._now())
            self._turns.end(poll.addon, self._monotonic(), is_urgent=is_urgent)
        elif poll.listing.pages:
            self._half_read[poll.addon] = poll
            self._turns.interrupt(poll.addon, poll.place)
        else:
            self._turns.put_back(poll.addon, poll.place)

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # One request alone, where others would be too many: to learn the window, or whether an account can be read.

    async def _scout_window(self) -> Results:
        ended: Results = {}
        window = self.budget.window
        candidates = [account for account in self.accounts.values() if not account.is_doubtful]
        while candidates and window.wants_scout(self._monotonic()) and not window.is_silent(self._monotonic()):
            if not self._polls:
                ended |= await self._scout(candidates.pop(0))
            elif window.is_known(self._monotonic()):
                break
            else:
                # What is under way already will tell.
                await asyncio.wait(self._under_way().values(), return_when=asyncio.FIRST_COMPLETED)
        return self._plan(ended)

    async def _recovered(self) -> Results:
        """Wait until it is known of every doubtful account whether it can be read again."""
        recoveries = tuple(self._recoveries.values())
        if recoveries:
            await asyncio.wait(recoveries)
        return {addon: result for recovery in recoveries for addon, result in recovery.result().items()}

    async def _recover(self, account: PolledAccount) -> Results:
        try:
            ended = await self._scout(account)
        finally:
            del self._recoveries[account.name]
        return self._plan(ended)

    async def _scout(self, account: PolledAccount) -> Results:
        """Read one page alone, of one addon after the other until there is an answer or nobody waits for it."""
        ended: Results = {}
        for addon in chain.from_iterable(addons for _, addons in self._in_order(self._monotonic())):
            if addon.account != account.name or addon in ended or addon in self._polls:
                continue
            poll = self._taken(addon)
            pages = poll.listing.pages
            is_addons_matter = await self._run(account, poll, is_scout=True)
            if poll.result.result() is not ScrapeResult.DEFERRED:
                ended[addon] = poll.result
            elif poll.listing.pages == pages:
                break  # The window is closed: nothing was asked.
            if is_addons_matter and account.was_answered:
                account.pardon()
            if not is_addons_matter or account.was_answered or not self._scrapes:
                break
        return ended

    def _condemn(
        self,
        account: PolledAccount,
        reason: FailureReason,
        asked: Collection[AddonKey],
        error: NorthflankError | None = None,
    ) -> None:
        """Let all addons of an account fail, those asked and those that are being read apart."""
        account.judge(reason, error)
        while account.queue:
            self._release(account.queue.popleft(), ScrapeResult.FAILED, is_read=False)
        others = (addon for addon in account.addons if addon not in asked and addon not in self._polls)
        account.condemn(others, reason)
