"""Configurations and runbooks beside the rules: what they name exists, and those that say the same stay the same."""

import re
from pathlib import Path

import pytest
import yaml

from tests.process import ROOT
from tests.prometheus.reading import FOLDER, Tree, loaded, promtool

DOCS = ROOT / "docs"
CONFIGURATIONS = [FOLDER / "prometheus.yml", FOLDER / "prometheus-probe.yml"]
_PROBING = re.compile(r"<!-- tests/test_prometheus\.py runs this -->\n```yaml\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.name)
def test_promtool_accepts_a_configuration_and_its_rules(path: Path) -> None:
    checked = promtool("check", "config", "--lint-fatal", path)

    assert checked.returncode == 0, checked.stdout
    assert "2 rule files found" in checked.stdout


def test_both_configurations_differ_only_in_what_they_scrape() -> None:
    whole, probing = (loaded(path) for path in CONFIGURATIONS)

    assert {**probing, "scrape_configs": []} == {**whole, "scrape_configs": []}


def test_probing_is_what_the_documentation_says_for_one_prometheus() -> None:
    (block,) = _PROBING.findall((DOCS / "scaling.md").read_text(encoding="utf-8"))
    documented: list[Tree] = yaml.safe_load(block)["scrape_configs"]
    for job in documented:
        del job["scrape_interval"]
        if "relabel_configs" in job:
            # The two steps that leave each of several Prometheus its part.
            steps = [step for step in job["relabel_configs"] if "__tmp_part" not in str(step)]
            assert len(steps) == len(job["relabel_configs"]) - 2
            job["relabel_configs"] = steps

    assert loaded(FOLDER / "prometheus-probe.yml")["scrape_configs"] == documented
