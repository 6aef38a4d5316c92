"""What watching a configuration will cost, told before the first request."""

from collections.abc import Iterator

from exporter.config import AccountConfig, Config
from exporter.northflank.budget import DEFAULT_LIMIT

SCRAPES_PER_HOUR = 60
"""At Prometheus' default scrape interval of one minute."""


def forecast(config: Config) -> Iterator[str]:
    """Tell, account by account, the targets and the requests that they need, in lines for people."""
    for account in config.accounts:
        yield from _of_account(account)


def _of_account(account: AccountConfig) -> Iterator[str]:
    addons = len(account.addons)
    hourly = addons * SCRAPES_PER_HOUR
    yield (
        f"account {account.name or '(unnamed)'}: {addons} addon{'s' if addons > 1 else ''}, "
        f"at least {addons} request{'s' if addons > 1 else ''} per scrape; "
        f"{hourly} requests per hour when scraped every minute, of the {DEFAULT_LIMIT} that the API allows"
    )
    for entry in account.addons:
        yield f"  {entry.project}/{entry.addon}"
