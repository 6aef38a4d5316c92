"""Pages of a list: which part a request asks for, and where the next one begins."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from exporter.simulator.behaviour import LastCursor
from exporter.simulator.faults import Fault, FaultKind

_DEFAULT_PER_PAGE = 50
_MAXIMUM_PER_PAGE = 100
_CURSOR_PREFIX = "from:"


class BadParameterError(ValueError):
    """A query parameter that Northflank refuses; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Part of a list by its first index; `step` is the distance to the next page."""

    per_page: int
    offset: int
    step: int
    fault: Fault | None

    @classmethod
    def parse(cls, query: Mapping[str, str], fault: Fault | None) -> Self:
        """Read `per_page`, `page` and `cursor`, which wins; BadParameterError for a bad one."""
        per_page = _number(query, "per_page", default=_DEFAULT_PER_PAGE, maximum=_MAXIMUM_PER_PAGE)
        page = _number(query, "page", default=1, maximum=None)
        has_duplicates = fault is not None and fault.kind is FaultKind.DUPLICATES
        step = max(1, per_page - 1) if has_duplicates else per_page
        offset = _decode(query["cursor"]) if "cursor" in query else (page - 1) * step
        return cls(per_page=per_page, offset=offset, step=step, fault=fault)

    def bounds(self, length: int) -> tuple[int, int]:
        """Return where the page begins and ends in a list of this length."""
        offset = self.offset
        if self._is_endless and length:
            # Past the end the list begins anew.
            offset %= length
        return offset, offset + self.per_page

    def pagination(self, length: int, count: int, last_cursor: LastCursor) -> dict[str, object]:
        """Return the `pagination` of the answer."""
        following = self.offset + self.step
        if self.fault is not None and self._is_endless:
            cursor = _encode(0 if self.fault.repeating else following)
            return {"hasNextPage": True, "cursor": cursor, "count": count}
        if self.offset + count < length:
            return {"hasNextPage": True, "cursor": _encode(following), "count": count}
        pagination: dict[str, object] = {"hasNextPage": False, "count": count}
        match last_cursor:
            case LastCursor.ABSENT:
                pass
            case LastCursor.NULL:
                pagination["cursor"] = None
            case LastCursor.EMPTY:
                pagination["cursor"] = ""
            case LastCursor.KEPT:
                pagination["cursor"] = _encode(self.offset)
        return pagination

    @property
    def _is_endless(self) -> bool:
        return self.fault is not None and self.fault.kind is FaultKind.ENDLESS_CURSOR


def _number(query: Mapping[str, str], name: str, *, default: int, maximum: int | None) -> int:
    text = query.get(name)
    if text is None:
        return default
    # The length first: int() refuses absurdly long numbers with an error of its own.
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0  # noqa: PLR2004
    if number < 1 or (maximum is not None and number > maximum):
        limit = "" if maximum is None else f" and at most {maximum}"
        raise BadParameterError(f"'{name}' must be a number of at least 1{limit}")
    return number


def _encode(offset: int) -> str:
    # URL-safe and without padding: clients put it into the query as it is.
    return base64.urlsafe_b64encode(f"{_CURSOR_PREFIX}{offset}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> int:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise BadParameterError("'cursor' is not one of ours") from error
    number = text.removeprefix(_CURSOR_PREFIX)
    if number == text or not (number.isascii() and number.isdigit()) or len(number) > 9:  # noqa: PLR2004
        raise BadParameterError("'cursor' is not one of ours")
    return int(number)
