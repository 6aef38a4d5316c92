"""Small texts inside a configuration: durations, ${NAME}, and showing a text in a message."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MILLISECONDS = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
_DURATION = re.compile("".join(f"(?:([0-9]+){unit})?" for unit in _MILLISECONDS))
# Prometheus counts nanoseconds in 64 bits. More digits than these cannot fit, and int() refuses thousands.
_LONGEST_MILLISECONDS = (2**63 - 1) // 1_000_000
_LONGEST_TEXT = 100

_REFERENCE = re.compile(r"\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?")


def parse_duration(text: str) -> timedelta:
    """Read Prometheus' format (500ms, 30s, 1d12h, 0); the ValueError's text continues "<text> …"."""
    if text == "0":
        return timedelta()
    if re.fullmatch("[0-9]+", text):
        raise ValueError("has no unit; write a duration such as 30s, 26h or 1d12h")
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise ValueError("is not a duration such as 30s, 26h or 1d12h")
    amounts = zip(match.groups("0"), _MILLISECONDS.values(), strict=True)
    total = sum(int(amount) * unit for amount, unit in amounts) if len(text) <= _LONGEST_TEXT else None
    if total is None or total > _LONGEST_MILLISECONDS:
        raise ValueError("is too long a duration; the longest is 292y")
    return timedelta(milliseconds=total)


def expand(text: str, environ: Mapping[str, str]) -> str:
    """Replace each ${NAME} once and $${ by ${; the ValueError names variables, never their values."""
    unset = []

    def replacement(match: re.Match[str]) -> str:
        if match[0] == "$${":
            return "${"
        name = match[1]
        if name is None:
            raise ValueError("has a ${ that does not begin a ${NAME}; write $${ for a literal ${")
        if name not in environ:
            unset.append(name)
        return environ.get(name, "")

    expanded = _REFERENCE.sub(replacement, text)
    if unset:
        names = ", ".join(dict.fromkeys(unset))
        raise ValueError(f"not set in the environment: {names}; write $${{ for a literal ${{")
    return expanded


def refers_to_environment(text: str) -> bool:
    """Tell whether expand() would take anything from the environment."""
    return any(match[1] is not None for match in _REFERENCE.finditer(text))


def printable(text: str) -> str:
    """Escape what could confuse a terminal or begin a new line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
