"""A fleet in every state that the pages show, and who serves it without a Northflank."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from exporter.expectation import Expectation
from exporter.exposition import Snapshot
from exporter.model import AddonKey, Backup, BackupKind, BackupStatus, FailureReason, ListedAddon, RateLimit, Schedule
from exporter.state import AccountState, AddonState, ExporterState
from exporter.summary import summarise
from tests.builders import NOW, ago, backup, failed, schedule

SECOND = timedelta(seconds=1)
LIMIT = timedelta(hours=26)
JUST_NOW = ago(seconds=40)


def expecting(*schedules: Schedule) -> Expectation:
    """Make what schedules let one expect."""
    return Expectation.of(schedules, zone=ZoneInfo("UTC"), grace=timedelta(hours=1))


def addon(
    name: str,
    *backups: Backup,
    project: str = "shop",
    account: str = "",
    type_: str = "postgresql",
    title: str = "",
    status: str = "running",
    tags: tuple[str, ...] = (),
    max_age: timedelta | None = LIMIT,
    schedules: Sequence[Schedule] | None = None,
    read_at: datetime = JUST_NOW,
) -> AddonState:
    """Make the state of an addon whose list was read."""
    state = AddonState(
        key=AddonKey(account, project, name),
        max_age=max_age,
        info=ListedAddon(id=name, name=title or name, type=type_, status=status, tags=tags),
        expectation=None if schedules is None else expecting(*schedules),
    )
    return state.polled(summarise(backups), data_at=read_at, duration=0.3 * SECOND)


def dumps(*hours: float, size: int = 5_000_000_000) -> list[Backup]:
    """Make completed dumps that were begun so long ago."""
    return [backup(created_at=ago(hours=each), size_bytes=size + number) for number, each in enumerate(hours)]


def unread(name: str, reason: FailureReason | None = None, **fields: str) -> AddonState:
    """Make the state of an addon that nobody could read yet."""
    state = AddonState(key=AddonKey(fields.get("account", ""), fields.get("project", "shop"), name), max_age=LIMIT)
    return state if reason is None else state.failed(reason, at=0.0, duration=SECOND)


def fleet() -> list[AddonState]:
    """Make an addon in each state: two critical ones, a warning, an unreadable one, two that are near or paused."""
    daily = schedule(hours=(2,), created_at=ago(days=60))
    return [
        addon("catalog-db", *dumps(*range(3, 400, 24)), type_="mysql", title="Catalog DB", schedules=[daily]),
        addon("carts-db", *[failed(created_at=ago(hours=each)) for each in (4, 28, 52)], *dumps(*range(76, 500, 24)),
              schedules=[daily], tags=("prod", "pci")),
        addon("queue", project="intranet", type_="rabbitmq"),
        addon("search-db", *dumps(5, size=100), *dumps(*range(29, 300, 24)), type_="mongodb", schedules=[daily]),
        unread("lost-db", FailureReason.FORBIDDEN, project="intranet"),
        addon("cache", *dumps(23), project="intranet", type_="redis"),
        addon("crm-db", *dumps(200), project="intranet", status="paused"),
        addon("sessions", backup(created_at=ago(minutes=20), kind=BackupKind.SNAPSHOT, size_bytes=37_000_000),
              backup(created_at=ago(minutes=2), kind=BackupKind.SNAPSHOT, status=BackupStatus.IN_PROGRESS,
                     size_bytes=None), type_="redis"),
    ]  # fmt: skip


def account(name: str = "", addons: int = 8, **fields: Any) -> AccountState:  # noqa: ANN401 - any field of any type
    """Make the state of an account that answers."""
    state = AccountState(
        name=name,
        addons=addons,
        scrape_addons={},
        refresh_cycle=timedelta(seconds=63),
        is_up=True,
        rate_limit=RateLimit(
            limit=1000, remaining=734, resets_in=timedelta(minutes=20), reset_at=NOW + timedelta(minutes=20)
        ),
    )
    return replace(state, **fields)


def snapshot(
    addons: Sequence[AddonState],
    *accounts: AccountState,
    asked_at: datetime | None = JUST_NOW,
    now: datetime = NOW,
) -> Snapshot:
    """Freeze what is known."""
    exporter = ExporterState(
        version="1.2.3",
        python_version="3.11.7",
        scrape_duration=SECOND,
        config_loaded_at=ago(hours=1),
        asked_at=asked_at,
    )
    return Snapshot(addons=tuple(addons), accounts=accounts or (account(),), exporter=exporter, now=now)


@dataclass
class Shown:
    """Somebody who knows a snapshot, which a test may replace; `asked` has what would have caused API requests."""

    snapshot: Snapshot
    asked: list[str] = field(default_factory=list)

    def known(self) -> Snapshot:
        return self.snapshot

    def find(self, account: str | None, project_id: str, addon_id: str) -> AddonKey | None:
        names = {state.name for state in self.snapshot.accounts}
        if account is None and len(names) > 1:
            raise ValueError("account is missing: there are several")
        key = AddonKey(next(iter(names)) if account is None else account, project_id, addon_id)
        return key if any(each.key == key for each in self.snapshot.addons) else None

    async def scrape_in_time(self, _: timedelta | None) -> Snapshot:
        self.asked.append("scrape")
        return self.snapshot

    async def probe(self, _: AddonKey, __: timedelta | None) -> Snapshot:
        self.asked.append("probe")
        return self.snapshot

    async def targets(self, _: timedelta | None) -> Sequence[AddonState]:
        self.asked.append("targets")
        return self.snapshot.addons
