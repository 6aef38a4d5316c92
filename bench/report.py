"""What was measured, as a table for a terminal or a document, and as JSON."""

import json
import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from bench.encoders import Encoding
from bench.whole import Figures

_MILLI, _KIBI, _MEBI = 1e-3, 1024, 1024**2
_BLOCK = re.compile(r"(<!-- figures: begin[^\n]*-->\n).*?(<!-- figures: end -->)", re.DOTALL)

Row = tuple[str, Sequence[float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All figures of one run; `scrape_over_ideal` is of `ratio_addons`, requests by the order and length of a list."""

    whole: Sequence[Figures]
    encoders: Sequence[Encoding]
    scrape_over_ideal: float
    ratio_addons: int
    requests_per_refresh: Mapping[str, Mapping[int, float]]

    @property
    def machine(self) -> str:
        """What it was measured on."""
        return f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}"

    @property
    def rows(self) -> Sequence[Row]:
        """What was measured of each size of fleet."""
        whole, encoders = self.whole, self.encoders
        return [
            ("series", [each.series for each in encoders]),
            ("start to ready (s)", [each.start_up for each in whole]),
            ("idle memory (MiB)", [each.idle_bytes / _MEBI for each in whole]),
            ("memory per addon (KiB)", [each.bytes_per_addon / _KIBI for each in whole]),
            ("of which ready lines (KiB)", [each.line_bytes_per_addon / _KIBI for each in encoders]),
            ("first scrape (s)", [each.cold_scrape for each in whole]),
            ("CPU per page of the API (ms)", [each.cpu_per_page / _MILLI for each in whole]),
            ("/-/healthy during the first scrape, worst (ms)", [each.healthy_worst_cold / _MILLI for each in whole]),
            ("answer from memory, over HTTP (ms)", [each.warm_scrape / _MILLI for each in whole]),
            ("the same, gzip (ms)", [each.warm_scrape_gzip / _MILLI for each in whole]),
            ("node_exporter's textfile, over HTTP (ms)", [_in_milliseconds(each.node_exporter) for each in whole]),
            ("/-/healthy during our answer, worst (ms)", [each.healthy_worst / _MILLI for each in whole]),
            ("status page, over HTTP (ms)", [each.status_page / _MILLI for each in whole]),
            ("/-/healthy during status pages, worst (ms)", [each.healthy_worst_page / _MILLI for each in whole]),
            ("writing the answer, text (ms)", [each.ours_text / _MILLI for each in encoders]),
            ("prometheus_client, text (ms)", [each.client_text / _MILLI for each in encoders]),
            ("writing the answer, OpenMetrics (ms)", [each.ours_openmetrics / _MILLI for each in encoders]),
            ("prometheus_client, OpenMetrics (ms)", [each.client_openmetrics / _MILLI for each in encoders]),
        ]

    @property
    def sentences(self) -> Iterator[str]:
        """What was measured besides."""
        ratio = f"{self.scrape_over_ideal:.2f} times the ideal"
        yield f"A scrape that reads {self.ratio_addons:,} addons again takes {ratio}."
        for order, measured in self.requests_per_refresh.items():
            for backups, requests in measured.items():
                yield f"Refreshing a list of {backups:,} backups, the {order}, takes {requests:.2f} requests."


def as_text(report: Report) -> str:
    """Give a table for a terminal."""
    lines = [
        report.machine,
        "",
        _line("addons", [each.addons for each in report.whole]),
        *(_line(name, values) for name, values in report.rows),
        "",
        *report.sentences,
    ]
    return "\n".join([*lines, ""])


def as_markdown(report: Report) -> str:
    """Give a table for a document."""
    sizes = [f"{each.addons:,} addons" for each in report.whole]
    lines = [
        f"| {report.machine} | {' | '.join(sizes)} |",
        "|---|" + "---:|" * len(sizes),
        *(f"| {name} | {' | '.join(_cell(value) for value in values)} |" for name, values in report.rows),
        "",
        *(f"- {sentence}" for sentence in report.sentences),
    ]
    return "\n".join([*lines, ""])


def as_json(report: Report) -> str:
    """Give everything in seconds and bytes, for programs."""
    return json.dumps({"machine": report.machine, **asdict(report)}, indent=2) + "\n"


def filled(document: str, table: str) -> str:
    """Give the document with this table between its marks; raises ValueError where it has none."""
    if not _BLOCK.search(document):
        raise ValueError("the document has no <!-- figures: begin --> and <!-- figures: end -->")
    return _BLOCK.sub(lambda found: f"{found[1]}{table}{found[2]}", document)


def _in_milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / _MILLI


def _line(name: str, values: Sequence[float | None]) -> str:
    return f"{name:<48}" + "".join(f"{_cell(value):>12}" for value in values)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
