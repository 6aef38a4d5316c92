"""The dashboards are what Grafana's own types say, down to the options of each kind of panel."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from tests.machine import npm_packages, program
from tests.process import ROOT

from .reading import Json, boards, panels

FOLDER = Path(__file__).parent / "schema"
PATIENCE_SECONDS = 120

OF_PROMETHEUS = frozenset({"expr", "step", "titleFormat", "textFormat", "tagKeys", "useValueForTime"})
"""What Grafana's data source for Prometheus reads in an annotation; the schema leaves it out, the SDK has it."""

Schemas = Mapping[str, Json]


@pytest.fixture(scope="module", name="schemas")
def _schemas() -> Schemas:
    """Make JSON Schemas of the types in @grafana/schema, which is installed where that is due."""
    node = program("node", origin="Node.js")
    npm_packages(FOLDER)
    made: Schemas = json.loads(_run(node, "generate.mjs"))
    return made


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


def complaints(schemas: Schemas, board: Json) -> Iterator[str]:
    """Give all that is against the types."""
    whole = deepcopy(board)
    for mark in whole["annotations"]["list"]:
        for name in OF_PROMETHEUS:
            mark.pop(name, None)
    # Rows and panels are one of several there, and which one an error is about would not be told.
    yield from _against(schemas["dashboard"], whole | {"panels": []}, board["uid"])
    for panel in panels(board):
        where = f"{board['uid']}: {panel['title']}"
        kind = panel["type"].replace("state-timeline", "statetimeline")
        yield from _against(schemas["panel"], panel, where)
        yield from _against(schemas[f"{kind}.options"], panel["options"], f"{where}: options")
        if kind != "stat":
            custom = panel["fieldConfig"]["defaults"].get("custom", {})
            yield from _against(schemas[f"{kind}.custom"], custom, f"{where}: custom")


def _against(schema: Json, value: object, where: str) -> Iterator[str]:
    for error in Draft7Validator(schema).iter_errors(value):
        yield f"{where}: {error.json_path}: {error.message}"


@pytest.mark.parametrize("board", boards(), ids=lambda board: str(board["uid"]))
def test_it_conforms_to_the_schema(schemas: Schemas, board: Json) -> None:
    assert list(complaints(schemas, board)) == []


def test_a_slip_of_the_pen_is_found(schemas: Schemas) -> None:
    board = deepcopy(boards()[0])
    panel = panels(board)[0]
    panel["fieldConfig"]["defaults"]["unti"] = "s"
    panel["options"]["graphMod"] = "area"
    board["tittle"] = board.pop("title")

    found = "\n".join(complaints(schemas, board))

    assert "'unti' was unexpected" in found
    assert "'graphMod' was unexpected" in found
    assert "'tittle' was unexpected" in found


@pytest.mark.parametrize("folder", [FOLDER, ROOT / "dashboards" / "preview"], ids=lambda folder: folder.name)
def test_a_lock_file_names_no_registry_and_keeps_the_hashes(folder: Path) -> None:
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    installed = [package for name, package in packages.items() if name]
    assert all("resolved" not in package and "integrity" in package for package in installed)
