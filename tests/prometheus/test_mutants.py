"""Whoever turns a comparison, forgets a label or slips by a digit in a rule is told so by a test, for every alert."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.machine import program
from tests.prometheus.judging import unnoticed
from tests.prometheus.mutants import mutants
from tests.prometheus.reading import alerts

NAMES = list(dict.fromkeys(rule.name for rule in alerts()))


@pytest.fixture(scope="module")
def overlooked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Give for each alert the mistakes that no test notices; as many alerts at once as there are processors."""
    program("promtool", origin="the Debian package prometheus")

    def judged(alert: str) -> list[str]:
        folder: Path = tmp_path_factory.mktemp(alert)
        return unnoticed(alert, alerts(), folder)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(NAMES, pool.map(judged, NAMES), strict=True))


@pytest.mark.parametrize("alert", NAMES)
def test_a_mistake_in_an_alert_makes_a_test_fail(alert: str, overlooked: dict[str, list[str]]) -> None:
    assert overlooked[alert] == []


EXPRESSION = 'max without (pod, job) (last_over_time(a{x="1",y="2"}[15m] offset 1d)) > 0.5 * b\nunless c or d and e'
COMPARED = 'max without (pod, job) (last_over_time(a{x="1",y="2"}[15m] offset 1d)) > 0.5 * b'
LEFT = {
    "1:72: > -> <": COMPARED.replace(">", "<") + "\nunless c or d and e",
    "1:74: 0.5 -> 5": COMPARED.replace("0.5", "5") + "\nunless c or d and e",
    "1:74: 0.5 -> 0.05": COMPARED.replace("0.5", "0.05") + "\nunless c or d and e",
    "2:1: unless c -> nothing": COMPARED + "\nor d and e",
    "2:15: and e -> nothing": COMPARED + "\nunless c or d ",
    f"1:1: {COMPARED} unless c or -> nothing": " d and e",
    "2:10: or d and e -> nothing": COMPARED + "\nunless c ",
    "1:14: pod, job -> job": EXPRESSION.replace("pod, job", "job"),
    "1:14: pod, job -> pod": EXPRESSION.replace("pod, job", "pod"),
    "1:14: pod, job -> nothing": EXPRESSION.replace("pod, job", ""),
    "1:67: 1d -> 864000s": EXPRESSION.replace("1d", "864000s"),
    "1:67: 1d -> 8640s": EXPRESSION.replace("1d", "8640s"),
    '1:42: x="1",y="2" -> y="2"': EXPRESSION.replace('x="1",', ""),
    '1:42: x="1",y="2" -> x="1"': EXPRESSION.replace(',y="2"', ""),
    '1:42: x="1",y="2" -> nothing': EXPRESSION.replace('x="1",y="2"', ""),
    "every [15m] -> [9000s]": EXPRESSION.replace("15m", "9000s"),
    "every [15m] -> [90s]": EXPRESSION.replace("15m", "90s"),
}


def test_every_kind_of_mistake_is_made() -> None:
    rule = {"alert": "Late", "expr": EXPRESSION, "for": "5m", "labels": {"severity": "critical"}}
    made = {mutant.what: mutant.rule for mutant in mutants(rule)}

    assert {what: mutated["expr"] for what, mutated in made.items() if mutated["expr"] != EXPRESSION} == LEFT
    assert [mutated.get("for") for mutated in made.values()][-4:] == [None, "3000s", "30s", "5m"]
    assert made["severity: warning"] == {**rule, "labels": {"severity": "warning"}}
