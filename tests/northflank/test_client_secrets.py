"""The token goes to the API and nowhere else: no error, and nothing behind an error, repeats it."""

import logging
import traceback

import pytest

from exporter.northflank import NorthflankError
from tests.builders import raw_backup, raw_page
from tests.fake_api import TOKEN, FakeApi, Step, answer, close, hang, open_client, read_list, reset, sent

ECHO = f"Authorization: Bearer {TOKEN}".encode()

failures = pytest.mark.parametrize(
    "step",
    [
        hang,
        close,
        reset,
        answer(ECHO),
        answer({"data": TOKEN}),
        answer(ECHO, 401),
        answer({"error": {"status": 401, "message": TOKEN}}, 401),
        answer(ECHO, 403),
        answer(ECHO, 404),
        answer(ECHO, 429, {"Retry-After": TOKEN}),
        answer(ECHO, 500),
        answer(status=302, headers={"Location": f"http://127.0.0.1:1/?token={TOKEN}"}),
        answer(ECHO, headers={"Content-Encoding": "gzip"}),
        answer(ECHO, headers={"Content-Encoding": "br"}),
        sent(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + ECHO, then=close),
        sent(b"HTTP/1.1 200 OK\r\nContent-Length: " + ECHO + b"\r\n\r\n"),
        sent(b"HTTP/1.1 401 " + ECHO + b"\r\nContent-Length: 0\r\n\r\n"),
        sent(ECHO + b"\r\n\r\n"),
    ],
    ids=range(18),
)


async def failure(step: Step) -> NorthflankError:
    async with FakeApi(step) as api, open_client(api.url, timeout=0.2) as client:
        with pytest.raises(NorthflankError) as caught:
            await read_list(client, "shop", "orders-db")
    return caught.value


def chain(error: BaseException | None) -> list[BaseException]:
    """Everything that a tool showing this error could show: what caused it, what it happened in."""
    return [error, *chain(error.__cause__), *chain(error.__context__)] if error else []


@failures
async def test_neither_an_error_nor_its_traceback_holds_the_token(step: Step) -> None:
    error = await failure(step)
    assert TOKEN not in f"{error} {error!r} {error.args!r} {vars(error)!r}"
    assert TOKEN not in "".join(traceback.format_exception(error))


@failures
async def test_nothing_behind_an_error_holds_the_token(step: Step) -> None:
    for behind in chain(await failure(step)):
        assert TOKEN not in repr(behind)


async def test_nothing_is_logged_of_a_good_answer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with FakeApi(answer(raw_page(raw_backup()))) as api, open_client(api.url) as client:
        await read_list(client, "shop", "orders-db")
        assert TOKEN not in repr(client)
    assert TOKEN not in caplog.text
