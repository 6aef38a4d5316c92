"""A token bucket, as exporter-toolkit's `rate_limit` fills it. Pure, clocked from outside."""

from exporter.webconfig import RateLimit


class TokenBucket:
    """Full at first; `now` is in seconds and never goes back."""

    def __init__(self, limit: RateLimit, now: float) -> None:
        self.limit = limit
        self._tokens = float(limit.burst)
        self._filled_at = now

    def allows(self, now: float) -> bool:
        """Take a token if there is one."""
        seconds, self._filled_at = now - self._filled_at, now
        gained = seconds / self.limit.interval.total_seconds()
        self._tokens = min(self._tokens + gained, float(self.limit.burst))
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
