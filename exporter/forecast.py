"""What watching an account costs and how fresh that is, told before the first request and when it is known better."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from exporter.config import AccountConfig, AddonEntry, Config, budget_groups
from exporter.northflank.window import DEFAULT_LENGTH, DEFAULT_LIMIT

log = logging.getLogger(__name__)

_HOUR = timedelta(hours=1)
_FRESH_ENOUGH = 4
"""Data older than this part of a limit makes an alert about the limit late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """One account's part in a request budget: `requests` read every addon of that budget once, in `cycle`.

    `shared_with` names the other accounts of the budget, `max_age` is the account's smallest; `patterns` are those
    that nobody has resolved yet.
    """

    account: str
    addons: int
    requests: int
    cycle: timedelta
    shared_with: tuple[str, ...] = ()
    max_age: timedelta | None = None
    patterns: int = 0

    def __str__(self) -> str:
        matched = (
            f"what {_counted(self.patterns, 'pattern')} will match, at least one request per refresh for each addon"
            if self.patterns
            else ""
        )
        if not self.addons:
            return matched
        sharing = f" together with {', '.join(self.shared_with)}" if self.shared_with else ""
        hourly = round(self.requests * (_HOUR / self.cycle)) if self.cycle else 0
        return (
            f"{_counted(self.addons, 'addon')}, about {_counted(self.requests, 'request')} per refresh{sharing}; "
            f"at {hourly} requests per hour each addon is re-read about every {_about(self.cycle)}"
            + (f"; {matched} comes on top" if matched else "")
        )

    @property
    def warning(self) -> str | None:
        """Say that data may be too old to judge by, where that is so."""
        if self.max_age is None or self.cycle * _FRESH_ENOUGH <= self.max_age:
            return None
        return (
            f"data may be {_about(self.cycle)} old, more than a quarter of the smallest max_age "
            f"({_about(self.max_age)}): watch fewer addons, give the exporter a larger rate_limit_share, "
            "or ask Northflank for a higher limit"
        )


def smallest_max_age(entries: Iterable[AddonEntry]) -> timedelta | None:
    """Give the smallest limit that any of the entries sets."""
    return min((entry.max_age for entry in entries if isinstance(entry.max_age, timedelta)), default=None)


def outlooks(config: Config) -> Iterator[Outlook]:
    """Say what a configuration will cost by all that is known without asking: one request for each addon it names."""
    groups = {account.name: group for group in budget_groups(config.accounts) for account in group}
    for account in config.accounts:
        group = groups[account.name]
        requests = sum(_named(each) for each in group)
        yield Outlook(
            account=account.name,
            addons=_named(account),
            requests=requests,
            cycle=timedelta(seconds=DEFAULT_LENGTH) * (requests / (account.rate_limit_share * DEFAULT_LIMIT)),
            shared_with=tuple(each.name for each in group if each is not account),
            max_age=smallest_max_age(account.addons),
            patterns=len(account.addons) - _named(account),
        )


def _named(account: AccountConfig) -> int:
    return sum(entry.is_literal for entry in account.addons)


def forecast(config: Config) -> Iterator[str]:
    """Tell, account by account, the expected requests and the targets, in lines for people."""
    interval = config.collect.full_listing
    longer = f"takes more every {_about(interval)}" if interval else "always takes more"
    limit = f"of {DEFAULT_LIMIT} per hour that the API allows; a list of more than 100 backups {longer}"
    for account, outlook in zip(config.accounts, outlooks(config), strict=True):
        name = account.name or "(unnamed)"
        yield f"account {name}: {outlook} (if each takes one request, {limit})"
        if outlook.warning:
            yield f"account {name}: warning: {outlook.warning}"
        yield from (f"  {entry.project}/{entry.addon}" for entry in account.addons)


def log_outlook(outlook: Outlook) -> None:
    """Log what an account costs, and whether that is too much."""
    fields = {"account": outlook.account} if outlook.account else {}
    log.info(str(outlook), extra=fields)
    if outlook.warning:
        log.warning(outlook.warning, extra=fields)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _about(span: timedelta) -> str:
    """Write a duration as people say it."""
    seconds = span.total_seconds()
    for unit, length, least in (("day", 86_400, 2), ("hour", 3_600, 2), ("minute", 60, 2)):
        if seconds >= length * least:
            return _counted(round(seconds / length), unit)
    return _counted(max(round(seconds), 1), "second")
