"""A real Prometheus over the history of the demo account, asked as Grafana asks it."""

import json
import re
import socket
import subprocess
import time
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

from dashboards.history import SPAN, write
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
    """Write the history, make a database of it, start Prometheus."""
    promtool, prometheus = (program(name, origin=ORIGIN) for name in ("promtool", "prometheus"))
    write(folder / "history.om", end=END, every=EVERY, second_since=SECOND_EXPORTER_SINCE)
    # One block for all of it: by default promtool reads the file again for each two hours.
    longest = f"--max-block-duration={2 * SPAN // timedelta(hours=1)}h"
    make = [promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet", longest]
    files = [folder / "history.om", folder / "data"]
    done = subprocess.run([*make, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    command = [
        prometheus,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--query.lookback-delta={(EVERY + timedelta(minutes=1)).total_seconds():.0f}s",
        f"--web.listen-address={address}",
        "--log.level=warn",
    ]
    with subprocess.Popen(command) as process:
        try:
            _wait(f"http://{address}/-/ready", process)
            yield Prometheus(f"http://{address}")
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "Prometheus has ended"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS):  # noqa: S310 - of loopback
                return
        except OSError:
            time.sleep(0.02)
    pytest.fail("Prometheus is not ready")
