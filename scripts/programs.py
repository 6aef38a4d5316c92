"""Real programs beside each other: started one after another, watched, and stopped in the other order."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_ANSWER_SECONDS = 5.0
_BETWEEN_LOOKS_SECONDS = 0.05
_LINES_OF_LOG = 15


class CannotRun(Exception):
    """A program is missing, its port is taken, or it has ended; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to start; it is ready once a GET of `path` at its port on this machine is answered with 200."""

    name: str
    command: Sequence[str | Path]
    log: Path
    port: int
    path: str | None = None
    """None: it is ready once it accepts connections."""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it is found on this machine."""
        return f"http://127.0.0.1:{self.port}"

    def is_taken(self) -> bool:
        """Tell whether something else listens at its port already."""
        try:
            with socket.create_server(("127.0.0.1", self.port)):
                return False
        except OSError:
            return True


def prometheus(binary: str, configuration: Path, port: int, *flags: str) -> Program:
    """Give a Prometheus that keeps its data and its log beside its configuration, with more flags where there are."""
    return Program(
        name="prometheus",
        command=(
            binary,
            f"--config.file={configuration}",
            f"--storage.tsdb.path={configuration}.data",
            f"--web.listen-address=127.0.0.1:{port}",
            *flags,
        ),
        log=Path(f"{configuration}.log"),
        port=port,
        path="/-/ready",
    )


def alertmanager(binary: str, configuration: Path, port: int) -> Program:
    """Give an Alertmanager that keeps its data and its log beside its configuration, and knows no others."""
    return Program(
        name="alertmanager",
        command=(
            binary,
            f"--config.file={configuration}",
            f"--storage.path={configuration}.data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ),
        log=Path(f"{configuration}.log"),
        port=port,
        path="/-/ready",
    )


def found(*names: str) -> str | None:
    """Give the path of the first of these programs that is installed."""
    return next((path for name in names if (path := shutil.which(name)) is not None), None)


def free_port() -> int:
    """Give a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


class Running:
    """A process that was started; its log is a file."""

    def __init__(self, program: Program, process: asyncio.subprocess.Process) -> None:
        self._program = program
        self._process = process

    async def until_ready(self) -> None:
        """Wait until it answers; raises CannotRun when it ends instead, or takes too long."""
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while not await _answers(self._program):
            if self._process.returncode is not None:
                raise self._has_ended()
            if asyncio.get_running_loop().time() > deadline:
                raise CannotRun(f"{self._program.name} does not answer{self._last_words()}")
            await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)

    async def until_ended(self) -> None:
        """Wait until it ends, which it should not; then raises CannotRun."""
        await self._process.wait()
        raise self._has_ended()

    async def stop(self) -> None:
        """Ask it to end, and make it where it does not."""
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _has_ended(self) -> CannotRun:
        return CannotRun(f"{self._program.name} has ended with {self._process.returncode}{self._last_words()}")

    def _last_words(self) -> str:
        lines = self._program.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LINES_OF_LOG:]
        return "".join(f"\n  {line}" for line in lines)


@asynccontextmanager
async def running(program: Program) -> AsyncIterator[Running]:
    """Start a program and wait until it is ready; raises CannotRun."""
    with program.log.open("wb") as log:
        # A session of its own: Ctrl-C reaches this process only, which then stops the others in order.
        process = await asyncio.create_subprocess_exec(
            *program.command,
            env={**os.environ, **program.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    started = Running(program, process)
    try:
        await started.until_ready()
        yield started
    finally:
        await started.stop()


async def _answers(program: Program) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", program.port)
    except OSError:
        return False
    try:
        if program.path is None:
            return True
        writer.write(f"GET {program.path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        async with asyncio.timeout(_ANSWER_SECONDS):
            status = await reader.readline()
        return status.split()[1:2] == [b"200"]
    except OSError:
        return False
    finally:
        writer.close()
