"""`make bench`: start-up, scrapes, memory and requests, beside prometheus_client and node_exporter."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench.encoders import Encoding, encoding
from bench.refresh import SHAPES, requests_per_refresh
from bench.whole import Figures, Load, figures, scrape_over_ideal

SIZES = (100, 1_000, 5_000)
_MILLI, _KIBI, _MEBI = 1e-3, 1024, 1024**2


def main() -> None:
    """Measure fleets of the sizes that the command line gives; print tables or JSON."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        loads = [_load(options, addons) for addons in options.addons]
        whole = [figures(load, Path(folder)) for load in loads]
        ratio = scrape_over_ideal(_load(options, min(1_000, max(options.addons))), Path(folder))
    encoders = [encoding(addons) for addons in options.addons]
    requests = {backups: requests_per_refresh(backups) for backups in SHAPES}
    if options.json:
        measured = {
            "machine": _machine(),
            "whole": [asdict(each) for each in whole],
            "scrape_over_ideal": ratio,
            "encoders": [asdict(each) for each in encoders],
            "requests_per_refresh": requests,
        }
        sys.stdout.write(json.dumps(measured, indent=2) + "\n")
    else:
        sys.stdout.write(_report(whole, ratio, encoders, requests))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", allow_abbrev=False)
    parser.add_argument("--addons", type=int, nargs="+", default=SIZES, help="sizes of the fleet")
    parser.add_argument("--backups", type=int, default=100, help="of each addon")
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--latency", type=float, default=0.08, help="of each API answer, in seconds")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _load(options: argparse.Namespace, addons: int) -> Load:
    return Load(addons=addons, backups=options.backups, concurrency=options.concurrency, latency=options.latency)


def _machine() -> str:
    return f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}"


def _report(whole: list[Figures], ratio: float, encoders: list[Encoding], requests: dict[int, float]) -> str:
    rows: list[tuple[str, Sequence[float | None]]] = [
        ("start to ready (s)", [each.start_up for each in whole]),
        ("idle memory (MiB)", [each.idle_bytes / _MEBI for each in whole]),
        ("first scrape (s)", [each.cold_scrape for each in whole]),
        ("CPU per page of the API (ms)", [each.cpu_per_page / _MILLI for each in whole]),
        ("memory per addon (KiB)", [each.bytes_per_addon / _KIBI for each in whole]),
        ("of which ready lines (KiB)", [each.line_bytes_per_addon / _KIBI for each in encoders]),
        ("answer from memory, over HTTP (ms)", [each.warm_scrape / _MILLI for each in whole]),
        ("  the same, gzip (ms)", [each.warm_scrape_gzip / _MILLI for each in whole]),
        ("  node_exporter's textfile, over HTTP (ms)", [_in_milliseconds(each.node_exporter) for each in whole]),
        ("  /-/healthy meanwhile, worst (ms)", [each.healthy_worst / _MILLI for each in whole]),
        ("writing it, text (ms)", [each.ours_text / _MILLI for each in encoders]),
        ("  prometheus_client, text (ms)", [each.library_text / _MILLI for each in encoders]),
        ("writing it, OpenMetrics (ms)", [each.ours_openmetrics / _MILLI for each in encoders]),
        ("  prometheus_client, OpenMetrics (ms)", [each.library_openmetrics / _MILLI for each in encoders]),
        ("series", [each.series for each in encoders]),
    ]
    lines = [
        _machine(),
        "",
        _row("addons", [each.addons for each in whole]),
        *(_row(name, values) for name, values in rows),
        "",
        f"A scrape that reads {min(1_000, whole[-1].addons)} addons again takes {ratio:.2f} times the ideal.",
        *(f"Refreshing a list of {backups} backups takes {each:.2f} requests." for backups, each in requests.items()),
        "",
    ]
    return "\n".join(lines)


def _in_milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / _MILLI


def _row(name: str, values: Sequence[float | None]) -> str:
    return f"{name:<44}" + "".join(f"{_cell(value):>12}" for value in values)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


if __name__ == "__main__":
    main()
