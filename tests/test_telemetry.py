"""The exporter's own counters, as they are exposed."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from exporter.model import Endpoint, FailureReason
from exporter.telemetry import AccountTelemetry, Telemetry, process_collectors

REASONS = sorted(reason.value for reason in FailureReason)


def exposed(telemetry: Telemetry, *names: str) -> list[str]:
    """Expose the metrics of these names, all without any; only samples."""
    registry = CollectorRegistry()
    registry.register(telemetry)
    chosen = registry.restricted_registry(names) if names else registry
    return [line for line in generate_latest(chosen).decode().splitlines() if not line.startswith("#")]


def test_what_can_be_counted_before_anything_happens_starts_at_zero() -> None:
    telemetry = Telemetry()
    AccountTelemetry(telemetry, "acme")
    lines = exposed(telemetry)
    assert sorted(line for line in lines if "poll_errors" in line) == [
        f'northflank_poll_errors_total{{account="acme",reason="{reason}"}} 0.0' for reason in REASONS
    ]
    for line in (
        'northflank_api_rejected_items_total{account="acme",endpoint="backups"} 0.0',
        'northflank_discovery_errors_total{account="acme"} 0.0',
        'northflank_api_request_duration_seconds_count{account="acme",endpoint="backups"} 0.0',
    ):
        assert line in lines


def test_of_every_endpoint_that_is_going_to_be_used_the_series_start_at_zero() -> None:
    telemetry = Telemetry()
    AccountTelemetry(telemetry, "acme", Endpoint)
    lines = exposed(telemetry)
    for endpoint in Endpoint:
        labels = f'{{account="acme",endpoint="{endpoint}"}}'
        assert f"northflank_api_request_duration_seconds_count{labels} 0.0" in lines
        assert (f"northflank_api_rejected_items_total{labels} 0.0" in lines) == (endpoint is not Endpoint.ADDON)


def test_of_endpoints_that_are_not_used_there_is_nothing() -> None:
    telemetry = Telemetry()
    AccountTelemetry(telemetry, "acme")
    assert not [line for line in exposed(telemetry) if "endpoint=" in line and 'endpoint="backups"' not in line]


def test_no_created_series_are_exposed() -> None:
    telemetry = Telemetry()
    AccountTelemetry(telemetry, "acme").request_finished("backups", "200", 0.1)
    assert not [line for line in exposed(telemetry) if "_created" in line]


def test_requests_are_counted_by_endpoint_and_code() -> None:
    telemetry = Telemetry()
    account = AccountTelemetry(telemetry, "acme")
    for code in ("200", "200", "503", "error"):
        account.request_finished("backups", code, 0.1)
    account.request_finished("schedules", "200", 0.1)
    assert exposed(telemetry, "northflank_api_requests_total") == [
        'northflank_api_requests_total{account="acme",code="200",endpoint="backups"} 2.0',
        'northflank_api_requests_total{account="acme",code="503",endpoint="backups"} 1.0',
        'northflank_api_requests_total{account="acme",code="error",endpoint="backups"} 1.0',
        'northflank_api_requests_total{account="acme",code="200",endpoint="schedules"} 1.0',
    ]


def test_durations_fall_into_buckets_from_quick_to_slow() -> None:
    telemetry = Telemetry()
    account = AccountTelemetry(telemetry, "acme")
    for seconds in (0.0625, 0.125, 0.125, 7.0, 60.0):
        account.request_finished("backups", "200", seconds)
    buckets = {"0.05": 0, "0.1": 1, "0.25": 3, "0.5": 3, "1.0": 3, "2.5": 3, "5.0": 3, "10.0": 4, "+Inf": 5}
    labels = 'account="acme",endpoint="backups"'
    name = "northflank_api_request_duration_seconds"
    assert exposed(telemetry, f"{name}_bucket") == [
        f'{name}_bucket{{{labels},le="{bound}"}} {count:.1f}' for bound, count in buckets.items()
    ]
    assert exposed(telemetry, f"{name}_sum") == [f"{name}_sum{{{labels}}} 67.3125"]


def test_rejected_items_are_added_up() -> None:
    telemetry = Telemetry()
    account = AccountTelemetry(telemetry, "acme")
    account.items_rejected("backups", 3)
    account.items_rejected("backups", 4)
    assert exposed(telemetry, "northflank_api_rejected_items_total") == [
        'northflank_api_rejected_items_total{account="acme",endpoint="backups"} 7.0'
    ]


def test_failed_polls_are_counted_by_reason() -> None:
    telemetry = Telemetry()
    account = AccountTelemetry(telemetry, "acme")
    account.poll_failed(FailureReason.TIMEOUT)
    account.poll_failed(FailureReason.TIMEOUT)
    account.poll_failed(FailureReason.INTERNAL)
    counted = [line for line in exposed(telemetry, "northflank_poll_errors_total") if not line.endswith(" 0.0")]
    assert sorted(counted) == [
        'northflank_poll_errors_total{account="acme",reason="internal"} 1.0',
        'northflank_poll_errors_total{account="acme",reason="timeout"} 2.0',
    ]


def test_accounts_are_counted_apart_and_one_without_a_name_has_no_label() -> None:
    telemetry = Telemetry()
    AccountTelemetry(telemetry, "").items_rejected("backups", 1)
    AccountTelemetry(telemetry, "acme").items_rejected("backups", 2)
    assert exposed(telemetry, "northflank_api_rejected_items_total") == [
        'northflank_api_rejected_items_total{endpoint="backups"} 1.0',
        'northflank_api_rejected_items_total{account="acme",endpoint="backups"} 2.0',
    ]


def test_exposing_twice_gives_the_same() -> None:
    telemetry = Telemetry()
    AccountTelemetry(telemetry, "").poll_failed(FailureReason.TIMEOUT)
    assert exposed(telemetry) == exposed(telemetry) != []


def test_a_registry_notices_when_the_counters_are_added_twice() -> None:
    registry = CollectorRegistry()
    registry.register(Telemetry())
    with pytest.raises(ValueError, match="Duplicated"):
        registry.register(Telemetry())


def test_process_platform_and_garbage_collector_are_told_of() -> None:
    registry = CollectorRegistry()
    process_collectors(registry)
    text = generate_latest(registry).decode()
    for name in ("process_cpu_seconds_total", "python_info", "python_gc_collections_total"):
        assert f"# TYPE {name.removesuffix('_total')}" in text
