"""When the configuration is read again, and what the log says of it."""

import asyncio
import logging
import os
import signal
from collections.abc import Sequence

import pytest

from exporter.reload import Reloading, hangups, reloading_on
from tests.process import eventually

PROBLEMS = ["accounts[0].addons: empty", "accounts[0].colour: unknown"]


class Reloads:
    """Counts reloads, and each waits until the gate is open."""

    def __init__(self, *problems: str) -> None:
        self.begun = self.ended = self.at_once = 0
        self.gate = asyncio.Event()
        self._problems = problems

    async def __call__(self) -> Sequence[str]:
        self.begun += 1
        self.at_once = max(self.at_once, self.begun - self.ended)
        await self.gate.wait()
        self.ended += 1
        return self._problems


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str, str]]:
    return [(line.levelno, line.getMessage(), vars(line).get("problem", "")) for line in caplog.records]


async def test_success_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    reloads = Reloads()
    reloads.gate.set()

    assert list(await Reloading(reloads)()) == []
    assert said(caplog) == [(logging.INFO, "Reloaded", "")]


async def test_every_problem_is_logged_and_given(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    reloads = Reloads(*PROBLEMS)
    reloads.gate.set()

    assert list(await Reloading(reloads)()) == PROBLEMS
    assert said(caplog) == [(logging.ERROR, "Cannot reload, nothing has changed", problem) for problem in PROBLEMS]


async def test_one_reload_waits_for_the_other() -> None:
    reloads = Reloads()
    reloading = Reloading(reloads)

    both = asyncio.gather(reloading(), reloading())
    await eventually(lambda: reloads.begun == 1)
    reloads.gate.set()
    await both

    assert (reloads.ended, reloads.at_once) == (2, 1)


async def test_a_hangup_reloads_and_several_during_a_reload_lead_to_one_more() -> None:
    reloads = Reloads()
    with hangups() as hangup:
        async with reloading_on(hangup, Reloading(reloads)):
            os.kill(os.getpid(), signal.SIGHUP)
            await eventually(lambda: reloads.begun == 1)
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGHUP)
            await eventually(hangup.is_set)
            reloads.gate.set()
            await eventually(lambda: reloads.ended == 2)
            assert not hangup.is_set()

    assert reloads.at_once == 1


async def test_a_hangup_before_anything_is_open_is_not_forgotten() -> None:
    reloads = Reloads()
    reloads.gate.set()
    with hangups() as hangup:
        os.kill(os.getpid(), signal.SIGHUP)
        await eventually(hangup.is_set)
        async with reloading_on(hangup, reloads):
            await eventually(lambda: reloads.ended == 1)


async def test_a_reload_that_hangs_does_not_keep_the_process_alive() -> None:
    reloads = Reloads()
    hangup = asyncio.Event()
    async with reloading_on(hangup, reloads):
        hangup.set()
        await eventually(lambda: reloads.begun == 1)

    assert reloads.ended == 0
    assert len(asyncio.all_tasks()) == 1
