"""The page of the whole fleet: the verdict, the addons that were asked for, the accounts. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from exporter.exposition import Snapshot
from exporter.pages.columns import BY_NAME, Head, Order, heads, ordered, orders
from exporter.pages.query import ATTENTION, Query
from exporter.pages.turns import in_turns
from exporter.pages.words import sentence
from exporter.state import AccountState
from exporter.verdict import AccountConcern, Concern, Kind, Row, Severity, Verdict, judge
from exporter.wording import plain

PAGE_LENGTH = 100
"""So many addons stand on one page."""

SILENT_AFTER = timedelta(minutes=10)
"""Longer than any usual scrape interval: then nobody scrapes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A state to choose addons by; `count` is how many have it, of those that the rest of the query asks for."""

    value: str
    title: str
    url: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetView:
    """All that the fleet's page tells; `rows` are those of this page, out of `matching` and of all addons.

    `oldest` is the age of the data that was read longest ago. `first` and `last` count the rows from 1. `times` are
    what the time is by the clock of each account's API, which says when its limit is reset.
    """

    now: datetime
    asked_at: datetime | None
    severity: Severity
    headline: str
    more: tuple[str, ...]
    account_concerns: tuple[AccountConcern, ...]
    oldest: timedelta | None
    states: tuple[Choice, ...]
    query: Query
    heads: list[Head]
    rows: Sequence[Row]
    matching: int
    addons: int
    first: int
    last: int
    previous_url: str
    next_url: str
    account_names: list[str]
    project_names: list[str]
    type_names: list[str]
    orders: list[Order]
    accounts: tuple[AccountState, ...]
    times: Mapping[str, datetime]


def fleet_view(snapshot: Snapshot, query: Query) -> FleetView:
    """Judge what is known, and choose what was asked for."""
    if query.column not in BY_NAME:
        query = query.with_(sort="", page=query.page)
    addons = in_turns(snapshot.addons, 10)
    verdict = judge(addons, snapshot.accounts, now=snapshot.now, times=snapshot.times)
    of_any_state = [row for row in in_turns(verdict.rows, 100) if _is_asked_for(row, query)]
    chosen = ordered([row for row in of_any_state if _is_in_state(row, query.state)], query)
    page = min(query.page, max(-(-len(chosen) // PAGE_LENGTH), 1))
    first = PAGE_LENGTH * (page - 1)
    asked_at = snapshot.exporter.asked_at
    headline, *more = _sentences(verdict, asked_at)
    account_names = _names(row.key.account for row in verdict.rows)
    return FleetView(
        now=snapshot.now,
        asked_at=asked_at,
        severity=verdict.severity,
        headline=headline,
        more=tuple(more),
        account_concerns=verdict.accounts,
        oldest=max((row.data_age for row in verdict.rows if row.data_age is not None), default=None),
        states=tuple(_states(of_any_state, query)),
        query=query,
        heads=heads(query, has_accounts=bool(account_names)),
        rows=chosen[first : first + PAGE_LENGTH],
        matching=len(chosen),
        addons=len(verdict.rows),
        first=first + 1 if chosen else 0,
        last=min(first + PAGE_LENGTH, len(chosen)),
        previous_url=query.with_(page=page - 1).url if page > 1 else "",
        next_url=query.with_(page=page + 1).url if first + PAGE_LENGTH < len(chosen) else "",
        account_names=account_names,
        project_names=_names(row.key.project_id for row in verdict.rows),
        type_names=_names(row.type for row in verdict.rows),
        orders=orders(query, has_accounts=bool(account_names)),
        accounts=snapshot.accounts,
        times={account.name: snapshot.times.get(account.name, snapshot.now) for account in snapshot.accounts},
    )


def _sentences(verdict: Verdict, asked_at: datetime | None) -> list[str]:
    if asked_at is None:
        return ["Nothing was read yet", "no scrape has come since the start"]
    headline, *more = verdict.clauses()
    return [sentence(headline), *more]


def _names(values: Iterable[str]) -> list[str]:
    """Give what there is to choose from, in order."""
    return sorted({value for value in values if value}, key=lambda value: (value.casefold(), value))


def _is_asked_for(row: Row, query: Query) -> bool:
    """Say whether the query asks for an addon, but for its state."""
    return (
        query.account in {"", row.key.account}
        and query.project in {"", row.key.project_id}
        and query.type in {"", row.type}
        and _holds(row, query.find.casefold())
    )


def _is_in_state(row: Row, state: str) -> bool:
    return not state or state == row.severity.word or (state == ATTENTION and row.severity.needs_attention)


def _holds(row: Row, text: str) -> bool:
    return not text or any(text in each.casefold() for each in _told_in_words(row))


def _told_in_words(row: Row) -> Iterator[str]:
    yield from (*row.key, row.name, row.type, *(concern.text for concern in told_in_table(row)))
    if row.error is not None:
        yield plain(row.error.value)


def _states(rows: Sequence[Row], query: Query) -> Iterator[Choice]:
    counts = Counter(row.severity for row in rows)
    for severity in sorted(Severity, reverse=True):
        is_chosen = query.state == severity.word
        yield Choice(
            value=severity.word,
            title=title_of(severity),
            # Chosen once more it is chosen no more.
            url=query.with_(state="" if is_chosen else severity.word).url,
            count=counts[severity],
            is_chosen=is_chosen,
        )


def told_in_table(row: Row) -> tuple[Concern, ...]:
    """Give what the table tells of an addon; whether a restore was tried out is for its own page."""
    return tuple(concern for concern in row.concerns if concern.kind is not Kind.RESTORE_UNTESTED)


def title_of(severity: Severity) -> str:
    """Write a severity for people."""
    return "OK" if severity is Severity.OK else sentence(severity.word)
