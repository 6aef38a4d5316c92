"""What docs/reliability.md promises: every test that it names exists, and every reason has its row."""

import ast
import re
from pathlib import Path

from exporter.model import FailureReason
from exporter.northflank import errors
from tests.process import ROOT

TEXT = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in TEXT.splitlines() if line.startswith("| ")]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)


def functions_of(path: Path) -> set[str]:
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, functions)}


def test_every_test_that_it_names_exists() -> None:
    assert len(NAMED) > len(ROWS)
    missing = [f"{path}::{name}" for path, name in NAMED if not name.startswith("test_")]
    for path in sorted({path for path, _ in NAMED}):
        found = functions_of(ROOT / path) if (ROOT / path).exists() else set()
        missing += [f"{path}::{name}" for named, name in NAMED if named == path and name not in found]
    assert missing == []


def test_every_row_names_a_test() -> None:
    rows = [row for row in ROWS if row[0] not in {"fault", "---"}]
    assert {len(row) for row in rows} == {5}
    assert [row[0] for row in rows if "::test_" not in row[-1]] == []


def test_every_reason_has_its_row() -> None:
    shown = {reason for row in ROWS for reason in re.findall(r"`(\w+)`", row[1])}
    assert {reason.value for reason in FailureReason} <= shown
    assert {
        error.reason.value for error in vars(errors).values() if isinstance(error, type) and hasattr(error, "reason")
    } <= shown


def test_the_readme_leads_to_it() -> None:
    assert "(docs/reliability.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
