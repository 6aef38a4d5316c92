"""The composition root: builds everything from a Config, runs scrapes and probes, and changes to another Config."""

import asyncio
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Self

from prometheus_client import CollectorRegistry

from exporter import __version__
from exporter.config import DEFAULT_SCRAPE_TIMEOUT, AccountConfig, Config, budget_groups
from exporter.discovered import FoundAccount
from exporter.exposition import Exposition, Snapshot
from exporter.forecast import Outlook, log_outlook, outlooks
from exporter.group import AccountGroup, signature_of
from exporter.model import AddonKey, FailureReason
from exporter.northflank import RequestBudget
from exporter.state import AccountState, AddonState, ExporterState, ReadingProgress, StateStore
from exporter.telemetry import Telemetry, process_collectors


def utc_now() -> datetime:
    """Give the time of day, aware of its zone."""
    return datetime.now(UTC)


class Exporter:
    """Watches what a configuration names; use as an async context manager.

    `for_file` leaves out what must not stand in a file that another exporter reads: ages, which would freeze,
    and the process' own metrics, which would collide with the reader's. Without `process_metrics` only the latter are.
    """

    def __init__(
        self,
        config: Config,
        *,
        for_file: bool = False,
        process_metrics: bool = True,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._now = now
        self._monotonic = monotonic
        self._loaded_at = now()
        self._is_reload_good = True
        self._asked_at: datetime | None = None
        # prometheus_client's own collectors tell no names, and `?name[]=` is to find them too.
        registry = CollectorRegistry(support_collectors_without_names=True)
        self.telemetry = Telemetry()
        registry.register(self.telemetry)
        if process_metrics and not for_file:
            process_collectors(registry)
        self.exposition = Exposition(registry, live=not for_file)
        self._store = StateStore(on_replace=self.exposition.addon_replaced, on_remove=self.exposition.addon_removed)
        self._groups: tuple[AccountGroup, ...] = ()
        self._told: dict[str, str] = {}
        self._is_cost_told = False
        self._is_for_once = for_file
        self._left: list[AccountGroup] = []

    async def __aenter__(self) -> Self:
        await self.apply(self._config)
        return self

    async def __aexit__(self, *_: object) -> None:
        for group in self._groups:
            await group.close()
        await self._close_left()

    def tell_forecast(self) -> None:
        """Log what watching is going to cost, as far as that is known."""
        self._tell(outlooks(self._config))

    async def scrape_in_time(self, prometheus_timeout: timedelta | None) -> Snapshot:
        """Scrape for Prometheus, which waits so long for the answer; None where it does not say."""
        snapshot = await self.scrape(self._time_limit(prometheus_timeout))
        if not self._is_cost_told:
            costs = [group.outlooks() for group in self._groups]
            self._tell(outlook for outlooks_of_group in costs for outlook in outlooks_of_group)
            self._is_cost_told = all(costs)
        return snapshot

    def _tell(self, outlooks_now: Iterable[Outlook]) -> None:
        """Log what accounts cost, where it differs from what was said before."""
        for outlook in outlooks_now:
            if self._told.get(outlook.account) != str(outlook):
                self._told[outlook.account] = str(outlook)
                log_outlook(outlook)

    async def scrape(self, time_limit: timedelta | None = None) -> Snapshot:
        """Poll what the budget allows for at most so long, and freeze what is known then."""
        started, seconds = time.monotonic(), _seconds(time_limit)
        self._asked_at = self._now()
        groups = self._groups
        async with asyncio.TaskGroup() as tasks:
            scrapes = [tasks.create_task(group.poller.scrape(seconds)) for group in groups]
        accounts = [
            state for group, scrape in zip(groups, scrapes, strict=True) for state in group.states(scrape.result())
        ]
        return self._snapshot(self._store.all(), accounts, started)

    def known(self) -> Snapshot:
        """Freeze what is known, without any request."""
        accounts = [state for group in self._groups for state in group.states({})]
        return self._snapshot(self._store.all(), accounts, time.monotonic())

    @property
    def progress(self) -> ReadingProgress:
        """How far a scrape or a listing has come."""
        addons = self._store.all()
        return ReadingProgress(
            read=sum(addon.failure is not FailureReason.PENDING for addon in addons),
            addons=len(addons),
            requests=self.telemetry.requests,
        )

    def find(self, account: str | None, project_id: str, addon_id: str) -> AddonKey | None:
        """Give the key of a watched addon, None where it is not watched; raises ValueError without a needed account."""
        names = [name for group in self._groups for name in group.poller.accounts]
        if account is None and len(names) > 1:
            raise ValueError("account is missing: there are several")
        key = AddonKey(names[0] if account is None else account, project_id, addon_id)
        return key if key in self._store else None

    async def probe(self, addon: AddonKey, prometheus_timeout: timedelta | None) -> Snapshot:
        """Poll one addon if that is worth it, and freeze what is known of it then."""
        started = time.monotonic()
        self._asked_at = self._now()
        for group in self._groups:
            if addon.account in group.poller.accounts:
                await group.poller.probe(addon, _seconds(self._time_limit(prometheus_timeout)))
        known = (self._store[addon],) if addon in self._store else ()
        return self._snapshot(known, (), started)

    async def targets(self, prometheus_timeout: timedelta | None) -> Sequence[AddonState]:
        """Give every watched addon, once the patterns that are due are resolved as far as time and budget allow."""
        seconds = _seconds(self._time_limit(prometheus_timeout))
        await asyncio.gather(*(group.poller.discover(seconds) for group in self._groups))
        return self._store.all()

    async def discovered(self) -> tuple[bool, dict[str, FoundAccount]]:
        """Resolve every pattern; gives whether all could be listed, and what was found, by account."""
        await asyncio.gather(*(group.poller.discover() for group in self._groups))
        found = [account for group in self._groups for account in group.found()]
        return all(group.is_listed for group in self._groups), dict(found)

    async def apply(self, config: Config) -> None:
        """Watch what this configuration names from now on; what it leaves as it was goes on as it was."""
        kept = {group.signature: group for group in self._groups}
        groups, updated, opened = [], [], []
        for accounts in budget_groups(config.accounts):
            group = kept.pop(signature_of(accounts, config), None)
            if group is None:
                group = self._group(accounts, config)
                opened.append(group)
            else:
                updated.append((group, accounts))
            groups.append(group)
        async with AsyncExitStack() as undo:
            for group in opened:
                undo.push_async_callback(group.close)
                await group.open()
            undo.pop_all()
        # From here on nobody waits, so that no scrape sees half of a change.
        left = tuple(kept.values())
        for group in left:
            group.poller.retire()
        for group, accounts in updated:
            group.update(accounts)
        for group in opened:
            group.watch(left)
        self._groups, self._config = tuple(groups), config
        self._left.extend(left)
        self._forget_unwatched()
        self._loaded_at, self._is_reload_good, self._is_cost_told = self._now(), True, False
        await self._close_left()

    def reload_failed(self) -> None:
        """Take note that another configuration was wanted and could not be read."""
        self._is_reload_good = False

    async def _close_left(self) -> None:
        """Close what is not needed any more; where that is interrupted, the next call goes on."""
        while self._left:
            await self._left[-1].close()
            self._left.pop()

    def _group(self, accounts: Sequence[AccountConfig], config: Config) -> AccountGroup:
        share, tokens = accounts[0].rate_limit_share, {account.token.fingerprint() for account in accounts}
        budget = next((group.budget for group in self._groups if group.tokens & tokens), None)
        if budget is None:
            budget = RequestBudget(share, is_for_once=self._is_for_once)
        # What has been spent of a limit is spent, whatever else changes.
        budget.window.share = share
        return AccountGroup(
            accounts,
            config,
            budget=budget,
            store=self._store,
            telemetry=self.telemetry,
            now=self._now,
            monotonic=self._monotonic,
        )

    def _forget_unwatched(self) -> None:
        watched = {
            addon for group in self._groups for account in group.poller.accounts.values() for addon in account.addons
        }
        for state in self._store.all():
            if state.key not in watched:
                self._store.remove(state.key)

    def _time_limit(self, prometheus_timeout: timedelta | None) -> timedelta:
        """Say how long a scrape may take so that its answer comes before Prometheus gives up."""
        limits = self._config.scrape
        known = [timeout for timeout in (prometheus_timeout, limits.timeout) if timeout is not None]
        return max(min(known, default=DEFAULT_SCRAPE_TIMEOUT) - limits.timeout_offset, timedelta(0))

    def _snapshot(self, addons: tuple[AddonState, ...], accounts: Iterable[AccountState], started: float) -> Snapshot:
        return Snapshot(
            addons=addons,
            accounts=tuple(accounts),
            exporter=ExporterState(
                version=__version__,
                python_version=platform.python_version(),
                scrape_duration=timedelta(seconds=time.monotonic() - started),
                config_loaded_at=self._loaded_at,
                is_reload_good=self._is_reload_good,
                asked_at=self._asked_at,
            ),
            now=self._now(),
            times={name: time for group in self._groups for name, time in group.times().items()},
        )


def _seconds(time_limit: timedelta | None) -> float | None:
    return None if time_limit is None else time_limit.total_seconds()
