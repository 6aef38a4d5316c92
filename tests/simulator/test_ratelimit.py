from collections.abc import Mapping
from dataclasses import replace

import aiohttp

from exporter.simulator import Simulator
from exporter.simulator.behaviour import BodyFormat, ResetFormat, RetryAfter

from .conftest import NOW, Clock


def _limits(headers: Mapping[str, str]) -> tuple[str, str, str]:
    return headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"], headers["x-ratelimit-reset"]


async def _headers(api: aiohttp.ClientSession, status: int = 200) -> Mapping[str, str]:
    async with api.get("/v1/projects") as response:
        assert response.status == status
        return response.headers


async def test_the_window_starts_at_the_first_request_and_counts_down(api: aiohttp.ClientSession, clock: Clock) -> None:
    clock.advance(minutes=30)
    assert _limits(await _headers(api)) == ("1000", "999", "3600")
    clock.advance(minutes=10)
    assert _limits(await _headers(api)) == ("1000", "998", "3000")


async def test_the_window_resets_after_its_length_and_waits_for_a_request(
    simulator: Simulator, api: aiohttp.ClientSession, clock: Clock
) -> None:
    simulator.behaviour = replace(simulator.behaviour, rate_limit_window_seconds=60)
    await _headers(api)
    clock.advance(seconds=59.5)
    assert _limits(await _headers(api)) == ("1000", "998", "0")
    clock.advance(seconds=100)
    assert _limits(await _headers(api)) == ("1000", "999", "60")


async def test_beyond_the_limit_requests_are_refused_until_the_reset(
    simulator: Simulator, api: aiohttp.ClientSession, clock: Clock
) -> None:
    simulator.behaviour = replace(simulator.behaviour, rate_limit=2)
    await _headers(api)
    assert _limits(await _headers(api)) == ("2", "0", "3600")
    refused = await _headers(api, status=429)
    assert _limits(refused) == ("2", "0", "3600")
    assert "Retry-After" not in refused
    clock.advance(hours=1)
    assert _limits(await _headers(api)) == ("2", "1", "3600")


async def test_the_other_tokens_of_the_account_use_up_the_same_limit(
    simulator: Simulator, api: aiohttp.ClientSession
) -> None:
    simulator.spend(998)
    assert _limits(await _headers(api)) == ("1000", "1", "3600")
    simulator.spend(500)
    assert _limits(await _headers(api, status=429)) == ("1000", "0", "3600")


async def test_strangers_see_the_limit_and_do_not_use_it_up(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    async with aiohttp.ClientSession(simulator.url) as stranger:
        assert _limits(await _headers(stranger, status=401)) == ("1000", "1000", "3600")
    assert _limits(await _headers(api)) == ("1000", "999", "3600")


async def test_the_reset_may_be_an_epoch(simulator: Simulator, api: aiohttp.ClientSession, clock: Clock) -> None:
    reset = int(NOW.timestamp()) + 3600
    simulator.behaviour = replace(simulator.behaviour, rate_limit_reset=ResetFormat.EPOCH_SECONDS)
    assert _limits(await _headers(api))[2] == str(reset)
    clock.advance(minutes=5)
    simulator.behaviour = replace(simulator.behaviour, rate_limit_reset=ResetFormat.EPOCH_MILLISECONDS)
    assert _limits(await _headers(api))[2] == str(reset * 1000 + 789)


async def test_the_headers_may_be_missing(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.behaviour = replace(simulator.behaviour, rate_limit_headers=False)
    assert not [name for name in await _headers(api) if name.lower().startswith("x-ratelimit")]


async def test_retry_after_may_be_seconds_or_a_date(
    simulator: Simulator, api: aiohttp.ClientSession, clock: Clock
) -> None:
    simulator.behaviour = replace(simulator.behaviour, rate_limit=1, retry_after=RetryAfter.SECONDS)
    await _headers(api)
    clock.advance(seconds=0.5)
    assert (await _headers(api, status=429))["Retry-After"] == "3600"
    simulator.behaviour = replace(simulator.behaviour, retry_after=RetryAfter.HTTP_DATE)
    assert (await _headers(api, status=429))["Retry-After"] == "Tue, 10 Mar 2026 13:34:57 GMT"


async def test_the_body_of_a_429_may_be_json_or_plain_text(simulator: Simulator, api: aiohttp.ClientSession) -> None:
    simulator.behaviour = replace(simulator.behaviour, rate_limit=0)
    async with api.get("/v1/projects") as response:
        assert await response.json() == {"error": {"status": 429, "message": "Too Many Requests"}}
    simulator.behaviour = replace(simulator.behaviour, rate_limited_body=BodyFormat.PLAIN)
    async with api.get("/v1/projects") as response:
        assert (response.content_type, await response.text()) == ("text/plain", "Too Many Requests")


async def test_the_limit_goes_by_the_clients_clock_at_any_speed(simulator: Simulator, clock: Clock) -> None:
    headers = {"Authorization": "Bearer demo"}
    async with (
        Simulator(simulator.world, clock=clock, speed=3600) as fast,
        aiohttp.ClientSession(fast.url, headers=headers) as api,
    ):
        await _headers(api)
        clock.advance(seconds=10)
        assert _limits(await _headers(api)) == ("1000", "998", "3590")
