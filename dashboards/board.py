"""A dashboard's frame: variables, links, annotations, rows; and its JSON, as Grafana takes it."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from dashboards import promql
from dashboards.panels import SOURCE, Finished

TAGS: Final = ("northflank", "backup")
OVERVIEW, ADDON, EXPORTER = "northflank-overview", "northflank-addon", "northflank-exporter"

Json = dict[str, Any]
Rows = Sequence[tuple[str, Iterable[Finished]]]

_ALL = model.VariableOption(selected=True, text=["All"], value=["$__all"])
_FIRST = model.VariableOption(selected=True, text="", value="")
_DEFAULT = model.VariableOption(selected=True, text="default", value="default")

_BESIDES_THE_SCHEMA = ("auto", "auto_min", "auto_count", "definition")
"""What the SDK writes into variables and Grafana's schema does not know."""


def data_source() -> build.DatasourceVariable:
    """Let people choose their Prometheus."""
    return build.DatasourceVariable("datasource").label("Data source").type("prometheus").current(_DEFAULT)


def variable(name: str, label: str, query: str, *, all_value: str = ".+", regex: str = "") -> build.QueryVariable:
    """Let people choose any of a label's values, all of them to begin with.

    Labels that may be absent want `.*` for all.
    """
    return _variable(name, label, query, regex).multi(True).include_all(True).all_value(all_value).current(_ALL)


def single(name: str, label: str, query: str) -> build.QueryVariable:
    """Let people choose one of a label's values, the first to begin with."""
    return _variable(name, label, query, "").multi(False).include_all(False).current(_FIRST)


def _variable(name: str, label: str, query: str, regex: str) -> build.QueryVariable:
    return (
        build.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(query)
        .regex(regex)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
    )


def targets_and_accounts(metric: str, *, accounts: str = "") -> list[build.QueryVariable]:
    """Let people choose among the exporters that show this metric, and the accounts of the same or another one."""
    return [
        variable("job", "Job", f"label_values({metric}, job)"),
        variable("instance", "Instance", f'label_values({metric}{{job=~"$job"}}, instance)'),
        variable(
            "account", "Account", f"label_values({promql.of_exporter(accounts or metric)}, account)", all_value=".*"
        ),
    ]


def board(
    uid: str,
    title: str,
    description: str,
    *,
    since: str,
    variables: Iterable[build.QueryVariable],
    annotations: Iterable[build.AnnotationQuery],
    rows: Rows,
) -> Json:
    """Give a dashboard as Grafana imports it; nobody edits it there, since the next version would undo that."""
    builder = (
        build.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(list(TAGS))
        .readonly()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .refresh("1m")
        .time(since, "now")
        .timezone("browser")
        .link(_others())
        .with_variable(data_source())
    )
    for each in variables:
        builder.with_variable(each)
    for annotation in annotations:
        builder.annotation(annotation)
    for name, panels in rows:
        builder.with_row(build.Row(name))
        for panel in panels:
            builder.with_panel(panel)
    return _complete(json.loads(JSONEncoder().encode(builder.build())))


def _others() -> build.DashboardLink:
    return (
        build.DashboardLink("Northflank backups")
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags(list(TAGS))
        .as_dropdown(False)
        .keep_time(True)
        .include_vars(True)
    )


def _complete(board: Json) -> Json:
    for number, panel in enumerate(board["panels"], start=1):
        panel["id"] = number
        if panel["type"] == "row":
            panel["panels"] = []
            continue
        if "repeat" not in panel:
            panel.pop("repeatDirection", None)
        if panel["type"] == "table":
            # The SDK's is of an older Grafana; today a footer belongs to the fields.
            panel["options"].pop("footer", None)
    for each in board["templating"]["list"]:
        for name in _BESIDES_THE_SCHEMA:
            each.pop(name, None)
    # The SDK's only placement hides them in a menu; without any, Grafana shows them above the panels.
    for each in (*board["links"], *board["annotations"]["list"]):
        each.pop("placement", None)
    return board


def written(board: Json) -> str:
    """Write a dashboard so that a change of it reads well as a difference."""
    return json.dumps(board, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
