"""Somebody who watches addons without a Northflank, and tells what was asked of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from exporter.exposition import Snapshot
from exporter.model import AddonKey
from exporter.state import AddonState
from tests.oracle import account_state, snapshot_of


@dataclass
class FakeWatcher:
    """Shows fixed states; `asked` has each call that could cause API requests, with the time given for it."""

    addons: Sequence[AddonState]
    asked: list[tuple[str, timedelta | None]] = field(default_factory=list)
    probed: list[AddonKey] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Scrapes wait until it is open, as it is at first."""

    def __post_init__(self) -> None:
        self.gate.set()

    async def scrape_in_time(self, prometheus_timeout: timedelta | None) -> Snapshot:
        self.asked.append(("scrape", prometheus_timeout))
        await self.gate.wait()
        return snapshot_of(*self.addons, account=account_state())

    def known(self) -> Snapshot:
        return snapshot_of(*self.addons, account=account_state())

    def find(self, account: str | None, project_id: str, addon_id: str) -> AddonKey | None:
        accounts = sorted({addon.key.account for addon in self.addons})
        if account is None and len(accounts) > 1:
            raise ValueError("Which of several accounts?")
        key = AddonKey(accounts[0] if account is None else account, project_id, addon_id)
        return key if any(addon.key == key for addon in self.addons) else None

    async def probe(self, addon: AddonKey, prometheus_timeout: timedelta | None) -> Snapshot:
        self.asked.append(("probe", prometheus_timeout))
        self.probed.append(addon)
        await self.gate.wait()
        whole = snapshot_of(*(state for state in self.addons if state.key == addon))
        return Snapshot(addons=whole.addons, accounts=(), exporter=whole.exporter, now=whole.now)

    async def targets(self, prometheus_timeout: timedelta | None) -> Sequence[AddonState]:
        self.asked.append(("targets", prometheus_timeout))
        return self.addons
