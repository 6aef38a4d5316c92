"""A poller of a few addons, with everything around it played by the test."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from exporter.config import AddonEntry
from exporter.model import AddonDetails, AddonKey, Backup, FailureReason, ListedAddon, RateLimit, Restore, Schedule
from exporter.northflank import Page, PageRequest, RequestBudget, RequestDeferred
from exporter.northflank import errors as api
from exporter.northflank.window import Sent
from exporter.polling import Discovery, Freshness, PolledAccount, Poller
from exporter.state import AddonState, StateStore
from tests.builders import NOW, page
from tests.fake_api import Clock

Outcome = Sequence[Page[Backup]] | Exception

EMPTY = (page(),)
"""A list without backups."""


def told(limit: int = 100_000, remaining: int = 99_999, seconds: float = 3600) -> RateLimit:
    """Give what an answer's headers say."""
    resets_in = timedelta(seconds=seconds)
    return RateLimit(limit=limit, remaining=remaining, resets_in=resets_in, reset_at=NOW + resets_in)


class Source:
    """Gives what a test says for each addon, and an empty list for every other; keeps to the window as a client does.

    Unless a test says otherwise, the limit is one that nobody meets. `held` are addons whose answers wait for `go_on`.
    """

    def __init__(self, budget: RequestBudget, clock: Clock) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.rate_limit: RateLimit | None = None
        self.asked: list[str] = []
        self.held: set[str] = set()
        self.in_flight: set[str] = set()
        self.go_on = asyncio.Event()
        self._window = budget.window
        self._clock = clock

    async def teams_page(self, cursor: str) -> Page[str]:
        raise NotImplementedError

    async def projects_page(self, cursor: str) -> Page[str]:
        raise NotImplementedError

    async def addons_page(self, project_id: str, cursor: str) -> Page[ListedAddon]:
        raise NotImplementedError

    async def addon(self, _project_id: str, _addon_id: str) -> AddonDetails:
        raise RequestDeferred

    async def schedules_page(self, _project_id: str, _addon_id: str, _cursor: str) -> Page[Schedule]:
        raise RequestDeferred

    async def restores_page(self, _project_id: str, _addon_id: str, _cursor: str) -> Page[Restore]:
        raise RequestDeferred

    async def backups_page(
        self, project_id: str, addon_id: str, page: PageRequest, *, known: bytes = b""
    ) -> Page[Backup] | None:
        assert project_id == "shop"
        now = self._clock.monotonic()
        if not self._window.may_send(now):
            raise RequestDeferred
        sent = self._window.sent()
        cursor = page.cursor or (str(page.number) if page.number > 1 else "")
        self.asked.append(f"{addon_id}{cursor and '/'}{cursor}")
        self.in_flight.add(addon_id)
        try:
            await asyncio.sleep(0)
            if addon_id in self.held:
                await self.go_on.wait()
            answer = self._answer(self.outcomes.get(addon_id, EMPTY), sent, cursor)
            return None if known and answer.digest == known else answer
        finally:
            self.in_flight.discard(addon_id)
            self._window.ended()

    def _answer(self, outcome: Outcome, sent: Sent, cursor: str) -> Page[Backup]:
        now = self._clock.monotonic()
        if not isinstance(outcome, api.NorthflankError) or outcome.is_answer:
            self._window.answered(now, sent, self.rate_limit or told(seconds=3600 - now % 3600))
        if isinstance(outcome, api.RateLimited):
            self._window.refused(now, outcome.retry_after)
        if isinstance(outcome, Exception):
            raise outcome
        number = int(cursor or "1")
        return outcome[number - 1] if number <= len(outcome) else EMPTY[0]


class World:
    """A poller of accounts with a few addons each."""

    def __init__(
        self,
        names: Iterable[str],
        *,
        others: Iterable[str] = (),
        concurrency: int = 4,
        freshness: Freshness = Freshness(),  # noqa: B008 - frozen
    ) -> None:
        self.clock = Clock()
        self.errors: Counter[FailureReason] = Counter()
        self.budget = RequestBudget(0.8)
        self.sources = {name: Source(self.budget, self.clock) for name in ("acme", "other")}
        self.store = StateStore(on_replace=lambda _: None, on_remove=lambda _: None)
        self.poller = Poller(
            budget=self.budget,
            store=self.store,
            freshness=freshness,
            monotonic=self.clock.monotonic,
        )
        for account, addons in (("acme", names), ("other", others)):
            self._add(account, [AddonEntry(project="shop", addon=name) for name in addons], concurrency)

    def _add(self, name: str, entries: list[AddonEntry], concurrency: int) -> None:
        account = PolledAccount(
            name,
            source=self.sources[name],
            store=self.store,
            observer=self,
            concurrency=concurrency,
            now=self.clock,
            monotonic=self.clock.monotonic,
        )
        account.discovery = Discovery(
            entries, source=account.source, interval=600, concurrency=concurrency, on_error=lambda: None, fields={}
        )
        self.poller.add(account)

    @property
    def source(self) -> Source:
        """What the addons of the first account are read from."""
        return self.sources["acme"]

    @property
    def account(self) -> PolledAccount:
        """The first account."""
        return self.poller.accounts["acme"]

    def __getitem__(self, name: str) -> AddonState:
        return self.store[AddonKey("acme", "shop", name)]

    def poll_failed(self, reason: FailureReason) -> None:
        self.errors[reason] += 1

    def discovery_failed(self) -> None:
        raise AssertionError("nothing is to be discovered here")

    async def scrape(
        self, outcomes: Mapping[str, Outcome] | None = None, /, *, time_limit: float | None = None, **more: Outcome
    ) -> dict[str, int]:
        """Scrape while the source gives these outcomes; tell how many addons had which result."""
        self.source.outcomes = {**(outcomes or {}), **more}
        self.source.asked.clear()
        return self.results(await self.poller.scrape(time_limit))

    @staticmethod
    def results(scraped: object, account: str = "acme") -> dict[str, int]:
        """Give the results that were met."""
        assert isinstance(scraped, dict)
        return {result.value: number for result, number in scraped[account].items() if number}


def newest_of(state: AddonState) -> Backup | None:
    """Give the latest completed backup that is known."""
    return state.summary.last_completed if state.summary else None


def pages_of(state: AddonState) -> int | None:
    """Give how many pages the list had when it was read whole."""
    return None if state.known is None else state.known.pages


async def settled() -> None:
    """Let everything go on that can go on without time passing."""
    for _ in range(50):
        await asyncio.sleep(0)
