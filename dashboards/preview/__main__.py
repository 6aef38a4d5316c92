"""Takes the pictures (`make dashboards-preview`): into docs/images/, or the folder given.

Wants npm, Node.js, Chromium (`CHROMIUM` says where), Prometheus and promtool. State timelines and heatmaps are
stand-ins: Grafana's own are in none of the packages that it publishes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dashboards.history import prometheus
from scripts.programs import CannotRun

HERE = Path(__file__).parent
PICTURES = HERE.parents[1] / "docs" / "images"
END = datetime(2026, 6, 15, 12, tzinfo=UTC)
EVERY = timedelta(minutes=5)


def main(folder: Path) -> None:
    """Take them; raises CannotRun where a program is missing, CalledProcessError where one fails."""
    npm, node = (_program(name) for name in ("npm", "node"))
    if not (HERE / "node_modules").exists():
        subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True)  # noqa: S603
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as temporary,
        prometheus(Path(temporary), end=END, every=EVERY) as url,
    ):
        command = [node, "shoot.mjs", f"{END.timestamp():.0f}", str(folder)]
        subprocess.run(command, cwd=HERE, env={**os.environ, "PROMETHEUS": url}, check=True)  # noqa: S603
    sys.stdout.write(f"Pictures: {folder}\n")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CannotRun(f"{name} is missing")
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute() if sys.argv[1:] else PICTURES)
