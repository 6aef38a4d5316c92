"""The dashboards obey the rules that Grafana's own linter has for good ones."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from .linter import FIXED_WINDOWS, OF_BOARD, OF_PANEL, OF_TARGET, UNITS, lint
from .reading import Json, boards, expanded, panels, targets

Fault = Callable[[Json], object]


def ids(board: Json) -> str:
    return str(board["uid"])


@pytest.mark.parametrize("board", boards(), ids=ids)
def test_the_linter_has_nothing_to_complain_about(board: Json) -> None:
    assert list(lint(board)) == []


def _variable(board: Json, name: str) -> Json:
    (found,) = (each for each in board["templating"]["list"] if each["name"] == name)
    assert isinstance(found, dict)
    return found


def _asks(expression: str) -> Fault:
    return lambda board: panels(board)[0]["targets"][0].update(expr=expression)


_GOOD = 'job=~"$job", instance=~"$instance"'
FAULTS: dict[str, Fault] = {
    "template-datasource-rule": lambda board: _variable(board, "datasource").update(label="Prometheus"),
    "template-job-rule": lambda board: _variable(board, "job").update(allValue=".*"),
    "template-instance-rule": lambda board: _variable(board, "instance").update(multi=False),
    "template-label-promql-rule": lambda board: _variable(board, "account").update(query="label_values(up{, job)"),
    "template-on-time-change-reload-rule": lambda board: _variable(board, "account").update(refresh=1),
    "panel-datasource-rule": lambda board: panels(board)[0]["datasource"].update(uid="prometheus"),
    "panel-title-description-rule": lambda board: panels(board)[0].update(description=""),
    "panel-units-rule": lambda board: panels(board)[0]["fieldConfig"]["defaults"].update(unit="seconds"),
    "panel-no-targets-rule": lambda board: panels(board)[0].update(targets=[]),
    "target-logql-rule": lambda board: panels(board)[0]["targets"][0]["datasource"].update(type="loki"),
    "target-logql-auto-rule": lambda board: panels(board)[0]["targets"][0]["datasource"].update(type="loki"),
    "target-promql-rule": _asks("sum(up"),
    "target-rate-interval-rule": _asks(f"rate(northflank_api_requests_total{{{_GOOD}}}[5m])"),
    "target-job-rule": _asks('up{job="$job", instance=~"$instance"}'),
    "target-instance-rule": _asks('up{job=~"$job"}'),
    "target-counter-agg-rule": _asks(f"northflank_api_requests_total{{{_GOOD}}}"),
    "uneditable-dashboard": lambda board: board.update(editable=True),
}


@pytest.mark.parametrize("rule", FAULTS)
def test_each_rule_finds_its_fault(rule: str) -> None:
    board = deepcopy(boards()[0])
    FAULTS[rule](board)

    assert rule in {complaint.partition(":")[0] for complaint in lint(board)}


def test_there_are_the_rules_of_the_original() -> None:
    rules = {*OF_BOARD, *OF_PANEL, *OF_TARGET}
    assert len(rules) == 17
    assert rules == set(FAULTS)


def test_every_exclusion_and_every_unit_is_used() -> None:
    everything = " ".join(expanded(target.expression) for target in targets())
    assert [window for window in FIXED_WINDOWS if f"[{window}" not in everything] == []

    fields = " ".join(str(panel["fieldConfig"]) for board in boards() for panel in panels(board))
    assert [unit for unit in UNITS if f"'{unit}'" not in fields] == []
