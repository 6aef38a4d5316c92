"""The rules ask for what there is, say what one has to know at night, and are what promtool expects of them."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import promql_parser as promql
import pytest

from tests.catalogue import OF_TARGETS, queryable
from tests.machine import program
from tests.process import ROOT
from tests.prometheus.reading import RULE_FILES, TEST_FILES, Rule, alerts, loaded, nodes, promtool, rules, selectors

LONGEST_TEST_FILE = 300
LONGEST_NAME = 40
LARGEST_GROUP = 20
NEWEST_PROMTOOL = ROOT / ".tools" / "newest" / "usr" / "bin" / "promtool"
RUNBOOKS = ROOT / "docs" / "runbooks.md"

ALERTS = pytest.mark.parametrize("alert", alerts(), ids=str)
_QUERY = re.compile(r"`([^`]*%q[^`]*)`")
_TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.name)
def test_promtool_has_no_complaint_about_rules(path: Path) -> None:
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", path)

    assert checked.returncode == 0, checked.stdout


@pytest.fixture(scope="module", params=[None, NEWEST_PROMTOOL], ids=["usual", "newest"])
def tested(request: pytest.FixtureRequest) -> dict[Path, str]:
    """Give what promtool has to say of each file of tests that fails; as many at once as there are processors."""
    binary: Path | None = request.param
    program("promtool", origin="the Debian package prometheus")
    if binary is not None and not binary.exists():
        pytest.skip("no newer promtool: scripts/fetch-tools found none")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = pool.map(lambda path: promtool("test", "rules", path, binary=binary), TEST_FILES)
        return {path: each.stdout for path, each in zip(TEST_FILES, done, strict=True) if each.returncode != 0}


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(path: Path, tested: dict[Path, str]) -> None:
    assert tested.get(path) is None


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_a_file_of_tests_stays_readable(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_TEST_FILE


@ALERTS
def test_the_whole_text_of_an_alert_is_in_a_test(alert: Rule) -> None:
    told = [
        expected["exp_annotations"]["summary"]
        for path in TEST_FILES
        for test in loaded(path)["tests"]
        for check in test.get("alert_rule_test", [])
        for expected in check["exp_alerts"]
        if (check["alertname"], expected["exp_labels"]["severity"]) == (alert.name, alert.labels["severity"])
    ]

    assert alert.annotations["summary"] in told


# What mixtool lints, and a little more.
@ALERTS
def test_an_alert_says_what_is_wrong_where_and_what_to_do(alert: Rule) -> None:
    assert re.fullmatch(r"Northflank([A-Z][a-z]+)+", alert.name)
    assert len(alert.name) <= LONGEST_NAME
    assert alert.tree.keys() == {"alert", "expr", "for", "labels", "annotations"}
    assert alert.labels.keys() == {"severity"}
    assert alert.labels["severity"] in ("critical", "warning", "info")

    assert alert.annotations.keys() == {"summary", "description", "runbook_url"}
    assert re.fullmatch(r"[A-Z][^{}]*\.", alert.annotations["summary"])
    description = alert.annotations["description"]
    assert _TEMPLATE.search(description)
    assert _TEMPLATE.sub("", description).rstrip().endswith(".")
    assert alert.annotations["runbook_url"].endswith(f"/docs/runbooks.md#{alert.name.lower()}")


def test_groups_stay_small_and_their_names_short() -> None:
    sizes = Counter(rule.group for rule in rules())

    assert max(sizes.values()) <= LARGEST_GROUP
    assert max(map(len, sizes)) <= LONGEST_NAME


def test_alerts_of_the_same_name_differ_in_severity_and_say_the_same_in_short() -> None:
    assert max(Counter((rule.name, rule.labels["severity"]) for rule in alerts()).values()) == 1
    summaries = {(rule.name, rule.annotations["summary"]) for rule in alerts()}
    assert len(summaries) == len({name for name, _ in summaries})


def test_every_alert_has_a_section_in_the_runbooks_and_every_section_an_alert() -> None:
    sections = re.findall(r"^## (Northflank\w+)$", RUNBOOKS.read_text(encoding="utf-8"), re.MULTILINE)

    assert sections == list(dict.fromkeys(rule.name for rule in alerts()))


@pytest.mark.parametrize("rule", rules(), ids=str)
def test_a_rule_asks_only_for_metrics_and_labels_that_there_are(rule: Rule) -> None:
    for expression in chain([rule.expression], _queries_of_templates(rule)):
        possible = OF_TARGETS | set(_labels_made(expression))
        for selector in selectors(expression):
            name = selector.name or ""
            assert name in queryable()
            assert {matcher.name for matcher in selector.matchers.matchers} <= queryable()[name], name
            possible |= queryable()[name]
        assert set(_labels_of_operators(expression)) <= possible


@ALERTS
def test_an_alert_depends_on_no_other_rule(alert: Rule) -> None:
    recorded = {rule.name for rule in rules() if not rule.is_alert}

    assert {selector.name for selector in selectors(alert.expression)} & recorded == set()


def _queries_of_templates(rule: Rule) -> Iterator[str]:
    for found in _QUERY.findall(str(rule.tree.get("annotations", ""))):
        yield found.replace("%q", '"any"')


def _labels_made(expression: str) -> Iterator[str]:
    for node in nodes(expression):
        if isinstance(node, promql.Call) and node.func.name == "label_replace":
            yield node.args[1].val


def _labels_of_operators(expression: str) -> Iterator[str]:
    for node in nodes(expression):
        if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
            yield from node.modifier.labels
        if isinstance(node, promql.BinaryExpr) and node.modifier is not None:
            yield from node.modifier.matching.labels if node.modifier.matching is not None else ()
            yield from node.modifier.group_labels or ()
