"""The composition root: builds everything from a Config, owns the connections, and runs a scrape."""

import asyncio
import logging
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Self

from prometheus_client import CollectorRegistry

from exporter import __version__
from exporter.config import DEFAULT_SCRAPE_TIMEOUT, AccountConfig, AddonEntry, Config, budget_groups
from exporter.exposition import Exposition, Snapshot
from exporter.forecast import Outlook, outlooks, smallest_max_age
from exporter.model import AddonKey
from exporter.northflank import NorthflankClient, RequestBudget, open_session, token_expiry
from exporter.polling import Freshness, PolledAccount, Poller
from exporter.state import AccountState, AddonState, ExporterState, ScrapeResult, StateStore
from exporter.telemetry import AccountTelemetry, Telemetry, process_collectors

log = logging.getLogger(__name__)

USER_AGENT = f"northflank-backup-exporter/{__version__}"


def utc_now() -> datetime:
    """Give the time of day, aware of its zone."""
    return datetime.now(UTC)


class Exporter:
    """Watches what a configuration names; use as an async context manager.

    `for_file` leaves out what must not stand in a file that another exporter reads: ages, which would freeze,
    and the process' own metrics, which would collide with the reader's.
    """

    def __init__(
        self,
        config: Config,
        *,
        for_file: bool = False,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._now = now
        self._monotonic = monotonic
        self._loaded_at = now()
        # prometheus_client's own collectors tell no names, and `?name[]=` is to find them too.
        registry = CollectorRegistry(support_collectors_without_names=True)
        self._telemetry = Telemetry()
        registry.register(self._telemetry)
        if not for_file:
            process_collectors(registry)
        self.exposition = Exposition(registry, live=not for_file)
        self._store = StateStore(
            (_unread(account, entry) for account in config.accounts for entry in account.addons),
            on_replace=self.exposition.addon_replaced,
        )
        self._groups: list[_Group] = []
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for accounts in budget_groups(self._config.accounts):
            self._groups.append(await self._opened(accounts))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    def tell_forecast(self) -> None:
        """Log what watching is going to cost, as far as that is known."""
        for outlook in outlooks(self._config):
            _log(outlook)

    async def scrape_in_time(self, prometheus_timeout: timedelta | None) -> Snapshot:
        """Scrape for Prometheus, which waits so long for the answer; None where it does not say."""
        limits = self._config.scrape
        known = [timeout for timeout in (prometheus_timeout, limits.timeout) if timeout is not None]
        timeout = min(known, default=DEFAULT_SCRAPE_TIMEOUT)
        snapshot = await self.scrape(max(timeout - limits.timeout_offset, timedelta(0)))
        for group in self._groups:
            group.tell_cost()
        return snapshot

    async def scrape(self, time_limit: timedelta | None = None) -> Snapshot:
        """Poll what the budget allows for at most so long, and freeze what is known then."""
        started = time.monotonic()
        seconds = None if time_limit is None else time_limit.total_seconds()
        async with asyncio.TaskGroup() as tasks:
            scrapes = [tasks.create_task(group.poller.scrape(seconds)) for group in self._groups]
        states = {
            name: group.state(name, scrape.result()[name])
            for group, scrape in zip(self._groups, scrapes, strict=True)
            for name in group.accounts
        }
        return Snapshot(
            addons=self._store.all(),
            accounts=tuple(states[account.name] for account in self._config.accounts),
            exporter=ExporterState(
                version=__version__,
                python_version=platform.python_version(),
                scrape_duration=timedelta(seconds=time.monotonic() - started),
                config_loaded_at=self._loaded_at,
            ),
            now=self._now(),
        )

    async def _opened(self, accounts: Sequence[AccountConfig]) -> "_Group":
        """Build what polls the accounts of one budget."""
        scrape = self._config.scrape
        budget = RequestBudget(accounts[0].rate_limit_share)
        clients = {account.name: await self._client(account, budget) for account in accounts}
        poller = Poller(
            [self._polled(account, clients[account.name]) for account in accounts],
            budget=budget,
            store=self._store,
            freshness=Freshness(
                min_refresh_interval=scrape.min_refresh_interval,
                max_staleness=scrape.max_staleness,
            ),
            now=self._now,
            monotonic=self._monotonic,
        )
        # After the sessions: what is under way ends before its connections do.
        self._open.push_async_callback(poller.close)
        return _Group({account.name: account for account in accounts}, clients, poller)

    async def _client(self, account: AccountConfig, budget: RequestBudget) -> NorthflankClient:
        scrape = self._config.scrape
        session = await self._open.enter_async_context(
            open_session(user_agent=USER_AGENT, concurrency=scrape.concurrency, request_timeout=scrape.request_timeout)
        )
        return NorthflankClient(
            session,
            api_url=account.api_url,
            token=account.token.reveal,
            request_timeout=scrape.request_timeout,
            concurrency=scrape.concurrency,
            window=budget.window,
            observer=AccountTelemetry(self._telemetry, account.name),
            now=self._now,
            monotonic=self._monotonic,
        )

    def _polled(self, account: AccountConfig, client: NorthflankClient) -> PolledAccount:
        return PolledAccount(
            account.name,
            (_key(account, entry) for entry in account.addons),
            source=client,
            store=self._store,
            observer=AccountTelemetry(self._telemetry, account.name),
            concurrency=self._config.scrape.concurrency,
            now=self._now,
            monotonic=self._monotonic,
        )


class _Group:
    """What belongs to the accounts of one budget at run time."""

    def __init__(
        self, accounts: Mapping[str, AccountConfig], clients: Mapping[str, NorthflankClient], poller: Poller
    ) -> None:
        self.accounts = accounts
        self.poller = poller
        self._clients = clients
        self._has_told = False

    def tell_cost(self) -> None:
        """Log what a refresh really costs, as soon as that is known."""
        if self._has_told or not self.poller.has_read_everything:
            return
        self._has_told = True
        for name, account in self.accounts.items():
            outlook = Outlook(
                account=name,
                addons=len(account.addons),
                requests=self.poller.cycle_requests,
                cycle=self.poller.budget.time_for(self.poller.cycle_requests),
                shared_with=tuple(other for other in self.accounts if other != name),
                max_age=smallest_max_age(account.addons),
            )
            _log(outlook)

    def state(self, name: str, scrape_addons: Mapping[ScrapeResult, int]) -> AccountState:
        """Freeze what is known of an account at the end of a scrape."""
        account, budget = self.poller.accounts[name], self.poller.budget
        return AccountState(
            name=name,
            addons=len(account.addons),
            scrape_addons=scrape_addons,
            refresh_cycle=budget.time_for(self.poller.cycle_requests),
            is_up=account.is_up,
            rate_limit=budget.window.rate_limit,
            clock_skew=self._clients[name].clock_skew,
            token_expires_at=token_expiry(self.accounts[name].token.reveal()),
        )


def _log(outlook: Outlook) -> None:
    """Log what an account costs, and whether that is too much."""
    fields = {"account": outlook.account} if outlook.account else {}
    log.info(str(outlook), extra=fields)
    if outlook.warning:
        log.warning(outlook.warning, extra=fields)


def _key(account: AccountConfig, entry: AddonEntry) -> AddonKey:
    return AddonKey(account.name, entry.project, entry.addon)


def _unread(account: AccountConfig, entry: AddonEntry) -> AddonState:
    max_age = entry.max_age if isinstance(entry.max_age, timedelta) else None
    return AddonState(key=_key(account, entry), max_age=max_age)
