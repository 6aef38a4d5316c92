"""Memory that clients have taken up, given back: neither a flood of requests nor what is in them stays here."""

import yarl
from yarl import _parse, _url

from exporter.memory import give_back_soon, in_use

MOST_BYTES = 64 * 1024
"""Bytes that clients may send until what is remembered of their URLs is forgotten."""

MOST_USES = 200
"""New connections and answers until memory is given back; one Prometheus takes an hour for so many, more or less."""


class Tidying:
    """Counts what clients send and how often, and tidies up after so much."""

    def __init__(self) -> None:
        self._bytes = 0
        self._uses = 0

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
        in_use()
        if self._uses >= MOST_USES:
            self._uses = 0
            give_back_soon()


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
