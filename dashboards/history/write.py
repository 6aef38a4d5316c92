"""The past as a file of OpenMetrics, scrape by scrape."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from dashboards.history.own import Own
from dashboards.history.reading import Reader, readers, remembered_courses
from exporter.exposition import Exposition, Snapshot
from exporter.model import Endpoint, FailureReason
from exporter.simulator import World
from exporter.state import ScrapeResult

SPAN: Final = timedelta(days=7)
JOB: Final = "northflank"
_SEED: Final = 7
_OUTAGE: Final = timedelta(hours=56), timedelta(hours=55, minutes=15)
"""From when to when, before the end, Northflank answers 503."""
_RESTART: Final = timedelta(hours=100)
"""When, before the end, the exporter is started again."""


@dataclass
class Replica:
    """One exporter, which began to watch at `since`."""

    world: World
    instance: str
    since: datetime
    every: timedelta
    seed: int
    own: Own = field(init=False)
    addons: list[Reader] = field(init=False)
    exposition: Exposition = field(init=False)

    def __post_init__(self) -> None:
        self.addons = readers(self.world)
        self.start(self.since)

    def start(self, at: datetime) -> None:
        """Begin anew: counters start at zero, and nothing is known."""
        self.own = Own(self.seed, at)
        self.exposition = Exposition(self.own.registry)

    def scrape(self, at: datetime) -> Iterator[bytes]:
        """Give the lines of a scrape, with when and by whom."""
        is_down = _OUTAGE[0] >= self.world.start - at > _OUTAGE[1]
        results = dict.fromkeys(ScrapeResult, 0)
        longest = timedelta()
        for addon in self.addons:
            result, took = self._poll(addon, at, is_down=is_down)
            results[result] += 1
            longest = max(longest, took)
            self.exposition.addon_replaced(addon.state)
        self.own.side(at, len(self.addons), len(self.world.projects), self.every)
        self.own.process.work(at)
        took = longest + timedelta(seconds=self.own.chance.uniform(0.01, 0.05))
        snapshot = Snapshot(
            addons=tuple(addon.state for addon in self.addons),
            accounts=(
                self.own.account_state(
                    at,
                    results=results,
                    pages=sum(addon.requests for addon in self.addons),
                    patterns=self._patterns(),
                    every=self.every,
                ),
            ),
            exporter=self.own.exporter_state(took),
            now=at,
        )
        lines = b"".join(self.exposition.text(snapshot)).splitlines()
        yield from self._stamped(lines, at)
        of_prometheus = {
            "up": 1.0,
            "scrape_duration_seconds": took.total_seconds() + 0.004,
            "scrape_samples_scraped": float(len(lines)),
        }
        yield from self._stamped([f"{name} {value}".encode() for name, value in of_prometheus.items()], at)

    def _poll(self, addon: Reader, at: datetime, *, is_down: bool) -> tuple[ScrapeResult, timedelta]:
        chance = self.own.chance.random()
        if is_down:
            took = self.own.failed(FailureReason.SERVER_ERROR, "503")
            addon.fail(at, FailureReason.SERVER_ERROR, took=took)
            return ScrapeResult.FAILED, took
        if chance < 0.001:  # noqa: PLR2004
            addon.fail(at, FailureReason.TIMEOUT, took=timedelta(seconds=8))
            return ScrapeResult.FAILED, self.own.failed(FailureReason.TIMEOUT, "error")
        if chance < 0.012 and addon.requests > 1:  # noqa: PLR2004
            return ScrapeResult.DEFERRED, timedelta()
        if chance > 0.997:  # noqa: PLR2004
            return ScrapeResult.LATE, timedelta(seconds=9)
        took = timedelta(seconds=self.own.chance.uniform(0.1, 0.3)) * addon.requests
        requests = addon.succeed(at, took=took)
        self.own.requests.spend(Endpoint.BACKUPS, "200", requests)
        return ScrapeResult.POLLED, took

    def _patterns(self) -> dict[tuple[str, str], int]:
        shop = sum(1 for addon in self.addons if addon.addon.project_id == "shop")
        return {("shop", "*"): shop, ("*", "*"): len(self.addons)}

    def _stamped(self, lines: Collection[bytes], at: datetime) -> Iterator[bytes]:
        target = f'job="{JOB}",instance="{self.instance}"}}'.encode()
        when = f" {at.timestamp():.0f}\n".encode()
        for line in lines:
            if line.startswith(b"#"):
                continue
            series, _, value = line.rpartition(b" ")
            labelled = series[:-1] + b"," if series.endswith(b"}") else series + b"{"
            yield labelled + target + b" " + value + when


def write(path: Path, *, end: datetime, every: timedelta, second_since: timedelta | None = None) -> None:
    """Write a week of scrapes, the last one at `end`.

    `second_since`: there is a second exporter, which began so long before the end. Where scrapes are more than a few
    minutes apart, Prometheus must be told to look back so far (`--query.lookback-delta`).
    """
    world = World.demo(_SEED, end)
    replicas = [Replica(world, "exporter-a:10087", end - SPAN, every, seed=1)]
    if second_since is not None:
        replicas.append(Replica(world, "exporter-b:10087", end - second_since, every, seed=2))
    with path.open("wb") as file, remembered_courses():
        for step in range(SPAN // every, -1, -1):
            at = end - step * every
            if at == end - _RESTART:
                replicas[0].start(at)
            for replica in replicas:
                if at >= replica.since:
                    file.writelines(replica.scrape(at))
        file.write(b"# EOF\n")
