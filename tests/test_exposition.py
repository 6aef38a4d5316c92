"""What stands in an answer, to the byte."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest

from exporter import exposition as module
from exporter.exposition import Exposition, Snapshot
from exporter.metrics import Catalogue, Family, LiveFamily
from exporter.model import AddonKey, FailureReason
from exporter.state import AddonState
from exporter.telemetry import AccountTelemetry, Telemetry
from tests.oracle import NOON, ORDERS, account_state, backup, oracle, read_addon, series, snapshot_of

AGE = "northflank_addon_backup_last_completed_age_seconds"
LATENCY = "northflank_api_request_duration_seconds"

AN_HOUR_AGO = backup("b-1", timedelta(hours=1), destination_id="s3")
LINES_OF_ORDERS = """\
northflank_addon_backup_destination_last_completed_timestamp_seconds\
{account="acme",addon_id="orders-db",destination_id="s3",project_id="shop"} 1.77348606e+09
northflank_addon_backup_failures_since_completed{account="acme",addon_id="orders-db",project_id="shop"} 0.0
northflank_addon_backup_kind_last_completed_size_bytes\
{account="acme",addon_id="orders-db",backup_kind="dump",project_id="shop"} 1e+06
northflank_addon_backup_kind_last_completed_timestamp_seconds\
{account="acme",addon_id="orders-db",backup_kind="dump",project_id="shop"} 1.77348606e+09
northflank_addon_backup_last_attempt_timestamp_seconds\
{account="acme",addon_id="orders-db",project_id="shop"} 1.773486e+09
northflank_addon_backup_last_completed_age_seconds{account="acme",addon_id="orders-db",project_id="shop"} 3540.0
northflank_addon_backup_last_completed_duration_seconds{account="acme",addon_id="orders-db",project_id="shop"} 60.0
northflank_addon_backup_last_completed_info{account="acme",addon_id="orders-db",addon_version="16.4.0",\
backup_id="b-1",backup_kind="dump",compression_type="gz",destination_id="s3",project_id="shop",\
source_type="sameAddon"} 1.0
northflank_addon_backup_last_completed_size_bytes{account="acme",addon_id="orders-db",project_id="shop"} 1e+06
northflank_addon_backup_last_completed_timestamp_seconds\
{account="acme",addon_id="orders-db",project_id="shop"} 1.77348606e+09
northflank_addon_backup_max_age_seconds{account="acme",addon_id="orders-db",project_id="shop"} 93600.0
northflank_addon_backup_oldest_completed_timestamp_seconds\
{account="acme",addon_id="orders-db",project_id="shop"} 1.77348606e+09
northflank_addon_backups_stored_bytes{account="acme",addon_id="orders-db",project_id="shop"} 1e+06
northflank_addon_data_timestamp_seconds{account="acme",addon_id="orders-db",project_id="shop"} 1.773489599e+09
northflank_addon_poll_duration_seconds{account="acme",addon_id="orders-db",project_id="shop"} 0.5
northflank_addon_poll_success{account="acme",addon_id="orders-db",project_id="shop"} 1.0
"""


def text_of(snapshot: Snapshot, *names: str, registry: CollectorRegistry | None = None, live: bool = True) -> str:
    return b"".join(Exposition(registry or CollectorRegistry(), live=live).text(snapshot, names)).decode()


def openmetrics_of(snapshot: Snapshot, *names: str, registry: CollectorRegistry | None = None) -> str:
    return b"".join(Exposition(registry or CollectorRegistry()).openmetrics(snapshot, names)).decode()


def names_in(text: str) -> set[str]:
    """Give the metrics that an answer describes."""
    return set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))


def catalogue_of(family: Family[AddonState] | LiveFamily[AddonState]) -> Catalogue[AddonState]:
    return Catalogue(base_labels=AddonKey._fields, base_values=lambda addon: addon.key, families=(family,))


@pytest.fixture
def counters() -> CollectorRegistry:
    registry = CollectorRegistry()
    telemetry = Telemetry()
    registry.register(telemetry)
    account = AccountTelemetry(telemetry, "acme")
    account.request_finished("backups", "200", 0.07)
    account.poll_failed(FailureReason.TIMEOUT)
    return registry


def test_the_lines_of_an_addon_are_these() -> None:
    lines = text_of(snapshot_of(read_addon(AN_HOUR_AGO))).splitlines(keepends=True)

    without_statuses = [line for line in lines if line.startswith("northflank_addon_") and 'status="' not in line]

    assert "".join(sorted(without_statuses)) == LINES_OF_ORDERS


def test_a_family_is_described_then_all_its_samples_follow() -> None:
    carts = read_addon(key=AddonKey("acme", "shop", "carts-db"))

    text = text_of(snapshot_of(read_addon(), carts), "northflank_addon_poll_success")

    assert text == (
        "# HELP northflank_addon_poll_success Whether the latest finished poll of this addon succeeded; 0 before any.\n"
        "# TYPE northflank_addon_poll_success gauge\n"
        'northflank_addon_poll_success{account="acme",addon_id="orders-db",project_id="shop"} 1.0\n'
        'northflank_addon_poll_success{account="acme",addon_id="carts-db",project_id="shop"} 1.0\n'
    )


def test_an_answer_about_one_addon_has_its_lines_of_the_whole_answer_and_nothing_of_the_exporter(
    counters: CollectorRegistry,
) -> None:
    carts = read_addon(AN_HOUR_AGO, key=AddonKey("acme", "shop", "carts-db"))
    exposition = Exposition(counters)

    whole = b"".join(exposition.text(snapshot_of(read_addon(), carts))).decode()
    probe = b"".join(exposition.probe_text(snapshot_of(carts))).decode()

    expected = [line for line in whole.splitlines() if 'addon_id="carts-db"' in line]
    lines = [line for line in probe.splitlines() if not line.startswith("#")]
    assert lines == [*expected, "northflank_scrape_duration_seconds 0.75"]
    assert all(name.startswith(("northflank_addon_", "northflank_scrape_")) for name in names_in(probe))


def test_only_metrics_that_were_asked_for_are_given_of_one_addon() -> None:
    snapshot = snapshot_of(read_addon(AN_HOUR_AGO))
    exposition = Exposition(CollectorRegistry())

    asked = b"".join(exposition.probe_text(snapshot, [AGE, "northflank_up"])).decode()

    assert names_in(asked) == {AGE}
    assert b"".join(exposition.probe_text(snapshot, ["northflank_up"])) == b""
    assert b"".join(exposition.probe_openmetrics(snapshot, ["northflank_up"])) == b"# EOF\n"


def test_an_account_without_a_name_has_no_account_label() -> None:
    addon = read_addon(AN_HOUR_AGO, key=AddonKey("", "shop", "orders-db"))

    text = text_of(snapshot_of(addon, account=account_state("")))

    assert "account=" not in text
    assert 'northflank_addon_poll_success{addon_id="orders-db",project_id="shop"} 1.0\n' in text
    assert "northflank_exporter_addons 1.0\n" in text


def test_openmetrics_has_the_same_samples_and_an_end(counters: CollectorRegistry) -> None:
    snapshot = snapshot_of(read_addon(AN_HOUR_AGO))

    text, openmetrics = text_of(snapshot, registry=counters), openmetrics_of(snapshot, registry=counters)

    assert openmetrics.endswith("# EOF\n")
    assert openmetrics.count("# EOF") == 1
    assert series(openmetrics) == series(text)
    assert "# TYPE northflank_poll_errors counter\n" in openmetrics
    assert "# TYPE northflank_poll_errors_total counter\n" in text


def test_creation_times_of_counters_are_left_out(counters: CollectorRegistry) -> None:
    snapshot = snapshot_of(read_addon())

    for answer in (text_of(snapshot, registry=counters), openmetrics_of(snapshot, registry=counters)):
        assert not any(name.partition("{")[0].endswith("_created") for name in series(answer))


def test_counters_of_an_account_start_at_zero_for_every_reason(counters: CollectorRegistry) -> None:
    errors = series(text_of(snapshot_of(), "northflank_poll_errors_total", registry=counters))

    assert errors == {
        f'northflank_poll_errors_total{{account="acme",reason="{reason.value}"}}': float(reason == "timeout")
        for reason in FailureReason
    }


def test_ages_are_of_the_moment_of_the_answer_though_other_lines_were_written_before() -> None:
    exposition = Exposition(CollectorRegistry())
    addon = read_addon(AN_HOUR_AGO)
    exposition.addon_replaced(addon)

    later = snapshot_of(addon, now=NOON + timedelta(minutes=5))

    assert list(series(b"".join(exposition.text(later, [AGE])).decode()).values()) == [3840.0]


def test_an_answer_shows_its_snapshot_although_a_poll_has_landed_since() -> None:
    exposition = Exposition(CollectorRegistry())
    before = read_addon()
    exposition.addon_replaced(before)
    exposition.addon_replaced(read_addon(AN_HOUR_AGO))

    assert b"".join(exposition.text(snapshot_of(before))).decode() == text_of(snapshot_of(before))


def test_for_a_file_nothing_is_written_that_moves_with_the_clock() -> None:
    snapshot = snapshot_of(read_addon(AN_HOUR_AGO))

    frozen, live = text_of(snapshot, live=False), text_of(snapshot)

    assert names_in(live) - names_in(frozen) == {AGE}
    assert frozen == generate_latest(oracle(snapshot, live=False)).decode()


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["northflank_up"], {"northflank_up"}),
        ([AGE], {AGE}),
        (["northflank_exporter_build_info"], {"northflank_exporter_build_info"}),
        (["northflank_poll_errors_total"], {"northflank_poll_errors_total"}),
        ([LATENCY], {LATENCY}),
        ([f"{LATENCY}_bucket"], {LATENCY}),
        (["northflank_up", AGE, "northflank_api_requests_total", "nonsense"],
         {"northflank_up", AGE, "northflank_api_requests_total"}),
        (["nonsense"], set()),
        (["northflank_u"], set()),
        ([""], set()),
    ],
)  # fmt: skip
def test_only_metrics_that_were_asked_for_by_name_are_given(
    names: list[str], found: set[str], counters: CollectorRegistry
) -> None:
    text = text_of(snapshot_of(read_addon(AN_HOUR_AGO)), *names, registry=counters)

    assert names_in(text) == found


def test_a_histogram_asked_for_by_name_is_whole(counters: CollectorRegistry) -> None:
    snapshot = snapshot_of()
    whole = {name for name in series(text_of(snapshot, registry=counters)) if name.startswith(LATENCY)}

    assert set(series(text_of(snapshot, LATENCY, registry=counters))) == whole
    assert len(whole) > 3


def test_nothing_asked_for_that_exists_is_an_empty_answer() -> None:
    assert text_of(snapshot_of(read_addon()), "nonsense") == ""
    assert openmetrics_of(snapshot_of(read_addon()), "nonsense") == "# EOF\n"


def test_without_addons_every_family_is_still_described() -> None:
    assert names_in(text_of(snapshot_of())) == names_in(text_of(snapshot_of(read_addon(AN_HOUR_AGO))))


@pytest.mark.parametrize("values", [(), ("one", "two")])
def test_a_wrong_number_of_label_values_is_an_error(values: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: Family[AddonState] = Family(
        name="northflank_wrong", help="Wrong.", labels=("status",), samples=lambda _: ((values, 1.0),)
    )
    monkeypatch.setattr(module, "ADDON_CATALOGUE", catalogue_of(wrong))

    with pytest.raises(ValueError, match=r"northflank_wrong has 4 labels, not [35]"):
        text_of(snapshot_of(read_addon()))


def test_a_wrong_number_of_label_values_is_an_error_for_live_families_too(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: LiveFamily[AddonState] = LiveFamily(
        name="northflank_wrong", help="Wrong.", samples=lambda _, __: ((("one",), 1.0),)
    )
    monkeypatch.setattr(module, "ADDON_CATALOGUE", catalogue_of(wrong))

    with pytest.raises(ValueError, match="northflank_wrong has 3 labels, not 4"):
        text_of(snapshot_of(read_addon()))


def test_a_family_is_written_in_chunks_so_that_nothing_is_held_twice() -> None:
    chunks: Iterator[bytes] = Exposition(CollectorRegistry()).text(snapshot_of(read_addon()))

    assert next(chunks).startswith(b"# HELP northflank_addon_backups ")


def test_no_chunk_grows_with_the_addons() -> None:
    """Who reads slowly keeps one in memory, and forty may."""
    addons = [replace(read_addon(AN_HOUR_AGO), key=AddonKey("acme", "shop", f"db-{number}")) for number in range(1_201)]
    registry = CollectorRegistry()

    chunks = list(Exposition(registry).text(snapshot_of(*addons)))

    assert max(map(len, chunks)) < 500_000 < sum(map(len, chunks))
    assert b"".join(chunks) == generate_latest(oracle(snapshot_of(*addons), registry))


def test_metrics_of_others_in_the_registry_are_exposed_too() -> None:
    registry = CollectorRegistry()
    Counter("other", "Another.", registry=registry).inc()

    assert "other_total 1.0\n" in text_of(snapshot_of(), registry=registry)


def test_the_reason_of_a_failure_stands_beside_the_last_good_data() -> None:
    failed = replace(read_addon(AN_HOUR_AGO), failure=FailureReason.NOT_FOUND)

    lines = series(text_of(snapshot_of(failed)))

    labels = 'account="acme",addon_id="orders-db",project_id="shop"'
    assert lines[f"northflank_addon_poll_success{{{labels}}}"] == 0
    assert lines[f'northflank_addon_poll_error_info{{{labels},reason="not_found"}}'] == 1
    assert lines[f"northflank_addon_backup_last_completed_size_bytes{{{labels}}}"] == 1_000_000
    assert failed.key == ORDERS
