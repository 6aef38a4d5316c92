"""The systemd unit: systemd finds no fault with it, and the exporter runs as it says.

No service manager runs here, so what the unit forbids is compared with what the exporter does.
"""

import asyncio
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from exporter.flags import DEFAULT_ADDRESS
from exporter.simulator import Simulator
from tests.deploy.unit import CONFIG, SERVICE, SOCKET, ExecStart, value, values
from tests.machine import program
from tests.process import ANY_ADDRESS, TOKEN, get, running

TENTHS_OF_EXPOSURE = 12
"""Of 100 at most: 0 is out of reach for what speaks to the network."""


def analyzed(*words: str | Path) -> subprocess.CompletedProcess[str]:
    analyze = program("systemd-analyze", origin="the package systemd")
    return subprocess.run([analyze, *words], capture_output=True, text=True, check=False)


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    for unit in (SERVICE, SOCKET):
        # What it starts must exist.
        (tmp_path / unit.name).write_text(unit.read_text().replace(ExecStart.of().program, shutil.which("true") or ""))
    verified = analyzed("verify", "--man=no", *sorted(tmp_path.iterdir()))

    assert (verified.returncode, verified.stderr) == (0, "")


def test_it_is_exposed_to_little() -> None:
    rated = analyzed("security", "--offline=true", f"--threshold={TENTHS_OF_EXPOSURE}", SERVICE)

    assert rated.returncode == 0, rated.stdout
    assert "Overall exposure level" in rated.stdout


def started(tmp_path: Path, simulator: Simulator) -> tuple[list[str], dict[str, str]]:
    """Give the words behind the program that the unit starts, and its environment, with its files in a folder."""
    start = ExecStart.of()
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / Path(start.credential).name).write_text(TOKEN)
    (said,) = re.findall(r"token_file: \S+", SERVICE.read_text())
    config = tmp_path / "config.yaml"
    addons = "[{project: shop, addon: orders-db}]"
    config.write_text(f"accounts:\n  - {said}\n    api_url: {simulator.url}\n    addons: {addons}\n")
    words = [word.replace(CONFIG, str(config)) for word in start.words]
    return words, {"CREDENTIALS_DIRECTORY": str(credentials)}


async def test_the_exporter_finds_the_token_that_systemd_hands_over_and_reloads(
    tmp_path: Path, simulator: Simulator
) -> None:
    words, environment = started(tmp_path, simulator)
    async with running(*words, ANY_ADDRESS, cwd=tmp_path, environment=environment) as command:
        assert "northflank_up 1.0" in (await get(await command.url() + "/metrics"))[1]

        assert value("ExecReload") == "/bin/kill -HUP $MAINPID"
        command.signal(signal.SIGHUP)
        await command.logged("Reloaded")
        command.signal(signal.SIGTERM)
        assert (await command.end()).code == 0


async def test_a_wrong_configuration_is_not_tried_again_and_again(tmp_path: Path, simulator: Simulator) -> None:
    words, _ = started(tmp_path, simulator)
    async with running(*words, ANY_ADDRESS, cwd=tmp_path) as command:
        ended = await command.end()

    assert ended.code == int(value("RestartPreventExitStatus"))
    assert "CREDENTIALS_DIRECTORY" in ended.stderr


def test_the_socket_is_what_the_exporter_listens_on_otherwise() -> None:
    assert value("ListenStream", SOCKET) == str(DEFAULT_ADDRESS.port)
    assert 'ARGS="--web.systemd-socket"' in SOCKET.read_text()


def calls(group: str) -> set[str]:
    """Give the system calls of one of systemd's groups."""
    listed = analyzed("syscall-filter", "--", group).stdout.splitlines()[1:]
    words = [line.strip() for line in listed if line.strip() and "#" not in line]
    return {name for word in words for name in (calls(word) if word.startswith("@") else {word})}


def tracing(tmp_path: Path) -> str:
    """Give the path of strace, if it may look at processes here."""
    strace = shutil.which("strace")
    if strace is None or subprocess.run([strace, "-o", tmp_path / "tried", "true"], check=False).returncode != 0:
        pytest.skip("strace is missing, or may not look at processes here")
    return strace


async def test_the_exporter_does_nothing_that_the_unit_forbids(tmp_path: Path, simulator: Simulator) -> None:
    strace = tracing(tmp_path)
    words, environment = started(tmp_path, simulator)
    trace = tmp_path / "trace"
    async with running(*words, ANY_ADDRESS, cwd=tmp_path, environment=environment) as command:
        # A moment after the start, of which the interpreter's first calls are what it misses.
        watching = await asyncio.create_subprocess_exec(
            strace, "-f", "-o", trace, "-p", str(command.pid), stderr=asyncio.subprocess.PIPE
        )
        assert watching.stderr is not None
        assert b"attached" in await watching.stderr.readline()
        url = await command.url()
        assert "northflank_up 1.0" in (await get(url + "/metrics"))[1]
        command.signal(signal.SIGHUP)
        await command.logged("Reloaded")
        command.signal(signal.SIGTERM)
        assert (await command.end()).code == 0
        await watching.wait()

    allow, deny = values("SystemCallFilter")
    forbidden = [each for group in deny.lstrip("~").split() for each in calls(group)]
    made = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE))
    assert {"accept4", "sendto"} & made
    assert made - (calls(allow) - set(forbidden)) == set()
    assert set(re.findall(r"socket\((AF_\w+)", trace.read_text())) <= set(value("RestrictAddressFamilies").split())
    assert not [line for line in trace.read_text().splitlines() if "PROT_WRITE|PROT_EXEC" in line]
