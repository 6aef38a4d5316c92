"""Every query of every dashboard, asked of a real Prometheus about a week of the demo account."""

import re
from collections.abc import Iterator

import pytest

from dashboards import promql

from .prometheus import ALL, Prometheus, filled, running
from .reading import Json, Target, boards, panels, targets, variables

ONE_ADDON = {"project_id": "shop", "addon_id": "orders-db"}
FLEET = [target for target in targets() if target.board["uid"] != "northflank-exporter"]
_LEGEND_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@pytest.fixture(scope="module", name="prometheus")
def _prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with running(tmp_path_factory.mktemp("history")) as prometheus:
        yield prometheus


def answer(prometheus: Prometheus, target: Target, values: dict[str, str] | None = None) -> list[Json]:
    """Give the series, as Grafana asks for them: at the end, or over the week."""
    expression = filled(target.expression, values)
    return prometheus.now(expression) if target.query.get("instant") else prometheus.range(expression)


@pytest.mark.parametrize("target", targets(), ids=str)
def test_a_query_has_data(prometheus: Prometheus, target: Target) -> None:
    found = answer(prometheus, target)

    assert found
    wanted = set(_LEGEND_LABEL.findall(target.query.get("legendFormat", ""))) - {"account"}
    assert wanted <= {label for series in found for label in series["metric"]}, "a legend names what is not there"


@pytest.mark.parametrize("panel", panels(boards()[0]), ids=lambda panel: str(panel["title"]))
def test_no_panel_of_a_single_addon_is_empty(prometheus: Prometheus, panel: Json) -> None:
    found = [
        answer(prometheus, Target(board=boards()[0], panel=panel, query=query), ONE_ADDON) for query in panel["targets"]
    ]
    assert found[0]


@pytest.mark.parametrize("target", FLEET, ids=str)
def test_a_second_exporter_changes_no_number(prometheus: Prometheus, target: Target) -> None:
    """What is counted, summed and shown once stays so; ages may be those of the fresher reading."""
    one = prometheus.now(filled(target.expression, {"instance": "exporter-a.+"}))
    two = prometheus.now(filled(target.expression))

    assert len(one) == len(two)
    for first, second in zip(_sorted(one), _sorted(two), strict=True):
        assert first["metric"] == second["metric"]
        assert float(second["value"][1]) == pytest.approx(float(first["value"][1]), rel=0.25, abs=1800)


def _sorted(series: list[Json]) -> list[Json]:
    return sorted(series, key=lambda each: sorted(each["metric"].items()))


def test_the_states_come_worst_first(prometheus: Prometheus) -> None:
    series = prometheus.range(filled(promql.states_worst_first()))
    last = [float(each["values"][-1][1]) for each in series]

    assert last == sorted(last, reverse=True)
    assert {3.0, 2.0, 0.0, -2.0} <= set(last)
    names = {each["metric"]["addon_id"]: value for each, value in zip(series, last, strict=True)}
    assert names["queue"] == 3  # never backed up
    assert names["carts-db"] == 2  # has been failing for days
    assert names["crm-db"] == -2  # paused


def test_a_type_that_is_chosen_leaves_out_all_others(prometheus: Prometheus) -> None:
    found = prometheus.now(filled(promql.STATE, {"addon_type": "(postgresql|mysql)"}))
    assert {each["metric"]["addon_id"] for each in found} == {
        *("orders-db", "carts-db", "events-db", "crm-db"),
        *("catalog-db", "warehouse", "wiki-db"),
    }


@pytest.mark.parametrize("board", boards(), ids=lambda board: str(board["uid"]))
def test_variables_offer_what_there_is(prometheus: Prometheus, board: Json) -> None:
    for variable in variables(board)[1:]:
        query = filled(variable["query"])
        if query.startswith("query_result("):
            found = [each["metric"] for each in prometheus.now(query.removeprefix("query_result(")[:-1])]
            assert len(found) == 13
            continue
        selector, _, label = query.removeprefix("label_values(").removesuffix(")").rpartition(", ")
        offered = prometheus.labels(label, selector)
        # The demo's only account has no name, and all that there are is chosen all the same.
        assert bool(offered) is (label != "account")
        assert ALL["account"] == ".*"


def test_failed_backups_are_marked_when_they_were_started(prometheus: Prometheus) -> None:
    (mark,) = (each for each in boards()[0]["annotations"]["list"] if each["name"] == "Failed backups")
    found = prometheus.range(filled(mark["expr"], {"project_id": "shop", "addon_id": "carts-db"}))
    times = {float(value) / 1000 for series in found for _, value in series["values"]}
    assert len(times) >= 10
    assert max(times) < float(found[-1]["values"][-1][0])
