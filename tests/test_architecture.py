"""Imports point one way, and no file or function outgrows its reader."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import exporter

PACKAGE = Path(exporter.__file__).parent
LONGEST_FILE = 300
LONGEST_FUNCTION = 50

WHOLE = ("config", "simulator", "webconfig")
"""Packages that count as one room here; any module of theirs may import any other of the same package."""

EVERYTHING = frozenset({"*"})
MAY_IMPORT: dict[str, frozenset[str]] = {
    name: frozenset(names.split())
    for name, names in {
        "": "",
        "model": "",
        "hidden": "",
        "api_token": "hidden",
        "logs": "",
        "output": "",
        "memory": "",
        "listen": "",
        "healthcheck": "",
        "simulator": "listen",
        "config": "api_token hidden",
        "webconfig": "config hidden",
        # The way of the data, from the API …
        "northflank.errors": "model",
        "northflank.body": "northflank.errors",
        "northflank.wire": "model northflank.body northflank.errors",
        "northflank.wire_addons": "model northflank.body",
        "northflank.wire_schedules": "model northflank.body",
        "northflank.window": "model",
        "northflank.budget": "northflank.window",
        "northflank.listing": "model northflank.body",
        "northflank.token": "",
        "northflank.clock": "",
        "northflank.session": "",
        "northflank.receiving": "memory northflank.errors",
        "northflank.fairness": "",
        "northflank.client": (
            "hidden model northflank.body northflank.clock northflank.errors northflank.fairness "
            "northflank.receiving northflank.session northflank.window northflank.wire northflank.wire_addons "
            "northflank.wire_schedules"
        ),
        "northflank": (
            "northflank.body northflank.budget northflank.client northflank.errors northflank.listing "
            "northflank.session northflank.token"
        ),
        "recent": "model",
        "poll_log": "model",
        "summary": "model recent",
        "schedule.clock": "",
        "schedule.timetable": "model schedule.clock",
        "schedule.runs": "model schedule.clock schedule.timetable",
        "schedule": "schedule.runs schedule.timetable",
        "expectation": "model schedule summary",
        "known": "model",
        "state": "expectation known model poll_log schedule summary",
        "wording": "",
        "verdict.concern": "",
        "verdict.addon": "model state summary verdict.concern wording",
        "verdict.fleet": "model state summary verdict.addon verdict.concern wording",
        "verdict": "verdict.addon verdict.concern verdict.fleet",
        "polling.turns": "model",
        "polling.extras": "expectation model northflank northflank.errors state summary",
        "polling.evidence": "known model",
        "polling.refresh": "known model northflank poll_log polling.evidence",
        "polling.poll": "model northflank polling.extras polling.refresh polling.turns state summary",
        "polling.finding": "model northflank",
        "polling.discovery": "model northflank polling.finding",
        "polling.teams": "northflank polling.finding",
        "polling.asking": "model northflank polling.poll",
        "polling.account": (
            "model northflank poll_log polling.asking polling.extras polling.finding polling.poll state summary"
        ),
        "polling.agenda": "known model northflank polling.poll polling.refresh polling.turns state",
        "polling.crew": "model northflank polling.account polling.agenda polling.poll state",
        "polling.side": "northflank polling.account polling.agenda polling.crew",
        "polling.poller": (
            "model northflank polling.account polling.agenda polling.crew polling.poll polling.side state"
        ),
        "polling": (
            "polling.account polling.discovery polling.extras polling.finding polling.poll polling.poller polling.teams"
        ),
        # … to the answer.
        "telemetry": "model",
        "metrics.family": "",
        "metrics.expected": "expectation metrics.family model schedule state summary",
        "metrics.addon": "metrics.expected metrics.family model state summary",
        "metrics.account": "metrics.family state",
        "metrics": "metrics.account metrics.addon metrics.family",
        "exposition": "lines metrics model state",
        "lines": "metrics",
        # … and to the pages for people.
        "pages.query": "model",
        "pages.drawing": "model",
        "pages.words": "wording",
        "pages.columns": "pages.query verdict",
        "pages.turns": "",
        "pages.fleet": "exposition pages.columns pages.query pages.turns pages.words state verdict wording",
        "pages.addon": "expectation model pages.drawing poll_log schedule state verdict wording",
        "pages.rendering": (
            "exposition model pages.addon pages.drawing pages.fleet pages.query pages.turns pages.words poll_log "
            "verdict wording"
        ),
        "pages": "pages.query pages.rendering",
        "web.negotiation": "",
        "web.discovery": "model state",
        "web.probe": "",
        "web.client_hello": "",
        "web.basic_auth": "hidden",
        "web.rate_limit": "webconfig",
        "web.tidying": "memory",
        "web.connection": "web.tidying",
        "web.site": "web.connection",
        "web.answers": "web.connection",
        "web.tls": "config webconfig",
        "web.handshake": "web.client_hello web.tls webconfig",
        "web.guard": "web.answers web.basic_auth web.rate_limit webconfig",
        "web.protection": "web.guard web.handshake web.tls webconfig",
        "web.pages": "exposition model pages web.answers web.probe web.writing",
        "web.server": "exposition model state web.answers web.discovery web.negotiation web.pages web.writing",
        "web.writing": "web.answers web.negotiation",
        "web": "web.answers web.connection web.server web.site",
        "forecast": "config northflank.window",
        "discovered": "model",
        # Only these see how it fits together, and only the demo sees the simulator.
        "group": "* config discovered forecast model northflank polling state telemetry",
        "app": "* config discovered exposition forecast group model northflank state telemetry",
        "serve": "* app listen logs memory web web.protection",
        "reload": "web",
        "documents": "discovered model state verdict wording",
        "nagios": "verdict",
        "terminal": "",
        "terminal.harmless": "",
        "terminal.screen": "verdict",
        "terminal.progress": "logs state terminal.screen wording",
        "terminal.fleet": "terminal.harmless terminal.screen verdict wording",
        "terminal.found": "discovered model terminal.harmless terminal.screen",
        "commands": "app config forecast hidden listen output reload serve web.protection",
        "demo": "api_token app commands config listen output serve simulator",
        "overview": (
            "app commands config discovered documents exposition nagios output serve terminal.fleet terminal.found "
            "terminal.progress terminal.screen verdict wording"
        ),
        "flags": "* listen logs serve",
        "cli": "* commands config demo flags listen logs output overview serve",
        "__main__": "cli",
    }.items()
}
"""Every module, and what of this package it may import; `*` stands for the version in the package itself."""

OTHERS_MAY_IMPORT = {
    "aiohttp": {
        "logs",
        "northflank.client",
        "northflank.receiving",
        "northflank.session",
        "serve",
        "simulator",
        "web.answers",
        "web.connection",
        "web.guard",
        "web.pages",
        "web.protection",
        "web.server",
        "web.site",
        "web.writing",
    },
    "bcrypt": {"web.basic_auth"},
    "yarl": {"northflank.client", "simulator", "web.tidying"},
    "prometheus_client": {"app", "exposition", "lines", "telemetry"},
    "yaml": {"config"},
    "isal": {"web.writing"},
    "jinja2": {"pages.rendering"},
    "markupsafe": {"pages.rendering"},
    "rich": {"overview", "terminal.fleet", "terminal.found", "terminal.progress", "terminal.screen"},
}
"""Where each library is used, so that all other rooms can be read without knowing it."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Give every module's name within the package, and its syntax tree."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), ast.parse(path.read_text())


MODULES = dict(modules())


def room_of(module: str) -> str:
    package = module.partition(".")[0]
    return package if package in WHOLE else module


def imported(tree: ast.Module) -> Iterator[str]:
    """Give every module that a tree imports, wherever in it; relative imports are not house style."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield from imported_from(node.module or "", [alias.name for alias in node.names])


def imported_from(module: str, names: list[str]) -> Iterator[str]:
    """Give the modules behind `from module import names`: a name can be a module itself."""
    inside = module.removeprefix("exporter").lstrip(".")
    for name in names:
        below = f"{inside}.{name}".lstrip(".")
        yield f"exporter.{below}" if module.startswith("exporter") and below in MODULES else module


def own_imports(module: str) -> set[str]:
    """Give the rooms of this package that a module imports, `*` for the package itself."""
    names = {name.removeprefix("exporter").lstrip(".") for name in imported(MODULES[module]) if is_ours(name)}
    return {room_of(name) or "*" for name in names} - {room_of(module)}


def is_ours(name: str) -> bool:
    return name == "exporter" or name.startswith("exporter.")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_place_allows(module: str) -> None:
    assert room_of(module) in MAY_IMPORT, "a new module wants a line in the table"
    assert own_imports(module) <= MAY_IMPORT[room_of(module)]


def test_the_table_names_every_module_and_none_that_is_gone() -> None:
    assert {room_of(module) for module in MODULES} == set(MAY_IMPORT)


def test_imports_never_go_in_a_circle() -> None:
    """A room comes after all that it imports, so there is an order in which to read them."""
    waiting = {room: set(names) - {"*"} for room, names in MAY_IMPORT.items()}
    while ready := {room for room, names in waiting.items() if not names}:
        waiting = {room: names - ready for room, names in waiting.items() if room not in ready}

    assert waiting == {}


@pytest.mark.parametrize("module", MODULES)
def test_a_library_is_used_only_in_its_rooms(module: str) -> None:
    foreign = {name.partition(".")[0] for name in imported(MODULES[module]) if not is_ours(name)}
    libraries = foreign - set(sys.stdlib_module_names)

    assert libraries <= set(OTHERS_MAY_IMPORT)
    assert all(room_of(module) in OTHERS_MAY_IMPORT[library] for library in libraries)


def test_serving_loads_nothing_that_only_other_commands_want() -> None:
    """How long a start takes is how long nobody watches."""
    loaded = "import sys, exporter.cli; print(*(name.partition('.')[0] for name in sys.modules), *sys.modules)"
    names = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()

    assert {"exporter.commands", "aiohttp"} <= set(names)
    unwanted = {"rich", "bcrypt", "jinja2", "exporter.overview", "exporter.pages", "exporter.terminal"}
    assert not (unwanted | {"exporter.simulator"}) & set(names)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_stays_readable(path: Path) -> None:
    text = path.read_text()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    assert len(text.splitlines()) <= LONGEST_FILE
    assert [node.name for node in functions if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION] == []


@pytest.mark.parametrize("module", [module for module in MODULES if module])
def test_a_module_begins_with_what_it_is_for(module: str) -> None:
    assert ast.get_docstring(MODULES[module])
