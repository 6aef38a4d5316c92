"""docs/troubleshooting.md: a section for each reason, and log lines that the exporter really writes."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

import pytest

from exporter.flags import parser
from exporter.model import FailureReason
from exporter.northflank import session
from exporter.northflank.client import __file__ as client
from exporter.simulator import Fault, Simulator
from exporter.simulator.routes import Endpoint
from scripts.programs import free_port
from tests.documentation.pages import Block, anchors, blocks, read
from tests.oracle import series
from tests.process import ROOT, Ended, fault, running, write_config

PAGE = ROOT / "docs" / "troubleshooting.md"
ORDERS = "shop/orders-db"
SPOILT = """
def fail(*_, **__):
    raise IndexError("list index out of range")
import exporter.northflank.client as spoilt
spoilt.parse_rate_limit = fail
"""


def nothing(_: Simulator) -> None:
    """Leave the API as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is done before `once` is called."""

    before: Callable[[Simulator], object] = nothing
    addons: tuple[str, ...] = (ORDERS,)
    token: str = "demo"
    has_api: bool = True
    spoil: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)


def injecting(*faults: Fault) -> Callable[[Simulator], object]:
    """Let each fault spoil one answer of its own addon, else all answers."""
    return lambda simulator: [simulator.faults.inject(each) for each in faults]


def forbidding(simulator: Simulator) -> None:
    """Let the token's role lack the permission to list projects."""
    simulator.faults.inject(Fault.forbidden("Project > Projects > Manage > Read"), endpoint=Endpoint.PROJECTS)


SITUATIONS: Mapping[str, tuple[Situation, ...]] = {
    "`pending`": (Situation(before=injecting(Fault.status(429)), addons=("shop/catalog-db", ORDERS)),),
    "`timeout`": (Situation(before=injecting(Fault.hang())),),
    "`connection`": (Situation(before=injecting(Fault.reset())), Situation(has_api=False)),
    "`unauthorized`": (Situation(token="rejected"),),
    "`forbidden`": (Situation(before=injecting(Fault.forbidden())),),
    "`not_found`": (Situation(before=injecting(Fault.status(404))),),
    "`rate_limited`": (Situation(before=injecting(Fault.status(429))),),
    "`server_error`": (Situation(before=injecting(Fault.status(503))),),
    "`client_error`": (Situation(before=injecting(Fault.status(400))),),
    "`invalid_response`": tuple(
        Situation(before=injecting(each)) for each in (Fault.not_json(), Fault.redirect("/"), Fault.truncated())
    ),
    "`internal`": (Situation(spoil=SPOILT),),
    "Nothing is watched": (Situation(addons=("shop/nothing-*",)),),
    "A listing fails": (Situation(before=forbidding, addons=("*/*",)),),
}
LOGGED = list(blocks("log", pages=[PAGE]))
EXPOSED = list(blocks("metrics", pages=[PAGE]))


async def once(situation: Situation, simulator: Simulator, folder: Path) -> Ended:
    """Read everything once in that situation."""
    situation.before(simulator)
    url = simulator.url if situation.has_api else f"http://127.0.0.1:{free_port()}"
    config = write_config(folder, url, situation.addons, token=situation.token)
    config.write_text(json.dumps({**json.loads(config.read_text()), "scrape": {"request_timeout": "500ms"}}))
    environment = fault(folder, situation.spoil) if situation.spoil else {}
    try:
        async with running("once", f"--config.file={config}", cwd=folder, environment=environment) as command:
            return await command.end(in_order=not situation.spoil)
    finally:
        simulator.faults.clear()


def without_times(log: str) -> list[str]:
    lines = (re.sub(r"^ts=\S+ |" + ' traceback=".*', "", line) for line in log.splitlines())
    return [line.replace("within 0.5 s", "within 8 s") for line in lines]


def test_every_reason_has_its_section() -> None:
    assert {reason.value for reason in FailureReason} <= anchors(PAGE)


def test_what_is_shown_has_a_situation() -> None:
    assert {block.heading for block in [*LOGGED, *EXPOSED]} == set(SITUATIONS)


@pytest.mark.parametrize("heading", SITUATIONS)
async def test_log_and_metrics_say_what_is_shown(heading: str, simulator: Simulator, tmp_path: Path) -> None:
    folders = [Path(mkdtemp(dir=tmp_path)) for _ in SITUATIONS[heading]]
    said, exposed = list[str](), ""
    for number, situation in enumerate(SITUATIONS[heading]):
        ended = await once(situation, simulator, folders[number])
        said += without_times(ended.stderr)
        exposed += ended.stdout
        if heading.startswith("`"):
            labels = f'addon_id="orders-db",project_id="shop",reason="{heading.strip("`")}"'
            assert series(ended.stdout)[f"northflank_addon_poll_error_info{{{labels}}}"] == 1

    assert lines(LOGGED, heading) - set(said) == set(), said
    assert lines(EXPOSED, heading) <= set(exposed.splitlines())


def lines(shown: list[Block], heading: str) -> set[str]:
    return {line for block in shown if block.heading == heading for line in block.text.splitlines()}


def test_what_is_told_of_connections_is_what_is_said_of_them() -> None:
    (table,) = re.findall(r"^\| `err` \|.*?(?=^### )", read(PAGE), re.MULTILINE | re.DOTALL)
    told = re.findall(r"`([^`]+)`", "".join(row.split("|")[1] for row in table.splitlines()[2:] if row))
    code = Path(client).read_text() + Path(session.__file__).read_text()

    assert len(told) >= 8
    for text in told:
        assert text.removesuffix(" (…)") in code, text
    assert "no configuration: give --config.file=FILE, " in read(ROOT / "exporter" / "cli.py")
    assert "--web.telemetry-path" in parser().format_help()
