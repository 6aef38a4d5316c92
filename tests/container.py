"""An image's processes, run the way a container engine does it, with util-linux alone: no engine runs everywhere.

They have namespaces of their own for processes, mounts and network, the image as a root that cannot be written to, the
environment and the folder that the image names, a user who is nobody, and no way to more rights.
"""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from tests.process import PATIENCE_SECONDS, ROOT, eventually

ANYBODY = "12345:0"
"""A user without a name and the group root, as OpenShift chooses them."""

_NAMESPACES = ("--mount", "--net", "--pid")
# Mounts are private here: unshare makes them so. What is mounted below the image's root is seen by nobody else.
_ISOLATE = """
set -e
ip link set lo up
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount -o remount,bind,ro "$1"
shift
exec "$@"
"""


def storage() -> dict[str, str]:
    """Give the environment in which buildah keeps its images in this project's folder and nowhere else."""
    folder = ROOT / ".tools" / "image"
    folder.mkdir(parents=True, exist_ok=True)
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout
    # An overlay cannot lie on another one.
    driver = "vfs" if "overlay" in kind else "overlay"
    configuration = folder / "storage.conf"
    configuration.write_text(
        f'[storage]\ndriver = "{driver}"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/run"\n'
    )
    return {**os.environ, "CONTAINERS_STORAGE_CONF": str(configuration)}


def skip_where_nothing_can_be_isolated() -> None:
    """Skip the test where namespaces need rights that this user has not got."""
    if os.geteuid() != 0:
        pytest.skip("only root can build and run the image here")
    tried = subprocess.run(["unshare", *_NAMESPACES, "--fork", "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"this machine isolates no processes: {tried.stderr.strip()}")


def buildah(*arguments: str) -> str:
    """Run buildah on the images of the tests; gives what it writes."""
    ran = subprocess.run(["buildah", *arguments], env=storage(), capture_output=True, text=True, check=True)
    return ran.stdout.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A built image: its configuration, as engines read it, and its files."""

    config: dict[str, Any]
    root: Path

    @classmethod
    def mounted(cls, name: str, container: str) -> Self:
        """Look at an image of which buildah has made a container."""
        config = json.loads(buildah("inspect", "--type", "image", name))["Docker"]["config"]
        return cls(config=config, root=Path(buildah("mount", container)))

    def inside(self, *command: str, **environment: str) -> list[str]:
        """Give the words that run a command in the image's root, as its user would."""
        variables = [*self.config["Env"], *(f"{name}={value}" for name, value in environment.items())]
        return [
            *("setpriv", "--no-new-privs", "chroot", f"--userspec={ANYBODY}", "--groups=0", str(self.root)),
            *("/usr/bin/env", "--ignore-environment", f"--chdir={self.config['WorkingDir']}", *variables, *command),
        ]


class Container:
    """A running process of an image, the first one of its namespaces, as in a container."""

    def __init__(self, image: Image, parent: asyncio.subprocess.Process, log: Path) -> None:
        self._image = image
        self._parent = parent
        self._log = log
        self._pid = 0

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def started(self) -> None:
        """Wait until the namespaces are there, with the first process in them."""

        def is_there() -> bool:
            assert self._parent.returncode is None, self.log
            self._pid = self._first_process()
            return self._pid != 0

        await eventually(is_there)

    async def listening(self) -> None:
        """Wait until the exporter says that it listens."""

        def is_listening() -> bool:
            assert self._parent.returncode is None, self.log
            return "Listening" in self.log

        await eventually(is_listening)

    async def run(self, *command: str, **environment: str) -> tuple[int | None, str]:
        """Run another command in it until it ends, as `docker exec` does; gives its exit code and its output."""
        words = ["nsenter", f"--target={self._pid}", *_NAMESPACES, *self._image.inside(*command, **environment)]
        process = await asyncio.create_subprocess_exec(
            *words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            output, _ = await process.communicate()
        return process.returncode, output.decode()

    @asynccontextmanager
    async def beside(self, *command: str) -> AsyncIterator[None]:
        """Run another command in it meanwhile."""
        words = ["nsenter", f"--target={self._pid}", *_NAMESPACES, *self._image.inside(*command)]
        with self._log.with_suffix(".beside").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        try:
            yield
        finally:
            # The process itself is a child of nsenter's in the other namespace.
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def stop(self) -> tuple[int | None, float]:
        """Ask it to end as engines do; gives its exit code and the seconds that it took."""
        began = time.monotonic()
        os.kill(self._pid, signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            code = await self._parent.wait()
        return code, time.monotonic() - began

    async def close(self) -> None:
        """Kill what still runs: with the first process the kernel ends all others in its namespace."""
        if self._parent.returncode is None and (first := self._first_process()):
            with suppress(ProcessLookupError):
                os.kill(first, signal.SIGKILL)
        if self._parent.returncode is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._parent.wait()
        if self._parent.returncode is None:
            self._parent.kill()
            await self._parent.wait()

    def _first_process(self) -> int:
        children = Path(f"/proc/{self._parent.pid}/task/{self._parent.pid}/children")
        try:
            return int((children.read_text().split() or ["0"])[0])
        except FileNotFoundError:
            return 0


@asynccontextmanager
async def running(
    image: Image, log: Path, arguments: Sequence[str] = (), **environment: str
) -> AsyncIterator[Container]:
    """Start the image's entry point; it is killed, with all in its namespaces, where a test leaves it running."""
    words = image.inside(*image.config["Entrypoint"], *arguments, **environment)
    unshared = ["unshare", *_NAMESPACES, "--fork", "sh", "-c", _ISOLATE, "sh", str(image.root)]
    with log.open("wb") as file:
        parent = await asyncio.create_subprocess_exec(
            *unshared, *words, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )
    container = Container(image, parent, log)
    try:
        await container.started()
        yield container
    finally:
        await container.close()
