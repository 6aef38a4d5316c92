"""`once`: one poll, for people and for node_exporter's textfile collector."""

import asyncio
import os
import signal
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.simulator import Fault, Simulator
from tests.oracle import series
from tests.process import clean_environment, eventually, run, running, write_config

ORDERS = 'addon_id="orders-db",project_id="shop"'
ADDONS = ("shop/orders-db", "intranet/queue")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Give a file of the last run to write, in a folder of its own."""
    folder = tmp_path / "textfile"
    folder.mkdir()
    (folder / "northflank.prom").write_text("old")
    return folder / "northflank.prom"


def configured(directory: Path, simulator: Simulator, addons: Sequence[str] = ADDONS) -> str:
    return f"--config.file={write_config(directory, simulator.url, addons)}"


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def content(path: Path) -> str:
    return path.read_text()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_the_exposition_goes_to_standard_output(tmp_path: Path, simulator: Simulator) -> None:
    ended = await run("once", configured(tmp_path, simulator), cwd=tmp_path)

    assert (ended.code, ended.stderr) == (0, "")
    values = series(ended.stdout)
    assert values[f"northflank_addon_poll_success{{{ORDERS}}}"] == 1
    assert values["northflank_up"] == 1
    assert values[f"northflank_addon_backup_schedules{{{ORDERS}}}"] == 2
    assert simulator.request_count == sum(
        value for name, value in values.items() if name.startswith('northflank_api_requests_total{code="200"')
    )


async def test_nothing_is_written_that_would_freeze_or_collide(tmp_path: Path, simulator: Simulator) -> None:
    ended = await run("once", configured(tmp_path, simulator), cwd=tmp_path)

    names = {family.name for family in parse_text(ended.stdout)}
    assert all(name.startswith("northflank_") for name in names)
    assert {name for name in names if name.endswith("_age_seconds")} == {"northflank_addon_backup_max_age_seconds"}
    assert not [name for name in names if name.endswith("_created")]


async def test_the_file_is_whole_and_readable_by_all(tmp_path: Path, simulator: Simulator, target: Path) -> None:
    before = os.umask(0o077)
    try:
        ended = await run("once", configured(tmp_path, simulator), "--output", target, cwd=tmp_path)
    finally:
        os.umask(before)

    assert (ended.code, ended.stdout, ended.stderr) == (0, "", "")
    assert series(content(target))["northflank_up"] == 1
    assert mode(target) == 0o644
    assert left_in(target.parent) == ["northflank.prom"]


async def test_a_relative_output_stands_in_the_current_folder(tmp_path: Path, simulator: Simulator) -> None:
    ended = await run("once", configured(tmp_path, simulator), "--output=out.prom", cwd=tmp_path)

    assert ended.code == 0
    assert left_in(tmp_path) == ["out.prom", "token", "watch.yaml"]


async def test_an_addon_that_cannot_be_read_is_a_failure_but_the_others_are_written(
    tmp_path: Path, simulator: Simulator, target: Path
) -> None:
    simulator.faults.inject(Fault.status(500), addon="queue")

    ended = await run("once", configured(tmp_path, simulator), "--output", target, cwd=tmp_path)

    assert ended.code == 1
    values = series(content(target))
    assert values[f"northflank_addon_poll_success{{{ORDERS}}}"] == 1
    assert values['northflank_addon_poll_success{addon_id="queue",project_id="intranet"}'] == 0
    assert 'level=error msg="Not every addon could be read" unread=1 addons=2' in ended.stderr


@pytest.mark.parametrize("deferred", [1, 2])
async def test_what_the_rate_limit_defers_could_not_be_read(
    tmp_path: Path, simulator: Simulator, deferred: int
) -> None:
    simulator.faults.inject(Fault.status(429), times=1)
    addons = ["intranet/queue", "intranet/cache", "intranet/wiki-db"][: deferred + 1]
    config = write_config(tmp_path, simulator.url, addons, concurrency=1)

    ended = await run("once", f"--config.file={config}", cwd=tmp_path)

    assert ended.code == 1
    values = series(ended.stdout)
    assert values['northflank_scrape_addons{result="deferred"}'] == deferred
    assert values['northflank_scrape_addons{result="failed"}'] == 1
    assert f"unread={deferred + 1}" in ended.stderr
    assert simulator.request_count == 1


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("missing/northflank.prom", "No such file or directory"),
        ("token/northflank.prom", "Not a directory"),
        ("textfile", "not a regular file"),
        (".", "not a regular file"),
        ("", "not a regular file"),
        ("/dev/null", "not a regular file"),
    ],
)
@pytest.mark.usefixtures("target")
async def test_an_output_that_cannot_be_written_is_found_before_any_request(
    tmp_path: Path, simulator: Simulator, output: str, why: str
) -> None:
    ended = await run("once", configured(tmp_path, simulator), f"--output={output}", cwd=tmp_path)

    assert (ended.code, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.endswith(f'level=error msg="Failed" err="cannot write {output or "."}: {why}"')
    assert simulator.request_count == 0
    assert left_in(tmp_path) == ["textfile", "token", "watch.yaml"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_in_the_middle_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, simulator: Simulator, target: Path, number: signal.Signals
) -> None:
    simulator.faults.inject(Fault.hang())

    async with running("once", configured(tmp_path, simulator), "--output", target, cwd=tmp_path) as command:
        await eventually(lambda: simulator.in_flight > 0)
        command.signal(number)
        ended = await command.end()

    assert (ended.code, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.endswith('level=error msg="Interrupted"')
    assert left_in(target.parent) == ["northflank.prom"]
    assert content(target) == "old"


async def test_a_disk_without_room_leaves_the_old_file_and_one_clear_line(
    tmp_path: Path, simulator: Simulator, target: Path
) -> None:
    # The kernel refuses to let a file grow beyond this, as it does on a disk that is full: compiled modules, too.
    environment = {**clean_environment(), "PYTHONDONTWRITEBYTECODE": "1"}
    command = f"ulimit -f 1; exec {sys.executable} -m exporter once {configured(tmp_path, simulator)} --output={target}"
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command, cwd=tmp_path, env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, stderr = await process.communicate()

    assert process.returncode == 1
    (line,) = stderr.decode().splitlines()
    assert line.endswith(f'level=error msg="Failed" err="cannot write {target}: File too large"')
    assert left_in(target.parent) == ["northflank.prom"]
    assert content(target) == "old"


async def test_a_kill_in_the_middle_leaves_the_old_file_and_the_next_run_replaces_it(
    tmp_path: Path, simulator: Simulator, target: Path
) -> None:
    hanging = simulator.faults.inject(Fault.hang())
    words = ("once", configured(tmp_path, simulator), "--output", target)
    async with running(*words, cwd=tmp_path) as command:
        await eventually(lambda: simulator.in_flight > 0)
        command.signal(signal.SIGKILL)
        await command.end()
    assert content(target) == "old"
    # What it had begun is no file that node_exporter reads.
    assert [name for name in left_in(target.parent) if name.endswith(".prom")] == ["northflank.prom"]

    simulator.faults.remove(hanging)
    assert (await run(*words, cwd=tmp_path)).code == 0
    assert series(content(target))["northflank_up"] == 1
