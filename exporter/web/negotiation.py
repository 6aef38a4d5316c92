"""What a client wants to be answered with, from `Accept` and `Accept-Encoding` (RFC 9110, 12.5). Pure.

prometheus_client's own choice ignores q-values, echoes any version back and fails on one that is no number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum


class Format(Enum):
    """An exposition format, by its Content-Type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """One element of such a header: what it names, how much it is liked (0 to 1), and its other parameters."""

    name: str
    quality: float
    parameters: dict[str, str] = field(default_factory=dict)


# What stands in quotes separates nothing (RFC 9110, 5.6.4); a quotation that is not closed goes on to the end.
_ELEMENT, _PART = (re.compile(rf'(?:[^{separator}"]|"(?:[^"\\]|\\.)*"?)+') for separator in ",;")
_ESCAPED = re.compile(r"\\(.)")
# More digits than the three of RFC 9110, 12.4.2, mean something too.
_WEIGHT = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")
_OPENMETRICS_VERSIONS = frozenset({"", "1.0.0"})
_TEXT_RANGES = ("text/plain", "text/*", "*/*")
_OPENMETRICS_RANGES = ("application/openmetrics-text", "application/*", "*/*")


def choose_format(accept: str) -> Format:
    """Choose OpenMetrics where it is named and liked no less than text, or where text is refused; else text.

    A client that accepts neither is answered in text all the same, as Prometheus' own libraries do.
    """
    choices = [
        choice
        for choice in _choices(accept)
        if choice.name != _OPENMETRICS_RANGES[0] or choice.parameters.get("version", "") in _OPENMETRICS_VERSIONS
    ]
    named = _quality(choices, _OPENMETRICS_RANGES[:1]) or 0.0
    text = _quality(choices, _TEXT_RANGES) or 0.0
    if named > 0 and named >= text:
        return Format.OPENMETRICS
    refused = _quality(choices, _TEXT_RANGES) == 0.0
    return Format.OPENMETRICS if refused and _quality(choices, _OPENMETRICS_RANGES) else Format.TEXT


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether the client likes gzip, and no less than an answer that is not encoded."""
    choices = list(_choices(accept_encoding))
    gzip = _quality(choices, ("gzip", "x-gzip", "*")) or 0.0
    return gzip > 0 and gzip >= (_quality(choices, ("identity",)) or 0.0)


def _quality(choices: list[_Choice], most_specific_first: tuple[str, ...]) -> float | None:
    """Give how much is liked what the ranges describe; None where the client says nothing of it."""
    for name in most_specific_first:
        qualities = [choice.quality for choice in choices if choice.name == name]
        if qualities:
            return max(qualities)
    return None


def _choices(header: str) -> Iterator[_Choice]:
    for element in _ELEMENT.findall(header.lower()):
        name, _, pairs = element.partition(";")
        parameters = dict(pair.split("=", 1) for pair in _PART.findall(pairs) if "=" in pair)
        parameters = {key.strip(): _unquoted(value.strip()) for key, value in parameters.items()}
        if name.strip():
            yield _Choice(name=name.strip(), quality=_number(parameters.pop("q", "1")), parameters=parameters)


def _unquoted(value: str) -> str:
    return _ESCAPED.sub(r"\1", value.strip('"')) if value.startswith('"') else value


def _number(quality: str) -> float:
    """Read a q-value; one that is none counts as a refusal, so that no format is forced on a confused client."""
    number = float(quality) if _WEIGHT.fullmatch(quality) else 0.0
    return number if number <= 1 else 0.0
