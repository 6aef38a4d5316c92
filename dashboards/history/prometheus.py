"""A real Prometheus that remembers the demo account's past."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from dashboards.history.write import SPAN, write
from scripts import programs
from scripts.programs import CannotRun


@contextmanager
def prometheus(
    folder: Path, *, end: datetime, every: timedelta, second_since: timedelta | None = None
) -> Iterator[str]:
    """Write the past into a folder and let Prometheus answer for it; gives its address, raises CannotRun."""
    write(folder / "history.om", end=end, every=every, second_since=second_since)
    configuration = folder / "prometheus.yml"
    configuration.write_text("scrape_configs: []\n")
    # One block for all of it: by default promtool reads the file again for each two hours.
    longest = f"--max-block-duration={2 * SPAN // timedelta(hours=1)}h"
    data = f"{configuration.name}.data"
    _run("promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", longest, "history.om", data, cwd=folder)
    past = programs.prometheus(
        _program("prometheus"),
        configuration,
        programs.free_port(),
        # It may be long past, but is younger than this.
        "--storage.tsdb.retention.time=100y",
        f"--query.lookback-delta={(every + timedelta(minutes=1)).total_seconds():.0f}s",
    )
    with asyncio.Runner() as runner:
        running = AsyncExitStack()
        runner.run(running.enter_async_context(programs.running(past)))
        try:
            yield past.url
        finally:
            runner.run(running.aclose())


def _program(name: str) -> str:
    found = programs.found(name)
    if found is None:
        raise CannotRun(f"{name} is missing: it comes with the Debian package prometheus")
    return found


def _run(name: str, *arguments: str, cwd: Path) -> None:
    command = [_program(name), *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - nobody else has a word in it
    if done.returncode:
        raise CannotRun(f"{name}: {done.stdout}{done.stderr}")
