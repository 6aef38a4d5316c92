"""Our writer of expositions and prometheus_client's encoders, over the same states in the same process."""

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.exposition import Exposition, Snapshot
from exporter.model import AddonKey, Backup, BackupKind, BackupStatus
from exporter.state import AddonState, ExporterState
from exporter.summary import summarise
from tests.oracle import oracle

REPETITIONS = 5
_HELD = 30  # backups of each addon


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """Seconds for one answer about so many addons, and what the ready lines of one addon weigh."""

    addons: int
    series: int
    bytes_written: int
    ours_text: float
    ours_openmetrics: float
    client_text: float
    client_openmetrics: float
    line_bytes_per_addon: float


def encoding(addons: int) -> Encoding:
    """Measure both; raises AssertionError where they do not write the same."""
    now = datetime.now(UTC)
    states = [_state(number, now) for number in range(addons)]
    ours = Exposition(CollectorRegistry())
    gc.collect()
    tracemalloc.start()
    for state in states:
        ours.addon_replaced(state)
    snapshot = Snapshot(addons=tuple(states), accounts=(), exporter=_own(now), now=now)
    text = b"".join(ours.text(snapshot))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    registry = oracle(snapshot)
    # The library answers for the same states; the values themselves are calculated anew by both.
    assert text == generate_latest(registry)  # noqa: S101 - else it would be no comparison
    return Encoding(
        addons=addons,
        series=sum(1 for line in text.split(b"\n") if line and not line.startswith(b"#")),
        bytes_written=len(text),
        ours_text=_seconds(lambda: b"".join(ours.text(snapshot))),
        ours_openmetrics=_seconds(lambda: b"".join(ours.openmetrics(snapshot))),
        client_text=_seconds(lambda: generate_latest(registry)),
        client_openmetrics=_seconds(lambda: generate_openmetrics(registry)),
        line_bytes_per_addon=(kept - len(text)) / addons,
    )


def _seconds(write: Callable[[], bytes]) -> float:
    taken = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        write()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _state(number: int, now: datetime) -> AddonState:
    backups = [
        Backup(
            identity=f"{number}-{age}",
            id=f"backup-{age}",
            status=BackupStatus.COMPLETED,
            kind=BackupKind.DUMP,
            created_at=now - timedelta(days=age, minutes=7),
            completed_at=now - timedelta(days=age),
            size_bytes=1_000_003 * (number + age),
            source_type="sameAddon",
            compression_type="gz",
            addon_version="16.4.0",
        )
        for age in range(_HELD)
    ]
    state = AddonState(key=AddonKey("acme", f"project-{number % 20}", f"addon-{number:05}"), max_age=timedelta(days=2))
    return state.polled(summarise(backups), data_at=now, duration=timedelta(seconds=0.1))


def _own(now: datetime) -> ExporterState:
    return ExporterState(version="0", python_version="3", scrape_duration=timedelta(seconds=1), config_loaded_at=now)
