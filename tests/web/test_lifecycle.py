"""`POST /-/reload`, where it is allowed."""

from collections.abc import Sequence

from tests.web.conftest import Open, Site


async def test_whoever_may_reload_is_told_that_it_is_done(opened: Open) -> None:
    reloads = []

    async def reload() -> Sequence[str]:
        reloads.append("once")
        return ()

    site = await opened(reload=reload)
    answer = await site.ask("/-/reload", "POST")

    assert (answer.status, await answer.text()) == (200, "Reloaded.\n")
    assert reloads == ["once"]
    assert site.scrapes == 0


async def test_every_problem_is_told(opened: Open) -> None:
    async def reload() -> Sequence[str]:
        return ["accounts[0].addons: empty (line 3)", "accounts[0].colour: <unknown> (line 4)"]

    answer = await (await opened(reload=reload)).ask("/-/reload", "POST")

    assert (answer.status, answer.headers["Content-Type"]) == (500, "text/plain; charset=utf-8")
    assert await answer.text() == "accounts[0].addons: empty (line 3)\naccounts[0].colour: <unknown> (line 4)\n"


async def test_without_permission_nobody_reloads(site: Site) -> None:
    answer = await site.ask("/-/reload", "POST")

    assert (answer.status, await answer.text()) == (403, "Lifecycle API is not enabled.\n")
    assert site.scrapes == 0


async def test_a_reload_cannot_be_got(opened: Open) -> None:
    async def reload() -> Sequence[str]:
        raise AssertionError

    site = await opened(reload=reload)
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = await site.ask("/-/reload", method)
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
