"""Rules with one mistake each: what a slip of the hand, or of the mind, would make of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from tests.prometheus.reading import Tree

TURNED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "!=", "!=": "=="}
LOOKBACK = "15m"
"""Over how long the rules look for the latest value. No single one matters; all together do."""

_TOKEN = re.compile(
    r'\s+|(?P<string>"[^"]*")|(?P<duration>(?:\d+[smhdw])+)|(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_:][\w:]*)'
    r"|(?P<sign>[=!]~|[=!<>]=|.)",
    re.DOTALL,
)
_LISTS = ("by", "without", "on", "ignoring", "group_left", "group_right")
_SET_OPERATORS = ("and", "unless", "or")


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(slots=True)
class Bracket:
    """What stands between two brackets, or the whole: tokens, and brackets one level below."""

    opening: str = ""
    after: str = ""
    start: int = 0
    end: int = 0
    tokens: list[Token] = field(default_factory=list)
    inner: list["Bracket"] = field(default_factory=list)

    @property
    def is_list(self) -> bool:
        return self.after in _LISTS

    def walk(self) -> Iterator["Bracket"]:
        yield self
        for bracket in self.inner:
            yield from bracket.walk()


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule with a mistake, and what the mistake is."""

    what: str
    rule: Tree


def mutants(rule: Tree) -> Iterator[Mutant]:
    """Give the rule with each mistake that can be made in it."""
    expression = str(rule["expr"])
    for what, mutated in _of_expression(expression):
        yield Mutant(what, {**rule, "expr": mutated})
    yield Mutant("for: none", {key: value for key, value in rule.items() if key != "for"})
    for factor, text in ((10, "ten times"), (0.1, "a tenth")):
        yield Mutant(f"for: {text}", {**rule, "for": _scaled(rule["for"], factor)})
    other = "warning" if rule["labels"]["severity"] == "critical" else "critical"
    yield Mutant(f"severity: {other}", {**rule, "labels": {**rule["labels"], "severity": other}})


def _of_expression(text: str) -> Iterator[tuple[str, str]]:
    whole = _parsed(text)
    edits = [edit for bracket in whole.walk() for edit in _edits(text, bracket)]
    for start, end, instead in edits:
        line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
        removed = " ".join(text[start:end].split())
        yield f"{line}:{column}: {removed} -> {instead or 'nothing'}", text[:start] + instead + text[end:]
    if f"[{LOOKBACK}]" in text:
        for scaled in (_scaled(LOOKBACK, factor) for factor in (10, 0.1)):
            yield f"every [{LOOKBACK}] -> [{scaled}]", text.replace(f"[{LOOKBACK}]", f"[{scaled}]")


Edit = tuple[int, int, str]
"""From where to where, and what to write instead."""


def _edits(text: str, bracket: Bracket) -> Iterator[Edit]:
    if bracket.is_list or bracket.opening == "{":
        yield from _shorter_lists(text, bracket)
        return
    for token in bracket.tokens:
        if token.text in TURNED:
            yield token.start, token.end, TURNED[token.text]
        elif token.kind == "number" and float(token.text) != 0:
            yield from ((token.start, token.end, f"{float(token.text) * factor:g}") for factor in (10, 0.1))
        elif token.kind == "duration" and token.text != LOOKBACK:
            yield from ((token.start, token.end, _scaled(token.text, factor)) for factor in (10, 0.1))
    yield from _fewer_clauses(bracket)


def _shorter_lists(text: str, bracket: Bracket) -> Iterator[Edit]:
    """Leave out each label, and where there are several all of them."""
    items = [item.strip() for item in text[bracket.start : bracket.end].split(",") if item.strip()]
    for left_out in items:
        yield bracket.start, bracket.end, ", ".join(item for item in items if item is not left_out)
    if len(items) > 1:
        yield bracket.start, bracket.end, ""


def _fewer_clauses(bracket: Bracket) -> Iterator[Edit]:
    """Leave out each operand of `and` and `unless`, which bind more tightly, and both of each `or`."""
    operators = [token for token in bracket.tokens if token.text in _SET_OPERATORS]
    ends = [*(token.start for token in operators[1:]), bracket.end]
    yield from ((token.start, end, "") for token, end in zip(operators, ends, strict=False) if token.text != "or")
    alternatives = [token for token in operators if token.text == "or"]
    if alternatives:
        yield bracket.start, alternatives[0].end, ""
        starts = [token.start for token in alternatives]
        yield from ((start, end, "") for start, end in pairwise([*starts, bracket.end]))


def _parsed(text: str) -> Bracket:
    whole = Bracket(end=len(text))
    path = [whole]
    before = ""
    for found in _TOKEN.finditer(text):
        if found.lastgroup is None:
            continue
        token = Token(found.lastgroup, found[0], found.start(), found.end())
        if token.text in ("(", "[", "{"):
            bracket = Bracket(opening=token.text, after=before, start=token.end)
            path[-1].inner.append(bracket)
            path.append(bracket)
        elif token.text in (")", "]", "}"):
            path.pop().end = token.start
        else:
            path[-1].tokens.append(token)
        before = token.text
    assert path == [whole], text
    return whole


def _scaled(duration: str, factor: float) -> str:
    """Give a duration times something, in whole seconds."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    seconds = sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([smhdw])", duration))
    return f"{round(seconds * factor)}s"
