"""The token bucket in front of every path."""

from datetime import timedelta

from exporter.web.rate_limit import TokenBucket
from exporter.webconfig import RateLimit


def test_a_burst_and_then_one_per_interval() -> None:
    bucket = TokenBucket(RateLimit(interval=timedelta(seconds=2), burst=3), now=100.0)

    assert [bucket.allows(100.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.allows(101.9)
    assert bucket.allows(102.0)
    assert not bucket.allows(103.0)
    assert [bucket.allows(1_000.0) for _ in range(4)] == [True, True, True, False]


def test_without_a_burst_nobody_gets_in() -> None:
    bucket = TokenBucket(RateLimit(interval=timedelta(seconds=1), burst=0), now=0.0)

    assert not any(bucket.allows(now) for now in (0.0, 5.0, 100.0))
