"""What the bodies of all the API's answers have in common: JSON, the envelope, pages, ids, numbers and times. Pure.

What cannot be read costs its own item, never the page.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from exporter.northflank.errors import MalformedBody

T = TypeVar("T")

PAGE_SIZE = 100
"""The largest page that the API gives."""

MOST_ITEMS = 20_000
"""Items on one page: so many fill the longest list that is read. One page with more is no page of a list."""

_NOTHING: dict[str, Any] = {}
_LONGEST_NUMBER = 36  # digits: no number of the API comes near it, and long ones are costly to convert
_MOST_DIGITS = 18  # bytes of an exabyte: no number that counts something is longer
_SHORTEST_TIME = len("2021-01-20T11:19:53")
_DATE_LENGTH = len("2021-01-20")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which page of a list is asked for: by the cursor of the one before, else by its number, counted from 1."""

    cursor: str = ""
    number: int = 1
    size: int = PAGE_SIZE

    @property
    def query(self) -> str:
        """What the API is asked with."""
        where = f"&page={self.number}" if self.number > 1 else ""
        return f"per_page={self.size}" + (f"&cursor={quote(self.cursor, safe='')}" if self.cursor else where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list; `cursor` asks for the next one and is empty on the last.

    `rejected` counts the items that could not be read. `digest` tells the body from any other, where it was taken.
    """

    items: tuple[T, ...]
    rejected: int
    cursor: str
    digest: bytes = b""


def decode_json(body: bytes | bytearray) -> Any:  # noqa: ANN401 - JSON is anything until the parsers below have read it
    """Decode a body leniently: control characters, lone surrogates and broken UTF-8 cost no data.

    Raises MalformedBody where it is no JSON all the same.
    """
    try:
        return json.loads(body.decode("utf-8-sig", "replace"), strict=False, parse_int=_integer)
    except ValueError as error:
        raise MalformedBody("the body is not JSON") from error
    except RecursionError as error:
        raise MalformedBody("the body is nested too deeply") from error


def parse_page(body: bytes | bytearray, key: str, parse_item: Callable[[object], T | None]) -> Page[T]:
    """Read one page of the list at `data.<key>`; raises MalformedBody where there is none."""
    envelope = decode_json(body)
    try:
        raw_items = envelope["data"][key]
    except (TypeError, KeyError, IndexError):
        raw_items = None
    if not isinstance(raw_items, list):
        raise MalformedBody(f"the body holds no list at data.{key}")
    if len(raw_items) > MOST_ITEMS:
        raise MalformedBody(f"the body holds more than {MOST_ITEMS} items at data.{key}")
    items = tuple(item for raw in raw_items if (item := parse_item(raw)) is not None)
    return Page(items=items, rejected=len(raw_items) - len(items), cursor=_next_cursor(envelope.get("pagination")))


def parse_data(body: bytes | bytearray) -> dict[str, Any]:
    """Read the single object that was asked for; raises MalformedBody where there is none."""
    data = mapping(decode_json(body)).get("data")
    if not isinstance(data, dict):
        raise MalformedBody("the body holds no object at data")
    return data


def _next_cursor(pagination: object) -> str:
    if not isinstance(pagination, dict) or pagination.get("hasNextPage") is False:
        return ""
    cursor = pagination.get("cursor")
    if isinstance(cursor, int) and not isinstance(cursor, bool):
        return str(cursor)
    if not cursor:
        return ""
    if not isinstance(cursor, str):
        # To take it for the end would pass a part of the list for the whole.
        raise MalformedBody("the cursor is no text")
    try:
        cursor.encode()
    except UnicodeEncodeError as error:
        raise MalformedBody("the cursor is not text that a URL can hold") from error
    return cursor


def parse_time(raw: object) -> datetime | None:
    """Read an ISO-8601 date and time, with `T` or a space between; without a zone it is UTC."""
    if not isinstance(raw, str) or len(raw) < _SHORTEST_TIME or raw[_DATE_LENGTH] not in "T ":
        return None
    try:
        time = datetime.fromisoformat(raw)
        if time.tzinfo is UTC:
            return time
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def whole_number(raw: object) -> int | None:
    """Read a number from 0 on, also one written as a string of digits; None where it is no plausible one."""
    if isinstance(raw, str):
        return int(raw) if is_digits(raw, _MOST_DIGITS) else None
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    return int(raw) if 0 <= raw < 10**_MOST_DIGITS and raw == int(raw) else None


def is_digits(text: str, longest: int) -> bool:
    """Tell whether a text is nothing but the digits 0 to 9, and not too many: long ones are costly to convert."""
    return text.isascii() and text.isdigit() and len(text) <= longest


def path_segment(raw: object) -> str:
    """Give an id that can be one segment of a URL's path, empty where it cannot."""
    if not isinstance(raw, str) or not raw.isprintable() or "/" in raw or raw in {".", ".."}:
        return ""
    return raw


def mapping(raw: object) -> dict[str, Any]:
    """Give an object as it is, an empty one for anything else."""
    return raw if isinstance(raw, dict) else _NOTHING


def text(raw: object) -> str:
    """Give a string that can be a label value: the exposition cannot carry lone surrogates and NUL."""
    if not isinstance(raw, str):
        return ""
    if raw.isascii() and "\0" not in raw:
        return raw
    return raw.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _integer(digits: str) -> int | str:
    # Python refuses to convert thousands of digits; one absurd number must not cost the page.
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits
