"""Shell-style patterns of ids: what is one, what is wrong with one, and what it matches."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache

_WILDCARDS = re.compile(r"[*?\[]")
_CLASS = re.compile(r"\[(!?)([^\]]*)(\]?)")
_RANGE = re.compile(r"(.)-(.)", re.DOTALL)


def is_pattern(text: str) -> bool:
    """Tell a pattern from an id."""
    return _WILDCARDS.search(text) is not None


def matches(pattern: str, text: str) -> bool:
    """Tell whether an id or pattern means this id, upper and lower case being different."""
    if not is_pattern(pattern):
        return pattern == text
    return _compiled(pattern).match(text) is not None


def complaint_about(pattern: str) -> str | None:
    """Say what is wrong with a pattern, in words that continue "<pattern> …"."""
    for negation, members, end in _CLASS.findall(pattern):
        if not end:
            return "has a [ that is not closed by a ]"
        if not members:
            return "has nothing between [ and ]"
        if members.startswith("^") and not negation:
            return "has a [^, where ^ is one character of the set; write [! for any but these"
        # Such a range matches nothing, which nobody means.
        if any(first > last for first, last in _RANGE.findall(members)):
            return "has a range between [ and ] that is written backwards"
    return None


@lru_cache(maxsize=65_536)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))
