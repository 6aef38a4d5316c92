"""What a YAML text holds, as a tree whose nodes know their line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXT = "text"
_STANDARD = "tag:yaml.org,2002:"
_KINDS = {
    f"{_STANDARD}bool": "a boolean",
    f"{_STANDARD}null": "null",
    f"{_STANDARD}int": "a number",
    f"{_STANDARD}float": "a number",
    f"{_STANDARD}timestamp": "a date",
    f"{_STANDARD}merge": "a merge key",
}
_FALSE = frozenset({"no", "false", "off"})
_resolver = Resolver()
# A longer or odder key may be a secret in the wrong place.
_SHOWABLE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,23}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A single value as it stands in the file; ``kind`` is what YAML takes it for.

    The text may be a secret, so it is not in the repr.
    """

    text: str = field(repr=False)
    kind: str = _TEXT
    line: int

    @property
    def is_text(self) -> bool:
        """Quoted, or not resembling anything else."""
        return self.kind == _TEXT

    @property
    def is_number(self) -> bool:
        """Whole or not; 1_0, 0x1F and 1:30 too."""
        return self.kind == "a number"

    @property
    def is_false(self) -> bool:
        """Plain no, false or off."""
        return self.kind == "a boolean" and self.text.lower() in _FALSE

    @property
    def is_merge_key(self) -> bool:
        """Plain <<."""
        return self.kind == "a merge key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    line: int
    kind: ClassVar[str] = "a list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The value of a key, and the line of the key."""

    node: Node
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A mapping, its merge keys resolved."""

    entries: Mapping[str, Entry]
    line: int
    kind: ClassVar[str] = "a mapping"


Node: TypeAlias = Scalar | Sequence | Section


def kind_of(plain: str) -> str:
    """Say what YAML takes unquoted text for: ``no`` is a boolean, ``12`` a number."""
    tag = _resolver.resolve(ScalarNode, plain, (True, False))  # type: ignore[no-untyped-call]
    return _KINDS.get(tag, _TEXT)


def child_path(path: str, key: str) -> str:
    """Extend a path by a key, which is left out where it does not look like one."""
    if not _SHOWABLE_KEY.fullmatch(key):
        return f'{path}["…"]'
    return f"{path}.{key}" if path else key
