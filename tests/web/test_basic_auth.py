"""Basic authentication: who is let in, what is remembered, and what it costs."""

import asyncio
import base64
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import bcrypt
import pytest

from exporter.web import basic_auth
from exporter.web.basic_auth import Authenticator, Credentials, Verdict

ALICE = bcrypt.hashpw(b"alice123", bcrypt.gensalt(4, prefix=b"2a"))
BOB = bcrypt.hashpw((b"bob" * 30)[:72], bcrypt.gensalt(5))
USERS = {b"alice": ALICE, b"bob": BOB}


class Counting(ThreadPoolExecutor):
    """A thread that tells which hashes it was given, and may be held up."""

    def __init__(self) -> None:
        super().__init__(1)
        self.hashed: list[bytes] = []
        self.gate = threading.Event()
        self.gate.set()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 - the base's
        self.hashed.append(args[1])

        def held_up() -> Any:  # noqa: ANN401 - the same
            self.gate.wait()
            return fn(*args, **kwargs)

        return super().submit(held_up)


@pytest.fixture
def pool() -> Any:  # noqa: ANN401 - a fixture
    with Counting() as pool:
        yield pool


@pytest.mark.parametrize(
    ("header", "credentials"),
    [
        ("", None),
        ("Bearer YTpi", None),
        ("Basic", None),
        ("Basic ====", None),
        ("Basic ü", None),
        ("Basic " + base64.b64encode(b"nocolon").decode(), None),
        ("Basic " + base64.b64encode(b"a:b:c").decode(), (b"a", b"b:c")),
        ("bAsIc " + base64.b64encode(b":").decode(), (b"", b"")),
        ("Basic " + base64.b64encode(b"\xff\x00:\xfe").decode(), (b"\xff\x00", b"\xfe")),
    ],
)
def test_credentials_are_read_from_the_header(header: str, credentials: tuple[bytes, bytes] | None) -> None:
    assert Credentials.of(header) == credentials


@pytest.mark.parametrize(
    ("user", "password", "verdict"),
    [
        (b"alice", b"alice123", Verdict.WELCOME),
        (b"alice", b"alice1234", Verdict.UNAUTHORIZED),
        (b"alice", b"", Verdict.UNAUTHORIZED),
        (b"alice", b"alice123\0", Verdict.UNAUTHORIZED),
        (b"bob", b"bob" * 30, Verdict.WELCOME),
        (b"mallory", b"alice123", Verdict.UNAUTHORIZED),
        (b"", b"", Verdict.UNAUTHORIZED),
    ],
)
async def test_the_right_password_is_welcome_twice(
    pool: Counting, user: bytes, password: bytes, verdict: Verdict
) -> None:
    authenticator = Authenticator(pool)

    for _ in range(2):
        assert await authenticator.check(USERS, Credentials(user, password)) is verdict
    assert len(pool.hashed) == 1


async def test_an_unknown_user_costs_what_a_known_one_does(pool: Counting) -> None:
    authenticator = Authenticator(pool)
    names = [b"nobody%d" % number for number in range(40)]

    for name in names:
        await authenticator.check(USERS, Credentials(name, b"x"))
    first, pool.hashed = pool.hashed, []
    for name in names:
        await authenticator.check(USERS, Credentials(name, b"y"))

    assert set(first) == {ALICE, BOB}
    assert pool.hashed == first


async def test_a_name_nobody_has_never_takes_minutes(pool: Counting) -> None:
    dear = ALICE.replace(b"$04$", b"$18$")
    authenticator = Authenticator(pool)

    for number in range(20):
        await authenticator.check({b"alice": ALICE, b"dear": dear}, Credentials(b"nobody%d" % number, b"x"))

    assert set(pool.hashed) == {ALICE}


async def test_who_is_gone_is_not_remembered_by_anothers_hash(pool: Counting) -> None:
    authenticator = Authenticator(pool)
    credentials = Credentials(b"alice", b"alice123")
    assert await authenticator.check({b"alice": ALICE}, credentials) is Verdict.WELCOME

    assert await authenticator.check({b"bob": ALICE}, credentials) is Verdict.UNAUTHORIZED
    assert await authenticator.check({b"alice": BOB}, credentials) is Verdict.UNAUTHORIZED


async def test_parts_of_credentials_are_not_mistaken_for_each_other(pool: Counting) -> None:
    """CVE-2022-46146: the key under which an answer was remembered could be that of other credentials."""
    users = {b"alice": ALICE, b"alice" + ALICE: BOB}
    authenticator = Authenticator(pool)
    assert await authenticator.check(users, Credentials(b"alice", b"alice123")) is Verdict.WELCOME

    for other in (Credentials(b"alice" + ALICE, b"alice123"), Credentials(b"alic", b"ealice123")):
        assert await authenticator.check(users, other) is Verdict.UNAUTHORIZED


async def test_guessing_does_not_push_out_who_knows(pool: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(basic_auth, "CACHE_SIZE", 3)
    authenticator = Authenticator(pool)
    known = Credentials(b"alice", b"alice123")
    await authenticator.check(USERS, known)

    for number in range(8):
        await authenticator.check(USERS, Credentials(b"alice", b"%d" % number))
    assert len(pool.hashed) == 9
    assert await authenticator.check(USERS, known) is Verdict.WELCOME
    assert len(pool.hashed) == 9
    await authenticator.check(USERS, Credentials(b"alice", b"0"))
    assert len(pool.hashed) == 10


async def test_few_wait_for_their_turn_and_the_known_do_not(pool: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(basic_auth, "MOST_WAITING", 3)
    authenticator = Authenticator(pool)
    known = Credentials(b"alice", b"alice123")
    await authenticator.check(USERS, known)
    pool.gate.clear()

    waiting = [asyncio.create_task(authenticator.check(USERS, Credentials(b"bob", b"%d" % n))) for n in range(3)]
    again = asyncio.create_task(authenticator.check(USERS, Credentials(b"bob", b"0")))
    await asyncio.sleep(0)
    assert await authenticator.check(USERS, Credentials(b"bob", b"3")) is Verdict.BUSY
    assert await authenticator.check(USERS, known) is Verdict.WELCOME

    pool.gate.set()
    assert set(await asyncio.gather(*waiting, again)) == {Verdict.UNAUTHORIZED}
    assert len(pool.hashed) == 4
