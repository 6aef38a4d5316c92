"""The whole process against an API that is another: start, first scrape, answers from memory, who waits meanwhile."""

import http.client
import re
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench.peers import Running, api, exporter, get, node_exporter, textfile_collector

REPETITIONS = 7
_PAUSE_SECONDS = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The fleet that is watched, and the API that answers for it; `latency` is of each answer, in seconds."""

    addons: int
    backups: int
    concurrency: int
    latency: float

    @property
    def ideal_seconds(self) -> float:
        """How long a scrape takes at best."""
        return self.addons / self.concurrency * self.latency


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured; times in seconds, sizes in bytes, None where there was nothing to measure with."""

    addons: int
    start_up: float
    idle_bytes: int
    cold_scrape: float
    cpu_per_page: float
    bytes_per_addon: float
    healthy_worst_cold: float
    warm_scrape: float
    warm_scrape_gzip: float
    healthy_worst: float
    status_page: float
    healthy_worst_page: float
    node_exporter: float | None


def figures(load: Load, folder: Path) -> Figures:
    """Measure one size of fleet; `folder` is for files."""
    config = folder / "config.yaml"
    with api(addons=load.addons, backups=load.backups, latency=load.latency) as api_url:
        config.write_text(yaml.safe_dump(_config(api_url, load)), encoding="utf-8")
        starts = [_start_up(config) for _ in range(REPETITIONS)]
        with exporter(config) as running:
            idle, used = running.resident_bytes(), running.cpu_seconds()
            with _healthy(running) as cold_waits:
                cold = _polled_all(running.url, load.addons)
            per_page = (running.cpu_seconds() - used) / load.addons
            watched = running.resident_bytes()
            with _healthy(running) as waits:
                warm = [_seconds(running.url) for _ in range(REPETITIONS)]
            packed = [_seconds(running.url, gzip=True) for _ in range(REPETITIONS)]
            with _healthy(running) as page_waits:
                pages = [_seconds(running.url, "/") for _ in range(REPETITIONS)]
            page = get(f"{running.url}/metrics")
    return Figures(
        addons=load.addons,
        start_up=statistics.median(starts),
        idle_bytes=idle,
        cold_scrape=cold,
        cpu_per_page=per_page,
        bytes_per_addon=(watched - idle) / load.addons,
        healthy_worst_cold=max(cold_waits),
        warm_scrape=statistics.median(warm),
        warm_scrape_gzip=statistics.median(packed),
        healthy_worst=max(waits),
        status_page=statistics.median(pages),
        healthy_worst_page=max(page_waits),
        node_exporter=_from_textfile(page, folder),
    )


def scrape_over_ideal(load: Load, folder: Path) -> float:
    """Measure how close a scrape that reads everything again comes to what concurrency and latency permit."""
    config = folder / "config.yaml"
    with api(addons=load.addons, backups=load.backups, latency=load.latency) as api_url:
        config.write_text(yaml.safe_dump(_config(api_url, load, again_after="0s")), encoding="utf-8")
        with exporter(config) as running:
            scrapes = [_polled_all(running.url, load.addons) for _ in range(REPETITIONS)]
    return statistics.median(scrapes[1:]) / load.ideal_seconds


def _config(api_url: str, load: Load, *, again_after: str = "1h") -> dict[str, object]:
    return {
        "accounts": [{"api_url": api_url, "token": "demo", "addons": [{"project": "*", "addon": "*"}]}],
        "collect": {"schedules": False},
        "scrape": {"concurrency": load.concurrency, "timeout": "10m", "min_refresh_interval": again_after},
    }


def _start_up(config: Path) -> float:
    with exporter(config) as running:
        return running.start_up_seconds


def _polled_all(url: str, addons: int) -> float:
    started = time.perf_counter()
    page = get(f"{url}/metrics")
    seconds = time.perf_counter() - started
    polled = re.search(rb'^northflank_scrape_addons\{result="polled"\} (\S+)$', page, re.MULTILINE)
    if polled is None or float(polled[1]) != addons:
        raise SystemExit(f"not every addon was polled: {polled and polled[0].decode()}")
    return seconds


def _seconds(url: str, path: str = "/metrics", *, gzip: bool = False) -> float:
    started = time.perf_counter()
    get(url + path, gzip=gzip)
    return time.perf_counter() - started


@contextmanager
def _healthy(running: Running) -> Iterator[list[float]]:
    """Ask whether it is alive all the time; gives how long each answer took."""
    waits, is_over = [0.0], threading.Event()

    def ask() -> None:
        connection = http.client.HTTPConnection(running.url.removeprefix("http://"))
        while not is_over.wait(_PAUSE_SECONDS):
            started = time.perf_counter()
            connection.request("GET", "/-/healthy")
            connection.getresponse().read()
            waits.append(time.perf_counter() - started)
        connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield waits
    finally:
        is_over.set()
        asking.join()


def _from_textfile(page: bytes, folder: Path) -> float | None:
    """Let node_exporter serve the same series; None where there is none."""
    program = node_exporter()
    if program is None:
        return None
    files = folder / "textfile"
    files.mkdir(exist_ok=True)
    about_addons = [line for line in page.splitlines() if b"northflank_addon_" in line]
    (files / "backups.prom").write_bytes(b"\n".join([*about_addons, b""]))
    with textfile_collector(program, files) as running:
        taken = [_seconds(running.url) for _ in range(REPETITIONS)]
        if b"northflank_addon_backups{" not in get(f"{running.url}/metrics"):
            raise SystemExit("node_exporter does not show the series")
    return statistics.median(taken)
