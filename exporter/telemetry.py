"""The exporter's own counters, attached to client and poller as hooks, so that neither imports Prometheus."""

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from exporter.model import Endpoint, FailureReason

LATENCY_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds, from a quick answer to longer than any sensible request time-out."""


class Telemetry(Collector):
    """Counts requests and failures; collected without `_created` series and without empty labels."""

    def __init__(self) -> None:
        self._counters = CollectorRegistry()
        self.poll_errors = Counter(
            "northflank_poll_errors_total",
            "Polls of addons that gave no data, by reason.",
            ["account", "reason"],
            registry=self._counters,
        )
        self.api_requests = Counter(
            "northflank_api_requests_total",
            "Requests sent to the API, by endpoint and HTTP status (error: no whole answer).",
            ["account", "endpoint", "code"],
            registry=self._counters,
        )
        self.api_request_duration = Histogram(
            "northflank_api_request_duration_seconds",
            "How long requests to the API took, failed ones too.",
            ["account", "endpoint"],
            buckets=LATENCY_BUCKETS,
            registry=self._counters,
        )
        self.rejected_items = Counter(
            "northflank_api_rejected_items_total",
            "Single items of the API's lists that could not be read.",
            ["account", "endpoint"],
            registry=self._counters,
        )
        self.discovery_errors = Counter(
            "northflank_discovery_errors_total",
            "Listings of projects or addons that failed.",
            ["account"],
            registry=self._counters,
        )
        self.http_requests = Counter(
            "northflank_exporter_http_requests_total",
            "Requests that the exporter has answered, by HTTP status.",
            ["code"],
            registry=self._counters,
        )
        self.unexpected_errors = Counter(
            "northflank_exporter_unexpected_errors_total",
            "Errors that nobody foresaw; the log tells of each, and has one traceback of each kind.",
            registry=self._counters,
        )

    @property
    def requests(self) -> int:
        """How many requests were sent to the API, by all accounts."""
        samples = (sample for metric in self.api_requests.collect() for sample in metric.samples)
        return int(sum(sample.value for sample in samples if sample.name.endswith("_total")))

    def answered(self, status: int) -> None:
        """Count an answer to a request."""
        self.http_requests.labels(str(status)).inc()

    def collect(self) -> Iterable[Metric]:
        """Give the counters as they are exposed: an account without a name has no label `account`."""
        for metric in self._counters.collect():
            metric.samples = [
                sample._replace(labels={name: value for name, value in sample.labels.items() if value})
                for sample in metric.samples
                if not sample.name.endswith("_created")
            ]
            yield metric

    def describe(self) -> Iterable[Metric]:
        """Name the counters, so that a registry finds duplicates and `?name[]=` finds them."""
        return self._counters.collect()


class AccountTelemetry:
    """One account's share of the counters; every series starts at 0, so that its first increase is seen.

    `endpoints` are those that the account is going to use; of any other, series appear with its first request.
    """

    def __init__(self, telemetry: Telemetry, account: str, endpoints: Iterable[Endpoint] = (Endpoint.BACKUPS,)) -> None:
        self._telemetry = telemetry
        self._account = account
        for reason in FailureReason:
            telemetry.poll_errors.labels(account, reason.value)
        for endpoint in endpoints:
            telemetry.api_request_duration.labels(account, endpoint.value)
            if endpoint.is_list:
                telemetry.rejected_items.labels(account, endpoint.value)
        telemetry.discovery_errors.labels(account)

    def request_finished(self, endpoint: str, code: str, seconds: float) -> None:
        """Count a request that ended with `code` after `seconds`."""
        self._telemetry.api_requests.labels(self._account, endpoint, code).inc()
        self._telemetry.api_request_duration.labels(self._account, endpoint).observe(seconds)

    def items_rejected(self, endpoint: str, count: int) -> None:
        """Count items of a list that could not be read."""
        self._telemetry.rejected_items.labels(self._account, endpoint).inc(count)

    def discovery_failed(self) -> None:
        """Count a listing that failed."""
        self._telemetry.discovery_errors.labels(self._account).inc()

    def poll_failed(self, reason: FailureReason) -> None:
        """Count a poll that gave no data."""
        self._telemetry.poll_errors.labels(self._account, reason.value).inc()


def process_collectors(registry: CollectorRegistry) -> None:
    """Add what prometheus_client tells of the process, the platform and the garbage collector."""
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
