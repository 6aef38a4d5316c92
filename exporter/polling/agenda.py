"""What is worth reading now, what that will cost, and out of which purse it is paid. Clocked from outside."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from math import ceil

from exporter.model import AddonKey
from exporter.northflank import Purse, RequestBudget
from exporter.polling.poll import Poll
from exporter.polling.refresh import Refresh
from exporter.polling.turns import Turns
from exporter.state import StateStore


class Agenda:
    """The addons that share one request budget, and the polls of them that have begun.

    `under_way` holds the polls that run or wait for a worker. Times are seconds of a clock that never goes back.
    """

    def __init__(
        self,
        *,
        budget: RequestBudget,
        store: StateStore,
        min_refresh_interval: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self.under_way: dict[AddonKey, Poll] = {}
        self._budget = budget
        self._store = store
        self._min_refresh_interval = min_refresh_interval.total_seconds()
        self._now = now
        self._turns = Turns()
        self._half_read: dict[AddonKey, Poll] = {}
        self._addons: set[AddonKey] = set()
        self._costs: dict[AddonKey, int] = {}
        self._costs_total = 0

    @property
    def cycle_requests(self) -> int:
        """How many requests it takes to read everything once; what was never read is taken to be like the others."""
        addons = len(self._addons)
        return ceil(addons * self._costs_total / len(self._costs)) if self._costs else addons

    @property
    def is_complete(self) -> bool:
        """Whether every addon has been read at least once, well or badly: then `cycle_requests` is no guess."""
        return not self._turns.has_new

    def add(self, addon: AddonKey) -> None:
        """Let an addon wait for its first reading."""
        self._addons.add(addon)
        self._turns.add(addon)

    def remove(self, addon: AddonKey) -> None:
        """Forget an addon; a poll of it that is under way comes to its end all the same."""
        self._addons.discard(addon)
        self._turns.remove(addon)
        self._half_read.pop(addon, None)
        self._costs_total -= self._costs.pop(addon, 0)

    def release(self, now: float, others: Mapping[Purse, float]) -> None:
        """Let the purses have what time has brought, where there is use for it; `others` is what is wanted besides."""
        urgent = sum(self._store[addon].requests for addon in self._turns.urgent_before(now))
        self._budget.release(now, {**others, Purse.REGULAR: self.cycle_requests, Purse.URGENT: urgent})

    def in_order(self, now: float) -> Iterator[AddonKey]:
        """Give all addons that may be read, the most worth reading first; some more than once."""
        return chain.from_iterable(addons() for _, addons in self._sections(now))

    def _sections(self, now: float) -> Iterator[tuple[Purse, Callable[[], Iterable[AddonKey]]]]:
        """Give what may be read in the order of its worth, by what pays for it; sorted only where somebody looks."""
        turns, time = self._turns, now - self._min_refresh_interval
        yield Purse.BURST, lambda: [addon for addon in turns.half_read() if turns.is_new(addon)]
        yield Purse.BURST, turns.unread
        yield Purse.REGULAR, turns.half_read
        yield Purse.REGULAR, turns.unread
        yield Purse.URGENT, partial(turns.urgent_before, time)
        yield Purse.REGULAR, partial(turns.read_before, time)
        yield Purse.BURST, partial(turns.read_before, time)

    def affordable(self, now: float, may_read: Callable[[AddonKey], bool]) -> Iterator[tuple[AddonKey, Purse]]:
        """Give what the purses hold enough for, in order; whoever asks begins each before asking for the next."""
        available = {purse: self._budget.available(now, purse) for purse in Purse}
        for purse, addons in self._sections(now):
            for addon in addons() if available[purse] > 0 else ():
                if addon in self.under_way or not may_read(addon):
                    continue
                available[purse] -= self._budget.start_with(self._cost(addon))
                if available[purse] < 0:
                    # Nor may those behind it have what this one waits for.
                    break
                yield addon, purse

    def begin(self, addon: AddonKey, purse: Purse | None = None) -> Poll:
        """Begin to read an addon, or go on where that was stopped."""
        state, half_read = self._store[addon], self._half_read.pop(addon, None)
        poll = Poll(addon=addon, place=self._turns.begin(addon), purse=purse)
        if half_read is None:
            poll.refresh, poll.summary = Refresh(state.known), state.summary
        else:
            poll.refresh, poll.seconds, poll.begun_at = half_read.refresh, half_read.seconds, half_read.begun_at
        self.under_way[addon] = poll
        return poll

    def pay(self, poll: Poll, now: float) -> bool:
        """Set aside what a poll starts with; False where that is not there any more, or the addon has left."""
        if poll.addon not in self._addons:
            return False
        if poll.purse is not None:
            poll.grant = self._budget.grant(now, poll.purse, self._cost(poll.addon))
        return poll.purse is None or poll.grant is not None

    def end(self, poll: Poll, now: float, *, is_read: bool) -> None:
        """Let the addon wait for its turn again."""
        if poll.grant is not None:
            poll.grant.close()
        addon = poll.addon
        del self.under_way[addon]
        if addon not in self._addons:
            return
        if is_read:
            state = self._store[addon]
            self._costs_total += state.requests - self._costs.get(addon, 0)
            self._costs[addon] = state.requests
            urgent = state.urgent(self._now())
            self._turns.end(addon, now, urgent=urgent and (now + urgent[0], now + urgent[1]))
        elif poll.refresh.pages:
            self._half_read[addon] = poll
            self._turns.interrupt(addon, poll.place)
        else:
            self._turns.put_back(addon, poll.place)

    def _cost(self, addon: AddonKey) -> int:
        """Say how many requests the reading of an addon will still take, as far as that is known."""
        begun = self._half_read.get(addon) or self.under_way.get(addon)
        if begun is None:
            return self._store[addon].requests
        return max(begun.refresh.expected_pages - begun.refresh.pages, 1)
