"""What users get wrong, and what they see then: one clear line or metric, no traceback, no secret."""

import asyncio
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.simulator import Fault, Simulator
from tests.oracle import series
from tests.process import ANY_ADDRESS, clean_environment, get, run, running, write_config

SECRET = "s3cr3t-t0k3n-of-acme"
FAULTS = {
    "nowhere": Fault.status(404),  # The first one asked: with its answer the others are asked as well.
    "orders-db": Fault.hang(),
    "catalog-db": Fault.reset(),
    "sessions": Fault.truncated(),
    "carts-db": Fault.body(f"not JSON: {SECRET}".encode()),
    "search-db": Fault.redirect(f"http://127.0.0.1:9/{SECRET}"),
}
ORDERS = 'addon_id="orders-db",project_id="shop"'
WIKI = 'addon_id="wiki-db",project_id="intranet"'
"""Its list has one page."""


@pytest.mark.parametrize("form", ["logfmt", "json"])
async def test_a_wrong_token_is_told_and_never_shown(tmp_path: Path, simulator: Simulator, form: str) -> None:
    config = write_config(tmp_path, simulator.url, ["shop/orders-db", "shop/carts-db"], token=SECRET)

    flags = ("--config.file", config, ANY_ADDRESS, "--log.level=debug", f"--log.format={form}")
    async with running(*flags, cwd=tmp_path) as command:
        url = await command.url()
        _, metrics = await get(f"{url}/metrics")
        _, page = await get(f"{url}/")
        command.signal(signal.SIGTERM)
        ended = await command.end()

    values = series(metrics)
    assert values["northflank_up"] == 0
    assert values[f"northflank_addon_poll_success{{{ORDERS}}}"] == 0
    assert values[f'northflank_addon_poll_error_info{{{ORDERS},reason="unauthorized"}}'] == 1
    assert values['northflank_poll_errors_total{reason="unauthorized"}'] == 2
    assert simulator.request_count == 1, "what the first one is told holds for all"
    assert ended.code == 0
    assert "unauthorized" in ended.stderr
    assert SECRET not in metrics + page + ended.stdout + ended.stderr


@pytest.mark.parametrize("token", [SECRET, f"not-{SECRET}"])
async def test_a_secret_is_never_shown_whatever_goes_wrong(tmp_path: Path, simulator: Simulator, token: str) -> None:
    simulator.token = SECRET
    for addon, fault in FAULTS.items():
        simulator.faults.inject(fault, addon=addon)
    entries = ", ".join(f"{{project: shop, addon: {addon}}}" for addon in FAULTS)
    (tmp_path / "config.yaml").write_text(
        f"accounts: [{{api_url: '{simulator.url}', token: '${{TOKEN}}', addons: [{entries}]}}]\n"
        "scrape: {request_timeout: 300ms}\n"
    )

    ended = await run("once", "--log.level=debug", cwd=tmp_path, environment={"TOKEN": token})

    assert ended.code == 1
    told = ("Account", "Addon")
    lines = tuple(ended.stderr.count(f"{subject} cannot be read") for subject in told)
    assert lines == ((0, len(FAULTS)) if token == SECRET else (1, 0)), "a token that is rejected is told once"
    assert SECRET not in ended.stdout + ended.stderr


async def test_a_host_that_is_not_there_is_asked_and_told_of_once(tmp_path: Path) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody_listens.getsockname()[1]}"
        config = write_config(tmp_path, address, ["shop/orders-db", "shop/carts-db", "shop/nowhere"])

        ended = await run("once", f"--config.file={config}", cwd=tmp_path)

    values = series(ended.stdout)
    assert values["northflank_up"] == 0
    assert values['northflank_scrape_addons{result="failed"}'] == 3
    assert values[f'northflank_addon_poll_error_info{{{ORDERS},reason="connection"}}'] == 1
    assert values['northflank_api_requests_total{code="error",endpoint="backups"}'] == 1
    (warning,) = (line for line in ended.stderr.splitlines() if "level=warn" in line)
    assert "Account cannot be read" in warning


async def test_an_unknown_addon_costs_only_itself(tmp_path: Path, simulator: Simulator) -> None:
    config = write_config(tmp_path, simulator.url, ["shop/orders-db", "shop/nowhere"])

    async with running("--config.file", config, ANY_ADDRESS, cwd=tmp_path) as command:
        url = await command.url()
        values = series((await get(f"{url}/metrics"))[1])
        await get(f"{url}/metrics")
        command.signal(signal.SIGTERM)
        ended = await command.end()

    nowhere = 'addon_id="nowhere",project_id="shop"'
    assert values["northflank_up"] == 1
    assert values[f"northflank_addon_poll_success{{{ORDERS}}}"] == 1
    assert values[f'northflank_addon_poll_error_info{{{nowhere},reason="not_found"}}'] == 1
    assert values['northflank_scrape_addons{result="failed"}'] == 1
    warnings = [line for line in ended.stderr.splitlines() if "level=warn" in line]
    assert len(warnings) == 1, "a state that lasts is told once"
    assert "addon_id=nowhere reason=not_found" in warnings[0]


async def test_an_api_that_is_down_is_shown_and_its_return_too(tmp_path: Path, simulator: Simulator) -> None:
    config = write_config(tmp_path, simulator.url, ["intranet/wiki-db"])
    simulator.faults.inject(Fault.reset())

    async with running("--config.file", config, ANY_ADDRESS, cwd=tmp_path) as command:
        url = await command.url()
        status, down = await get(f"{url}/metrics")
        simulator.faults.clear()
        back = series((await get(f"{url}/metrics"))[1])
        await command.logged("Addon is read again")

    assert status == 200
    assert series(down)["northflank_up"] == 0
    assert series(down)[f'northflank_addon_poll_error_info{{{WIKI},reason="connection"}}'] == 1
    assert back["northflank_up"] == 1
    assert back[f"northflank_addon_poll_success{{{WIKI}}}"] == 1


@pytest.mark.parametrize("command", ["check", "once"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
async def test_standard_output_that_is_full_is_one_clear_line(
    tmp_path: Path, simulator: Simulator, command: str
) -> None:
    config = write_config(tmp_path, simulator.url, ["shop/orders-db"])

    code, stderr = await run_in_shell(f"{command} --config.file={config} > /dev/full", tmp_path)

    assert code == 1
    (line,) = stderr.splitlines()
    assert line.endswith('msg="Failed" err="cannot write standard output: No space left on device"')


@pytest.mark.parametrize("command", ["check", "once"])
async def test_standard_output_that_is_closed_is_one_clear_line(
    tmp_path: Path, simulator: Simulator, command: str
) -> None:
    config = write_config(tmp_path, simulator.url, ["shop/orders-db"])

    code, stderr = await run_in_shell(f"{command} --config.file={config} >&-", tmp_path)

    assert code == 1
    (line,) = stderr.splitlines()
    assert line.endswith('msg="Failed" err="cannot write standard output: it is closed"')


@pytest.mark.parametrize("command", ["check", "once"])
async def test_a_reader_that_leaves_causes_no_complaint_of_python(
    tmp_path: Path, simulator: Simulator, command: str
) -> None:
    config = write_config(tmp_path, simulator.url, ["shop/orders-db"])

    _, stderr = await run_in_shell(f"{command} --config.file={config} | true", tmp_path)

    assert "Traceback" not in stderr
    assert "Exception ignored" not in stderr
    assert len(stderr.splitlines()) <= 1


async def run_in_shell(words: str, directory: Path) -> tuple[int, str]:
    ended = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", f"{sys.executable} -m exporter {words}"],
        cwd=directory,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stderr
