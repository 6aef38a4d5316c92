import aiohttp
import pytest

from exporter.simulator import Simulator

from .reading import ORDERS, read, status_and_error


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/nowhere",
        "/v1/projects/nowhere/addons",
        "/v1/projects/shop/addons/nothing",
        "/v1/projects/shop/addons/nothing/backups",
        f"{ORDERS}/backups/none",
        "/v1/teams/strangers/projects",
    ],
)
async def test_what_does_not_exist_is_not_found(api: aiohttp.ClientSession, path: str) -> None:
    status, error = await status_and_error(api, path)
    assert (status, error["status"]) == (404, 404)
    assert error["message"].startswith("Not found: ")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer other"}, {"Authorization": "demo"}])
async def test_only_the_token_given_is_accepted(simulator: Simulator, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession(simulator.url, headers=headers) as stranger:
        for path in ("/v1/login", "/v1/projects/nowhere"):
            status, error = await status_and_error(stranger, path)
            assert (status, error) == (401, {"status": 401, "message": "Unauthorized"})


async def test_an_unknown_route_is_told_before_the_token_is_looked_at(simulator: Simulator) -> None:
    async with aiohttp.ClientSession(simulator.url) as stranger:
        status, error = await status_and_error(stranger, "/v1/nonsense")
    assert status == 404
    assert error == {"status": 404, "message": "Not found. The requested route does not exist"}


async def test_login_accepts_the_token_and_another_once_it_was_changed(
    simulator: Simulator, api: aiohttp.ClientSession
) -> None:
    assert await read(api, "/v1/login") == {"data": {}}
    simulator.token = "rotated"
    assert (await status_and_error(api, "/v1/login"))[0] == 401


async def test_a_wrong_method_is_refused_in_plain_text(api: aiohttp.ClientSession) -> None:
    async with api.post("/v1/projects") as response:
        assert (response.status, response.content_type) == (405, "text/plain")
        assert response.headers["Allow"] == "GET"
