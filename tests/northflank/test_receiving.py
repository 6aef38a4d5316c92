"""Bodies of an absurd size: what is left of them, and that it is given back."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from exporter import memory
from exporter.northflank import receiving
from exporter.northflank.errors import InvalidResponse, MalformedBody
from exporter.northflank.receiving import taken_apart
from exporter.northflank.wire import parse_backups_page
from tests.fake_api import FakeApi, answer, empty_list, open_client, read_list
from tests.process import eventually


class Circle:
    """What only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """Leave collecting to what is tested."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("size", [1000, receiving.LARGE_BODY_BYTES + 1])
async def test_after_an_absurd_body_memory_is_given_back(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(memory, "SETTLING_SECONDS", 0.0)
    given_back: list[None] = []
    monkeypatch.setattr("ctypes.CDLL", lambda _: given_back.append(None))

    async with FakeApi(answer(b" " * size), empty_list()) as api, open_client(api.url) as client:
        left_behind = weakref.ref(Circle())
        with pytest.raises(InvalidResponse):
            await read_list(client, "shop", "orders-db")
        await read_list(client, "shop", "orders-db")
        if size > receiving.LARGE_BODY_BYTES:
            await eventually(lambda: bool(given_back))
    assert (left_behind() is None) is (size > receiving.LARGE_BODY_BYTES)


def test_an_error_about_a_body_does_not_hold_what_was_decoded() -> None:
    class Decoded:
        pass

    def parse(_: bytearray) -> None:
        decoded = Decoded()
        seen.append(weakref.ref(decoded))
        raise MalformedBody("odd")

    seen: list[weakref.ref[Decoded]] = []
    with pytest.raises(MalformedBody) as caught:
        taken_apart(bytearray(b"{}"), parse)

    assert caught.value.__traceback__ is not None
    assert [each() for each in seen] == [None]


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("size", [1000, receiving.LARGE_BODY_BYTES + 1])
def test_what_an_absurd_body_has_become_is_gone_before_anything_else_is_made(size: int) -> None:
    left_behind = taken_apart(bytearray(size), lambda _: weakref.ref(Circle()))

    assert (left_behind() is None) is (size > receiving.LARGE_BODY_BYTES)


@pytest.mark.parametrize(("items", "readable"), [(20_000, True), (20_001, False)])
def test_one_page_holds_no_more_than_the_longest_list(items: int, *, readable: bool) -> None:
    body = bytearray(b'{"data":{"backups":[' + b",".join([b"{}"] * items) + b"]}}")

    if readable:
        assert parse_backups_page(body).rejected == items
    else:
        with pytest.raises(MalformedBody, match="more than 20000 items"):
            parse_backups_page(body)
