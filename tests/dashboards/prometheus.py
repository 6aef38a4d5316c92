"""A real Prometheus over the history of the demo account, asked as Grafana asks it."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboards.history import SPAN, prometheus
from tests.machine import program
from tests.process import PATIENCE_SECONDS

ORIGIN = "the Debian package prometheus"
END = datetime(2026, 6, 15, 12, tzinfo=UTC)
EVERY = timedelta(minutes=30)
SECOND_EXPORTER_SINCE = timedelta(hours=6)

_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")

ALL = {
    "job": ".+",
    "instance": ".+",
    "account": ".*",
    "project_id": ".+",
    "addon_type": ".*",
    "addon_id": ".+",
    "backup_kind": ".+",
    "__interval": f"{EVERY.total_seconds():.0f}s",
    # Four scrapes, as Grafana takes it for a data source that is scraped so often.
    "__rate_interval": f"{4 * EVERY.total_seconds():.0f}s",
}
"""What the variables stand for where everything is chosen."""

Series = list[dict[str, Any]]


def filled(expression: str, values: Mapping[str, str] | None = None) -> str:
    """Put values in the place of variables, inside of quotes, too."""
    known = {**ALL, **(values or {})}
    return _VARIABLE.sub(lambda found: known[found[1]], expression)


@dataclass(frozen=True, slots=True)
class Prometheus:
    """Answers for the week that ends at END."""

    url: str

    def range(self, expression: str, *, step: timedelta = timedelta(hours=1)) -> Series:
        """Ask for the whole week."""
        return self._ask(
            "query_range",
            query=expression,
            start=f"{(END - SPAN).timestamp():.0f}",
            end=f"{END.timestamp():.0f}",
            step=f"{step.total_seconds():.0f}",
        )

    def now(self, expression: str) -> Series:
        """Ask for the end of the week."""
        return self._ask("query", query=expression, time=f"{END.timestamp():.0f}")

    def labels(self, label: str, selector: str) -> list[str]:
        """Ask for the values of a label."""
        path = f"label/{label}/values"
        found: list[str] = self._get(
            path, {"match[]": selector, "start": f"{(END - SPAN).timestamp():.0f}", "end": f"{END.timestamp():.0f}"}
        )
        return found

    def _ask(self, path: str, **parameters: str) -> Series:
        found: Series = self._get(path, parameters)["result"]
        return found

    def _get(self, path: str, parameters: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - of loopback
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            pytest.fail(f"{error.read().decode()}: {parameters}")


@contextmanager
def running(folder: Path) -> Iterator[Prometheus]:
    """Start Prometheus; a second exporter has watched the same for the last hours."""
    for name in ("promtool", "prometheus"):
        program(name, origin=ORIGIN)
    with prometheus(folder, end=END, every=EVERY, second_since=SECOND_EXPORTER_SINCE) as url:
        yield Prometheus(url)
