"""From states to the text exposition formats of Prometheus and OpenMetrics.

Sample lines are the same in both formats. An addon's lines are written once for each of its states; only what
moves with the clock is written for each answer. The result equals, byte for byte, what prometheus_client's
encoders give for the same families; the tests hold it to that.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.lines import CatalogueWriter, SubjectLines
from exporter.metrics import (
    ACCOUNT_CATALOGUE,
    ADDON_CATALOGUE,
    EXPORTER_CATALOGUE,
    SCRAPE_CATALOGUE,
)
from exporter.model import AddonKey, FailureReason
from exporter.state import AccountState, AddonState, ExporterState

_END_OF_OPENMETRICS = b"# EOF\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that one answer shows, frozen: what happens while it is written does not appear in it.

    `times` is what the time is by the clock of each account's API, `now` by the local one.
    """

    addons: tuple[AddonState, ...]
    accounts: tuple[AccountState, ...]
    exporter: ExporterState
    now: datetime
    times: Mapping[str, datetime] = field(default_factory=dict)


class Exposition:
    """Writes snapshots; keeps each addon's ready lines between two of them.

    `registry` holds the counters and whatever else prometheus_client collects. Without `live`, metrics that would
    freeze in a file are left out.
    """

    def __init__(self, registry: CollectorRegistry, *, live: bool = True) -> None:
        self._registry = registry
        self._addons = CatalogueWriter(ADDON_CATALOGUE, live=live)
        self._accounts = CatalogueWriter(ACCOUNT_CATALOGUE, live=live)
        self._scrape = CatalogueWriter(SCRAPE_CATALOGUE, live=live)
        self._exporter = CatalogueWriter(EXPORTER_CATALOGUE, live=live)
        self._ready: dict[AddonKey, SubjectLines[AddonState]] = {}

    def addon_replaced(self, addon: AddonState) -> None:
        """Write an addon's lines now, while the polls of others wait for the network.

        Not of one that waits for its first poll: thousands of those come at once.
        """
        lines = self._addons.lines(addon, self._ready.get(addon.key))
        if addon.failure is not FailureReason.PENDING:
            self._addons.write(lines)
        self._ready[addon.key] = lines

    def addon_removed(self, addon: AddonKey) -> None:
        """Forget the lines of an addon that is watched no more."""
        self._ready.pop(addon, None)

    def text(self, snapshot: Snapshot, names: Collection[str] = ()) -> Iterator[bytes]:
        """Write the classic text format; only the metrics of these names, where some are given."""
        yield from self._families(snapshot, names)
        yield generate_latest(self._chosen(names))

    def openmetrics(self, snapshot: Snapshot, names: Collection[str] = ()) -> Iterator[bytes]:
        """Write OpenMetrics 1.0; only the metrics of these names, where some are given."""
        yield from self._families(snapshot, names)
        yield generate_openmetrics(self._chosen(names))

    def probe_text(self, snapshot: Snapshot, names: Collection[str] = ()) -> Iterator[bytes]:
        """Write the classic text format of what is about the addons and this scrape, and nothing of the exporter."""
        yield from self._addon_families(snapshot, names)
        yield from self._scrape_families(snapshot, names)

    def probe_openmetrics(self, snapshot: Snapshot, names: Collection[str] = ()) -> Iterator[bytes]:
        """Write OpenMetrics 1.0 of what is about the addons and this scrape, and nothing of the exporter."""
        yield from self.probe_text(snapshot, names)
        yield _END_OF_OPENMETRICS

    def _families(self, snapshot: Snapshot, names: Collection[str]) -> Iterator[bytes]:
        accounts = [self._accounts.lines(account) for account in snapshot.accounts]
        exporter = [self._exporter.lines(snapshot.exporter)]
        yield from self._addon_families(snapshot, names)
        yield from self._accounts.exposition(accounts, names)
        yield from self._scrape_families(snapshot, names)
        yield from self._exporter.exposition(exporter, names)

    def _addon_families(self, snapshot: Snapshot, names: Collection[str]) -> Iterator[bytes]:
        ready = [self._lines(addon) for addon in snapshot.addons]
        times = [snapshot.times.get(addon.key.account, snapshot.now) for addon in snapshot.addons]
        yield from self._addons.exposition(ready, names, times)

    def _scrape_families(self, snapshot: Snapshot, names: Collection[str]) -> Iterator[bytes]:
        scrape = [self._scrape.lines(snapshot.exporter)]
        yield from self._scrape.exposition(scrape, names)

    def _lines(self, addon: AddonState) -> SubjectLines[AddonState]:
        lines = self._ready.get(addon.key)
        # A poll can land between snapshot and answer; the answer stays with its snapshot.
        return lines if lines is not None and lines.subject is addon else self._addons.lines(addon)

    def _chosen(self, names: Collection[str]) -> Any:  # noqa: ANN401 - prometheus_client leaves it untyped
        if not names:
            return self._registry
        # The library goes by the names of samples; people ask by the name of the metric.
        return self._registry.restricted_registry(
            {f"{name}{suffix}" for name in names for suffix in ("", "_total", "_bucket", "_sum", "_count", "_info")}
        )
