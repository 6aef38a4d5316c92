"""`make bench`: start-up, scrapes, memory and requests, beside prometheus_client and node_exporter."""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.encoders import encoding
from bench.refresh import SHAPES, requests_per_refresh
from bench.report import Report, as_json, as_markdown, as_text, filled
from bench.whole import Load, figures, scrape_over_ideal
from exporter.simulator.behaviour import ListOrder

SIZES = (100, 1_000, 5_000)
ORDERS = {"newest first": ListOrder.NEWEST_FIRST, "oldest first": ListOrder.OLDEST_FIRST}
_RATIO_ADDONS = 1_000


def main() -> None:
    """Measure fleets of the sizes that the command line gives; print a table or JSON, or write it into a document."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        loads = [_load(options, addons) for addons in options.addons]
        whole = [figures(load, Path(folder)) for load in loads]
        ratio = scrape_over_ideal(_load(options, min(_RATIO_ADDONS, max(options.addons))), Path(folder))
    report = Report(
        whole=whole,
        encoders=[encoding(addons) for addons in options.addons],
        scrape_over_ideal=ratio,
        ratio_addons=min(_RATIO_ADDONS, max(options.addons)),
        requests_per_refresh={
            words: {backups: requests_per_refresh(backups, order) for backups in SHAPES}
            for words, order in ORDERS.items()
        },
    )
    if options.write is not None:
        document = options.write.read_text(encoding="utf-8")
        options.write.write_text(filled(document, as_markdown(report)), encoding="utf-8")
    sys.stdout.write(as_json(report) if options.json else as_text(report))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", allow_abbrev=False)
    parser.add_argument("--addons", type=int, nargs="+", default=SIZES, help="sizes of the fleet")
    parser.add_argument("--backups", type=int, default=100, help="of each addon")
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--latency", type=float, default=0.08, help="of each API answer, in seconds")
    parser.add_argument("--json", action="store_true", help="print JSON, not a table")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="put the table between the marks in this document, too"
    )
    return parser.parse_args()


def _load(options: argparse.Namespace, addons: int) -> Load:
    return Load(addons=addons, backups=options.backups, concurrency=options.concurrency, latency=options.latency)


if __name__ == "__main__":
    main()
