"""A place in the configuration: its path, its node, and where to note what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from exporter.config.keys import Keys
from exporter.config.model import Problem
from exporter.config.scalars import expand, printable, refers_to_environment
from exporter.config.yaml_tree import Node, Scalar, Section, Sequence, child_path
from exporter.hidden import Hidden

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LONGEST_LIKELY_KEY = 40
# A longer value may be a token in the wrong place; tokens are longer than anything worth showing.
_LONGEST_SHOWN = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of a configuration: what it may look at, and what it has found so far.

    `exposed` says what others may do with the file, `meant` keeps what unknown keys resemble: to find out is slow, and
    aliases repeat a mistake any number of times. Neither the environment nor, in a Field, what stands in the file is in
    the repr: secrets are among it.
    """

    environ: Mapping[str, str] = field(repr=False)
    directory: Path
    exposed: str = ""
    problems: list[Problem]
    warnings: list[str]
    meant: dict[tuple[str, Keys], list[str]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value and its path; methods that cannot read it note a problem and return None or nothing."""

    reading: Reading
    path: str
    node: Node = field(repr=False)
    line: int

    def refuse(self, message: str) -> None:
        """Note a problem here, and go on."""
        self.reading.problems.append(Problem(path=self.path, message=message, line=self.line))

    def warn(self, message: str) -> None:
        """Note what works but should not stay so."""
        self.reading.warnings.append(str(Problem(path=self.path, message=message, line=self.line)))

    def warn_of_secret(self, what: str, remedy: str) -> None:
        """Note that a secret stands in the file, and what others may do with that."""
        exposed = self.reading.exposed
        self.warn(f"{what} stands in the file{f', which {exposed}' if exposed else ''}; {remedy}")

    def refuse_missing(self, key: str, message: str) -> None:
        """Note a problem with a key that is not there."""
        path = child_path(self.path, key)
        self.reading.problems.append(Problem(path=path, message=message, line=self.line))

    def section(self, keys: Keys) -> dict[str, Field] | None:
        """Return the keys that are present; unknown ones are refused."""
        if not isinstance(self.node, Section):
            self.refuse(f"must be a mapping with keys such as {keys[0]}, not {_kind(self.node)}")
            return None
        fields = {}
        for key, entry in self.node.entries.items():
            child = self._child(child_path(self.path, key), entry.node, entry.line)
            if key in keys:
                fields[key] = child
            else:
                child.refuse(self._unknown(key, keys))
        return fields

    def items(self) -> list[Field]:
        """Return what the list holds; an empty list is refused."""
        if not isinstance(self.node, Sequence):
            self.refuse(f"must be a list, not {_kind(self.node)}")
            return []
        if not self.node.items:
            self.refuse("is an empty list; give it at least one entry")
        return [self._child(f"{self.path}[{index}]", node, node.line) for index, node in enumerate(self.node.items)]

    def text(self, *, secret: bool = False) -> str | None:
        """Return the text with ${NAME} replaced, a secret hidden; refuse anything else, an empty text too."""
        if not isinstance(self.node, Scalar) or not self.node.is_text:
            self.refuse(self._wants_text(secret=secret))
            return None
        try:
            text = expand(self.node.text, self.reading.environ)
        except ValueError as error:
            self.refuse(str(error))
            return None
        if not text:
            self.refuse("is empty")
            return None
        return Hidden(text) if secret else text

    def from_environment(self) -> bool:
        """Tell whether the text is not all in the file."""
        return isinstance(self.node, Scalar) and self.node.is_text and refers_to_environment(self.node.text)

    def shown(self) -> str:
        """Return the value as it stands in the file: what ${NAME} was replaced by may be a secret."""
        if not isinstance(self.node, Scalar) or not self.node.text:
            return _kind(self.node)
        if len(self.node.text) > _LONGEST_SHOWN:
            return "this value"
        return f'{"the value of " if self.from_environment() else ""}"{printable(self.node.text)}"'

    def _wants_text(self, *, secret: bool) -> str:
        if not isinstance(self.node, Scalar) or not self.node.text:
            return f"must be text, not {_kind(self.node)}"
        message = f"must be text, but YAML reads it as {self.node.kind}; put it in quotes"
        return message if secret else f"{message}: {self.shown()}"

    def _unknown(self, key: str, keys: Keys) -> str:
        # Comparing takes time with the square of the length.
        if len(key) > _LONGEST_LIKELY_KEY:
            return "unknown key"
        meant = self.reading.meant
        if (key, keys) not in meant:
            meant[key, keys] = get_close_matches(key, keys, n=1, cutoff=0.7)
        near = meant[key, keys]
        return f"unknown key; did you mean {near[0]}?" if near else "unknown key"

    def _child(self, path: str, node: Node, line: int) -> Field:
        return Field(reading=self.reading, path=path, node=node, line=line)


def _kind(node: Node) -> str:
    return "nothing" if isinstance(node, Scalar) and not node.text else node.kind
