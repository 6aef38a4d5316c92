"""The real command in a terminal of its own, for tests that see what somebody sees who sits before it."""

import asyncio
import fcntl
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.process import PATIENCE_SECONDS, clean_environment

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LINES = 24
_WITHOUT = ("NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What went to the terminal; `text` is that without escape sequences."""

    code: int
    raw: str

    @property
    def text(self) -> str:
        return _ESCAPE.sub("", self.raw).replace("\r\n", "\n")


async def seen(
    *arguments: str | Path, cwd: Path, environment: Mapping[str, str] | None = None, columns: int = 80
) -> Seen:
    """Run a command that ends by itself, with standard output and standard error on one terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _LINES, columns, 0, 0))
    inherited = {name: value for name, value in clean_environment().items() if name not in _WITHOUT}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "exporter",
        *map(str, arguments),
        cwd=cwd,
        env={**inherited, "TERM": "xterm-256color", **(environment or {})},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            raw, code = await asyncio.gather(asyncio.to_thread(_everything, ours), process.wait())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(ours)
    return Seen(code=code, raw=raw.decode())


def _everything(terminal: int) -> bytes:
    """Read until nobody holds the other end any more, which the kernel calls an error."""
    read = bytearray()
    with suppress(OSError):
        while chunk := os.read(terminal, 65_536):
            read += chunk
    return bytes(read)
