"""The composition root: builds everything from a Config, owns the connections, and runs a scrape."""

import asyncio
import platform
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Self

from prometheus_client import CollectorRegistry

from exporter import __version__
from exporter.config import AccountConfig, AddonEntry, Config
from exporter.exposition import Exposition, Snapshot
from exporter.model import AddonKey
from exporter.northflank import NorthflankClient, RequestBudget, open_session, token_expiry
from exporter.poller import AccountPoller
from exporter.state import AccountState, AddonState, ExporterState, ScrapeResult, StateStore
from exporter.telemetry import AccountTelemetry, Telemetry, process_collectors

USER_AGENT = f"northflank-backup-exporter/{__version__}"


def utc_now() -> datetime:
    """Give the time of day, aware of its zone."""
    return datetime.now(UTC)


class Exporter:
    """Watches what a configuration names; use as an async context manager.

    `for_file` leaves out what must not stand in a file that another exporter reads: ages, which would freeze,
    and the process' own metrics, which would collide with the reader's.
    """

    def __init__(self, config: Config, *, for_file: bool = False, now: Callable[[], datetime] = utc_now) -> None:
        self._config = config
        self._now = now
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
        self._accounts: list[_Account] = []
        self._sessions = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for account in self._config.accounts:
            self._accounts.append(await self._open(account))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._sessions.aclose()

    async def scrape(self) -> Snapshot:
        """Poll every watched addon and freeze what is known then."""
        started = time.monotonic()
        results = await asyncio.gather(*(account.poller.scrape() for account in self._accounts))
        return Snapshot(
            addons=self._store.all(),
            accounts=tuple(
                account.state(self._store, result) for account, result in zip(self._accounts, results, strict=True)
            ),
            exporter=ExporterState(
                version=__version__,
                python_version=platform.python_version(),
                scrape_duration=timedelta(seconds=time.monotonic() - started),
                config_loaded_at=self._loaded_at,
            ),
            now=self._now(),
        )

    async def _open(self, account: AccountConfig) -> "_Account":
        limits = self._config.scrape
        telemetry = AccountTelemetry(self._telemetry, account.name)
        session = await self._sessions.enter_async_context(
            open_session(user_agent=USER_AGENT, concurrency=limits.concurrency)
        )
        client = NorthflankClient(
            session,
            api_url=account.api_url,
            token=account.token.reveal,
            request_timeout=limits.request_timeout,
            concurrency=limits.concurrency,
            budget=RequestBudget(),
            observer=telemetry,
            now=self._now,
        )
        poller = AccountPoller(
            (_key(account, entry) for entry in account.addons),
            source=client,
            store=self._store,
            concurrency=limits.concurrency,
            observer=telemetry,
            now=self._now,
        )
        return _Account(account, client, poller)


class _Account:
    """What belongs to one account at run time."""

    def __init__(self, config: AccountConfig, client: NorthflankClient, poller: AccountPoller) -> None:
        self._config = config
        self._client = client
        self.poller = poller

    def state(self, store: StateStore, scrape_addons: Mapping[ScrapeResult, int]) -> AccountState:
        """Freeze what is known of the account at the end of a scrape."""
        requests = sum(store[key].requests for key in self.poller.addons)
        return AccountState(
            name=self._config.name,
            addons=len(self.poller.addons),
            scrape_addons=scrape_addons,
            refresh_cycle=self._client.budget.time_for(requests),
            is_up=self.poller.is_up,
            rate_limit=self._client.budget.rate_limit,
            clock_skew=self._client.clock_skew,
            token_expires_at=token_expiry(self._config.token.reveal()),
        )


def _key(account: AccountConfig, entry: AddonEntry) -> AddonKey:
    return AddonKey(account.name, entry.project, entry.addon)


def _unread(account: AccountConfig, entry: AddonEntry) -> AddonState:
    max_age = entry.max_age if isinstance(entry.max_age, timedelta) else None
    return AddonState(key=_key(account, entry), max_age=max_age)
