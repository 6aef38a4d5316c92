"""Every command of the documentation is typed, or left to a test that is named; and says what is shown below it."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from exporter.simulator import Simulator, World
from tests.documentation.commands import BLOCKS, in_sentences, typed
from tests.documentation.desk import HASH, Desk
from tests.documentation.pages import Block, blocks
from tests.documentation.rules import RULES, rule_of
from tests.process import ROOT, TOKEN

SENTENCES = sorted({command for _, command in in_sentences()})
EVERYTHING = """
accounts:
  - api_url: ${NORTHFLANK_API_URL}
    token: ${NORTHFLANK_API_TOKEN}
    addons: [{project: "*", addon: "*"}]
"""
GOOD = """
accounts:
  - token: ${NORTHFLANK_API_TOKEN}
    addons:
      - {project: shop, addon: orders-db, max_age: 26h}
      - {project: "*", addon: "*", max_age: 2d}
"""
BAD = """accounts:
  - token: ${NORTHFLANK_API_TOKEN}
    addons:
      - project: shop
        addon: orders-db
        max_age: 26 hours
      - project: analytics
        adon: warehouse
"""
LEFT_OUT = "…"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Give a folder with what the commands take for granted, and a simulated Northflank of this very moment."""
    async with Simulator(World.demo(1, datetime.now(UTC))) as simulator:
        desk = Desk(tmp_path, simulator.url)
        texts = {"config.yaml": EVERYTHING, "good.yaml": GOOD, "bad.yaml": BAD, "token": TOKEN, "values.yaml": ""}
        texts["web.yml"] = f"basic_auth_users: {{prometheus: '{HASH}'}}\n"
        texts["rules/alerts.yaml"] = (ROOT / "prometheus" / "rules" / "alerts.yaml").read_text()
        # An environment that was made before, and is newer than what it is made of.
        texts[".venv/.installed"] = ""
        texts["var/lib/node_exporter/.keep"] = ""
        for name, text in texts.items():
            desk.put(name, text)
        (tmp_path / ".venv" / "bin").mkdir()
        for name in ("northflank-backup-exporter", "pip"):
            (tmp_path / ".venv" / "bin" / name).symlink_to(tmp_path / "bin" / name)
        yield desk


def shown_configuration(block: Block) -> str | None:
    """Give the configuration that a page shows, where a command's output is about that."""
    if block.page.name != "permissions.md" or "shop/*" not in block.text:
        return None
    (yaml,) = blocks("yaml", pages=[block.page])
    return yaml.text


@pytest.mark.parametrize("block", BLOCKS, ids=str)
async def test_what_is_typed_says_what_is_shown(block: Block, desk: Desk) -> None:
    if configuration := shown_configuration(block):
        desk.put("config.yaml", configuration)
    for step in typed(block):
        said = await rule_of(step.text).act(desk, step.text)
        if step.output:
            compare = same_table if step.text.endswith(" status") else same_lines
            assert compare(step.output, said.splitlines()), said


@pytest.mark.parametrize("command", SENTENCES)
async def test_a_command_in_a_sentence_can_be_typed(command: str, desk: Desk) -> None:
    await rule_of(command).act(desk, command)


def test_every_rule_is_for_a_command() -> None:
    commands = [*SENTENCES, *(step.text for block in BLOCKS for step in typed(block))]

    assert set(map(id, RULES)) == {id(rule_of(command)) for command in commands}


def test_a_new_command_needs_a_rule() -> None:
    with pytest.raises(AssertionError, match="no rule says how to try 'rm -rf build'"):
        rule_of("rm -rf build")


@pytest.mark.parametrize(
    ("shown", "said", "same"),
    [
        (["a"], ["a"], True),
        (["a"], ["b"], False),
        (["a"], ["a", "b"], False),
        (["a", LEFT_OUT], ["a", "b", "c"], True),
        (["a", LEFT_OUT, "c"], ["a", "b", "c"], True),
        (["a", LEFT_OUT, "d"], ["a", "b", "c"], False),
        (["http://127.0.0.1:10087/metrics"], ["http://127.0.0.1:39033/metrics"], True),
    ],
)
def test_lines_are_compared_but_for_ports_and_what_is_left_out(shown: list[str], said: list[str], same: bool) -> None:  # noqa: FBT001
    assert same_lines(shown, said) is same


def same_lines(shown: Sequence[str], said: Sequence[str]) -> bool:
    """Tell whether lines are those that are shown; ports differ, and … stands for any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line == LEFT_OUT else re.escape(_portless(line)) + r"\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{_portless(line)}\n" for line in said)) is not None


def _portless(line: str) -> str:
    return re.sub(r"(127\.0\.0\.1):\d+", r"\1:PORT", line)


def same_table(shown: Sequence[str], said: Sequence[str]) -> bool:
    """Tell whether the first line and the states of addons are those that are shown; the rest tells of this moment."""
    first = re.compile(r"\w+: \d+ of \d+ addons need attention")
    heads = [found[0] for lines in (shown, said) if (found := first.match(lines[0]))]
    states = [{tuple(line.split()[:2]) for line in lines if re.match(r"[A-Z]+ +\w+/", line)} for lines in (shown, said)]
    return len(heads) == 2 and heads[0] == heads[1] and bool(states[0]) and states[0] <= states[1]
