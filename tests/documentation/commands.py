"""What the documentation tells to type: in blocks, with what is to be seen then, and in the middle of a sentence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.documentation.pages import PAGES, Block, blocks, without_blocks
from tests.process import ROOT

PROGRAMS = frozenset(
    {
        "amtool",
        "chmod",
        "curl",
        "docker",
        "helm",
        "htpasswd",
        "kubectl",
        "make",
        "northflank-backup-exporter",
        "pip",
        "podman",
        "prometheus",
        "promtool",
        "python",
        "python3",
        "sudo",
        "systemctl",
        "systemd-analyze",
    }
)
"""A code span that begins with one of these and goes on is a command."""

BLOCKS = list(blocks("console", "sh", "bash"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A command in one line, and the lines that stand below it."""

    text: str
    output: tuple[str, ...]


def typed(block: Block) -> list[Typed]:
    """Give the commands of a block; in one without prompts each line is one."""
    text = re.sub(r"\\\n\s*", "", block.text)
    if block.language != "console":
        return [Typed(text=line, output=()) for line in text.splitlines() if line and not line.startswith("#")]
    before, *parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert not before, f"{block}: begins without a prompt"
    steps = (part.partition("\n") for part in parts)
    return [Typed(text=command, output=tuple(output.splitlines())) for command, _, output in steps]


def in_sentences() -> Iterator[tuple[str, str]]:
    """Give each command that stands between backticks, and the page."""
    for page in PAGES:
        for code in re.findall(r"`([^`\n]+)`", without_blocks(page)):
            first, _, rest = code.partition(" ")
            if rest and first.rpartition("/")[2] in PROGRAMS:
                yield str(page.relative_to(ROOT)), code
