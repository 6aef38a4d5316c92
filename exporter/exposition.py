"""From states to the text exposition formats of Prometheus and OpenMetrics.

Sample lines are the same in both formats. An addon's lines are written once, when its state changes; only what
moves with the clock is written for each answer. The result equals, byte for byte, what prometheus_client's
encoders give for the same families; the tests hold it to that.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.utils import floatToGoString

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
from exporter.model import AddonKey
from exporter.state import AccountState, AddonState, ExporterState

S = TypeVar("S")

_END_OF_OPENMETRICS = b"# EOF\n"
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that one answer shows, frozen: what happens while it is written does not appear in it."""

    addons: tuple[AddonState, ...]
    accounts: tuple[AccountState, ...]
    exporter: ExporterState
    now: datetime


class Exposition:
    """Writes snapshots; keeps each addon's ready lines between two of them.

    `registry` holds the counters and whatever else prometheus_client collects. Without `live`, metrics that would
    freeze in a file are left out.
    """

    def __init__(self, registry: CollectorRegistry, *, live: bool = True) -> None:
        self._registry = registry
        self._addons = _CatalogueWriter(ADDON_CATALOGUE, live=live)
        self._accounts = _CatalogueWriter(ACCOUNT_CATALOGUE, live=live)
        self._scrape = _CatalogueWriter(SCRAPE_CATALOGUE, live=live)
        self._exporter = _CatalogueWriter(EXPORTER_CATALOGUE, live=live)
        self._ready: dict[AddonKey, tuple[AddonState, tuple[bytes, ...]]] = {}

    def addon_replaced(self, addon: AddonState) -> None:
        """Write an addon's lines now, while the polls of others wait for the network."""
        self._ready[addon.key] = (addon, self._addons.lines(addon))

    def addon_removed(self, addon: AddonKey) -> None:
        """Forget the lines of an addon that is watched no more."""
        self._ready.pop(addon, None)
        self._addons.forget(addon)

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
        yield from self._accounts.exposition(snapshot.accounts, accounts, names, snapshot.now)
        yield from self._scrape_families(snapshot, names)
        yield from self._exporter.exposition((snapshot.exporter,), exporter, names, snapshot.now)

    def _addon_families(self, snapshot: Snapshot, names: Collection[str]) -> Iterator[bytes]:
        ready = [self._lines(addon) for addon in snapshot.addons]
        yield from self._addons.exposition(snapshot.addons, ready, names, snapshot.now)

    def _scrape_families(self, snapshot: Snapshot, names: Collection[str]) -> Iterator[bytes]:
        scrape = [self._scrape.lines(snapshot.exporter)]
        yield from self._scrape.exposition((snapshot.exporter,), scrape, names, snapshot.now)

    def _lines(self, addon: AddonState) -> tuple[bytes, ...]:
        state, lines = self._ready.get(addon.key, (None, ()))
        # A poll can land between snapshot and answer; the answer stays with its snapshot.
        return lines if state is addon else self._addons.lines(addon)

    def _chosen(self, names: Collection[str]) -> Any:  # noqa: ANN401 - prometheus_client leaves it untyped
        if not names:
            return self._registry
        # The library goes by the names of samples; people ask by the name of the metric.
        return self._registry.restricted_registry(
            {f"{name}{suffix}" for name in names for suffix in ("", "_total", "_bucket", "_sum", "_count", "_info")}
        )


class _CatalogueWriter(Generic[S]):
    """Writes the families of one catalogue."""

    def __init__(self, catalogue: Catalogue[S], *, live: bool) -> None:
        self._base_values = catalogue.base_values
        self._families = [
            _FamilyWriter(catalogue.base_labels, family)
            for family in catalogue.families
            if live or isinstance(family, Family) or not family.freezes
        ]

    def lines(self, subject: S) -> tuple[bytes, ...]:
        """Write one subject's sample lines, family by family; empty where they move with the clock."""
        base = _escaped(self._base_values(subject))
        return tuple(family.lines(base, subject) for family in self._families)

    def forget(self, base_values: tuple[str, ...]) -> None:
        """Keep nothing of a subject that is gone."""
        for family in self._families:
            family.forget(_escaped(base_values))

    def exposition(
        self,
        subjects: Iterable[S],
        ready: Iterable[tuple[bytes, ...]],
        names: Collection[str],
        now: datetime,
    ) -> Iterator[bytes]:
        """Write whole families, one chunk each."""
        columns = list(zip(*ready, strict=True)) or [()] * len(self._families)
        for family, column in zip(self._families, columns, strict=True):
            if names and family.name not in names:
                continue
            if family.is_live:
                live = (family.live_lines(_escaped(self._base_values(each)), each, now) for each in subjects)
                yield family.head + b"".join(live)
            else:
                yield family.head + b"".join(column)


class _FamilyWriter(Generic[S]):
    """Writes one family; its labels are sorted by name, and those without a value are left out."""

    def __init__(self, base_labels: tuple[str, ...], family: Family[S] | LiveFamily[S]) -> None:
        self._family = family
        self._labels = sorted((name, place) for place, name in enumerate((*base_labels, *family.labels)))
        self.name = family.name
        self.is_live = isinstance(family, LiveFamily)
        self._kept: dict[tuple[str, ...], tuple[object, bytes]] = {}
        self.head = f"# HELP {family.name} {family.help}\n# TYPE {family.name} gauge\n".encode()

    def lines(self, base: tuple[str, ...], subject: S) -> bytes:
        """Write a subject's samples ahead of any answer; none where they move with the clock."""
        if isinstance(self._family, LiveFamily):
            return b""
        return self._written(base, self._family.samples(subject))

    def live_lines(self, base: tuple[str, ...], subject: S, now: datetime) -> bytes:
        """Write what a subject's samples are at `now`."""
        if isinstance(self._family, Family):
            return b""
        if self._family.basis is None:
            return self._written(base, self._family.samples(subject, now))
        basis = self._family.basis(subject, now)
        kept = self._kept.get(base)
        if kept is None or kept[0] != basis:
            self._kept[base] = kept = basis, self._written(base, self._family.samples(subject, now))
        return kept[1]

    def forget(self, base: tuple[str, ...]) -> None:
        """Keep no lines of a subject that is gone."""
        self._kept.pop(base, None)

    def _written(self, base: tuple[str, ...], samples: Samples) -> bytes:
        return "".join(self._line(base + _escaped(values), value) for values, value in samples).encode()

    def _line(self, label_values: tuple[str, ...], value: float) -> str:
        if len(label_values) != len(self._labels):
            raise ValueError(f"{self.name} has {len(self._labels)} labels, not {len(label_values)}")
        labels = ",".join(f'{name}="{label_values[place]}"' for name, place in self._labels if label_values[place])
        series = f"{self.name}{{{labels}}}" if labels else self.name
        return f"{series} {floatToGoString(value)}\n"


def _escaped(label_values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value.translate(_ESCAPES) for value in label_values)
