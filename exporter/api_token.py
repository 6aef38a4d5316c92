"""The secret that opens the API: shown nowhere, and read again when its file changes."""

from __future__ import annotations

import logging
import os
import stat
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, NoReturn, final

from exporter.hidden import Hidden

if TYPE_CHECKING:
    from pathlib import Path

SIZE_LIMIT = 16 * 1024
"""Bytes that a token stays below; servers refuse longer headers anyway."""

_KEY = os.urandom(32)
"""Of this process alone, so that what two tokens are compared by says nothing of them anywhere else."""

_log = logging.getLogger(__name__)


def exposure(descriptor: int) -> str:
    """Say which other users may do what with an open file that holds a secret; "" where that is as it should be.

    A group that may read it has been made for that. What is mounted read-only was handed in by whoever runs the
    container, in modes that are theirs to choose (Kubernetes' 0644, Docker's 0444) and where nobody else is.
    """
    mode = os.fstat(descriptor).st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be changed by other users"
    if mode & stat.S_IROTH and not os.fstatvfs(descriptor).f_flag & os.ST_RDONLY:
        return "can be read by every user of this machine"
    return ""


class TokenUnreadable(Exception):
    """A token file that cannot be used; ``reason`` says why and holds nothing of its content."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"cannot read the token file {path}: {reason}")
        self.path = path
        self.reason = reason


@final
class ApiToken:
    """A token, from a string or from a file; only ``reveal()`` gives it away.

    Two are compared by their fingerprints, so that no secret is compared or kept for that.
    """

    __slots__ = ("_exposure", "_path", "_seen", "_trouble", "_value")

    def __init__(self, *, value: str | None, path: Path | None) -> None:
        self._value = None if value is None else Hidden(value)
        self._path = path
        self._seen: tuple[int, ...] | None = None
        self._trouble: str | None = None
        self._exposure = ""

    @classmethod
    def literal(cls, value: str) -> ApiToken:
        """Raise ValueError, without the value, where it cannot be sent in a header."""
        return cls(value=_checked(value), path=None)

    @classmethod
    def from_file(cls, path: Path) -> ApiToken:
        """Read nothing yet: the first ``reveal()`` does."""
        return cls(value=None, path=path)

    @property
    def path(self) -> Path | None:
        """The file that the token is read from; None where it came as a text."""
        return self._path

    def reveal(self) -> Hidden:
        """Return the token; one ``stat`` for a token from a file, which is read again after a change.

        A file that turns bad keeps its last good token. Raise TokenUnreadable when there never was one.
        """
        if self._path is not None:
            try:
                self._refresh(self._path)
            except (OSError, ValueError) as error:
                reason = _reason(error)
                if self._value is None:
                    raise TokenUnreadable(self._path, reason) from None
                if reason != self._trouble:
                    _log.warning("Token file %s: %s; keeping the token read before", self._path, reason)
                self._trouble = reason
        # Only from_file starts without a value, and for it _refresh has just set one.
        return self._value or Hidden()

    def fingerprint(self) -> bytes:
        """Return what is equal for equal tokens and tells nothing else of them; raises what ``reveal()`` does."""
        return blake2b(self.reveal().encode(), key=_KEY, digest_size=16).digest()

    def _refresh(self, path: Path) -> None:
        found = path.stat()
        if _fingerprint(found) == self._seen:
            return
        if not stat.S_ISREG(found.st_mode):
            # Opening a pipe that nobody writes to would block for ever.
            raise ValueError("not a regular file")
        with path.open("rb") as file:
            # Of the file that was opened: a symbolic link may have been swapped since the first look.
            seen = _fingerprint(os.fstat(file.fileno()))
            exposed = exposure(file.fileno())
            # In no local variable: a traceback may show those.
            self._value = Hidden(_checked(_decoded(file.read(SIZE_LIMIT))))
        self._seen = seen
        if exposed and exposed != self._exposure:
            _log.warning("Token file %s %s; chmod 600 keeps it secret", path, exposed)
        self._exposure = exposed
        if self._trouble is not None:
            _log.info("Token file %s: read again", path)
            self._trouble = None

    def __repr__(self) -> str:
        return "ApiToken(literal)" if self._path is None else f"ApiToken(file={str(self._path)!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("an ApiToken is not pickled or copied: it is a secret")


def _fingerprint(found: os.stat_result) -> tuple[int, ...]:
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev, found.st_mode


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)


def _decoded(raw: bytes) -> str:
    if len(raw) >= SIZE_LIMIT:
        raise ValueError("larger than 16 KiB")
    # The decoder's own error carries the bytes, so it must not even be the context of another.
    with suppress(UnicodeDecodeError):
        # Editors on Windows begin a text file with a byte order mark.
        return raw.decode("utf-8-sig")
    raise ValueError("not UTF-8 text")


def _checked(value: str) -> str:
    value = value.strip()
    if not value:
        raise ValueError("empty")
    if len(value) >= SIZE_LIMIT:
        raise ValueError("larger than 16 KiB")
    if not all("!" <= character <= "~" for character in value):
        raise ValueError("contains spaces, control characters or characters outside ASCII")
    return value
