"""Writes the table of metrics in README.md from the declarations in the code (`make docs`)."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from exporter.metrics import ACCOUNT_CATALOGUE, ADDON_CATALOGUE, EXPORTER_CATALOGUE, SCRAPE_CATALOGUE
from exporter.telemetry import Telemetry
from scripts.blocks import filled

README = Path(__file__).parent.parent / "README.md"


def written(readme: str) -> str:
    """Give the README with the table that the code says."""
    rows = "\n".join(["| metric | labels | meaning |", "|---|---|---|", *_rows()])
    return filled(readme, "metrics", rows)


def _rows() -> Iterator[str]:
    # The first table in the README says once which labels every addon metric has.
    yield from (_row(family.name, family.labels, family.help) for family in ADDON_CATALOGUE.families)
    for catalogue in (ACCOUNT_CATALOGUE, SCRAPE_CATALOGUE, EXPORTER_CATALOGUE):
        for family in catalogue.families:
            yield _row(family.name, (*catalogue.base_labels, *family.labels), family.help)
    for counting in counted():
        suffix = "_total" if counting.kind == "counter" else ""
        yield _row(counting.name + suffix, counting.labels, counting.help)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A counter or a histogram as declared; its name is without `_total`."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


def counted() -> Iterator[Counted]:
    """Give what telemetry.py declares."""
    for counting in vars(Telemetry()).values():
        if isinstance(counting, MetricWrapperBase):
            (metric,) = counting.describe()
            # What is declared: of a metric without samples nothing else tells the labels.
            labels = tuple(counting._labelnames)  # noqa: SLF001
            yield Counted(name=metric.name, kind=metric.type, labels=labels, help=metric.documentation)


def _row(name: str, labels: tuple[str, ...], text: str) -> str:
    return f"| `{name}` | {', '.join(f'`{label}`' for label in labels)} | {text} |"


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{README.name}: table of metrics written\n")
