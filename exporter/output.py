"""Where data goes: to standard output, or to a file that is whole or not there, never half-written."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MODE = 0o644


class CannotWrite(Exception):
    """Output that cannot be written; the text says where to and why."""


def write_output(content: bytes) -> None:
    """Write to standard output, all of it; raises CannotWrite."""
    if sys.stdout is None:
        raise CannotWrite("cannot write standard output: it is closed")
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except OSError as error:
        # Python would try once more at its end, and complain of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise CannotWrite(f"cannot write standard output: {error.strerror or error}") from error


@contextmanager
def reserved(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Make sure that `path` can be written before any work is done; gives the function that then writes it.

    A temporary file beside it takes its place once it is whole, and is removed where that does not come about.
    Its name does not end in `.prom`: node_exporter reads every file that does. Raises CannotWrite.
    """
    with _explained(path):
        if path.exists() and not path.is_file():
            # Replacing a device or a pipe by a file would break whoever uses it.
            raise CannotWrite(f"cannot write {path}: not a regular file")
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)

    def write(content: bytes) -> None:
        with _explained(path):
            _write_whole(descriptor, content)
            temporary.replace(path)

    try:
        yield write
    finally:
        os.close(descriptor)
        with suppress(FileNotFoundError):
            temporary.unlink()


def _write_whole(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(content)
        file.flush()
        os.fchmod(descriptor, MODE)
        os.fsync(descriptor)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite(f"cannot write {path}: {error.strerror or error}") from error
