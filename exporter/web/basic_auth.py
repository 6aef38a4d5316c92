"""Basic authentication with bcrypt: one hash at a time, and nothing to be learnt from how long it takes."""

import asyncio
import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from concurrent.futures import Executor
from enum import Enum, auto
from typing import NamedTuple, Self

from exporter.hidden import HiddenBytes

CACHE_SIZE = 100
"""Answers remembered, of each kind. Somebody who guesses does not push out who knows."""

MOST_WAITING = 20
"""Requests that may wait for their turn to be hashed, some seconds at the usual cost; more are sent away."""

DEAREST_STAND_IN = 14
"""The highest cost that a name nobody has may take, about a second: else anybody could ask for minutes."""

_LONGEST_PASSWORD = 72
"""Bytes that bcrypt looks at; like Go's, it ignores the rest."""

_HASH_FUNCTION = "sha256"


class Verdict(Enum):
    """What becomes of a request."""

    WELCOME = auto()
    UNAUTHORIZED = auto()
    BUSY = auto()
    """Too many wait to be checked."""


class Credentials(NamedTuple):
    """A user's name and password, as a request brings them."""

    user: bytes
    password: bytes

    @classmethod
    def of(cls, header: str) -> Self | None:
        """Read an Authorization header; None where it is none for basic authentication."""
        scheme, _, encoded = header.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            decoded = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return None
        user, colon, password = decoded.partition(b":")
        return cls(user, HiddenBytes(password)) if colon else None


class Authenticator:
    """Checks credentials against bcrypt hashes, in `pool`, and remembers what it found.

    What is remembered is keyed with a digest whose key nobody knows: no password stays in memory, no two credentials
    are mistaken for each other (CVE-2022-46146), and how long looking up takes tells nothing about them.
    """

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._secret = secrets.token_bytes()
        self._known: dict[bool, dict[bytes, None]] = {True: {}, False: {}}
        self._checking: dict[bytes, asyncio.Future[bool]] = {}

    async def check(self, users: Mapping[bytes, bytes], credentials: Credentials | None) -> Verdict:
        """Decide about a request; who is not yet known is hashed, which takes a while."""
        if credentials is None:
            return Verdict.UNAUTHORIZED
        user, password = credentials
        is_known = user in users
        hashed = users[user] if is_known else self._stand_in(users, user)
        # Whether the name is known counts, too: else a user who is gone might be remembered by another's hash.
        digest = self._digest(bytes([is_known]), user, hashed, password)
        for is_good, remembered in self._known.items():
            if digest in remembered:
                return Verdict.WELCOME if is_good else Verdict.UNAUTHORIZED
        if digest not in self._checking and len(self._checking) >= MOST_WAITING:
            return Verdict.BUSY
        matches = await self._hashed(digest, password, hashed) and is_known
        self._remember(digest, is_good=matches)
        return Verdict.WELCOME if matches else Verdict.UNAUTHORIZED

    def _stand_in(self, users: Mapping[bytes, bytes], user: bytes) -> bytes:
        """Choose the hash of a user for a name that nobody has, always the same: so it costs what a user's costs."""
        hashes = sorted(users.values(), key=_cost)
        affordable = [hashed for hashed in hashes if _cost(hashed) <= max(DEAREST_STAND_IN, _cost(hashes[0]))]
        number = hmac.digest(b"".join(hashes), user, _HASH_FUNCTION)
        return affordable[int.from_bytes(number) % len(affordable)]

    def _digest(self, *parts: bytes) -> bytes:
        return hmac.digest(self._secret, b"".join(len(part).to_bytes(8) + part for part in parts), _HASH_FUNCTION)

    async def _hashed(self, digest: bytes, password: bytes, hashed: bytes) -> bool:
        """Hash once for all who ask the same; the pool's only thread takes one after the other."""
        check = self._checking.get(digest)
        if check is None:
            loop = asyncio.get_running_loop()
            check = self._checking[digest] = loop.run_in_executor(self._pool, _matches, password, hashed)
            check.add_done_callback(lambda _: self._checking.pop(digest))
        # Whoever leaves does not take it from the others.
        return await asyncio.shield(check)

    def _remember(self, digest: bytes, *, is_good: bool) -> None:
        remembered = self._known[is_good]
        while len(remembered) >= CACHE_SIZE:
            del remembered[next(iter(remembered))]
        remembered[digest] = None


def _cost(hashed: bytes) -> int:
    return int(hashed.split(b"$")[2])


def _matches(password: bytes, hashed: bytes) -> bool:
    # Only who configures users pays for it with time and memory.
    import bcrypt  # noqa: PLC0415

    return bcrypt.checkpw(password[:_LONGEST_PASSWORD], hashed)
