"""Finds which accounts share one request budget: those of the same group, or with the same token."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from exporter.api_token import TokenUnreadable
from exporter.config.model import DEFAULT_RATE_LIMIT_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exporter.api_token import ApiToken
    from exporter.config.field import Field
    from exporter.config.model import AccountConfig

_Mark: TypeAlias = tuple[str, str | bytes]


def budget_groups(accounts: Iterable[AccountConfig]) -> tuple[tuple[AccountConfig, ...], ...]:
    """Group the accounts that share one budget, directly or through others, in the order of the file.

    Looks at the tokens as they are now, with a ``stat`` for each that comes from a file; one that cannot be
    read is like no other.
    """
    accounts = tuple(accounts)
    groups = _connected([_marks(account.rate_limit_group, account.token) for account in accounts])
    return tuple(tuple(accounts[place] for place in group) for group in groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """What one account of a file says about its budget; None is what could not be read."""

    account: Field
    field: Field | None
    share: float | None
    group: str
    token: ApiToken | None


def refuse_contradictions(stakes: Sequence[Stake]) -> None:
    """Note a problem where accounts that share a budget want different shares of it."""
    marks = [_marks(stake.group, stake.token) for stake in stakes]
    for group in _connected(marks):
        readable = [place for place in group if stakes[place].share is not None]
        for place in readable[1:]:
            first, stake = stakes[readable[0]], stakes[place]
            if stake.share != first.share:
                other = f"{first.account.path}.rate_limit_share is {_shown(first)}"
                why = _why(marks[readable[0]], marks[place])
                _refuse(stake, f"is {_shown(stake)}, but {other}; {why}")


def _refuse(stake: Stake, message: str) -> None:
    if stake.field is None:
        stake.account.refuse_missing("rate_limit_share", message)
    else:
        stake.field.refuse(message)


def _shown(stake: Stake) -> str:
    return f"{DEFAULT_RATE_LIMIT_SHARE} by default" if stake.field is None else f"{stake.share}"


def _why(first: set[_Mark], second: set[_Mark]) -> str:
    link = min((kind for kind, _ in first & second), default="")
    how = f"with the same {link}" if link else "through other accounts"
    return f"{how} they share one budget: give both the same share"


def _marks(group: str, token: ApiToken | None) -> set[_Mark]:
    """Return what links an account to others."""
    marks: set[_Mark] = {("rate_limit_group", group)} if group else set()
    if token is not None:
        with suppress(TokenUnreadable):
            marks.add(("token", token.fingerprint()))
    return marks


def _connected(marks: Sequence[set[_Mark]]) -> list[list[int]]:
    """Group the places that have a mark in common, directly or through others, each group and all in order."""
    leaders = list(range(len(marks)))

    def leader(place: int) -> int:
        while leaders[place] != place:
            leaders[place] = place = leaders[leaders[place]]
        return place

    first: dict[_Mark, int] = {}
    for place, own in enumerate(marks):
        for mark in own:
            one, other = sorted((leader(first.setdefault(mark, place)), leader(place)))
            leaders[other] = one
    groups: dict[int, list[int]] = {}
    for place in range(len(marks)):
        groups.setdefault(leader(place), []).append(place)
    return list(groups.values())
