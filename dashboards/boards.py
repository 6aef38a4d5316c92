"""All dashboards, and where they are written."""

from pathlib import Path
from typing import Final

from dashboards.addon import addon
from dashboards.board import Json, written
from dashboards.exporter import exporter
from dashboards.overview import overview

FOLDER: Final = Path(__file__).parents[1] / "grafana" / "dashboards"


def files() -> dict[str, str]:
    """Give what stands in each file, by its name."""
    return {f"{board['uid']}.json": written(board) for board in _all()}


def _all() -> tuple[Json, ...]:
    return overview(), addon(), exporter()
