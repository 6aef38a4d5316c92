"""How each command of the documentation is tried; one that fits no rule fails the tests."""

import ast
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tests.documentation.calls import CHECKS
from tests.documentation.desk import HASH, Desk, Said
from tests.process import ANY_ADDRESS, ROOT, running, write_config

Act = Callable[[Desk, str], Awaitable[str]]
OURS = r"(NORTHFLANK_\w+=\S+ )*(\.venv/bin/)?northflank-backup-exporter"
ELSEWHERE = r"(?:localhost|northflank-exporter):10087"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which commands, and what is done with one; it gives what the command wrote, "" where nothing is to be seen."""

    pattern: str
    act: Act


def here(desk: Desk, command: str) -> str:
    """Let a command stay in the folder, and ask the simulator."""
    command = command.replace("NORTHFLANK_API_TOKEN=… ", "").replace("http://127.0.0.1:10088", desk.api_url)
    return re.sub(r"(?<=[\s=])/(?=(?:etc|opt|var)/)", f"{desk.folder}/", command)


def ends(*codes: int) -> Act:
    """Run it; it has to end with one of the codes."""

    async def act(desk: Desk, command: str) -> str:
        said = await desk.type(here(desk, command))
        assert said.code in codes, said
        assert "Traceback" not in said.stderr
        _check_calls(desk)
        return said.stdout

    return act


def serves(ready: str) -> Act:
    """Run it until it says that it serves, and end it."""

    async def act(desk: Desk, command: str) -> str:
        said = await desk.serve(here(desk, command), ready)
        assert ready in said.stdout + said.stderr, said
        return said.stdout

    return act


def called(command: str) -> Act:
    """Run it with stand-ins; `command` is the program that has to be called, with a call that it understands."""

    async def act(desk: Desk, text: str) -> str:
        said = await desk.type(text if command == "docker" else here(desk, text))
        assert said.code == 0, said
        assert command in _check_calls(desk)
        return said.stdout

    return act


def _check_calls(desk: Desk) -> set[str]:
    calls = desk.calls()
    for name, *words in calls:
        CHECKS[name](words, desk.folder)
    return {name for name, *_ in calls}


async def asks(desk: Desk, command: str) -> str:
    """Run it beside an exporter, which it asks."""
    config = write_config(
        desk.folder, desk.api_url, ["shop/orders-db"], name="acme" if "account=acme" in command else ""
    )
    async with running(ANY_ADDRESS, f"--config.file={config}", cwd=desk.folder) as exporter:
        address = (await exporter.url()).removeprefix("http://")
        said = await desk.type(re.sub(ELSEWHERE, address, command))
    assert said.code == 0, said
    assert "northflank_" in said.stdout, said
    return said.stdout


async def makes(desk: Desk, command: str) -> str:
    """See that the target is there; what it does stands in the Makefile."""
    said = await desk.type(command.replace("make ", "make --dry-run ", 1))
    assert said.code == 0, said
    assert said.stdout
    return ""


async def makes_demo(desk: Desk, command: str) -> str:
    """Run what the target runs, at a port that is free."""
    said = await desk.type(f"{command} --dry-run")
    # Where make runs these tests, too, it also tells which folder it enters and leaves.
    typed = ".venv/bin/northflank-backup-exporter demo"
    assert typed in said.stdout.splitlines()
    served: Said = await desk.serve(typed, "Stop with Ctrl-C.")
    return served.stdout


def tried_in(test: str) -> Act:
    """Leave it to a test that is named; that has to exist."""

    async def act(_: Desk, __: str) -> str:
        file, name = test.split("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
        return ""

    return act


async def points_elsewhere(desk: Desk, command: str) -> str:
    """Run it, and see that no runbook is where it was."""
    assert (await desk.type(command)).code == 0
    rules = (desk.folder / "rules" / "alerts.yaml").read_text(encoding="utf-8")
    assert "https://wiki.example/runbooks#northflankbackuptooold" in rules
    assert "/docs/runbooks.md" not in rules
    return ""


async def hashes(desk: Desk, command: str) -> str:
    """Run it with a stand-in for what asks for a password."""
    said = await desk.type(command)
    assert said.stdout == HASH
    _check_calls(desk)
    return ""


async def asks_the_api(desk: Desk, command: str) -> str:
    """Run it against the simulator, which has the same path and wants a token, too."""
    said = await desk.type(command.replace("https://api.northflank.com", desk.api_url))
    assert said.stdout.strip().removesuffix("\\n") == "401"
    return ""


TRIED_ELSEWHERE: Mapping[str, str] = {
    # What these do takes minutes, a container engine or the network.
    r"docker build": "tests/test_image.py::test_it_tells_engines_who_runs_it_how_and_which_version_it_is",
    r"docker build --build-arg PYTHON=….*": "tests/test_image.py::test_the_dockerfile_is_as_hadolint_wants_it",
    r"docker run --health-cmd .*": "tests/test_healthcheck.py::test_an_exporter_is_healthy_whatever_it_asks_of_clients",
    r"scripts/build-image": "tests/test_image.py::test_anybody_can_run_it_with_a_root_that_cannot_be_written_to",
    r"\.venv/bin/python -m scripts\.audit": "tests/test_audit.py::test_without_the_data_nothing_is_called_good",
    # The rest is part of what other tests do.
    r"pip --require-hashes": "tests/test_locked.py::test_every_package_has_one_version_and_hashes",
    r"promtool test rules": "tests/prometheus/test_rules.py::test_rules_do_what_their_tests_say",
    r"promtool check config prometheus\.yml": (
        "tests/prometheus/test_files.py::test_promtool_accepts_a_configuration_and_its_rules"
    ),
    r"promtool check metrics": "tests/test_app.py::test_promtool_has_no_complaint",
    r"chmod 600": "tests/test_api_token.py::test_a_file_that_others_may_use_is_warned_of",
}
"""Commands, and the test that does what they do."""

RULES = (
    *(Rule(pattern=pattern, act=tried_in(test)) for pattern, test in TRIED_ELSEWHERE.items()),
    Rule(pattern=r"make demo", act=makes_demo),
    Rule(pattern=r"make [a-z-]+( ARGS=.*)?", act=makes),
    Rule(pattern=rf"{OURS} check --config\.file bad\.yaml", act=ends(1)),
    Rule(pattern=rf"{OURS} status( --json \| jq .*)?", act=ends(0, 2)),
    Rule(pattern=rf"{OURS} (check|discover|once|--version)\b.*", act=ends(0)),
    Rule(pattern=rf"{OURS} simulate", act=serves("Listening")),
    Rule(pattern=OURS, act=serves("Listening")),
    Rule(pattern=rf"curl .*{ELSEWHERE}.*", act=asks),
    Rule(pattern=r"curl .*https://api\.northflank\.com/v1/projects", act=asks_the_api),
    Rule(pattern=r"(NORTHFLANK_API_TOKEN=… )?docker .*", act=called("docker")),
    Rule(pattern=r"kubectl .*", act=called("kubectl")),
    Rule(pattern=r"helm .*", act=called("helm")),
    Rule(pattern=r"(sudo )?systemctl .*", act=called("systemctl")),
    Rule(pattern=r"systemd-analyze .*", act=called("systemd-analyze")),
    Rule(pattern=r"(sudo )?python3 -m venv .*", act=called("python3")),
    Rule(pattern=r"(sudo )?(\S*/)?pip install .*", act=called("pip")),
    Rule(pattern=r"((sudo |printf ).*)?install -.*", act=ends(0)),
    Rule(pattern=r"sed -i .* rules/alerts\.yaml", act=points_elsewhere),
    Rule(pattern=r"htpasswd .*", act=hashes),
)
"""The first that a command fits counts."""


def rule_of(command: str) -> Rule:
    """Give how a command is tried."""
    fitting = [rule for rule in RULES if re.fullmatch(rule.pattern, re.sub(r"\s+# .*", "", command))]
    assert fitting, f"no rule says how to try {command!r}"
    return fitting[0]
