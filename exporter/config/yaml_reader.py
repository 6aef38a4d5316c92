"""Reads YAML into a tree: bounded in depth and size, and every duplicate key is noticed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

import yaml
from yaml.reader import Reader

from exporter.config.model import Problem
from exporter.config.yaml_tree import Entry, Node, Scalar, Section, Sequence, child_path, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH = 20
MAX_VALUES = 1_000_000
"""Values with every alias written out, so that a few nested aliases cannot fill the memory."""

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ASTERISK = "a * begins an alias (*name); put a pattern in quotes"
# As YAML counts lines: an editor may know fewer.
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_TEXT_TAGS = (None, "!", "tag:yaml.org,2002:str")
_CONTAINER_TAGS = (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


def read_tree(text: str) -> tuple[Node | None, list[Problem]]:
    """Return the tree of the first document, None where there is none or it could not be read."""
    builder = _Builder()
    unprintable = Reader.NON_PRINTABLE.search(text)
    if unprintable:
        line = text.count("\n", 0, unprintable.start()) + 1
        return None, [Problem(path="", message="invalid YAML: contains a control character", line=line)]
    try:
        builder.build(yaml.parse(str(text), Loader=LOADER))
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The latter two come from PyYAML's own scanner, for "\\UFFFFFFFF" and the like.
        return None, [*builder.problems, _syntax_problem(error, text)]
    except _GivenUp:
        return None, builder.problems
    return builder.root, builder.problems


def _syntax_problem(error: Exception, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    # str(error) quotes the file, which may hold a token, and so do the texts of PyYAML's own scanner.
    # Those of libyaml are constants.
    constant = getattr(error, "problem", None) if LOADER is not yaml.SafeLoader else None
    message = f"invalid YAML: {constant}" if constant else "invalid YAML"
    if getattr(error, "context", None) == "while scanning an alias":
        message = f"invalid YAML: {_ASTERISK}"
    if mark is None:
        return Problem(path="", message=message)
    last = len(_LINE_END.findall(text))
    if mark.line > last:
        # libyaml ends every text with a line end of its own.
        return Problem(path="", message=f"{message}, at the end of the file", line=last + 1)
    return Problem(path="", message=f"{message}, at column {mark.column + 1}", line=mark.line + 1)


class _GivenUp(Exception):
    """The rest of the text is not worth reading."""


@dataclass(slots=True, kw_only=True)
class _Frame:
    """A list or mapping that has begun and not ended; ``key`` waits for its value."""

    path: str
    line: int
    anchor: str | None
    is_list: bool
    size: int = 1
    key: Node | None = None
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    merged: dict[str, Entry] | None = None

    def place(self) -> str:
        """Return the path of the value that comes next."""
        if self.is_list:
            return f"{self.path}[{len(self.items)}]"
        if isinstance(self.key, Scalar) and self.key.is_text:
            return child_path(self.path, self.key.text)
        return self.path

    def node(self) -> Node:
        if self.is_list:
            return Sequence(items=tuple(self.items), line=self.line)
        return Section(entries={**(self.merged or {}), **self.entries}, line=self.line)


class _Builder:
    """Builds the tree from PyYAML's events, without recursion, so that depth costs no stack."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._frames: list[_Frame] = []
        self._anchors: dict[str | None, tuple[Node, int]] = {}
        self._values = 0

    def build(self, events: Iterable[yaml.Event]) -> None:
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 0
            match event:
                case yaml.DocumentStartEvent() if self.root is not None:
                    self._note("a second YAML document begins here; the file must be a single one", line)
                    return
                case yaml.ScalarEvent():
                    self._add(self._scalar(event, line), 1, event.anchor)
                case yaml.AliasEvent():
                    self._add(*self._aliased(event.anchor, line), None)
                case yaml.CollectionStartEvent():
                    self._begin(event, line)
                case yaml.CollectionEndEvent():
                    frame = self._frames.pop()
                    self._add(frame.node(), frame.size, frame.anchor)

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> Scalar:
        self._count(1, line)
        if event.tag is None and event.implicit[0]:
            return Scalar(text=event.value, kind=kind_of(event.value), line=line)
        if event.tag not in _TEXT_TAGS:
            self._note("YAML tags other than !!str are not allowed", line)
        return Scalar(text=event.value, line=line)

    def _aliased(self, anchor: str | None, line: int) -> tuple[Node, int]:
        if anchor not in self._anchors:
            inside = any(frame.anchor == anchor for frame in self._frames)
            what = "refers to what contains it" if inside else "has no anchor (&) before it; put a pattern in quotes"
            self._give_up(f"a YAML alias (*) {what}", line)
        node, size = self._anchors[anchor]
        self._count(size, line)
        return node, size

    def _begin(self, event: yaml.CollectionStartEvent, line: int) -> None:
        self._count(1, line)
        if len(self._frames) == MAX_DEPTH:
            self._give_up(f"nested more than {MAX_DEPTH} levels deep", line)
        if event.tag not in _CONTAINER_TAGS:
            self._note("YAML tags other than !!str are not allowed", line)
        is_list = isinstance(event, yaml.SequenceStartEvent)
        self._anchors.pop(event.anchor, None)
        self._frames.append(_Frame(path=self._place(), line=line, anchor=event.anchor, is_list=is_list))

    def _add(self, node: Node, size: int, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node, size
        if not self._frames:
            self.root = node
            return
        frame = self._frames[-1]
        frame.size += size
        if frame.is_list:
            frame.items.append(node)
        elif frame.key is None:
            frame.key = node
        else:
            self._add_pair(frame, frame.key, node)
            frame.key = None

    def _add_pair(self, frame: _Frame, key: Node, node: Node) -> None:
        if not isinstance(key, Scalar) or not (key.is_text or key.is_merge_key):
            what = "nothing" if isinstance(key, Scalar) and not key.text else key.kind
            self._note(f"a key must be text, not {what}", key.line, frame.path)
        elif key.is_merge_key:
            self._merge(frame, key, node)
        elif key.text in frame.entries:
            first = frame.entries[key.text].line
            self._note(f"duplicate key, first on line {first}", key.line, frame.place())
        else:
            frame.entries[key.text] = Entry(node=node, line=key.line)

    def _merge(self, frame: _Frame, key: Scalar, node: Node) -> None:
        if frame.merged is not None:
            self._note("duplicate key <<; give it a list of aliases instead", key.line, frame.path)
            return
        frame.merged = {}
        for source in node.items if isinstance(node, Sequence) else (node,):
            if not isinstance(source, Section):
                message = f"<< takes a mapping or a list of mappings, not {source.kind}"
                self._note(message, key.line, frame.path)
                continue
            for name, entry in source.entries.items():
                frame.merged.setdefault(name, entry)

    def _count(self, values: int, line: int) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            self._give_up(f"more than {MAX_VALUES:,} values, aliases written out", line)

    def _place(self) -> str:
        return self._frames[-1].place() if self._frames else ""

    def _note(self, message: str, line: int, path: str | None = None) -> None:
        self.problems.append(Problem(path=self._place() if path is None else path, message=message, line=line))

    def _give_up(self, message: str, line: int) -> NoReturn:
        self._note(message, line)
        raise _GivenUp
