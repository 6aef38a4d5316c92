"""Values out of a fuzzer's bytes."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """Takes values from the front of some bytes; when they are used up, everything is the first choice, or 0."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def integer(self, limit: int) -> int:
        """Give a number from 0 up to below the limit."""
        size = ((limit - 1).bit_length() + 7) // 8
        taken = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(taken.ljust(size, b"\0"), "big") % limit

    def pick(self, options: Sequence[T]) -> T:
        """Give one of the options."""
        return options[self.integer(len(options))]

    def piece(self, longest: int) -> bytes:
        """Give some bytes of the front, at most so many."""
        size = self.integer(longest + 1)
        taken = self._data[self._at : self._at + size]
        self._at += size
        return taken

    def rest(self) -> bytes:
        """Give what is left."""
        taken = self._data[self._at :]
        self._at = len(self._data)
        return taken

    def rest_as_text(self) -> str:
        """Give what is left as a text; what is no UTF-8 becomes lone surrogates, as in a command line or a header."""
        return self.rest().decode("utf-8", "surrogateescape")
