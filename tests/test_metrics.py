"""The catalogues: the names and labels that users rely on, their HELP, and what they say of a state."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.metrics_core import Metric

from exporter.metrics import ACCOUNT_CATALOGUE, ADDON_CATALOGUE, EXPORTER_CATALOGUE, SCRAPE_CATALOGUE, LiveFamily
from exporter.model import BackupStatus, FailureReason, ListedAddon, RateLimit
from exporter.state import AddonState
from exporter.telemetry import Telemetry
from tests.oracle import NOON, ORDERS, SnapshotCollector, account_state, backup, read_addon, snapshot_of

GAUGES = {
    "northflank_addon_backups": {"status"},
    "northflank_addon_backup_last_completed_timestamp_seconds": set(),
    "northflank_addon_backup_last_completed_age_seconds": set(),
    "northflank_addon_backup_last_completed_size_bytes": set(),
    "northflank_addon_backup_last_completed_duration_seconds": set(),
    "northflank_addon_backup_last_completed_info": {
        "backup_id",
        "backup_kind",
        "source_type",
        "compression_type",
        "addon_version",
        "destination_id",
    },
    "northflank_addon_backups_stored_bytes": set(),
    "northflank_addon_backup_oldest_completed_timestamp_seconds": set(),
    "northflank_addon_backup_last_attempt_timestamp_seconds": set(),
    "northflank_addon_backup_last_attempt_status": {"status"},
    "northflank_addon_backup_last_failed_timestamp_seconds": set(),
    "northflank_addon_backup_failures_since_completed": set(),
    "northflank_addon_backup_running_since_timestamp_seconds": set(),
    "northflank_addon_backup_kind_last_completed_timestamp_seconds": {"backup_kind"},
    "northflank_addon_backup_kind_last_completed_size_bytes": {"backup_kind"},
    "northflank_addon_backup_kind_median_completed_size_bytes": {"backup_kind"},
    "northflank_addon_backup_destination_last_completed_timestamp_seconds": {"destination_id"},
    "northflank_addon_backup_destination_median_interval_seconds": {"destination_id"},
    "northflank_addon_backup_max_age_seconds": set(),
    "northflank_addon_info": {"addon_name", "addon_type", "tags"},
    "northflank_addon_paused": set(),
    "northflank_addon_created_timestamp_seconds": set(),
    "northflank_addon_poll_success": set(),
    "northflank_addon_poll_error_info": {"reason"},
    "northflank_addon_poll_duration_seconds": set(),
    "northflank_addon_data_timestamp_seconds": set(),
    "northflank_up": {"account"},
    "northflank_scrape_duration_seconds": set(),
    "northflank_scrape_addons": {"account", "result"},
    "northflank_refresh_cycle_seconds": {"account"},
    "northflank_api_rate_limit_requests": {"account"},
    "northflank_api_rate_limit_remaining_requests": {"account"},
    "northflank_api_rate_limit_reset_timestamp_seconds": {"account"},
    "northflank_api_clock_skew_seconds": {"account"},
    "northflank_token_expiry_timestamp_seconds": {"account"},
    "northflank_exporter_addons": {"account"},
    "northflank_exporter_pattern_addons": {"account", "project", "addon"},
    "northflank_exporter_build_info": {"version", "python_version"},
    "northflank_exporter_config_last_reload_successful": set(),
    "northflank_exporter_config_last_reload_success_timestamp_seconds": set(),
}
"""What dashboards and rules are written against, but for the addons' base labels."""

COUNTERS_AND_HISTOGRAMS = {
    "northflank_poll_errors": ("counter", ("account", "reason")),
    "northflank_api_requests": ("counter", ("account", "endpoint", "code")),
    "northflank_api_request_duration_seconds": ("histogram", ("account", "endpoint")),
    "northflank_api_rejected_items": ("counter", ("account", "endpoint")),
    "northflank_discovery_errors": ("counter", ("account",)),
    "northflank_exporter_http_requests": ("counter", ("code",)),
    "northflank_exporter_unexpected_errors": ("counter", ()),
}

WITHOUT_UNIT = {
    "northflank_addon_backups",
    "northflank_addon_backup_last_attempt_status",
    "northflank_addon_backup_failures_since_completed",
    "northflank_addon_backup_schedules",
    "northflank_addon_backup_schedule_missed_runs",
    "northflank_addon_restores",
    "northflank_addon_paused",
    "northflank_addon_poll_success",
    "northflank_up",
    "northflank_scrape_addons",
    "northflank_exporter_addons",
    "northflank_exporter_pattern_addons",
    "northflank_exporter_config_last_reload_successful",
}
"""Numbers of things that their name says, and yes or no."""


def declared() -> Iterator[tuple[str, str, set[str]]]:
    for family in ADDON_CATALOGUE.families:
        yield family.name, family.help, set(family.labels)
    for account_family in ACCOUNT_CATALOGUE.families:
        yield account_family.name, account_family.help, {"account", *account_family.labels}
    for exporter_family in (*SCRAPE_CATALOGUE.families, *EXPORTER_CATALOGUE.families):
        yield exporter_family.name, exporter_family.help, set(exporter_family.labels)


def counted() -> list[Metric]:
    return list(Telemetry().describe())


def said_of(addon: AddonState, name: str, now: datetime = NOON) -> dict[tuple[str, ...], float]:
    """Give the family's samples of an addon by their own labels' values."""
    metrics = {metric.name: metric for metric in SnapshotCollector(snapshot_of(addon, now=now)).collect()}
    base = set(ADDON_CATALOGUE.base_labels)
    return {
        tuple(value for label, value in sample.labels.items() if label not in base): sample.value
        for sample in metrics[name].samples
    }


def test_every_promised_gauge_exists_with_its_labels() -> None:
    labels = {name: own for name, _, own in declared()}

    assert {name: labels.get(name) for name in GAUGES} == GAUGES


def test_every_addon_metric_has_the_base_labels() -> None:
    assert ADDON_CATALOGUE.base_labels == ("account", "project_id", "addon_id")


def test_every_promised_counter_and_histogram_exists_with_its_labels() -> None:
    telemetry = Telemetry()
    telemetry.poll_errors.labels(account="a", reason="b")
    telemetry.api_requests.labels(account="a", endpoint="b", code="c")
    telemetry.api_request_duration.labels(account="a", endpoint="b")
    telemetry.rejected_items.labels(account="a", endpoint="b")
    telemetry.discovery_errors.labels(account="a")
    telemetry.answered(200)

    found = {
        metric.name: (metric.type, tuple(name for name in metric.samples[0].labels if name != "le"))
        for metric in telemetry.collect()
    }

    assert {name: found.get(name) for name in COUNTERS_AND_HISTOGRAMS} == COUNTERS_AND_HISTOGRAMS


def test_no_name_is_declared_twice() -> None:
    names = [name for name, _, _ in declared()] + [metric.name for metric in counted()]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "text"),
    [(name, text) for name, text, _ in declared()] + [(metric.name, metric.documentation) for metric in counted()],
)
def test_help_is_a_plain_sentence(name: str, text: str) -> None:
    assert name.startswith("northflank_")
    assert text[0].isupper()
    assert text.endswith(".")
    assert not set(text) & set('"\\\n')
    assert text.isascii()


@pytest.mark.parametrize("name", sorted({name for name, _, _ in declared()} - WITHOUT_UNIT))
def test_a_name_ends_in_its_unit(name: str) -> None:
    assert name.endswith(("_seconds", "_bytes", "_info", "_requests"))
    assert ("timestamp" in name) == name.endswith("_timestamp_seconds")


def test_ages_are_the_only_families_that_would_freeze_in_a_file() -> None:
    freezing = {family.name for family in ADDON_CATALOGUE.families if isinstance(family, LiveFamily) and family.freezes}

    assert freezing == {name for name, _, _ in declared() if name.endswith("_age_seconds")} - {
        "northflank_addon_backup_max_age_seconds"
    }


def test_of_an_addon_never_read_only_its_poll_and_its_limit_are_known() -> None:
    unread = AddonState(key=ORDERS, max_age=timedelta(hours=26))

    metrics = SnapshotCollector(snapshot_of(unread)).collect()
    about_it = {m.name: m.samples[0].value for m in metrics if m.samples and m.name.startswith("northflank_addon_")}

    assert about_it == {
        "northflank_addon_backup_max_age_seconds": 26 * 3600.0,
        "northflank_addon_poll_success": 0.0,
        "northflank_addon_poll_error_info": 1.0,
    }


def test_an_addon_without_backups_has_counts_of_zero_and_no_times() -> None:
    empty = read_addon()

    assert set(said_of(empty, "northflank_addon_backups").values()) == {0}
    assert said_of(empty, "northflank_addon_backups_stored_bytes") == {(): 0}
    assert said_of(empty, "northflank_addon_backup_failures_since_completed") == {(): 0}
    for name in GAUGES:
        if name.startswith("northflank_addon_backup_") and "timestamp" in name:
            assert said_of(empty, name) == {}


def test_every_status_is_counted_even_where_there_is_none_of_it() -> None:
    addon = read_addon(backup("a", timedelta(hours=1)), backup("b", timedelta(hours=2), status=BackupStatus.UNKNOWN))

    assert said_of(addon, "northflank_addon_backups") == {
        ("scheduled",): 0,
        ("in-progress",): 0,
        ("completed",): 1,
        ("aborting",): 0,
        ("aborted",): 0,
        ("failed",): 0,
        ("not-supported",): 0,
        ("unknown",): 1,
    }


def test_the_latest_attempt_has_exactly_one_status() -> None:
    addon = read_addon(backup("a", timedelta(hours=2)), backup("b", timedelta(hours=1), status=BackupStatus.FAILED))

    statuses = said_of(addon, "northflank_addon_backup_last_attempt_status")

    assert len(statuses) == 8
    assert {status for status, value in statuses.items() if value} == {("failed",)}
    assert statuses["failed",] == 1


@pytest.mark.parametrize(("seconds_later", "age"), [(0, 60.0), (90.5, 150.5), (-60, 0.0), (-86_400, 0.0)])
def test_an_age_is_that_of_the_moment_and_never_negative(seconds_later: float, age: float) -> None:
    addon = read_addon(backup("a", timedelta(minutes=2)))

    now = NOON + timedelta(seconds=seconds_later)

    assert said_of(addon, "northflank_addon_backup_last_completed_age_seconds", now) == {(): age}


def test_a_size_that_is_not_known_is_absent() -> None:
    addon = read_addon(backup("a", timedelta(hours=1), size_bytes=None))

    assert said_of(addon, "northflank_addon_backup_last_completed_size_bytes") == {}
    assert said_of(addon, "northflank_addon_backup_kind_last_completed_size_bytes") == {}
    assert said_of(addon, "northflank_addon_backup_kind_last_completed_timestamp_seconds") != {}


def test_a_failed_poll_keeps_the_last_good_data_and_says_why() -> None:
    good = read_addon(backup("a", timedelta(hours=1)))

    failed = good.failed(FailureReason.TIMEOUT, at=0, duration=timedelta(seconds=8))

    assert said_of(failed, "northflank_addon_poll_success") == {(): 0.0}
    assert said_of(failed, "northflank_addon_poll_error_info") == {("timeout",): 1.0}
    assert said_of(failed, "northflank_addon_poll_duration_seconds") == {(): 8.0}
    for name in (
        "northflank_addon_backup_last_completed_timestamp_seconds",
        "northflank_addon_backup_last_completed_info",
        "northflank_addon_data_timestamp_seconds",
    ):
        assert said_of(failed, name) == said_of(good, name) != {}


def test_an_addon_that_was_found_in_a_list_tells_what_it_is() -> None:
    info = ListedAddon(id="orders-db", name="Orders", type="postgresql", status="running", tags=("prod", "eu"))
    found = replace(read_addon(), info=info, created_at=NOON)

    assert said_of(found, "northflank_addon_info") == {("Orders", "postgresql", "eu,prod"): 1}
    assert said_of(found, "northflank_addon_paused") == {(): 0}
    assert said_of(found, "northflank_addon_created_timestamp_seconds") == {(): NOON.timestamp()}


@pytest.mark.parametrize(("status", "said"), [("paused", {(): 1}), ("backup", {(): 0}), ("", {})])
def test_an_addon_is_paused_or_not_where_its_status_is_known(status: str, said: dict[tuple[str, ...], float]) -> None:
    found = replace(read_addon(), info=ListedAddon(id="orders-db", status=status))

    assert said_of(found, "northflank_addon_paused") == said


def test_of_an_addon_that_is_in_no_list_nobody_says_what_it_is() -> None:
    for name in ("northflank_addon_info", "northflank_addon_paused", "northflank_addon_created_timestamp_seconds"):
        assert said_of(read_addon(), name) == {}


def test_an_account_without_an_answer_yet_has_no_health_and_no_limits() -> None:
    metrics = SnapshotCollector(snapshot_of(account=account_state())).collect()
    silent = {metric.name for metric in metrics if not metric.samples}

    assert {
        "northflank_up",
        "northflank_api_rate_limit_requests",
        "northflank_api_rate_limit_remaining_requests",
        "northflank_api_rate_limit_reset_timestamp_seconds",
        "northflank_api_clock_skew_seconds",
        "northflank_token_expiry_timestamp_seconds",
    } <= silent


def test_an_account_tells_its_limits_as_the_api_does() -> None:
    reset = datetime(2026, 3, 14, 13, tzinfo=UTC)
    rate_limit = RateLimit(limit=1000, remaining=0, resets_in=timedelta(hours=1), reset_at=reset)
    limited = replace(account_state(), is_up=False, rate_limit=rate_limit)

    metrics = SnapshotCollector(snapshot_of(account=limited)).collect()
    values = {metric.name: metric.samples[0].value for metric in metrics if metric.samples}

    assert values["northflank_up"] == 0
    assert values["northflank_api_rate_limit_requests"] == 1000
    assert values["northflank_api_rate_limit_remaining_requests"] == 0
    assert values["northflank_api_rate_limit_reset_timestamp_seconds"] == reset.timestamp()
