"""The project's rules and their tests as they stand in prometheus/, and promtool, which evaluates them."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

from tests.machine import program
from tests.process import ROOT

FOLDER = ROOT / "prometheus"
RULE_FILES = sorted((FOLDER / "rules").glob("*.yaml"))
TEST_FILES = sorted((FOLDER / "tests").glob("*.yaml"))

Tree = dict[str, Any]
"""A YAML mapping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as written, and the group it stands in."""

    group: str
    tree: Tree

    def __str__(self) -> str:
        severity = self.labels.get("severity")
        return f"{self.name} ({severity})" if severity else self.name

    @property
    def is_alert(self) -> bool:
        return "alert" in self.tree

    @property
    def name(self) -> str:
        return str(self.tree["alert"] if self.is_alert else self.tree["record"])

    @property
    def expression(self) -> str:
        return str(self.tree["expr"])

    @property
    def labels(self) -> Tree:
        found: Tree = self.tree.get("labels", {})
        return found

    @property
    def annotations(self) -> Tree:
        found: Tree = self.tree["annotations"]
        return found


def loaded(path: Path) -> Tree:
    tree: Tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tree


def rules(paths: Iterable[Path] = RULE_FILES) -> list[Rule]:
    """Give every rule of these files, in their order."""
    return [
        Rule(group=group["name"], tree=tree)
        for path in paths
        for group in loaded(path)["groups"]
        for tree in group["rules"]
    ]


def alerts() -> list[Rule]:
    return [rule for rule in rules() if rule.is_alert]


def nodes(expression: str) -> list[promql.Expr]:
    """Give every node of an expression; raises ValueError where it is no PromQL."""
    found: list[promql.Expr] = []
    promql.walk(promql.parse(expression), found.append)
    return found


def selectors(expression: str) -> list[promql.VectorSelector]:
    return [node for node in nodes(expression) if isinstance(node, promql.VectorSelector)]


def promtool(*arguments: str | Path, binary: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run promtool, or another `binary` of it, to its end; gives what it wrote to either output as `stdout`."""
    found = binary or program("promtool", origin="the Debian package prometheus")
    command = [str(found), *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
