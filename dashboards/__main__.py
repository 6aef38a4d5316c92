"""Writes the dashboards to grafana/dashboards/ (`make dashboards`)."""

import sys
from pathlib import Path

from dashboards.addon import addon
from dashboards.board import Json, written
from dashboards.exporter import exporter
from dashboards.overview import overview

FOLDER = Path(__file__).parents[1] / "grafana" / "dashboards"


def boards() -> dict[str, Json]:
    """Give every dashboard by the name of its file."""
    return {f"{board['uid']}.json": board for board in (overview(), addon(), exporter())}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, board in boards().items():
        (FOLDER / name).write_text(written(board), encoding="utf-8")
        sys.stdout.write(f"{name}: {len(board['panels'])} panels and rows\n")
