"""`make bench` works, and what it measures keeps to what is promised."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.report import filled

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"


def test_a_small_fleet_is_measured_and_written_into_a_document(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"Before\n{BEGIN}was here\n{END}After\n", encoding="utf-8")
    options = ["--addons=3", "--backups=5", "--latency=0.001", "--json", f"--write={document}"]
    run = subprocess.run(
        [sys.executable, "-m", "bench", *options], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )
    measured = json.loads(run.stdout)
    (whole,), (encoders,) = measured["whole"], measured["encoders"]
    assert whole["addons"] == encoders["addons"] == 3
    assert all(value > 0 for value in encoders.values())
    assert all(value > 0 for name, value in whole.items() if name not in {"node_exporter", "bytes_per_addon"})
    # Long lists cost hardly more than short ones, over a day of scrapes.
    for requests in measured["requests_per_refresh"].values():
        assert set(requests) == {"100", "500", "1500"}
        assert all(1 <= each <= 1.1 for each in requests.values())
    text = document.read_text(encoding="utf-8")
    assert text.startswith(f"Before\n{BEGIN}| ")
    assert text.endswith(f"{END}After\n")
    assert "was here" not in text


def test_a_document_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="figures: begin"):
        filled("nothing here", "table")


def test_the_figures_in_the_documentation_are_those_of_a_run() -> None:
    document = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert filled(document, "") != document
    assert "| 100 addons | 1,000 addons | 5,000 addons |" in document
