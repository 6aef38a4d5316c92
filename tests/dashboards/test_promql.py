"""The dashboards ask for what the exporter has, and for all of it."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import promql_parser as promql
import pytest

from tests.catalogue import OF_PROMETHEUS, OF_TARGETS, exported
from tests.machine import program
from tests.process import ROOT

from .reading import Node, Target, boards, expanded, name_of, parsed, selectors, targets, variables, walk

MADE_HERE = frozenset({"link", "_order"})
"""Labels that a query makes."""

UNUSED = {
    "northflank_addon_backup_last_completed_age_seconds": "for people; the dashboards compute it from the timestamp, "
    "which holds between scrapes and in the textfile collector, too",
    "process_virtual_memory_bytes": "says nothing of a Python program",
    "python_info": "northflank_exporter_build_info has the version",
    "python_gc_objects_collected_total": "of use to developers only",
    "python_gc_objects_uncollectable_total": "of use to developers only",
    "python_gc_collections_total": "of use to developers only",
}
"""What the exporter has and neither a dashboard nor a rule asks for, and why."""

TARGETS = pytest.mark.parametrize("target", targets(), ids=str)
_LEGEND_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def known() -> dict[str, frozenset[str]]:
    return {**exported(), **OF_PROMETHEUS}


@TARGETS
def test_a_query_names_only_metrics_and_labels_that_there_are(target: Target) -> None:
    for selector in selectors(parsed(target.expression)):
        assert name_of(selector) in known()
        labels = {matcher.name for matcher in selector.matchers.matchers} - {"__name__"}
        assert labels <= known()[name_of(selector)] | OF_TARGETS, name_of(selector)


@TARGETS
def test_a_query_groups_and_joins_only_by_labels_of_what_it_asks_for(target: Target) -> None:
    tree = parsed(target.expression)
    possible = OF_TARGETS | MADE_HERE
    possible |= {label for selector in selectors(tree) for label in known()[name_of(selector)]}

    assert set(_mentioned(tree)) <= possible
    assert set(_LEGEND_LABEL.findall(target.query.get("legendFormat", ""))) <= possible | {"le"}


def _mentioned(tree: Node) -> Iterator[str]:
    for node, _ in walk(tree):
        modifier = getattr(node, "modifier", None)
        if modifier is None:
            continue
        if isinstance(node, promql.AggregateExpr):
            yield from modifier.labels
            continue
        yield from modifier.matching.labels if modifier.matching is not None else ()
        yield from modifier.group_labels or ()


def test_variables_and_annotations_ask_for_what_there_is() -> None:
    queries = [mark["expr"] for board in boards() for mark in board["annotations"]["list"]]
    queries += [each["query"] for board in boards() for each in variables(board)[1:]]
    names = {name for query in queries for name in re.findall(r"\b([A-Za-z_:]+)\{", query)}

    assert names <= set(known()) | {"ALERTS"}


def test_no_metric_is_forgotten() -> None:
    asked = {name_of(selector) for target in targets() for selector in selectors(parsed(target.expression))}
    rules = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "prometheus" / "rules").glob("*.yaml"))
    asked |= {name for name in exported() if re.search(rf"\b{name}\b", rules)}

    assert set(exported()) - asked - set(UNUSED) == set()
    assert set(UNUSED) - set(exported()) == set()
    assert (
        set(UNUSED) & {name_of(each) for target in targets() for each in selectors(parsed(target.expression))} == set()
    )


def test_prometheus_own_parser_takes_every_query(tmp_path: Path) -> None:
    rules = [
        {"record": f"dashboard:query{number}:checked", "expr": expanded(target.expression)}
        for number, target in enumerate(targets())
    ]
    path = tmp_path / "queries.yaml"
    path.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    promtool = program("promtool", origin="the Debian package prometheus")

    done = subprocess.run([promtool, "check", "rules", path], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules)} rules found" in done.stdout + done.stderr
