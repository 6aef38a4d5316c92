"""The real command as a process of its own, for tests that see what a user sees."""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

import exporter

ROOT = Path(exporter.__file__).parents[1]
PATIENCE_SECONDS = 20.0
"""Far more than anything takes; only a failing test waits so long."""

TOKEN = "demo"
ANY_ADDRESS = "--web.listen-address=127.0.0.1:0"

_OURS = ("NORTHFLANK_", "PYTHON")
_TROUBLE = ("Traceback", "Exception ignored", "Warning:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a process left behind."""

    code: int | None
    stdout: str
    stderr: str


class Command:
    """A running command; what it writes is kept."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._stdout, self._stderr = bytearray(), bytearray()
        self._readers = [
            asyncio.create_task(_read(process.stdout, self._stdout)),
            asyncio.create_task(_read(process.stderr, self._stderr)),
        ]

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stdout(self) -> str:
        return self._stdout.decode()

    @property
    def stderr(self) -> str:
        return self._stderr.decode()

    async def logged(self, text: str) -> str:
        """Wait for a line on standard error that holds the text."""
        return await self._line(self._stderr, text)

    async def printed(self, text: str) -> str:
        """Wait for a line on standard output that holds the text."""
        return await self._line(self._stdout, text)

    async def url(self) -> str:
        """Wait until it listens; gives where, without a path."""
        found = re.search(r'address["=: ]+([^"\s]+)', await self.logged("Listening"))
        assert found
        return f"http://{found[1]}"

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    async def end(self, *, in_order: bool = True) -> Ended:
        """Wait for the end; in order, nothing but log lines without a traceback may stand on standard error."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            code = await self._process.wait()
            await asyncio.gather(*self._readers)
        assert not (in_order and any(word in self.stderr for word in _TROUBLE)), self.stderr
        return Ended(code=code, stdout=self.stdout, stderr=self.stderr)

    async def close(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await asyncio.gather(*self._readers)

    async def _line(self, stream: bytearray, text: str) -> str:
        def lines() -> list[str]:
            whole, _, _ = stream.decode().rpartition("\n")
            return [line for line in whole.split("\n") if text in line]

        await eventually(lambda: bool(lines()) or all(reader.done() for reader in self._readers))
        assert lines(), f"ended without {text!r}: {self.stdout}{self.stderr}"
        return lines()[0]


def clean_environment() -> dict[str, str]:
    """Give this process' environment without what would change what the command does."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**inherited, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}


@asynccontextmanager
async def running(
    *arguments: str | Path, cwd: Path, environment: Mapping[str, str] | None = None, module: str = "exporter"
) -> AsyncIterator[Command]:
    """Start the command, or another module; it is killed where a test leaves it running."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *map(str, arguments),
        cwd=cwd,
        env={**clean_environment(), **(environment or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    command = Command(process)
    try:
        yield command
    finally:
        await command.close()


async def run(*arguments: str | Path, cwd: Path, environment: Mapping[str, str] | None = None) -> Ended:
    """Run a command that ends by itself."""
    async with running(*arguments, cwd=cwd, environment=environment) as command:
        return await command.end()


async def get(url: str) -> tuple[int, str]:
    """Ask with GET; gives status and body."""
    async with aiohttp.request("GET", url) as response:
        return response.status, await response.text()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.005)


def write_config(
    directory: Path,
    api_url: str,
    addons: Sequence[str],
    *,
    token: str = TOKEN,
    name: str = "",
    concurrency: int = 16,
) -> Path:
    """Write a configuration that watches addons given as `project/addon`, with its token in a file."""
    write_secret(directory / "token", token)
    entries = [dict(zip(("project", "addon"), addon.split("/"), strict=True)) for addon in addons]
    account = {"api_url": api_url, "token_file": "token", "addons": entries} | ({"name": name} if name else {})
    path = directory / "watch.yaml"
    path.write_text(json.dumps({"accounts": [account], "scrape": {"concurrency": concurrency}}))
    return path


def fault(directory: Path, code: str) -> dict[str, str]:
    """Give the environment in which Python runs this code before the command, to spoil something in it."""
    (directory / "fault").mkdir()
    (directory / "fault" / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": os.pathsep.join([str(directory / "fault"), str(ROOT)])}


def write_secret(path: Path, text: str) -> None:
    """Write a file that nobody else can read."""
    path.touch(mode=0o600)
    path.write_text(text)


async def _read(stream: asyncio.StreamReader | None, into: bytearray) -> None:
    assert stream is not None
    while chunk := await stream.read(65_536):
        into += chunk
