"""Single values of a web configuration, read as exporter-toolkit's YAML library does."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from exporter.config.field import Field
from exporter.config.yaml_tree import Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_LONGEST_TEXT = 64
_LONGEST_INTERVAL = timedelta(days=365)
_LARGEST_COUNT = 2**31 - 1
_TRUE = frozenset({"yes", "on", "true"})


def is_null(field: Field) -> bool:
    """Whether there is a key without a value, which says as much as no key."""
    return isinstance(field.node, Scalar) and field.node.kind == "null"


def text(field: Field) -> str:
    """Return any single value as it is written; unlike in the main configuration ${NAME} is nothing special."""
    if is_null(field):
        return ""
    if isinstance(field.node, Scalar):
        return field.node.text
    field.refuse(f"must be text, not {field.node.kind}")
    return ""


def boolean(field: Field, *, default: bool) -> bool:
    """Return true or false; YAML 1.1's yes and no, on and off too."""
    if is_null(field):
        return default
    if isinstance(field.node, Scalar) and field.node.kind == "a boolean":
        return field.node.text.lower() in _TRUE
    field.refuse(f"must be true or false, not {field.node.kind}")
    return default


def count(field: Field) -> int:
    """Return a whole number."""
    if is_null(field):
        return 0
    if isinstance(field.node, Scalar) and field.node.is_number and re.fullmatch("-?[0-9]{1,10}", field.node.text):
        return min(int(field.node.text), _LARGEST_COUNT)
    field.refuse("must be a whole number")
    return 0


def interval(field: Field) -> timedelta:
    """Return a duration in Go's format: 1s, 1m30s, 1.5h, 300ms, 0."""
    written = text(field)
    if written in {"", "0"}:
        return timedelta()
    parts = list(_PART.finditer(written)) if len(written) <= _LONGEST_TEXT else []
    if not parts or "".join(part[0] for part in parts) != written:
        field.refuse("is not a duration such as 1s, 300ms or 1m30s")
        return timedelta()
    seconds = sum(float(part[1]) * _SECONDS[part[2]] for part in parts)
    if seconds > _LONGEST_INTERVAL.total_seconds():
        field.refuse("is too long")
        return timedelta()
    return timedelta(seconds=seconds)


def items(field: Field) -> Iterator[Field]:
    """Give what a list holds; an empty one says as much as none."""
    if is_null(field):
        return
    if not isinstance(field.node, Sequence):
        field.refuse(f"must be a list, not {field.node.kind}")
        return
    for index, node in enumerate(field.node.items):
        yield Field(reading=field.reading, path=f"{field.path}[{index}]", node=node, line=node.line)
