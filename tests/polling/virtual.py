"""An account in virtual time: a server with a limit, others who use it too, and scrapes that take no time."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from exporter.config import AddonEntry
from exporter.model import AddonDetails, AddonKey, Backup, FailureReason, ListedAddon, RateLimit, Restore, Schedule
from exporter.northflank import Page, PageRequest, RequestBudget, RequestDeferred
from exporter.northflank import errors as api
from exporter.polling import Discovery, Freshness, PolledAccount, Poller
from exporter.polling.evidence import ENOUGH
from exporter.state import AddonState, ScrapeResult, StateStore
from tests.builders import NOW, ago, backup
from tests.fake_api import Clock


@dataclass(kw_only=True)
class Server:
    """A limit per window, as Northflank's: the window opens at its first request."""

    limit: int = 1000
    length: float = 3600
    opened_at: float = -1e9
    ours: int = 0
    others: int = 0
    ours_ever: int = 0
    refusals: int = 0
    spent: list[int] = field(default_factory=list)

    def use(self, now: float, *, by_us: bool) -> bool:
        """Use up one request; False is a 429."""
        if now - self.opened_at >= self.length:
            self.spent.append(self.ours)
            self.opened_at, self.ours, self.others = now, 0, 0
        if self.ours + self.others >= self.limit:
            self.refusals += by_us
            return False
        if by_us:
            self.ours += 1
            self.ours_ever += 1
        else:
            self.others += 1
        return True

    def exhaust(self, now: float) -> None:
        """Let others take all that is left."""
        while self.ours + self.others < self.limit:
            self.use(now, by_us=False)

    def headers(self, now: float) -> RateLimit:
        """Give what the answer's headers say; the reset in whole seconds, rounded down."""
        resets_in = timedelta(seconds=int(self.length - (now - self.opened_at)))
        remaining = self.limit - self.ours - self.others
        return RateLimit(limit=self.limit, remaining=remaining, resets_in=resets_in, reset_at=NOW + resets_in)


class Client:
    """Reads lists of so many pages from a server, as the real client does, but at once."""

    def __init__(
        self, server: Server, budget: RequestBudget, clock: Clock, pages: int, *, is_newest_first: bool = False
    ) -> None:
        self.server, self.window, self.clock, self.pages = server, budget.window, clock, pages
        self.ordered = [_ordered(page) for page in range(pages)] if is_newest_first else []
        self.newest: dict[str, Callable[[], Backup]] = {}

    async def teams_page(self, cursor: str) -> Page[str]:
        raise NotImplementedError

    async def projects_page(self, cursor: str) -> Page[str]:
        raise NotImplementedError

    async def addons_page(self, project_id: str, cursor: str) -> Page[ListedAddon]:
        raise NotImplementedError

    async def addon(self, project_id: str, addon_id: str) -> AddonDetails:
        """Say nothing, at the price of a request."""
        await self.backups_page(project_id, addon_id, PageRequest())
        return AddonDetails(info=None, created_at=None)

    async def schedules_page(self, _project_id: str, _addon_id: str, _cursor: str) -> Page[Schedule]:
        raise RequestDeferred

    async def restores_page(self, _project_id: str, _addon_id: str, _cursor: str) -> Page[Restore]:
        raise RequestDeferred

    async def backups_page(
        self, _project_id: str, addon_id: str, asked: PageRequest, *, known: bytes = b""
    ) -> Page[Backup]:
        assert not known, "nothing here has a digest"
        now = self.clock.monotonic()
        if not self.window.may_send(now):
            raise RequestDeferred
        number = self.window.sent()
        accepted = self.server.use(now, by_us=True)
        self.window.answered(now, number, self.server.headers(now))
        if not accepted:
            self.window.refused(now, None)
        self.window.ended()
        if not accepted:
            raise api.RateLimited(429)
        page = int(asked.cursor or asked.number)
        newest = self.newest.get(addon_id, lambda: LISTED)()
        return Page(
            items=self.ordered[page - 1] if self.ordered else (newest if page == 1 else backup(),),
            rejected=0,
            cursor="" if page == self.pages else str(page + 1),
        )


LISTED = backup()


def _ordered(page: int) -> tuple[Backup, ...]:
    """Make a page, short but long enough to show that the newest come first."""
    return tuple(backup(created_at=ago(hours=page * ENOUGH + place)) for place in range(ENOUGH))


class Fleet:
    """Addons of one account, polled in virtual time; `ages` is how old the data of each was, at worst."""

    def __init__(
        self,
        addons: int,
        *,
        pages: int = 1,
        server: Server | None = None,
        share: float = 0.8,
        is_newest_first: bool = False,
    ) -> None:
        self.clock = Clock()
        self.server = server or Server()
        self.budget = RequestBudget(share)
        self.client = Client(self.server, self.budget, self.clock, pages, is_newest_first=is_newest_first)
        self.keys = [AddonKey("acme", "shop", f"db-{number}") for number in range(addons)]
        self.store = StateStore(on_replace=self._replaced, on_remove=lambda _: None)
        self.read_at: dict[AddonKey, float] = {}
        self.ages: list[float] = []
        account = PolledAccount(
            "acme",
            source=self.client,
            store=self.store,
            observer=self,
            concurrency=16,
            now=self.clock,
            monotonic=self.clock.monotonic,
        )
        account.discovery = Discovery(
            [AddonEntry(project="shop", addon=key.addon_id) for key in self.keys],
            source=account.source,
            interval=600,
            concurrency=16,
            on_error=lambda: None,
            fields={},
        )
        self.poller = Poller(
            budget=self.budget,
            store=self.store,
            freshness=Freshness(),
            monotonic=self.clock.monotonic,
        )
        self.poller.add(account)

    def discovery_failed(self) -> None:
        """Take note of nothing, likewise."""

    def poll_failed(self, reason: FailureReason) -> None:
        """Take note of nothing: the server counts what matters."""

    async def scrape(self) -> Counter[ScrapeResult]:
        """Scrape once."""
        return (await self.poller.scrape())["acme"]

    async def run(self, seconds: float, *, every: float, offsets: Iterable[float] = (0,), others: float = 0) -> None:
        """Let time pass: scrapes every so many seconds, for each Prometheus, and others' requests per hour."""
        end = self.clock.monotonic() + seconds
        start = self.clock.monotonic()
        due = sorted(
            [(start + offset + number * every, True) for offset in offsets for number in range(int(seconds / every))]
            + [(start + (number + 0.5) * 3600 / others, False) for number in range(int(others * seconds / 3600))]
        )
        for moment, is_scrape in due:
            self.clock.advance(seconds=moment - self.clock.monotonic())
            if is_scrape:
                await self.poller.scrape()
                self._look()
            else:
                self.server.use(moment, by_us=False)
        self.clock.advance(seconds=end - self.clock.monotonic())

    def worst_age(self) -> float:
        """Give how old data was at worst, since measuring began."""
        return max(self.ages)

    def measure(self) -> None:
        """Begin to measure ages."""
        self.ages.clear()

    def _look(self) -> None:
        now = self.clock.monotonic()
        oldest = min(self.read_at.values(), default=now)
        self.ages.append(now - oldest)

    def _replaced(self, state: AddonState) -> None:
        if state.data_at is not None:
            self.read_at[state.key] = self.clock.monotonic()
