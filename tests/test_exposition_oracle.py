"""Whatever Northflank and the configuration say, the answer is what prometheus_client would have written."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.expectation import Expectation
from exporter.exposition import Exposition, Snapshot
from exporter.model import AddonKey, Backup, BackupKind, BackupStatus, FailureReason, ListedAddon, RateLimit
from exporter.state import AccountState, AddonState, ExporterState, ScrapeResult
from exporter.summary import BackupSummary, DestinationSummary, KindSummary, RestoreSummary
from exporter.telemetry import AccountTelemetry, Telemetry
from tests.oracle import oracle, probe_oracle
from tests.schedules import ZONES, schedules

SURROGATES: Any = ("Cs",)
TEXTS = st.one_of(
    st.text(st.sampled_from('a"\\\n {}=,#')), st.text(st.characters(exclude_categories=SURROGATES), max_size=20)
)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as asked for
INTERVALS = st.timedeltas(timedelta(0), timedelta(days=3_000))
DURATIONS = st.timedeltas(timedelta(0), timedelta(days=30))
SIZES = st.none() | st.integers(0, 10**18)
NUMBERS = st.floats() | st.integers(-(10**18), 10**18).map(float)

BACKUPS = st.builds(
    Backup,
    identity=TEXTS,
    id=TEXTS,
    status=st.sampled_from(BackupStatus),
    kind=st.sampled_from(BackupKind),
    created_at=TIMES,
    completed_at=st.none() | TIMES,
    size_bytes=SIZES,
    source_type=TEXTS,
    compression_type=TEXTS,
    addon_version=TEXTS,
    destination_id=TEXTS,
)
KINDS = st.builds(
    KindSummary,
    kind=st.sampled_from(BackupKind),
    last_completed_at=TIMES,
    last_size_bytes=SIZES,
    median_size_bytes=st.none() | NUMBERS,
)
COPIES = st.builds(DestinationSummary, last_completed_at=TIMES, median_interval=st.none() | INTERVALS)
SUMMARIES = st.builds(
    BackupSummary,
    counts=st.dictionaries(st.sampled_from(BackupStatus), st.integers(0, 10_000)),
    stored_bytes=st.integers(0, 10**20),
    last_completed=st.none() | BACKUPS,
    oldest_completed_at=st.none() | TIMES,
    last_attempt=st.none() | BACKUPS,
    last_failed_at=st.none() | TIMES,
    failures_since_completed=st.integers(0, 10_000),
    running_since=st.none() | TIMES,
    kinds=st.lists(KINDS, max_size=3, unique_by=lambda kind: kind.kind).map(tuple),
    destinations=st.dictionaries(TEXTS, COPIES, max_size=3),
)
LISTED = st.builds(
    ListedAddon, id=TEXTS, name=TEXTS, type=TEXTS, status=TEXTS, tags=st.lists(TEXTS, max_size=3).map(tuple)
)
EXPECTATIONS = st.builds(
    Expectation.of,
    st.lists(schedules(), max_size=3),
    zone=st.sampled_from(ZONES),
    grace=st.timedeltas(timedelta(0), timedelta(days=1)),
)
RESTORES = st.builds(
    RestoreSummary,
    counts=st.dictionaries(st.sampled_from(BackupStatus), st.integers(0, 10_000)),
    last_completed_at=st.none() | TIMES,
)
ADDONS = st.builds(
    AddonState,
    key=st.builds(AddonKey, TEXTS, TEXTS, TEXTS),
    max_age=st.sampled_from([None, "off"]) | DURATIONS,
    summary=st.none() | SUMMARIES,
    data_at=st.none() | TIMES,
    failure=st.none() | st.sampled_from(FailureReason),
    poll_duration=st.none() | DURATIONS,
    info=st.none() | LISTED,
    created_at=st.none() | TIMES,
    as_of=st.none() | TIMES,
    expectation=st.none() | EXPECTATIONS,
    restores=st.none() | RESTORES,
)
ACCOUNTS = st.builds(
    AccountState,
    name=TEXTS,
    addons=st.integers(0, 10_000),
    scrape_addons=st.dictionaries(st.sampled_from(ScrapeResult), st.integers(0, 10_000)),
    refresh_cycle=DURATIONS,
    is_up=st.none() | st.booleans(),
    rate_limit=st.none() | st.builds(RateLimit, limit=st.integers(0), remaining=st.integers(0), reset_at=TIMES),
    clock_skew=st.none() | st.timedeltas(timedelta(days=-400), timedelta(days=400)),
    token_expires_at=st.none() | TIMES,
    pattern_addons=st.dictionaries(st.tuples(TEXTS, TEXTS), st.integers(0, 10_000), max_size=3),
)
SNAPSHOTS = st.builds(
    Snapshot,
    addons=st.lists(ADDONS, max_size=4, unique_by=lambda addon: addon.key).map(tuple),
    accounts=st.lists(ACCOUNTS, max_size=3, unique_by=lambda account: account.name).map(tuple),
    exporter=st.builds(
        ExporterState, version=TEXTS, python_version=TEXTS, scrape_duration=DURATIONS, config_loaded_at=TIMES
    ),
    now=TIMES,
)


def counters_of(snapshot: Snapshot) -> CollectorRegistry:
    registry = CollectorRegistry()
    telemetry = Telemetry()
    registry.register(telemetry)
    for account in snapshot.accounts:
        AccountTelemetry(telemetry, account.name).request_finished("backups", "200", 0.2)
    return registry


@given(SNAPSHOTS, st.booleans(), st.booleans())
def test_the_answer_equals_that_of_prometheus_client(snapshot: Snapshot, live: bool, is_ready: bool) -> None:  # noqa: FBT001 - hypothesis
    counters = counters_of(snapshot)
    exposition = Exposition(counters, live=live)
    if is_ready:
        for addon in snapshot.addons:
            exposition.addon_replaced(addon)
    expected = oracle(snapshot, counters, live=live)

    assert b"".join(exposition.text(snapshot)) == generate_latest(expected)
    assert b"".join(exposition.openmetrics(snapshot)) == generate_openmetrics(expected)


@given(SNAPSHOTS, st.booleans())
def test_the_answer_about_single_addons_equals_that_of_prometheus_client(snapshot: Snapshot, is_ready: bool) -> None:  # noqa: FBT001 - hypothesis
    exposition = Exposition(counters_of(snapshot))
    if is_ready:
        for addon in snapshot.addons:
            exposition.addon_replaced(addon)
    expected = probe_oracle(snapshot)

    assert b"".join(exposition.probe_text(snapshot)) == generate_latest(expected)
    assert b"".join(exposition.probe_openmetrics(snapshot)) == generate_openmetrics(expected)


@given(SNAPSHOTS)
def test_what_a_strict_reader_reads_is_what_was_said(snapshot: Snapshot) -> None:
    exposition = Exposition(CollectorRegistry())
    said = [
        (sample.name, sample.labels, float(sample.value))
        for metric in oracle(snapshot).collect()
        for sample in metric.samples
    ]

    text = b"".join(exposition.text(snapshot)).decode()
    openmetrics = b"".join(exposition.openmetrics(snapshot)).decode()

    for families in (parse_text(text), parse_openmetrics(openmetrics)):
        read = [(sample.name, sample.labels, float(sample.value)) for family in families for sample in family.samples]
        assert len(read) == len(said)
        for one, other in zip(read, said, strict=True):
            assert one[:2] == other[:2]
            assert one[2] == other[2] or (math.isnan(one[2]) and math.isnan(other[2]))


@given(SNAPSHOTS)
def test_ages_are_never_negative(snapshot: Snapshot) -> None:
    age = "northflank_addon_backup_last_completed_age_seconds"

    lines = b"".join(Exposition(CollectorRegistry()).text(snapshot, [age])).decode().rstrip("\n").split("\n")[2:]

    completed = [addon for addon in snapshot.addons if addon.summary and addon.summary.last_completed]
    assert sum(line.startswith(age) for line in lines) == len(completed)
    assert all(float(line.rsplit(" ", 1)[1]) >= 0 for line in lines)
