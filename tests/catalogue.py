"""Every series that the exporter can expose, by name, with the labels that it can have."""

from collections.abc import Iterator, Mapping
from functools import cache

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import Histogram, MetricWrapperBase

from exporter.metrics import ACCOUNT_CATALOGUE, ADDON_CATALOGUE, EXPORTER_CATALOGUE, SCRAPE_CATALOGUE
from exporter.telemetry import Telemetry, process_collectors


@cache
def exported() -> Mapping[str, frozenset[str]]:
    """Give names as queries have them: `…_bucket`, `…_sum` and `…_count` of a histogram."""
    return {**dict(_gauges()), **dict(_counters()), **_process()}


def _gauges() -> Iterator[tuple[str, frozenset[str]]]:
    for catalogue in (ADDON_CATALOGUE, ACCOUNT_CATALOGUE, SCRAPE_CATALOGUE, EXPORTER_CATALOGUE):
        for family in catalogue.families:
            yield family.name, frozenset((*catalogue.base_labels, *family.labels))


def _counters() -> Iterator[tuple[str, frozenset[str]]]:
    for counting in vars(Telemetry()).values():
        if not isinstance(counting, MetricWrapperBase):
            continue
        (metric,) = counting.describe()
        labels = frozenset(counting._labelnames)
        if isinstance(counting, Histogram):
            yield f"{metric.name}_bucket", labels | {"le"}
            yield from ((f"{metric.name}_{part}", labels) for part in ("sum", "count"))
        else:
            yield f"{metric.name}_total", labels


def _process() -> dict[str, frozenset[str]]:
    registry = CollectorRegistry()
    process_collectors(registry)
    found: dict[str, frozenset[str]] = {}
    for metric in registry.collect():
        for sample in metric.samples:
            found[sample.name] = found.get(sample.name, frozenset()) | frozenset(sample.labels)
    return found
