"""What SECURITY.md says: what is asked of Northflank, and that the tests it names exist."""

import ast
import json
import re
from pathlib import Path

import pytest

from exporter.simulator import Simulator
from exporter.simulator.routes import Endpoint, route_of
from tests.process import ROOT, run, write_config

TEXT = (ROOT / "SECURITY.md").read_text()
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))
LISTS_AND_DETAILS = {Endpoint.ADDONS, Endpoint.ADDON, Endpoint.BACKUPS, Endpoint.SCHEDULES, Endpoint.RESTORES}


def asked(simulator: Simulator) -> set[tuple[str, Endpoint | None]]:
    """Give every method and endpoint that was asked for; no endpoint where it is none of those simulated."""
    routes = ((request.method, route_of(request.path)) for request in simulator.requests)
    return {(method, None if route is None else route.endpoint) for method, route in routes}


async def test_it_only_reads_and_never_asks_for_credentials(tmp_path: Path, simulator: Simulator) -> None:
    path = write_config(tmp_path, simulator.url, ["*/*", "shop/orders-db"])
    path.write_text(json.dumps({**json.loads(path.read_text()), "collect": {"restores": "1h"}}))
    assert (await run("once", f"--config.file={path}", cwd=tmp_path)).code == 0

    assert asked(simulator) == {("GET", endpoint) for endpoint in {*LISTS_AND_DETAILS, Endpoint.PROJECTS}}


async def test_without_patterns_no_projects_are_listed(tmp_path: Path, simulator: Simulator) -> None:
    path = write_config(tmp_path, simulator.url, ["shop/*", "intranet/wiki-db"])
    assert (await run("once", f"--config.file={path}", cwd=tmp_path)).code == 0

    methods_and_endpoints = asked(simulator)
    assert ("GET", Endpoint.ADDONS) in methods_and_endpoints
    assert ("GET", Endpoint.PROJECTS) not in methods_and_endpoints


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_claim_in_a_table_of_tests_names_one() -> None:
    for table in re.findall(r"\| [^\n]*test \|\n\|[-|]+\|\n((?:\|[^\n]*\n)+)", TEXT):
        for row in table.splitlines():
            assert re.search(r"`tests/[\w/]+\.py::\w+`", row), row
