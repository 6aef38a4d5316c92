"""Errors that nobody foresaw: at the start they end the process, later they are told, counted and survived."""

import signal
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from exporter.simulator import Simulator
from tests.oracle import series
from tests.process import ANY_ADDRESS, fault, get, running, write_config

UNEXPECTED = "northflank_exporter_unexpected_errors_total"

FAIL = """
def fail(*_, **__):
    raise ZeroDivisionError("nobody foresaw this")
"""
FAIL_FROM_SECOND_TIME = """
def fail_from_second_time(work):
    times = []
    def once(*words, **named):
        times.append(1)
        if len(times) > 1:
            raise ZeroDivisionError("nobody foresaw this")
        return work(*words, **named)
    return once
"""
FAIL_FIRST_TIME = FAIL_FROM_SECOND_TIME.replace("len(times) > 1", "len(times) == 1").replace("from_second", "first")


@pytest.mark.parametrize("command", ["", "once", "discover"])
@pytest.mark.parametrize(
    ("module", "spoilt"),
    [
        ("exporter.app", "AccountGroup.open"),
        ("exporter.group", "open_session"),
        ("exporter.config.reader", "read_tree"),
    ],
)
async def test_an_unexpected_error_at_the_start_ends_the_process(
    tmp_path: Path, simulator: Simulator, command: str, module: str, spoilt: str
) -> None:
    config = write_config(tmp_path, simulator.url, ["shop/orders-db"])
    environment = fault(tmp_path, f"import {module}\n{FAIL}\n{module}.{spoilt} = fail\n")

    words = [command] if command else [ANY_ADDRESS]
    async with running(*words, "--config.file", config, cwd=tmp_path, environment=environment) as process:
        ended = await process.end(in_order=False)

    assert (ended.code, ended.stdout) == (1, "")
    (line,) = (line for line in ended.stderr.splitlines() if "level=error" in line)
    assert 'msg="Ended by an unexpected error, a fault of the exporter"' in line
    assert line.endswith('ZeroDivisionError: nobody foresaw this"')
    assert ended.stderr.count("Traceback (most recent call last)") == 1


async def test_an_unexpected_error_in_a_reload_leaves_what_there_is(tmp_path: Path, simulator: Simulator) -> None:
    config = write_config(tmp_path, simulator.url, ["shop/orders-db"])
    spoil = "exporter.app.Exporter.apply = fail_from_second_time(exporter.app.Exporter.apply)\n"
    environment = fault(tmp_path, f"import exporter.app\n{FAIL_FROM_SECOND_TIME}\n{spoil}")

    async with running("--config.file", config, ANY_ADDRESS, cwd=tmp_path, environment=environment) as process:
        url = await process.url()
        process.signal(signal.SIGHUP)
        await process.logged("Cannot reload")
        values = series((await get(f"{url}/metrics"))[1])
        process.signal(signal.SIGTERM)
        ended = await process.end(in_order=False)

    assert ended.code == 0
    assert values["northflank_exporter_config_last_reload_successful"] == 0
    assert values["northflank_up"] == 1
    assert values[UNEXPECTED] == 1
    assert "an unexpected error, which the log shows" in ended.stderr
    assert ended.stderr.count("Traceback (most recent call last)") == 1


async def test_an_error_in_every_answer_is_told_each_time_and_shown_once(tmp_path: Path, simulator: Simulator) -> None:
    config = write_config(tmp_path, simulator.url, ["shop/orders-db"])
    spoil = "exporter.app.Exporter.scrape_in_time = fail\n"
    environment = fault(tmp_path, f"import exporter.app\n{FAIL}\n{spoil}")

    async with running("--config.file", config, ANY_ADDRESS, cwd=tmp_path, environment=environment) as process:
        url = await process.url()
        statuses = [(await get(f"{url}/metrics"))[0] for _ in range(3)]
        process.signal(signal.SIGTERM)
        ended = await process.end(in_order=False)

    assert (ended.code, statuses) == (0, [500] * 3)
    first, *later = (line for line in ended.stderr.splitlines() if "level=error" in line)
    assert "Traceback (most recent call last)" in first
    assert len(later) == 2
    assert all(line.endswith('err="ZeroDivisionError: nobody foresaw this" traceback="as before"') for line in later)


@pytest.mark.parametrize(
    ("spoilt", "when"),
    [("exporter.web.site.Connection", "accepted"), ("asyncio.BaseEventLoop.connect_accepted_socket", "opened")],
)
async def test_an_error_with_one_connection_keeps_no_other_out(
    tmp_path: Path, simulator: Simulator, spoilt: str, when: str
) -> None:
    config = write_config(tmp_path, simulator.url, ["shop/orders-db"])
    spoil = f"{spoilt} = fail_first_time({spoilt})\n"
    environment = fault(tmp_path, f"import asyncio, exporter.web.site\n{FAIL_FIRST_TIME}\n{spoil}")

    async with running("--config.file", config, ANY_ADDRESS, cwd=tmp_path, environment=environment) as process:
        url = await process.url()
        with suppress(aiohttp.ClientError):
            await get(f"{url}/-/healthy")
        values = series((await get(f"{url}/metrics"))[1])
        process.signal(signal.SIGTERM)
        ended = await process.end(in_order=False)

    assert ended.code == 0
    assert values[UNEXPECTED] == 1
    assert f"Unexpected error while a connection was {when}" in ended.stderr
