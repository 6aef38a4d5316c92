"""The columns of the fleet's table: how each sorts, and in which orders it can be had. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from exporter.pages.query import Query
from exporter.verdict import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column; `key` gives what it sorts by, None where there is nothing, which comes last in either direction.

    `falls` tells that the largest come first where one asks for it once.
    """

    name: str
    title: str
    key: Callable[[Row], Any]
    falls: bool = False
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A column's head: where it leads, and how the table is sorted by it now, as `aria-sort` says that."""

    column: Column
    url: str
    aria_sort: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One of the orders that a form offers."""

    value: str
    title: str


def heads(query: Query, *, has_accounts: bool) -> list[Head]:
    """Give the heads of the columns that there are."""
    return [_head(column, query) for column in _shown(has_accounts=has_accounts)]


def orders(query: Query, *, has_accounts: bool) -> list[Order]:
    """Give the orders that there are; only where it is chosen, one the other way round."""
    _, *columns = _shown(has_accounts=has_accounts)
    offered = [Order(value="", title="worst first")]
    for column in columns:
        direction = ", descending" if column.falls else ""
        offered.append(Order(value=column.name, title=f"{column.title.lower()}{direction}"))
    if query.is_turned:
        offered.append(Order(value=query.sort, title=f"{query.column}, the other way round"))
    return offered


def ordered(rows: Sequence[Row], query: Query) -> Sequence[Row]:
    """Sort rows by a column that there is; those that are equal stay as they were, the worst first."""
    if not query.sort:
        return rows
    column = BY_NAME[query.column]
    known = [(key, row) for row in rows if (key := column.key(row)) is not None]
    unknown = [row for row in rows if column.key(row) is None]
    known.sort(key=lambda each: each[0], reverse=column.falls != query.is_turned)
    return [*(row for _, row in known), *unknown]


def _shown(*, has_accounts: bool) -> list[Column]:
    return [column for column in COLUMNS if has_accounts or column.name != "account"]


def _head(column: Column, query: Query) -> Head:
    once = "" if column is COLUMNS[0] else column.name
    if (query.column or COLUMNS[0].name) != column.name:
        return Head(column=column, url=query.with_(sort=once).url, aria_sort="")
    return Head(
        column=column,
        url=query.with_(sort=once if query.is_turned else f"-{column.name}").url,
        aria_sort="descending" if column.falls != query.is_turned else "ascending",
    )


def _completed(row: Row) -> timedelta | None:
    # One that never completed is older than any; of one that was not read nobody knows.
    return timedelta.max if row.age is None and row.data_at is not None else row.age


def _text(text: str) -> str | None:
    return text.casefold() or None


COLUMNS = (
    Column(name="state", title="State", key=lambda row: row.severity, falls=True),
    Column(name="account", title="Account", key=lambda row: _text(row.key.account)),
    Column(name="project", title="Project", key=lambda row: _text(row.key.project_id)),
    Column(name="addon", title="Addon", key=lambda row: _text(row.key.addon_id)),
    Column(name="type", title="Type", key=lambda row: _text(row.type)),
    Column(name="completed", title="Last completed", key=_completed, falls=True),
    Column(name="status", title="Last status", key=lambda row: row.last_status),
    Column(name="size", title="Size", key=lambda row: row.size_bytes, falls=True, is_number=True),
    Column(name="due", title="Next due", key=lambda row: row.next_due),
    Column(name="missed", title="Missed runs", key=lambda row: row.missed_runs, falls=True, is_number=True),
    Column(name="data", title="Data age", key=lambda row: row.data_age, falls=True, is_number=True),
    Column(name="error", title="Error", key=lambda row: row.error),
)
BY_NAME = {column.name: column for column in COLUMNS}
