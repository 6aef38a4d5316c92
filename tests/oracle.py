"""What prometheus_client writes for the same states, and small states to write."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from exporter.exposition import Snapshot
from exporter.metrics import (
    ACCOUNT_CATALOGUE,
    ADDON_CATALOGUE,
    EXPORTER_CATALOGUE,
    SCRAPE_CATALOGUE,
    Catalogue,
    Family,
    LiveFamily,
    Samples,
)
from exporter.model import AddonKey, Backup, BackupKind, BackupStatus
from exporter.state import AccountState, AddonState, ExporterState, ScrapeResult
from exporter.summary import summarise

S = TypeVar("S")

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
ORDERS = AddonKey("acme", "shop", "orders-db")


class SnapshotCollector(Collector):
    """A snapshot as prometheus_client's families, built from the same catalogues."""

    def __init__(self, snapshot: Snapshot, *, live: bool = True, is_probe: bool = False) -> None:
        self._snapshot = snapshot
        self._live = live
        self._is_probe = is_probe

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics(ADDON_CATALOGUE, self._snapshot.addons)
        if not self._is_probe:
            yield from self._metrics(ACCOUNT_CATALOGUE, self._snapshot.accounts)
        yield from self._metrics(SCRAPE_CATALOGUE, [self._snapshot.exporter])
        if not self._is_probe:
            yield from self._metrics(EXPORTER_CATALOGUE, [self._snapshot.exporter])

    def _metrics(self, catalogue: Catalogue[S], subjects: Iterable[S]) -> Iterator[Metric]:
        for family in catalogue.families:
            if isinstance(family, LiveFamily) and family.freezes and not self._live:
                continue
            metric = Metric(family.name, family.help, "gauge")
            names = (*catalogue.base_labels, *family.labels)
            for subject in subjects:
                for values, value in samples_of(family, subject, self._snapshot.now):
                    labels = dict(zip(names, (*catalogue.base_values(subject), *values), strict=True))
                    metric.add_sample(family.name, {name: text for name, text in labels.items() if text}, value)
            yield metric


def samples_of(family: Family[S] | LiveFamily[S], subject: S, now: datetime) -> Samples:
    """Give what a family says of a subject."""
    return family.samples(subject, now) if isinstance(family, LiveFamily) else family.samples(subject)


def oracle(snapshot: Snapshot, counters: CollectorRegistry | None = None, *, live: bool = True) -> CollectorRegistry:
    """Give a registry of all that an answer shows."""
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(snapshot, live=live))
    if counters is not None:
        registry.register(counters)
    return registry


def probe_oracle(snapshot: Snapshot) -> CollectorRegistry:
    """Give a registry of what an answer about single addons shows."""
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(snapshot, is_probe=True))
    return registry


def series(text: str) -> dict[str, float]:
    """Read sample lines into values by series: name and labels as they are written."""
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    values = {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}
    assert len(values) == len(lines), "a series appears twice"
    return values


def backup(
    identity: str,
    age: timedelta,
    *,
    status: BackupStatus = BackupStatus.COMPLETED,
    size_bytes: int | None = 1_000_000,
    destination_id: str = "",
) -> Backup:
    """Make a dump that was started `age` before noon, and took a minute if it is completed."""
    started = NOON - age
    is_completed = status is BackupStatus.COMPLETED
    return Backup(
        identity=identity,
        id=identity,
        status=status,
        kind=BackupKind.DUMP,
        created_at=started,
        completed_at=started + timedelta(minutes=1) if is_completed else None,
        size_bytes=size_bytes if is_completed else None,
        source_type="sameAddon",
        compression_type="gz",
        addon_version="16.4.0",
        destination_id=destination_id,
    )


def read_addon(*backups: Backup, key: AddonKey = ORDERS) -> AddonState:
    """Make the state of an addon whose list was read in half a second, just before noon."""
    return AddonState(key=key, max_age=timedelta(hours=26)).polled(
        summarise(backups), data_at=NOON - timedelta(seconds=1), duration=timedelta(seconds=0.5)
    )


def account_state(name: str = "acme") -> AccountState:
    """Make the state of an account of one addon, before its first request."""
    return AccountState(
        name=name, addons=1, scrape_addons={ScrapeResult.POLLED: 1}, refresh_cycle=timedelta(seconds=4.5)
    )


def snapshot_of(*addons: AddonState, account: AccountState | None = None, now: datetime = NOON) -> Snapshot:
    """Make what an answer shows."""
    exporter = ExporterState(
        version="1.2.3",
        python_version="3.11.7",
        scrape_duration=timedelta(seconds=0.75),
        config_loaded_at=NOON - timedelta(hours=1),
    )
    return Snapshot(addons=addons, accounts=(account or account_state(),), exporter=exporter, now=now)
