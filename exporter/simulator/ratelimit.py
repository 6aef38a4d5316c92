"""The account's rate limit: a window that starts at its first request."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from exporter.simulator.behaviour import Behaviour, ResetFormat, RetryAfter


class RateLimit:
    """How much of the current window is used; `now` is the clients' time, whatever the world's speed."""

    def __init__(self) -> None:
        self._opened_at: datetime | None = None
        self._used = 0

    def take(self, requests: int, now: datetime, behaviour: Behaviour) -> bool:
        """Use up requests of the window; False when it has none left."""
        if self._is_over(now, behaviour):
            self._opened_at, self._used = now, 0
        if self._used >= behaviour.rate_limit:
            return False
        self._used += requests
        return True

    def headers(self, now: datetime, behaviour: Behaviour) -> dict[str, str]:
        """Return the headers that every response carries."""
        if not behaviour.rate_limit_headers:
            return {}
        left = self._seconds_left(now, behaviour)
        used = 0 if self._is_over(now, behaviour) else self._used
        reset_at = now.timestamp() + left
        reset = {
            ResetFormat.SECONDS_LEFT: left,
            ResetFormat.EPOCH_SECONDS: reset_at,
            ResetFormat.EPOCH_MILLISECONDS: reset_at * 1000,
        }[behaviour.rate_limit_reset]
        return {
            "x-ratelimit-limit": str(behaviour.rate_limit),
            "x-ratelimit-remaining": str(max(0, behaviour.rate_limit - used)),
            "x-ratelimit-reset": str(int(reset)),
        }

    def retry_after(self, now: datetime, behaviour: Behaviour) -> dict[str, str]:
        """Return the header that a 429 carries besides."""
        seconds = math.ceil(self._seconds_left(now, behaviour))
        match behaviour.retry_after:
            case RetryAfter.ABSENT:
                return {}
            case RetryAfter.SECONDS:
                return {"Retry-After": str(seconds)}
            case RetryAfter.HTTP_DATE:
                moment = now.astimezone(UTC) + timedelta(seconds=seconds)
                return {"Retry-After": format_datetime(moment, usegmt=True)}

    def _is_over(self, now: datetime, behaviour: Behaviour) -> bool:
        window = timedelta(seconds=behaviour.rate_limit_window_seconds)
        return self._opened_at is None or now - self._opened_at >= window

    def _seconds_left(self, now: datetime, behaviour: Behaviour) -> float:
        """Return the seconds to the reset; a window that no request has opened yet is whole."""
        window_seconds = behaviour.rate_limit_window_seconds
        if self._opened_at is None or self._is_over(now, behaviour):
            return window_seconds
        return window_seconds - (now - self._opened_at).total_seconds()
