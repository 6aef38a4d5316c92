"""Reads single values: addresses, ids, names, durations, numbers."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import urlsplit

from exporter.config.keys import PATTERNS, Support
from exporter.config.scalars import parse_duration
from exporter.config.yaml_tree import Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exporter.config.field import Field

_Value = TypeVar("_Value")

_HIGHEST_CONCURRENCY = 1000
# Decimal only: YAML takes 01 and 0:30 for numbers too, and 1e-1 for text.
_SHARE = re.compile(r"0?\.[0-9]+|1(\.0*)?")
_WILDCARDS = re.compile(r"[*?\[]")
_HOST_NAME = re.compile(r"[\w-]+(\.[\w-]+)*\.?", re.ASCII)
_IP_ADDRESS = re.compile(r"[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")


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


def read_id(field: Field, *, of: str) -> str | None:
    """Read the id of a project or addon, which becomes one segment of a URL's path."""
    text = field.text()
    if text is None:
        return None
    if PATTERNS is Support.LATER and _WILDCARDS.search(text):
        field.refuse(f"patterns are not supported yet; list the {of}'s id")
        return None
    if not text.isprintable() or text in {".", ".."} or re.search(r"[/\s]", text):
        message = "is not an id: it must have no spaces, slashes or control characters, and not be . or .."
        field.refuse(f"{field.shown()} {message}")
        return None
    return text


def read_api_url(field: Field) -> str | None:
    """Read the API's address; nothing of it is shown in a message, because it may hold a password."""
    text = field.text()
    if text is None:
        return None
    complaint = _complaint_about(text)
    if complaint:
        field.refuse(complaint)
        return None
    return text.rstrip("/")


def _complaint_about(url: str) -> str | None:
    # urlsplit drops line breaks and tabs silently, so they are looked for first.
    if not url.isprintable() or re.search(r"\s", url):
        return "must have no spaces or control characters"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # raises on a bad port
    except ValueError:
        return "is not a valid URL; write it like https://api.northflank.com"
    wrongs = {
        "must begin with https:// or http://": parts.scheme not in {"http", "https"},
        "must hold no user or password; there is token and token_file": "@" in parts.netloc,
        "has no valid host; write it like https://api.northflank.com": not _is_host(host),
        "must have no query and no fragment (? and #)": "?" in url or "#" in url,
        "must not end in /v1: the exporter adds it": parts.path.rstrip("/").endswith("/v1"),
    }
    return next((complaint for complaint, wrong in wrongs.items() if wrong), None)


def _is_host(text: str) -> bool:
    if not _IP_ADDRESS.fullmatch(text):
        return _HOST_NAME.fullmatch(text) is not None
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def read_max_age(field: Field) -> timedelta | Literal["off"] | None:
    """Read a limit; YAML takes a plain ``off`` for false."""
    node = field.node
    if isinstance(node, Scalar) and node.is_false:
        return "off"
    text = _duration_text(field, "a duration such as 26h, or off")
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
