"""The accounts that share one request budget, as they run: their connections, clients and poller."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from typing import Any

from exporter import __version__
from exporter.config import ALL_TEAMS, DEFAULT_API_URL, AccountConfig, Config
from exporter.discovered import FoundAccount
from exporter.forecast import Outlook, smallest_max_age
from exporter.model import ListedAddon
from exporter.northflank import NorthflankClient, RequestBudget, open_session, token_expiry
from exporter.polling import Collection, Discovery, Freshness, PolledAccount, Poller, TeamDiscovery
from exporter.state import AccountState, ScrapeResult, StateStore
from exporter.telemetry import AccountTelemetry, Telemetry

USER_AGENT = f"northflank-backup-exporter/{__version__}"

log = logging.getLogger(__name__)


class AccountGroup:
    """Watches from `open` to `close`; `signature` tells whether another configuration can go on with it."""

    def __init__(
        self,
        accounts: Sequence[AccountConfig],
        config: Config,
        *,
        budget: RequestBudget,
        store: StateStore,
        telemetry: Telemetry,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.signature = signature_of(accounts, config)
        self.budget = budget
        self._configs = {account.name: account for account in accounts}
        self._config = config
        self._store = store
        self._telemetry = telemetry
        self._now = now
        self._monotonic = monotonic
        self._clients: dict[str, NorthflankClient] = {}
        self._config_of: dict[str, AccountConfig] = {}
        self._team_of: dict[str, str] = {}
        self._before: Mapping[tuple[str, str, str], PolledAccount] = {}
        self._open = AsyncExitStack()
        self.poller = Poller(
            budget=budget,
            store=store,
            freshness=Freshness(
                min_refresh_interval=config.scrape.min_refresh_interval,
                max_staleness=config.scrape.max_staleness,
                full_listing=config.collect.full_listing,
            ),
            monotonic=monotonic,
        )

    @property
    def tokens(self) -> set[bytes]:
        """The fingerprints of the tokens whose limit this group's budget is."""
        return {account.token.fingerprint() for account in self._configs.values()}

    async def open(self) -> None:
        """Open the connections."""
        for account in self._configs.values():
            self._clients[account.name] = await self._client(account)

    def watch(self, leaving: Iterable["AccountGroup"] = ()) -> None:
        """Begin to watch, with what the groups that leave have found of the same accounts."""
        self._before = {
            (group._config_of[name].api_url, group._team_of.get(name, ALL_TEAMS), name): account  # noqa: SLF001
            for group in leaving
            for name, account in group.poller.accounts.items()
        }
        for account in self._configs.values():
            client = self._clients[account.name]
            if account.team == ALL_TEAMS:
                self._add_organisation(account, client)
            else:
                self._add(account, account.name, client, account.team)
        self._before = {}

    async def close(self) -> None:
        """End what is under way, then its connections."""
        await self.poller.close()
        await self._open.aclose()

    def update(self, accounts: Sequence[AccountConfig]) -> None:
        """Go on with the same accounts, of which other addons are to be watched."""
        # Of a file that is followed already nobody need be told again what is wrong with it.
        self._configs = {
            account.name: replace(account, token=self._configs[account.name].token) for account in accounts
        }
        for name, before in tuple(self._config_of.items()):
            self._config_of[name] = account = self._configs[before.name]
            polled = self.poller.accounts[name]
            if account.addons != before.addons and isinstance(polled.discovery, Discovery):
                polled.discovery.change(account.addons)
                self.poller.watch(polled)

    def states(self, results: Mapping[str, Mapping[ScrapeResult, int]]) -> Iterator[AccountState]:
        """Freeze what is known of each account at the end of a scrape."""
        for name, account in self.poller.accounts.items():
            yield AccountState(
                name=name,
                addons=len(account.addons),
                scrape_addons=results.get(name, {}),
                refresh_cycle=self.budget.time_for(self.poller.agenda.cycle_requests),
                is_up=account.source.is_up,
                rate_limit=self.budget.window.rate_limit,
                clock_skew=self._clients[name].clock.skew,
                token_expires_at=token_expiry(self._config_of[name].token.reveal()),
                pattern_addons=account.discovery.matches(),
                is_listed=account.discovery.is_complete,
                failure=account.verdict,
            )

    def times(self) -> dict[str, datetime]:
        """Give the time now by the clock of each account's API."""
        return {name: client.clock() for name, client in self._clients.items()}

    @property
    def is_listed(self) -> bool:
        """Whether every listing that is needed was good."""
        accounts = self.poller.accounts.values()
        return all(account.verdict is None and account.discovery.is_complete for account in accounts)

    def found(self) -> Iterator[tuple[str, FoundAccount]]:
        """Give each account's name, and what its listings found."""
        for name, account in self.poller.accounts.items():
            config = self._config_of[name]
            if config.team == ALL_TEAMS and name == config.name:
                continue  # The organisation itself has no addons, its teams have.
            projects: dict[str, list[ListedAddon]] = {}
            for addon in account.addons:
                info = self._store[addon].info
                projects.setdefault(addon.project_id, []).append(info or ListedAddon(id=addon.addon_id))
            yield (
                name,
                FoundAccount(
                    projects=projects,
                    token_file="" if config.token.path is None else str(config.token.path),
                    team=self._team_of[name],
                    api_url="" if config.api_url == DEFAULT_API_URL else config.api_url,
                ),
            )

    def outlooks(self) -> list[Outlook]:
        """Say what a refresh really costs; nothing before that is known."""
        agenda = self.poller.agenda
        names = [name for name, account in self.poller.accounts.items() if account.addons]
        return [
            Outlook(
                account=name,
                addons=len(self.poller.accounts[name].addons),
                requests=agenda.cycle_requests,
                cycle=self.budget.time_for(agenda.cycle_requests),
                shared_with=tuple(other for other in names if other != name),
                max_age=smallest_max_age(self._config_of[name].addons),
            )
            for name in (names if agenda.is_complete else ())
        ]

    async def _client(self, account: AccountConfig) -> NorthflankClient:
        scrape = self._config.scrape
        session = await self._open.enter_async_context(
            open_session(
                user_agent=USER_AGENT,
                concurrency=scrape.concurrency,
                request_timeout=scrape.request_timeout,
                proxy_url=account.proxy_url,
                ca_file=account.ca_file,
            )
        )
        return NorthflankClient(
            session,
            api_url=account.api_url,
            token=account.token.reveal,
            team="" if account.team == ALL_TEAMS else account.team,
            request_timeout=scrape.request_timeout,
            concurrency=scrape.concurrency,
            window=self.budget.window,
            observer=AccountTelemetry(self._telemetry, account.name),
            now=self._now,
            monotonic=self._monotonic,
        )

    def _add(self, account: AccountConfig, name: str, client: NorthflankClient, team: str) -> None:
        observer = AccountTelemetry(self._telemetry, name)
        polled = self._polled(name, client, observer)
        polled.discovery = Discovery(
            account.addons,
            source=polled.source,
            interval=self._discovery_interval,
            concurrency=self._config.scrape.concurrency,
            on_error=observer.discovery_failed,
            fields=polled.fields,
        )
        self._clients[name], self._config_of[name], self._team_of[name] = client, account, team
        self._add_polled(polled, account, team)

    def _add_organisation(self, account: AccountConfig, client: NorthflankClient) -> None:
        observer = AccountTelemetry(self._telemetry, account.name)
        polled = self._polled(account.name, client, observer)

        def watch_teams(teams: Sequence[str]) -> None:
            self._watch_teams(account.name, teams, client)

        polled.discovery = TeamDiscovery(
            source=polled.source,
            interval=self._discovery_interval,
            on_teams=watch_teams,
            on_error=observer.discovery_failed,
            fields=polled.fields,
        )
        self._config_of[account.name] = account
        self._add_polled(polled, account, ALL_TEAMS)

    def _add_polled(self, polled: PolledAccount, account: AccountConfig, team: str) -> None:
        before = self._before.get((account.api_url, team, polled.name))
        if before is not None:
            polled.source.is_up = before.source.is_up
            polled.discovery.adopt(before.discovery)
        self.poller.add(polled)

    def _watch_teams(self, organisation: str, teams: Sequence[str], client: NorthflankClient) -> None:
        """Let each team be an account, and those that are gone be none."""
        account = self._configs[organisation]
        names = {f"{organisation}/{team}" if organisation else team: team for team in teams}
        gone = [
            name
            for name, config in self._config_of.items()
            if config.name == organisation and name != organisation and name not in names
        ]
        for name in gone:
            self.poller.remove(name)
            del self._clients[name], self._config_of[name], self._team_of[name]
        for name, team in names.items():
            if name not in self._config_of:
                of_team = client.for_team(team, observer=AccountTelemetry(self._telemetry, name))
                self._add(account, name, of_team, team)

    def _polled(self, name: str, client: NorthflankClient, observer: AccountTelemetry) -> PolledAccount:
        collect = self._config.collect
        return PolledAccount(
            name,
            source=client,
            store=self._store,
            observer=observer,
            concurrency=self._config.scrape.concurrency,
            now=client.clock,
            monotonic=self._monotonic,
            collection=Collection(
                discovery=collect.discovery,
                schedules=collect.schedules,
                restores=collect.restores,
                zone=collect.schedules_timezone,
                grace=collect.schedules_grace,
            ),
        )

    @property
    def _discovery_interval(self) -> float | None:
        interval = self._config.collect.discovery
        return None if interval is None else interval.total_seconds()


def signature_of(accounts: Sequence[AccountConfig], config: Config) -> tuple[Any, ...]:
    """Give all that a group is built from, but for what it watches: what can change while it goes on."""
    connections = tuple(
        (
            account.name,
            account.api_url,
            # What a file holds may change at any time.
            account.token.path or account.token.fingerprint(),
            account.team,
            account.rate_limit_share,
            account.proxy_url,
            account.ca_file,
        )
        for account in accounts
    )
    return connections, config.scrape, config.collect
