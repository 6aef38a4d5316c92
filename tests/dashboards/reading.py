"""The committed dashboards, and their queries as trees."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import promql_parser as promql

from dashboards.boards import FOLDER

Json = dict[str, Any]
Node = Any

SAMPLE_VALUES = {
    "__rate_interval": "12347s",
    "__interval": "12343s",
    "__range": "12329s",
    "__interval_ms": "12343000",
    "__range_s": "12329",
}
"""Durations that no query writes by itself."""

_VARIABLE = re.compile(r"\$\{(\w+)[^}]*\}|\$(\w+)|\[\[(\w+)\]\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A query of a panel; `board` and `panel` are what Grafana reads."""

    board: Json
    panel: Json
    query: Json

    def __str__(self) -> str:
        return f"{self.board['uid']}: {self.panel['title']}: {self.query['refId']}"

    @property
    def expression(self) -> str:
        return str(self.query["expr"])


@cache
def boards() -> tuple[Json, ...]:
    return tuple(json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json")))


def panels(board: Json) -> list[Json]:
    """Give the panels that show something."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


@cache
def targets() -> tuple[Target, ...]:
    return tuple(
        Target(board=board, panel=panel, query=query)
        for board in boards()
        for panel in panels(board)
        for query in panel["targets"]
    )


def variables(board: Json) -> list[Json]:
    found: list[Json] = board["templating"]["list"]
    return found


def expanded(expression: str, values: dict[str, str] | None = None) -> str:
    """Replace variables outside of quotes, as the linter does: inside, a query is one with any value."""
    known = {**SAMPLE_VALUES, **(values or {})}
    parts = expression.split('"')
    parts[::2] = [_VARIABLE.sub(lambda found: known[next(filter(None, found.groups()))], part) for part in parts[::2]]
    return '"'.join(parts)


def parsed(expression: str) -> Node:
    """Give the tree; raises ValueError where it is no PromQL."""
    return promql.parse(expanded(expression))


def walk(node: Node, parents: tuple[Node, ...] = ()) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Give every node with the ones above it; the selector within a matrix selector is a node of its own."""
    yield node, parents
    below = (*parents, node)
    for child in _children(node):
        yield from walk(child, below)


def _children(node: Node) -> list[Node]:
    match node:
        case promql.MatrixSelector():
            return [node.vector_selector]
        case promql.Call():
            return list(node.args)
        case promql.BinaryExpr():
            return [node.lhs, node.rhs]
        case promql.AggregateExpr():
            return [node.expr, *([node.param] if isinstance(node.param, promql.Expr) else [])]
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return [node.expr]
        case _:
            return []


def selectors(node: Node) -> list[Node]:
    return [each for each, _ in walk(node) if isinstance(each, promql.VectorSelector)]


def name_of(selector: Node) -> str:
    names = [matcher.value for matcher in selector.matchers.matchers if matcher.name == "__name__"]
    return str(selector.name or names[0])
