"""Reads single values: addresses, ids, names, durations, numbers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypeVar
from zoneinfo import ZoneInfo

from exporter.config.model import ALL_TEAMS
from exporter.config.pattern import complaint_about, is_pattern
from exporter.config.scalars import parse_duration
from exporter.config.urls import checked_api_url, checked_proxy_url
from exporter.config.yaml_tree import Scalar
from exporter.hidden import Hidden

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exporter.config.field import Field

_Value = TypeVar("_Value")

_HIGHEST_CONCURRENCY = 1000
# Decimal only: YAML takes 01 and 0:30 for numbers too, and 1e-1 for text.
_SHARE = re.compile(r"0?\.[0-9]+|1(\.0*)?")
_NO_SEGMENT = "it must have no spaces, slashes or control characters"


def read_or(fields: Mapping[str, Field], key: str, read: Callable[[Field], _Value | None], default: _Value) -> _Value:
    """Read a key that may be left out; a wrong value gives the default too, its problem being noted."""
    value = read(fields[key]) if key in fields else None
    return default if value is None else value


def read_name(field: Field) -> str | None:
    """Read a short text for people, such as an account's name, which becomes a label's value."""
    text = field.text()
    if text is not None and (not text.isprintable() or text != text.strip()):
        field.refuse("must have no control characters, and no spaces around it")
        return None
    return text


def read_type(field: Field) -> str | None:
    """Read a type of addons, which stands in the listing as it is written."""
    text = read_name(field)
    if text is not None and is_pattern(text):
        field.refuse(f"{field.shown()} is a pattern; types are compared whole, so list each of them")
        return None
    return text


def read_list(field: Field, read: Callable[[Field], _Value | None]) -> tuple[_Value, ...] | None:
    """Read a list that has at least one entry; None where one of them is wrong."""
    found = [read(item) for item in field.items()]
    good = tuple(value for value in found if value is not None)
    return good if good and len(good) == len(found) else None


def read_id_or_pattern(field: Field) -> str | None:
    """Read what names projects or addons; an id becomes one segment of a URL's path."""
    text = field.text()
    if text is None or not is_pattern(text):
        return text and _id(field, text)
    complaint = f"is not a pattern: {_NO_SEGMENT}" if _cannot_be_in_path(text) else complaint_about(text)
    if complaint:
        field.refuse(f"{field.shown()} {complaint}")
        return None
    return text


def read_team(field: Field) -> str | None:
    """Read the id of a team, which becomes one segment of a URL's path, or the word for all of them."""
    text = field.text()
    if text is None or text == ALL_TEAMS:
        return text
    if is_pattern(text):
        field.refuse(f'{field.shown()} is a pattern; give the id of one team, or "{ALL_TEAMS}" for all of them')
        return None
    return _id(field, text)


def _id(field: Field, text: str) -> str | None:
    if _cannot_be_in_path(text) or text in {".", ".."}:
        field.refuse(f"{field.shown()} is not an id: {_NO_SEGMENT}, and not be . or ..")
        return None
    return text


def _cannot_be_in_path(text: str) -> bool:
    return not text.isprintable() or re.search(r"[/\s]", text) is not None


def read_api_url(field: Field) -> str | None:
    """Read the API's address."""
    text = field.text()
    return text and _checked(field, text, checked_api_url)


def read_proxy_url(field: Field) -> Hidden | None:
    """Read a proxy's address, which may hold a password."""
    text = field.text(secret=True)
    url = text and _checked(field, text, checked_proxy_url)
    if url and "@" in url and field.reading.exposed and not field.from_environment():
        field.warn_of_secret("the proxy's password", "chmod 600 would keep it secret")
    return Hidden(url) if url else None


def _checked(field: Field, text: str, check: Callable[[str], str]) -> str | None:
    try:
        return check(text)
    except ValueError as error:
        field.refuse(str(error))
        return None


def read_max_age(field: Field) -> timedelta | Literal["off"] | None:
    """Read a limit, or that there is none."""
    return _duration_or_off(field, "26h")


def read_discovery(field: Field) -> timedelta | Literal["off"] | None:
    """Read how often patterns are resolved, or that once is enough."""
    return _duration_or_off(field, "10m")


def read_interval(field: Field) -> timedelta | Literal["off"] | None:
    """Read how often something is read again, or that it never is; there is no always."""
    interval = _duration_or_off(field, "6h")
    if interval == timedelta():
        field.refuse("must be longer than 0; write off for never")
        return None
    return interval


def read_full_listing(field: Field) -> timedelta | None:
    """Read how often lists are read to their end; always is possible, never is not."""
    if isinstance(field.node, Scalar) and (field.node.is_false or field.node.text == "off"):
        field.refuse("cannot be off: what has expired would be counted for ever; 0 reads every list whole each time")
        return None
    return read_duration(field)


def read_timezone(field: Field) -> ZoneInfo | None:
    """Read the name of a time zone, as the IANA database has it."""
    text = field.text()
    if text is None:
        return None
    try:
        return ZoneInfo(text)
    # The name becomes a path: an absolute one, a folder's, one too long or a file of another kind fail in other ways.
    except (KeyError, ValueError, OSError):
        field.refuse(f"{field.shown()} is not the IANA name of a time zone, such as UTC or Europe/Berlin")
        return None


def _duration_or_off(field: Field, example: str) -> timedelta | Literal["off"] | None:
    # YAML takes a plain off for false.
    if isinstance(field.node, Scalar) and field.node.is_false:
        return "off"
    text = _duration_text(field, f"a duration such as {example}, or off")
    if text == "off":
        return "off"
    return None if text is None else _duration(field, text)


def read_positive_duration(field: Field) -> timedelta | None:
    """Read a duration that nothing can do without."""
    duration = read_duration(field)
    if duration == timedelta():
        field.refuse("must be longer than 0")
        return None
    return duration


def read_duration(field: Field) -> timedelta | None:
    """Read a duration, which may be 0."""
    text = _duration_text(field, "a duration such as 8s")
    return None if text is None else _duration(field, text)


def _duration_text(field: Field, wanted: str) -> str | None:
    node = field.node
    if isinstance(node, Scalar) and node.is_text:
        return field.text()
    if isinstance(node, Scalar) and node.is_number:
        return node.text
    field.refuse(f"must be {wanted}, not {field.shown()}")
    return None


def _duration(field: Field, text: str) -> timedelta | None:
    try:
        return parse_duration(text)
    except ValueError as error:
        field.refuse(f"{field.shown()} {error}")
        return None


def read_concurrency(field: Field) -> int | None:
    """Read a whole number that is at least 1."""
    text = _number_text(field)
    if text is None:
        return None
    # Decimal only: YAML reads 010 as 8 and 1:30 as 90.
    if re.fullmatch("[1-9][0-9]{0,3}", text) and int(text) <= _HIGHEST_CONCURRENCY:
        return int(text)
    field.refuse(f"must be a whole number from 1 to {_HIGHEST_CONCURRENCY} without quotes, not {field.shown()}")
    return None


def read_share(field: Field) -> float | None:
    """Read the part of a whole, none of it being impossible."""
    text = _number_text(field)
    if text is None:
        return None
    share = float(text) if _SHARE.fullmatch(text) else 0.0
    # What is written with hundreds of zeros may still come out as 0.
    if share > 0:
        return share
    field.refuse(f"must be a number above 0 and at most 1 without quotes, not {field.shown()}")
    return None


def _number_text(field: Field) -> str | None:
    """Return a number as it is written, "" for anything else; from the environment it can only come as text."""
    if isinstance(field.node, Scalar) and field.node.is_number:
        return field.node.text
    return field.text() if field.from_environment() else ""
