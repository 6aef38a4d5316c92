"""Every series that can be asked for, by name, with the labels that it can have: for tests of queries."""

from collections.abc import Iterator, Mapping
from functools import cache

from prometheus_client import CollectorRegistry

from exporter.metrics import ACCOUNT_CATALOGUE, ADDON_CATALOGUE, EXPORTER_CATALOGUE, SCRAPE_CATALOGUE
from exporter.telemetry import process_collectors
from scripts.metrics_table import counted

OF_PROMETHEUS = {
    name: frozenset[str]()
    for name in (
        "up",
        "scrape_duration_seconds",
        "scrape_samples_post_metric_relabeling",
        "scrape_samples_scraped",
        "scrape_series_added",
    )
}
"""What Prometheus itself says of a target."""

OF_TARGETS = frozenset({"job", "instance", "pod", "container"})
"""Labels that every target has, and those that a target in Kubernetes usually has."""


@cache
def exported() -> Mapping[str, frozenset[str]]:
    """Give what the exporter exposes, named as queries have it: `…_bucket`, `…_sum` and `…_count` of a histogram."""
    return {**dict(_gauges()), **dict(_counted()), **_process()}


@cache
def queryable() -> Mapping[str, frozenset[str]]:
    """Give what Prometheus has once it scrapes the exporter, with the labels of targets."""
    return {name: labels | OF_TARGETS for name, labels in {**exported(), **OF_PROMETHEUS}.items()}


def _gauges() -> Iterator[tuple[str, frozenset[str]]]:
    for catalogue in (ADDON_CATALOGUE, ACCOUNT_CATALOGUE, SCRAPE_CATALOGUE, EXPORTER_CATALOGUE):
        for family in catalogue.families:
            yield family.name, frozenset((*catalogue.base_labels, *family.labels))


def _counted() -> Iterator[tuple[str, frozenset[str]]]:
    for counting in counted():
        labels = frozenset(counting.labels)
        if counting.kind == "histogram":
            yield f"{counting.name}_bucket", labels | {"le"}
            yield from ((f"{counting.name}_{part}", labels) for part in ("sum", "count"))
        else:
            yield f"{counting.name}_total", labels


def _process() -> dict[str, frozenset[str]]:
    registry = CollectorRegistry()
    process_collectors(registry)
    found: dict[str, frozenset[str]] = {}
    for metric in registry.collect():
        for sample in metric.samples:
            found[sample.name] = found.get(sample.name, frozenset()) | frozenset(sample.labels)
    return found
