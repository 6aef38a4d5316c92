"""Writes the table of metrics in README.md from the declarations in the code (`make docs`)."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from exporter.metrics import ACCOUNT_CATALOGUE, ADDON_CATALOGUE, EXPORTER_CATALOGUE, SCRAPE_CATALOGUE
from exporter.telemetry import Telemetry

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- metrics: begin[^\n]*-->\n).*?(<!-- metrics: end -->)", re.DOTALL)


def written(readme: str) -> str:
    """Give the README with the table that the code says."""
    rows = "\n".join(["| metric | labels | meaning |", "|---|---|---|", *_rows()])
    return BLOCK.sub(lambda found: f"{found[1]}{rows}\n{found[2]}", readme)


def _rows() -> Iterator[str]:
    yield from (_row(family.name, family.labels, family.help) for family in ADDON_CATALOGUE.families)
    for account_family in ACCOUNT_CATALOGUE.families:
        labels = (*ACCOUNT_CATALOGUE.base_labels, *account_family.labels)
        yield _row(account_family.name, labels, account_family.help)
    for own in (SCRAPE_CATALOGUE, EXPORTER_CATALOGUE):
        yield from (_row(family.name, family.labels, family.help) for family in own.families)
    for counting in vars(Telemetry()).values():
        if isinstance(counting, MetricWrapperBase):
            (metric,) = counting.describe()
            suffix = "_total" if metric.type == "counter" else ""
            # What is declared: of a metric without samples nothing else tells the labels.
            yield _row(metric.name + suffix, counting._labelnames, metric.documentation)  # noqa: SLF001


def _row(name: str, labels: tuple[str, ...], text: str) -> str:
    return f"| `{name}` | {', '.join(f'`{label}`' for label in labels)} | {text} |"


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{README.name}: table of metrics written\n")
