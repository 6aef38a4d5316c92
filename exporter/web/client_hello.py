"""Which curves a TLS client offers, out of the first message it sends. Pure."""

from contextlib import suppress

LARGEST = 64 * 1024
"""Bytes that are waited for; a ClientHello is far smaller."""

_HANDSHAKE, _CLIENT_HELLO = 22, 1
_SUPPORTED_GROUPS = 10


class _Reader:
    """Reads big-endian numbers and vectors; raises IndexError where bytes are missing."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise IndexError
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def vector(self, size: int) -> "_Reader":
        return _Reader(self.take(self.number(size)))


def offered_groups(data: bytes) -> frozenset[int] | None:
    """Return the numbers of the groups that a ClientHello offers; None where more bytes are needed to tell.

    Bytes that are no ClientHello offer nothing: what to say to that is OpenSSL's matter. RFC 8446, section 4.1.2.
    """
    if len(data) > LARGEST or data[:1] not in {b"", bytes([_HANDSHAKE])}:
        return frozenset()
    try:
        message = _Reader(_joined_records(data))
        if message.number(1) != _CLIENT_HELLO:
            return frozenset()
        hello = message.vector(3)
    except IndexError:
        return None
    with suppress(IndexError):
        return frozenset(_groups(hello))
    return frozenset()


def _joined_records(data: bytes) -> bytes:
    records, joined = _Reader(data), bytearray()
    with suppress(IndexError):
        while records and records.number(1) == _HANDSHAKE:
            records.take(2)
            joined += records.take(records.number(2))
    return bytes(joined)


def _groups(hello: _Reader) -> list[int]:
    hello.take(2 + 32)
    for size_of_length in (1, 2, 1):
        hello.vector(size_of_length)
    extensions = hello.vector(2)
    while extensions:
        kind, content = extensions.number(2), extensions.vector(2)
        if kind == _SUPPORTED_GROUPS:
            groups, found = content.vector(2), []
            while groups:
                found.append(groups.number(2))
            return found
    return []
