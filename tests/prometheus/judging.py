"""Which mutants of an alert the tests in prometheus/tests notice.

Each test is asked of all mutants at once, under names of their own: a promtool for each would take many minutes. The
alert as it is stands among them, so that no test that is failed by everything counts.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from exporter.config.scalars import parse_duration
from tests.prometheus.mutants import Mutant, mutants
from tests.prometheus.reading import TEST_FILES, Rule, Tree, loaded, promtool

Variant = list[Tree]
"""All rules of one alert's name, one of them with a mistake, or none."""


def unnoticed(alert: str, rules: Sequence[Rule], folder: Path) -> list[str]:
    """Give what mistakes in an alert no test fails for; needs an empty folder."""
    named = [rule for rule in rules if rule.name == alert]
    found = [(rule, mutant) for rule in named for mutant in mutants(rule.tree)]
    waiting: dict[str, Variant] = {"Sound": [rule.tree for rule in named]}
    waiting |= {f"Mutant{number}": _with(named, *each) for number, each in enumerate(found)}
    for evaluation, test in _tests_about(alert):
        waiting = _left_by(test, alert, waiting, evaluation, folder)
        assert "Sound" in waiting, f"{test['name']}: fails without any mistake"
    return [f"{rule}, {mutant.what}" for number, (rule, mutant) in enumerate(found) if f"Mutant{number}" in waiting]


def _with(rules: Sequence[Rule], changed: Rule, mutant: Mutant) -> Variant:
    return [mutant.rule if rule is changed else rule.tree for rule in rules]


def _tests_about(alert: str) -> list[tuple[str, Tree]]:
    """Give the tests of every file that names the alert, each with its evaluation interval; quick ones first."""
    files = [loaded(path) for path in TEST_FILES if re.search(rf"\b{alert}\b", path.read_text(encoding="utf-8"))]
    return sorted(
        ((file["evaluation_interval"], test) for file in files for test in file["tests"]),
        key=lambda each: _evaluations(*each),
    )


def _evaluations(interval: str, test: Tree) -> float:
    checks = [*test.get("alert_rule_test", []), *test.get("promql_expr_test", [])]
    return max(parse_duration(check["eval_time"]) for check in checks) / parse_duration(interval)


def _left_by(
    test: Tree, alert: str, waiting: Mapping[str, Variant], evaluation: str, folder: Path
) -> dict[str, Variant]:
    """Give the variants that pass a test."""
    left = dict(waiting)
    while left:
        rules = [{**rule, "alert": name} for name, variant in left.items() for rule in variant]
        tests = [_about(test, alert, list(left))]
        (folder / "rules.yaml").write_text(json.dumps({"groups": [{"name": "variants", "rules": rules}]}))
        (folder / "tests.yaml").write_text(
            json.dumps({"rule_files": ["rules.yaml"], "evaluation_interval": evaluation, "tests": tests})
        )
        done = promtool("test", "rules", folder / "tests.yaml")
        if done.returncode == 0:
            break
        # A rule that cannot be evaluated ends a test before anything else is compared: the others go once more.
        failed = set(re.findall(r"rule: (\w+), time", done.stdout)) or set(
            re.findall(r'(?:alertname: |alertname=\\")(Sound|Mutant\d+)\b', done.stdout)
        )
        assert failed, done.stdout
        broken = "err: " in done.stdout
        left = {name: variant for name, variant in left.items() if name not in failed}
        if not broken:
            break
    return left


def _about(test: Tree, alert: str, names: Sequence[str]) -> Tree:
    """Give a test that expects of each name what it expects of the alert, and nothing of others."""
    told = [each for each in test.get("alert_rule_test", []) if each["alertname"] == alert]
    shown = [_of_alert(each, alert) for each in test.get("promql_expr_test", [])]
    return {
        **test,
        "alert_rule_test": [{**each, "alertname": name} for each in told for name in names],
        "promql_expr_test": [json.loads(json.dumps(each).replace(alert, name)) for each in shown for name in names],
    }


def _of_alert(shown: Tree, alert: str) -> Tree:
    """Narrow what is asked of all alerts to one of them."""
    expected = [sample for sample in shown["exp_samples"] if f'alertname="{alert}"' in sample["labels"]]
    expression = shown["expr"]
    if "alertname=" not in expression:
        expression = expression.replace("ALERTS{", f'ALERTS{{alertname="{alert}",')
    return {**shown, "expr": expression, "exp_samples": expected}
