"""`make bench`: start-up, idle memory, and how close a scrape comes to what concurrency and latency permit."""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from exporter.simulator import World

REPETITIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An exporter process that has answered /-/ready, and how long that took from the start of the process."""

    process_id: int
    url: str
    start_up_seconds: float


def main() -> None:
    """Measure a world of the size that the command line gives; print a table or JSON."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder, _peer(options) as api_url:
        config = Path(folder, "config.yaml")
        config.write_text(yaml.safe_dump(_config(api_url, options)), encoding="utf-8")
        starts = [_start_up_seconds(config) for _ in range(REPETITIONS)]
        with _exporter(config) as exporter:
            idle = _resident_mebibytes(exporter.process_id)
            scrapes = [_scrape_seconds(exporter.url, options.addons) for _ in range(REPETITIONS)]
            busy = _resident_mebibytes(exporter.process_id)
    ideal = options.addons / options.concurrency * options.latency
    figures = {
        "addons": options.addons,
        "backups of each": options.backups,
        "concurrency": options.concurrency,
        "API latency (s)": options.latency,
        "start to ready (s), median": statistics.median(starts),
        "resident when idle (MiB)": idle,
        "resident after the scrapes (MiB)": busy,
        "ideal scrape (s)": ideal,
        "first scrape (s)": scrapes[0],
        "scrape (s), median": statistics.median(scrapes),
        "scrape / ideal, median": statistics.median(scrapes) / ideal,
        "scrape / ideal, worst": max(scrapes) / ideal,
    }
    sys.stdout.write(json.dumps(figures, indent=2) if options.json else _table(figures))
    sys.stdout.write("\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", allow_abbrev=False)
    parser.add_argument("--addons", type=int, default=1000)
    parser.add_argument("--backups", type=int, default=100)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--latency", type=float, default=0.08, help="of each API answer, in seconds")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _config(api_url: str, options: argparse.Namespace) -> dict[str, object]:
    # The peer's world: ids depend on its size alone.
    world = World.uniform(addons=options.addons, backups=options.backups, seed=1, now=datetime.now(UTC))
    entries = [
        {"project": project.id, "addon": addon.id} for project in world.projects for addon in world.addons(project.id)
    ]
    return {
        "accounts": [{"api_url": api_url, "token": "demo", "addons": entries}],
        "scrape": {"concurrency": options.concurrency},
    }


@contextmanager
def _peer(options: argparse.Namespace) -> Iterator[str]:
    arguments = ["--addons", options.addons, "--backups", options.backups, "--latency", options.latency]
    command = [sys.executable, "-m", "bench.peer", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as peer:  # noqa: S603 - our own module
        assert peer.stdout is not None  # noqa: S101 - it is piped
        try:
            yield peer.stdout.readline().strip()
        finally:
            peer.terminate()


@contextmanager
def _exporter(config: Path) -> Iterator[Running]:
    started = time.monotonic()
    command = [sys.executable, "-m", "exporter", f"--config.file={config}", "--web.listen-address=127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        try:
            url = _address(process)
            _get(f"{url}/-/ready")
            yield Running(process_id=process.pid, url=url, start_up_seconds=time.monotonic() - started)
        finally:
            process.terminate()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None  # noqa: S101 - it is piped
    for line in process.stderr:
        if found := re.search(r'msg="Listening" address=(\S+)', line):
            return f"http://{found[1]}"
    raise SystemExit("the exporter did not start")


def _start_up_seconds(config: Path) -> float:
    with _exporter(config) as exporter:
        return exporter.start_up_seconds


def _scrape_seconds(url: str, addons: int) -> float:
    started = time.monotonic()
    body = _get(f"{url}/metrics")
    seconds = time.monotonic() - started
    polled = re.search(rb'^northflank_scrape_addons\{result="polled"\} (\S+)$', body, re.MULTILINE)
    if polled is None or float(polled[1]) != addons:
        raise SystemExit(f"not every addon was polled: {polled and polled[0].decode()}")
    return seconds


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310 - loopback
        body: bytes = answer.read()
        return body


def _resident_mebibytes(process_id: int) -> float:
    status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else float("nan")


def _table(figures: dict[str, float]) -> str:
    width = max(map(len, figures))
    return "\n".join(f"{name:<{width}}  {value:>10.3f}" for name, value in figures.items())


if __name__ == "__main__":
    main()
