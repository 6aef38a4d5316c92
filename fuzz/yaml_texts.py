"""What both configurations' properties have in common: problems with their places, and texts damaged on purpose."""

import re
from collections.abc import Iterable, Iterator, Sequence

from exporter.config import Problem
from fuzz.draw import Draw

MARK = "zqzq"
"""Begins every secret that the properties put in, and nothing else."""

LONG_SECRET = f"{MARK}{'0123456789abcdef' * 4}"
"""Longer than any name or id that a message repeats."""

TROUBLE = (
    *(
        LONG_SECRET,
        f"[{LONG_SECRET}]",
        f"{{{LONG_SECRET}: 1}}",
        f'"{LONG_SECRET}\\n"',
        f"*{LONG_SECRET}",
        f"!{LONG_SECRET} x",
    ),
    *(
        "",
        "~",
        "off",
        "0",
        "-1",
        "0s",
        "1e999",
        "0x1",
        "9999999999999y",
        "[]",
        "{}",
        "[[]]",
        "acme",
        "plain",
        '"*[z-a]"',
    ),
    *(
        r'"a\r\nb"',
        r'"a\0b"',
        r'"\u20ac"',
        r'"\x1b[2J"',
        '"${"',
        '"${UNSET}"',
        "TLS10",
        "TLS13",
        "NoClientCert",
        "999999999h",
    ),
)
_VALUE = re.compile(r"^ *(?:- )?[A-Za-z0-9_-]+: (\S.*)$", re.MULTILINE)
_PATH = re.compile(r"(?:(?:\.?[A-Za-z_][A-Za-z0-9_-]{0,23})|(?:\[[0-9]+\])|(?:\[\"…\"\]))*")
# As YAML counts them: an editor may know fewer.
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_NOISE = (
    *("", " ", "\n", "\n  ", "\t", "- ", ": ", ":", "? ", "{", "}", "[", "]", ",", "'", '"', "&a ", "*a", "<<: *a\n"),
    *(
        "#",
        "|",
        ">",
        "!!str ",
        "!x ",
        "---\n",
        "%YAML 1.1\n",
        "~",
        "null",
        "off",
        "1e3",
        "0x1",
        "${",
        "${TOKEN}",
        "$${",
    ),
)


def problems_have_places(problems: Sequence[Problem], text: str, without_line: Iterable[tuple[str, str]]) -> None:
    """Every problem has a path, a line inside the text and one line of printable words; they stand in its order.

    Those that are about nothing that stands there have none: `without_line` gives their paths and how they begin.
    """
    assert problems
    lines = len(_LINE_END.findall(text)) + 1
    for problem in problems:
        assert _PATH.fullmatch(problem.path), problem
        assert problem.message, problem
        assert str(problem).isprintable(), problem
        if problem.line is None:
            assert any(problem.path == path and problem.message.startswith(begin) for path, begin in without_line)
        else:
            assert 1 <= problem.line <= lines, problem
    known = [problem.line for problem in problems if problem.line is not None]
    assert known == sorted(known)


def damaged(text: str, draw: Draw) -> str:
    """Give a text with some pieces cut out, doubled, or replaced by noise."""
    for _ in range(draw.integer(4)):
        start, length = draw.integer(len(text) + 1), draw.integer(16)
        match draw.integer(4):
            case 0:
                piece = draw.pick(_NOISE)
            case 1:
                piece = draw.piece(6).decode("utf-8", "replace")
            case 2:
                piece = text[start : start + length] * 2
            case _:
                other = draw.integer(len(text) + 1)
                piece = text[other : other + 24]
        text = text[:start] + piece + text[start + length :]
    return text


def each_value_replaced(text: str) -> Iterator[str]:
    """Give a text with each value of a key, in turn, replaced by each that may be trouble, a secret among them."""
    for value in _VALUE.finditer(text):
        for other in TROUBLE:
            yield text[: value.start(1)] + other + text[value.end(1) :]


def entries_of_entries(width: int) -> str:
    """Give accounts that all have the same addons, which all have the same exclusions: `width` cubed ones to read."""
    excluded = ", ".join(f'"e{number}*"' for number in range(width))
    addons = f'{{project: "*", addon: "*", exclude: &excluded [{excluded}]}}'
    addons += ", {project: p, addon: '*', exclude: *excluded}" * (width - 1)
    accounts = f"{{addons: &addons [{addons}]}}" + ", {addons: *addons}" * (width - 1)
    return f"accounts: [{accounts}]\n"


def bomb(levels: int, width: int, *, is_list: bool) -> str:
    """Give aliases of aliases, which written out are `width` to the power of `levels` values."""
    begin, end = ("[", "]") if is_list else ("{", "}")
    lines = ["a0: &a0 x"]
    for level in range(1, levels + 1):
        inner = (f"*a{level - 1}" if is_list else f"k{number}: *a{level - 1}" for number in range(width))
        lines.append(f"a{level}: &a{level} {begin}{', '.join(inner)}{end}")
    return "\n".join([*lines, f"accounts: *a{levels}", ""])
