"""When a request may go out. Pure: the clock comes from outside."""

from datetime import datetime, timedelta

from exporter.model import RateLimit

DEFAULT_LIMIT = 1000
"""Requests per window, until the API says otherwise: northflank.com/docs/v1/api/use-the-api."""

WINDOW = timedelta(hours=1)

SHARE = 0.8
"""Part of the limit that the exporter counts on; the rest is left to the account's other users."""

DEFAULT_SILENCE = timedelta(seconds=60)
"""How long to be silent after a 429 that says nothing of its end."""


class RequestBudget:
    """The requests that one account's limit allows: none after a 429, until its end."""

    def __init__(self) -> None:
        self.rate_limit: RateLimit | None = None
        self._silent_until: datetime | None = None

    def allows(self, now: datetime) -> bool:
        """Whether a request may be sent at `now`."""
        return self._silent_until is None or now >= self._silent_until

    def observe(self, rate_limit: RateLimit) -> None:
        """Take in what an answer's headers say."""
        self.rate_limit = rate_limit

    def silence(self, now: datetime, retry_after: timedelta | None) -> None:
        """Stop after a 429: for what the server asks, else until the window's reset, else a minute."""
        if retry_after is not None:
            end = now + retry_after
        elif self.rate_limit is not None and self.rate_limit.reset_at > now:
            end = self.rate_limit.reset_at
        else:
            end = now + DEFAULT_SILENCE
        self._silent_until = max(self._silent_until or end, end)

    def time_for(self, requests: int) -> timedelta:
        """Say how long so many requests take at the rate that the limit leaves to the exporter."""
        limit = DEFAULT_LIMIT if self.rate_limit is None else max(self.rate_limit.limit, 1)
        return WINDOW * (requests / (SHARE * limit))
