"""A real Prometheus that remembers the demo account's past."""

import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from dashboards.history.write import SPAN, write

_PATIENCE_SECONDS = 20.0


class NotRunning(RuntimeError):
    """Prometheus, or what makes its database, is missing or has failed."""


@contextmanager
def prometheus(
    folder: Path, *, end: datetime, every: timedelta, second_since: timedelta | None = None
) -> Iterator[str]:
    """Write the past into a folder and let Prometheus answer for it; gives its address, raises NotRunning."""
    write(folder / "history.om", end=end, every=every, second_since=second_since)
    # One block for all of it: by default promtool reads the file again for each two hours.
    longest = f"--max-block-duration={2 * SPAN // timedelta(hours=1)}h"
    _run("promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", longest, "history.om", "data", cwd=folder)
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    address = f"127.0.0.1:{_free_port()}"
    command = [
        _program("prometheus"),
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        # The past may be long past, but is younger than this.
        "--storage.tsdb.retention.time=100y",
        f"--query.lookback-delta={(every + timedelta(minutes=1)).total_seconds():.0f}s",
        f"--web.listen-address={address}",
        "--log.level=warn",
    ]
    with subprocess.Popen(command, cwd=folder) as process:  # noqa: S603 - nobody else has a word in it
        try:
            _wait(f"http://{address}/-/ready", process)
            yield f"http://{address}"
        finally:
            process.terminate()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NotRunning(f"{name} is missing: it comes with the Debian package prometheus")
    return found


def _run(name: str, *arguments: str, cwd: Path) -> None:
    command = [_program(name), *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - likewise
    if done.returncode:
        raise NotRunning(f"{name}: {done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=_PATIENCE_SECONDS):  # noqa: S310 - of loopback
                return
        except OSError:
            time.sleep(0.02)
    raise NotRunning("Prometheus is not ready")
