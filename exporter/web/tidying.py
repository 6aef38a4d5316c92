"""Memory that clients have taken up, given back: neither a flood of requests nor what is in them stays here."""

import asyncio
import gc

import yarl
from yarl import _parse, _url

MOST_BYTES = 64 * 1024
"""Bytes that clients may send until what is remembered of their URLs is forgotten."""

MOST_USES = 200
"""New connections and answers until the garbage is collected; Prometheus alone takes an hour for so many."""

SETTLING_SECONDS = 5.0
"""How long after so many that happens: a flood lasts, and most of what it takes is in use meanwhile."""


class Tidying:
    """Counts what clients send and how often, and tidies up after so much."""

    def __init__(self) -> None:
        self._bytes = 0
        self._uses = 0
        self._timer: asyncio.TimerHandle | None = None

    def received(self, size: int) -> None:
        """Count bytes that were sent by clients.

        yarl remembers some hundred URLs with all that was read from them, a hundred kilobytes each where they are long.
        """
        self._bytes += size
        if self._bytes > MOST_BYTES:
            self._bytes = 0
            _forget_urls()

    def used(self) -> None:
        """Count a new connection or an answer."""
        self._uses += 1
        if self._uses >= MOST_USES and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SETTLING_SECONDS, self._tidy)

    def _tidy(self) -> None:
        self._uses, self._timer = 0, None
        _forget_urls()
        gc.collect()
        _trim()


def _forget_urls() -> None:
    yarl.cache_clear()
    # There is no public switch for these.
    for remembered in (
        _url.build_pre_encoded_url,
        _url.pre_encoded_url,
        _url.encode_url,
        _url.from_parts,
        _parse.split_netloc,
        _parse.make_netloc,
    ):
        remembered.cache_clear()


def _trim() -> None:
    """Let the C library give memory that is free back to the operating system: by itself glibc keeps much of it."""
    import ctypes  # noqa: PLC0415 - takes time and memory, and few need it

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
