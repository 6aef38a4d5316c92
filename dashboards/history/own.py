"""What an exporter would have said of itself, made up: requests, limits, durations, the process."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from exporter import __version__
from exporter.model import Endpoint, FailureReason, RateLimit
from exporter.state import AccountState, ExporterState, ScrapeResult
from exporter.telemetry import AccountTelemetry, Telemetry

LIMIT: Final = 1000
SHARE: Final = 0.8
_WINDOW: Final = timedelta(hours=1)
_MEBIBYTE = 1024**2


@dataclass(eq=False)
class Requests:
    """The account's requests: ours and those of others, window by window."""

    chance: random.Random
    telemetry: Telemetry
    account: AccountTelemetry
    _window: datetime | None = None
    _used: float = 0.0

    def spend(self, endpoint: Endpoint, code: str, count: int = 1) -> timedelta:
        """Send requests; gives how long they took one after the other."""
        total = 0.0
        for _ in range(count):
            seconds = min(self.chance.lognormvariate(-1.7, 0.45), 8.0)
            self.account.request_finished(endpoint.value, code, seconds)
            total += seconds
        self._used += count
        return timedelta(seconds=total)

    def limit(self, at: datetime, elapsed: timedelta) -> RateLimit:
        """Say what is left, after what others sent in the time since the last scrape."""
        window = at - timedelta(seconds=at.timestamp() % _WINDOW.total_seconds())
        if window != self._window:
            self._window, self._used = window, 0.0
        # Others deploy in working hours.
        busy = 1.0 + 2.5 * max(0.0, math.sin((at.hour - 7) / 12 * math.pi)) * (at.weekday() < 5)  # noqa: PLR2004
        self._used += busy * self.chance.uniform(60, 140) * (elapsed / _WINDOW)
        resets_in = window + _WINDOW - at
        return RateLimit(
            limit=LIMIT, remaining=max(0, round(LIMIT - self._used)), resets_in=resets_in, reset_at=window + _WINDOW
        )


@dataclass(eq=False)
class Process(Collector):
    """The process' own metrics, as prometheus_client would give them."""

    chance: random.Random
    started_at: datetime
    now: datetime
    cpu_seconds: float = 0.4
    resident: float = 52.0 * _MEBIBYTE
    collections: dict[str, float] = field(default_factory=lambda: {"0": 80.0, "1": 7.0, "2": 1.0})

    def work(self, now: datetime) -> None:
        """Let it serve a scrape."""
        self.now = now
        self.cpu_seconds += self.chance.uniform(0.10, 0.22)
        self.resident += self.chance.uniform(-0.4, 0.42) * _MEBIBYTE
        self.collections["0"] += self.chance.randrange(2, 6)

    def collect(self) -> Iterator[Metric]:
        """Give the metrics."""
        yield CounterMetricFamily("process_cpu_seconds_total", "Processor time.", value=self.cpu_seconds)
        for name, value in {
            "process_resident_memory_bytes": self.resident,
            "process_virtual_memory_bytes": self.resident * 4,
            "process_start_time_seconds": self.started_at.timestamp(),
            "process_open_fds": float(self.chance.randrange(12, 20)),
            "process_max_fds": 1024.0,
        }.items():
            yield GaugeMetricFamily(name, "Made up.", value=value)
        for name in ("collections", "objects_collected", "objects_uncollectable"):
            family = CounterMetricFamily(f"python_gc_{name}_total", "Made up.", labels=["generation"])
            for generation, count in self.collections.items():
                family.add_metric([generation], 0.0 if name.endswith("uncollectable") else count)
            yield family
        python = GaugeMetricFamily("python_info", "Made up.", labels=["implementation", "version"])
        python.add_metric(["CPython", "3.11.2"], 1.0)
        yield python


class Own:
    """One exporter's account of itself, from its start on."""

    def __init__(self, seed: int, started_at: datetime) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - made up
        self.registry = CollectorRegistry()
        self.telemetry = telemetry = Telemetry()
        self.registry.register(telemetry)
        self.process = Process(self.chance, started_at, started_at)
        self.registry.register(self.process)
        endpoints = (Endpoint.BACKUPS, Endpoint.PROJECTS, Endpoint.ADDONS, Endpoint.SCHEDULES, Endpoint.RESTORES)
        self.account = AccountTelemetry(telemetry, "", endpoints)
        self.requests = Requests(self.chance, telemetry, self.account)
        self.started_at = started_at

    def side(self, at: datetime, addons: int, projects: int, every: timedelta) -> None:
        """Send what is read besides backups: lists of addons every ten minutes, the rest every six hours."""
        seconds = at.timestamp()
        if seconds % 600 < every.total_seconds():
            self.requests.spend(Endpoint.PROJECTS, "200")
            self.requests.spend(Endpoint.ADDONS, "200", projects)
        if seconds % (6 * 3600) < every.total_seconds() or at - self.started_at < every:
            self.requests.spend(Endpoint.SCHEDULES, "200", addons)
            self.requests.spend(Endpoint.RESTORES, "200", addons)

    def failed(self, reason: FailureReason, code: str) -> timedelta:
        """Count a poll that failed at its first request."""
        self.account.poll_failed(reason)
        return self.requests.spend(Endpoint.BACKUPS, code)

    def account_state(
        self,
        at: datetime,
        *,
        results: dict[ScrapeResult, int],
        pages: int,
        patterns: dict[tuple[str, str], int],
        every: timedelta,
    ) -> AccountState:
        """Say how the account stands after a scrape."""
        return AccountState(
            name="",
            addons=sum(results.values()),
            scrape_addons=results,
            refresh_cycle=timedelta(hours=pages / (SHARE * LIMIT)),
            is_up=results.get(ScrapeResult.FAILED, 0) < sum(results.values()),
            rate_limit=self.requests.limit(at, every),
            clock_skew=timedelta(seconds=self.chance.uniform(0.1, 0.9)),
            token_expires_at=self.started_at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=45),
            pattern_addons=patterns,
        )

    def exporter_state(self, took: timedelta) -> ExporterState:
        """Say how the process stands after a scrape."""
        self.telemetry.answered(HTTPStatus.OK)
        return ExporterState(
            version=__version__,
            python_version="3.11.2",
            scrape_duration=took,
            config_loaded_at=self.started_at,
        )
