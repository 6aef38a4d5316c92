"""What is worth reading now, what that will cost, and out of which purse it is paid. Clocked from outside."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import chain
from math import ceil

from exporter.known import KnownList
from exporter.model import AddonKey
from exporter.northflank import Purse, RequestBudget
from exporter.polling.poll import Freshness, Poll
from exporter.polling.refresh import Refresh
from exporter.polling.turns import Turns
from exporter.state import AddonState, StateStore


class Agenda:
    """The addons that share one request budget, and the polls of them that have begun.

    `under_way` holds the polls that run or wait for a worker. Times are seconds of a clock that never goes back;
    `now` gives the time by the clock of an addon's API.
    """

    def __init__(
        self,
        *,
        budget: RequestBudget,
        store: StateStore,
        freshness: Freshness,
        now: Callable[[AddonKey], datetime],
    ) -> None:
        self.under_way: dict[AddonKey, Poll] = {}
        self._budget = budget
        self._store = store
        self._min_refresh_interval = freshness.min_refresh_interval.total_seconds()
        self._max_staleness = freshness.max_staleness.total_seconds()
        self._full_listing = freshness.full_listing
        self._now = now
        self._turns = Turns()
        self._half_read: dict[AddonKey, Poll] = {}
        self._addons: set[AddonKey] = set()
        self._costs: dict[AddonKey, int] = {}
        self._costs_total = 0
        self._long_lists: dict[AddonKey, KnownList] = {}

    @property
    def cycle_requests(self) -> int:
        """How many requests it takes to read everything once, with the full listings that come up meanwhile."""
        pages = sum(known.pages for known in self._long_lists.values() if known.is_trusted)
        part = self._budget.full_part(pages, self._full_listing) if self._full_listing else 0.0
        return ceil(self._refresh_requests / (1 - part))

    @property
    def _refresh_requests(self) -> float:
        """How many requests it takes to refresh everything; what was never read is taken to be like the others."""
        addons = len(self._addons)
        return addons * self._costs_total / len(self._costs) if self._costs else addons

    @property
    def is_complete(self) -> bool:
        """Whether every addon has been read, well or badly, and long lists twice: then `cycle_requests` is no guess."""
        is_unsure = self._full_listing and any(known.seams for known in self._long_lists.values())
        return not (self._turns.has_new or is_unsure)

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
        self._long_lists.pop(addon, None)

    def release(self, now: float, others: Mapping[Purse, float]) -> None:
        """Let the purses have what time has brought, where there is use for it; `others` is what is wanted besides."""
        urgent = sum(self._requests(addon) for addon in self._turns.urgent_before(now))
        full = sum(self._long_lists[addon].pages for addon in self._due_in_full(now, self._long_lists))
        # Any long list may turn out to have to be read to its end; enough for one at a time, so that it need not wait.
        reserve = max((known.pages for known in self._long_lists.values()), default=0)
        regular = ceil(self._refresh_requests) + reserve
        self._budget.release(now, {**others, Purse.REGULAR: regular, Purse.URGENT: urgent, Purse.FULL: full})

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
        yield Purse.FULL, lambda: self._due_in_full(now, turns.read_before(time))
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
                available[purse] -= self._budget.start_with(self._cost(addon, purse))
                if available[purse] < 0:
                    # Nor may those behind it have what this one waits for.
                    break
                yield addon, purse

    def begin(self, addon: AddonKey, now: float, purse: Purse | None = None) -> Poll:
        """Begin to read an addon, or go on where that was stopped, unless that was too long ago."""
        state, half_read = self._store[addon], self._half_read.pop(addon, None)
        poll = Poll(addon=addon, place=self._turns.begin(addon), purse=purse)
        # What its first pages said then would be shown as if it were said now.
        if half_read is None or now - half_read.stopped_at >= self._max_staleness:
            is_full = purse is Purse.FULL or self._must_be_full(state)
            poll.refresh, poll.summary = Refresh(state.known, is_full=is_full), state.summary
        else:
            poll.refresh, poll.seconds, poll.begun_at = half_read.refresh, half_read.seconds, half_read.begun_at
        self.under_way[addon] = poll
        return poll

    def pay(self, poll: Poll, now: float) -> bool:
        """Set aside what a poll starts with; False where that is not there any more, or the addon has left."""
        if poll.addon not in self._addons:
            return False
        if poll.purse is not None:
            poll.grant = self._budget.grant(now, poll.purse, self._cost(poll.addon, poll.purse))
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
            requests = self._requests(addon)
            self._costs_total += requests - self._costs.get(addon, 0)
            self._costs[addon] = requests
            if state.known is not None and state.known.pages > 1:
                self._long_lists[addon] = state.known
            else:
                self._long_lists.pop(addon, None)
            urgent = state.urgent(self._now(addon))
            self._turns.end(addon, now, urgent=urgent and (now + urgent[0], now + urgent[1]))
        elif poll.refresh.requests:
            self._half_read[addon], poll.stopped_at = poll, now
            self._turns.interrupt(addon, poll.place)
        else:
            self._turns.put_back(addon, poll.place)

    def _due_in_full(self, now: float, addons: Iterable[AddonKey]) -> list[AddonKey]:
        """Give those whose list should be read to its end again, the one that waits for that longest first."""
        if not self._full_listing:
            return []
        trusted = ((addon, known) for addon in addons if (known := self._long_lists.get(addon)) and known.is_trusted)
        read_at = {addon: known.read_whole_at for addon, known in trusted}
        last = now - self._full_listing.total_seconds()
        return sorted((addon for addon, at in read_at.items() if at <= last), key=read_at.__getitem__)

    def _requests(self, addon: AddonKey) -> int:
        """Say how many requests it takes to refresh an addon, as far as that is known."""
        state = self._store[addon]
        if state.known is None:
            return 1
        return state.known.pages if self._must_be_full(state) else state.known.requests

    def _must_be_full(self, state: AddonState) -> bool:
        """Whether the list is to be read to its end now, whatever pays for it."""
        return state.wants_proof or not self._full_listing

    def _cost(self, addon: AddonKey, purse: Purse) -> int:
        """Say how many requests the reading of an addon will still take, as far as that is known."""
        begun, known = self._half_read.get(addon) or self.under_way.get(addon), self._store[addon].known
        if begun is not None:
            return max(begun.refresh.expected_requests - begun.refresh.requests, 1)
        return known.pages if known is not None and purse is Purse.FULL else self._requests(addon)
