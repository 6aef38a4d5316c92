"""The rules of grafana/dashboard-linter (4d0844b), for dashboards whose only data source is a Prometheus.

That linter is a Go program; this is what it checks, for every kind of panel instead of some. Each rule gives its
complaints. Where it lets a fixed window pass because the function is no rate, a reason is asked for here.
"""

import re
from collections.abc import Callable, Iterator

import promql_parser as promql

from .reading import SAMPLE_VALUES, Json, Node, expanded, name_of, panels, parsed, variables, walk

RATES = {"rate", "irate", "increase"}

FIXED_WINDOWS = {
    "7d": "NorthflankBackupStuck compares with the longest duration of a week, whatever range is shown",
    "1d": "outcomes are counted per day, and what was an exporter within a day is one, as for NorthflankExporterDown",
    "30d": "failures are counted over a month, whatever range is shown",
    "1m": "the order of the rows is that of the last minute shown",
}
"""Windows that are no $__rate_interval, and why."""

UNITS = frozenset(["none", "percentunit", "bytes", "s", "reqps", "cps", "dateTimeFromNow"])
"""Those of Grafana's units that are in use; an unknown one would be shown as a suffix."""

_FUNCTION = re.compile(r"([a-z_]+)\((.+)\)")
_SOURCES = {"$datasource", "${datasource}"}


def lint(board: Json) -> Iterator[str]:
    """Give every complaint about a dashboard, each beginning with the name of its rule."""
    for rule, complaints in OF_BOARD.items():
        yield from (f"{rule}: {complaint}" for complaint in complaints(board))
    for panel in panels(board):
        for rule, complaints in OF_PANEL.items():
            yield from (f"{rule}: {panel['title']}: {complaint}" for complaint in complaints(panel))
        for target in panel.get("targets", []):
            where = f"{panel.get('title')}: {target.get('refId')}"
            for rule, judge in OF_TARGET.items():
                yield from (f"{rule}: {where}: {complaint}" for complaint in judge(target))


def template_datasource(board: Json) -> Iterator[str]:
    sources = [each for each in variables(board) if each["type"] == "datasource"]
    if [(each["name"], each["label"], each["query"]) for each in sources] != [
        ("datasource", "Data source", "prometheus")
    ]:
        yield "there must be exactly one, named and labelled as usual"


def _template(name: str) -> Callable[[Json], Iterator[str]]:
    def complaints(board: Json) -> Iterator[str]:
        found = [each for each in variables(board) if each["name"] == name]
        if not found:
            yield "is missing"
        for each in found:
            wanted = {"type": "query", "label": name.title(), "multi": True, "allValue": ".+"}
            yield from (f"{key} is {each.get(key)}" for key, value in wanted.items() if each.get(key) != value)
            if each["datasource"]["uid"] not in _SOURCES:
                yield "does not use the chosen data source"

    return complaints


def template_label_promql(board: Json) -> Iterator[str]:
    for each in _queried(board):
        found = _FUNCTION.search(each["query"])
        if found is None or found[1] not in {"label_names", "label_values", "metrics", "query_result"}:
            yield f"{each['name']}: {each['query']}"
            continue
        # label_values has the label as its last argument.
        expression = found[2].rpartition(",")[0] if found[1] == "label_values" else found[2]
        yield from _syntax(expression)


def template_on_time_change_reload(board: Json) -> Iterator[str]:
    yield from (each["name"] for each in _queried(board) if each.get("refresh") != 2)


def uneditable_dashboard(board: Json) -> Iterator[str]:
    if board.get("editable") is not False:
        yield "can be edited"


def panel_datasource(panel: Json) -> Iterator[str]:
    for each in (panel, *panel.get("targets", [])):
        if each.get("datasource", {}).get("uid") not in _SOURCES:
            yield "does not use the chosen data source"


def panel_title_description(panel: Json) -> Iterator[str]:
    yield from (f"has no {what}" for what in ("title", "description") if not panel.get(what))


def panel_units(panel: Json) -> Iterator[str]:
    fields = panel["fieldConfig"]
    units = [fields["defaults"].get("unit")]
    units += [
        each["value"] for override in fields["overrides"] for each in override["properties"] if each["id"] == "unit"
    ]
    yield from (f"unit {unit}" for unit in units if unit not in UNITS)


def panel_no_targets(panel: Json) -> Iterator[str]:
    if not panel.get("targets"):
        yield "has no targets"


def target_promql(target: Json) -> Iterator[str]:
    yield from _syntax(target.get("expr", ""))


def target_rate_interval(target: Json) -> Iterator[str]:
    usual = {promql.parse_duration(SAMPLE_VALUES[name]) for name in ("__rate_interval", "__interval")}
    allowed = usual | {promql.parse_duration(window) for window in FIXED_WINDOWS}
    for node, parents in _tree(target):
        if not isinstance(node, promql.MatrixSelector | promql.SubqueryExpr):
            continue
        function = parents[-1].func.name if parents and isinstance(parents[-1], promql.Call) else None
        rate_interval = promql.parse_duration(SAMPLE_VALUES["__rate_interval"])
        if function in RATES and node.range != rate_interval:
            yield f"{function} over {node.range} instead of $__rate_interval"
        if node.range not in allowed:
            yield f"{node.range} has no reason in FIXED_WINDOWS"


def _required_matcher(label: str) -> Callable[[Json], Iterator[str]]:
    def complaints(target: Json) -> Iterator[str]:
        wanted = f'{label}=~"${label}"'
        for node, _ in _tree(target):
            if isinstance(node, promql.VectorSelector) and wanted not in map(str, node.matchers.matchers):
                yield f"{name_of(node)} has no {wanted}"

    return complaints


def target_counter_agg(target: Json) -> Iterator[str]:
    for node, parents in _tree(target):
        if isinstance(node, promql.VectorSelector) and name_of(node).endswith("_total"):
            call = parents[-2] if len(parents) > 1 and isinstance(parents[-1], promql.MatrixSelector) else None
            if not isinstance(call, promql.Call) or call.func.name not in RATES:
                yield f"{name_of(node)} is no rate"


def no_logql(target: Json) -> Iterator[str]:
    """Speak for both rules about LogQL: there is no Loki here."""
    if target.get("datasource", {}).get("type") != "prometheus":
        yield "asks something else than Prometheus"


def _queried(board: Json) -> list[Json]:
    return [each for each in variables(board) if each["type"] == "query"]


def _syntax(expression: str) -> Iterator[str]:
    try:
        parsed(expression)
    except (ValueError, KeyError) as error:
        yield f"{error}: {expression}"


def _tree(target: Json) -> list[tuple[Node, tuple[Node, ...]]]:
    try:
        return list(walk(promql.parse(expanded(target.get("expr", "")))))
    except (ValueError, KeyError):
        return []  # which another rule says


OF_BOARD: dict[str, Callable[[Json], Iterator[str]]] = {
    "template-datasource-rule": template_datasource,
    "template-job-rule": _template("job"),
    "template-instance-rule": _template("instance"),
    "template-label-promql-rule": template_label_promql,
    "template-on-time-change-reload-rule": template_on_time_change_reload,
    "uneditable-dashboard": uneditable_dashboard,
}
OF_PANEL: dict[str, Callable[[Json], Iterator[str]]] = {
    "panel-datasource-rule": panel_datasource,
    "panel-title-description-rule": panel_title_description,
    "panel-units-rule": panel_units,
    "panel-no-targets-rule": panel_no_targets,
}
OF_TARGET: dict[str, Callable[[Json], Iterator[str]]] = {
    "target-logql-rule": no_logql,
    "target-logql-auto-rule": no_logql,
    "target-promql-rule": target_promql,
    "target-rate-interval-rule": target_rate_interval,
    "target-job-rule": _required_matcher("job"),
    "target-instance-rule": _required_matcher("instance"),
    "target-counter-agg-rule": target_counter_agg,
}
