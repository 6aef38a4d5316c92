"""A folder to type commands in: the project's files, the exporter, and stand-ins for what changes machines.

Stand-ins (docker, kubectl, helm, pip, systemctl …) do nothing but write down what they were called with.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.process import PATIENCE_SECONDS, ROOT, TOKEN, clean_environment, eventually, write_secret

STAND_INS = ("docker", "helm", "htpasswd", "kubectl", "pip", "python3", "systemctl", "systemd-analyze")
HASH = "$2y$10$qRTBuFoULoYNA7AQ/F3ck.trZBPyjV64.oA4ZsSBCIWvXuvQlQTuu"

_RECORD = """#!/bin/bash
printf '%s\\0' "${0##*/}" "$@" >> "$CALLS"
printf '\\1\\0' >> "$CALLS"
"""
_MAKES = {
    # A new environment has pip in it, and the exporter once that has installed it.
    "python3": 'mkdir -p "$3/bin"; ln -sf "$STAND_INS"/{pip,northflank-backup-exporter} "$3/bin"\n',
    "htpasswd": f"printf ':%s\\n\\n' '{HASH}'\n",
}
_SHARED = ("deploy", "scripts", "Dockerfile", "Makefile", "compose.yaml", "pyproject.toml", "config.example.yaml")
_COPIED = ("requirements.txt", "requirements-dev.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a command ended, and what it wrote."""

    code: int
    stdout: str
    stderr: str


class Desk:
    """The folder, and the programs that are found from it."""

    def __init__(self, folder: Path, api_url: str) -> None:
        self.folder = folder
        self.api_url = api_url
        self._bin = folder / "bin"
        self._calls = folder / "calls"
        self._bin.mkdir()
        for name in STAND_INS:
            self._program(name, _RECORD + _MAKES.get(name, ""))
        self._program("sudo", '#!/bin/sh\nexec "$@"\n')
        self._program(
            "northflank-backup-exporter", f'#!/bin/sh\nexec {sys.executable} -m exporter "$@" $EXPORTER_FLAGS\n'
        )
        for name in _SHARED:
            (folder / name).symlink_to(ROOT / name)
        for name in _COPIED:
            (folder / name).write_bytes((ROOT / name).read_bytes())

    def put(self, name: str, text: str) -> None:
        """Put a file there that nobody else may read."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_secret(path, text)

    def calls(self) -> list[list[str]]:
        """Give what the stand-ins were called with so far, and forget it."""
        if not self._calls.exists():
            return []
        text = self._calls.read_text(encoding="utf-8")
        self._calls.unlink()
        return [call.split("\0")[:-1] for call in text.split("\1\0")[:-1]]

    async def type(self, command: str) -> Said:
        """Run a command that ends."""
        async with self._started(command) as process, asyncio.timeout(PATIENCE_SECONDS):
            stdout, stderr = await process.communicate()
        return Said(code=process.returncode or 0, stdout=stdout.decode(), stderr=stderr.decode())

    async def serve(self, command: str, ready: str) -> Said:
        """Run a command until it has written a text on either stream, and then end it as Ctrl-C does."""
        wrote = {"out": bytearray(), "err": bytearray()}
        async with self._started(command, "--web.listen-address=127.0.0.1:0") as process:
            readers = [
                asyncio.create_task(_read(stream, wrote[name]))
                for name, stream in (("out", process.stdout), ("err", process.stderr))
            ]
            await eventually(
                lambda: ready.encode() in b"".join(wrote.values()) or all(reader.done() for reader in readers)
            )
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            async with asyncio.timeout(PATIENCE_SECONDS):
                code = await process.wait()
            await asyncio.gather(*readers)
        return Said(code=code, stdout=wrote["out"].decode(), stderr=wrote["err"].decode())

    @asynccontextmanager
    async def _started(self, command: str, flags: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
        environment = clean_environment() | {
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "CALLS": str(self._calls),
            "STAND_INS": str(self._bin),
            "EXPORTER_FLAGS": flags,
            "NORTHFLANK_API_TOKEN": TOKEN,
            "NORTHFLANK_API_URL": self.api_url,
        }
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", command),
            cwd=self.folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()

    def _program(self, name: str, text: str) -> None:
        path = self._bin / name
        path.write_text(text)
        path.chmod(0o755)


async def _read(stream: asyncio.StreamReader | None, into: bytearray) -> None:
    assert stream is not None
    while chunk := await stream.read(65_536):
        into += chunk
