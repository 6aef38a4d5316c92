"""Two weeks of everything that can go wrong, under two Prometheus.

What a seed decides happens again with the same seed: `CHAOS_SEED=7 CHAOS_DAYS=60 pytest tests/chaos` for another run,
and a longer one.
"""

import asyncio
import gc
import logging
import os
import random
import sys
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path

import pytest

from exporter.simulator import Behaviour
from exporter.simulator.faults import FaultKind
from tests.chaos.illnesses import ILLNESSES, Upset
from tests.chaos.lab import Lab
from tests.chaos.loop import VirtualLoop
from tests.chaos.mayhem import BEHAVIOURS, UNCHANGED, Mayhem
from tests.chaos.verdict import Verdict

SEED = int(os.environ.get("CHAOS_SEED", "1"))
DAYS = float(os.environ.get("CHAOS_DAYS", "14"))


WARM = timedelta(days=5)
"""By then the exporter has met most of what there is, and keeps what it needs for that."""

BLOCKS = 20_000
"""Blocks of memory by which it may be more some days later, of 370,000; a poll that leaks in each scrape has more."""

SETTLING_SECONDS = 120.0
"""Longer than anything goes on after a scrape, and than connections are kept."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What this process holds while nothing goes on."""

    tasks: int
    descriptors: int
    blocks: int


def footprint() -> Footprint:
    gc.collect()
    return Footprint(len(asyncio.all_tasks()), len([*Path("/proc/self/fd").iterdir()]), sys.getallocatedblocks())


def test_two_weeks_of_chaos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    # What is logged is kept until the end of a test, and would look like a leak.
    caplog.set_level(logging.ERROR)
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        # Connections are kept by this clock.
        monkeypatch.setattr("aiohttp.connector.monotonic", loop.time)
        try:
            mayhem, verdict = runner.run(chaos(loop, tmp_path / "token"))
        finally:
            gc.unfreeze()
    if DAYS >= 14:
        assert mayhem.kinds.keys() == set(FaultKind)
        assert {name.rpartition(" for ")[0] for name in mayhem.dealt} >= {illness.name for illness in ILLNESSES}
        assert mayhem.dealt.keys() >= {f"{name}={value}" for name, values in BEHAVIOURS.items() for value in values}
        # What upsets the whole account is seen there.
        alone = {illness.reason for illness in ILLNESSES if not {Upset.ACCOUNT, Upset.QUOTA} & illness.upsets}
        assert verdict.confirmed.keys() >= alone


def test_chaos_knows_every_switch_of_the_simulator() -> None:
    assert {field.name for field in fields(Behaviour)} == BEHAVIOURS.keys() | UNCHANGED
    assert {illness.fault.kind for illness in ILLNESSES} == set(FaultKind)


async def chaos(loop: VirtualLoop, token_file: Path) -> tuple[Mayhem, Verdict]:
    before = footprint()
    chance = random.Random(SEED)
    async with Lab(loop, SEED, token_file) as lab:
        mayhem = Mayhem(lab, SEED)
        verdict = Verdict(lab, mayhem)
        prints: list[Footprint] = []
        number = 0
        while lab.clocks.passed < timedelta(days=DAYS):
            number += 1
            try:
                await mayhem.step(number)
                await scrapes(lab, mayhem, verdict, chance)
                await rest(lab, chance.uniform(900, 5_700))
                if number % 10 == 0 and lab.clocks.passed > WARM and "connection" not in mayhem.everywhere:
                    prints.append(footprint())
                    check_leaks(prints)
            except BaseException as error:
                told = ", ".join(mayhem.told)
                error.add_note(f"CHAOS_SEED={SEED}: step {number}, after {lab.clocks.passed}; dealt: {told}")
                raise
        await check_end(lab, mayhem, verdict, chance)
    after = footprint()
    assert (after.tasks, after.descriptors) == (before.tasks, before.descriptors), "left open at the end"
    return mayhem, verdict


async def scrapes(lab: Lab, mayhem: Mayhem, verdict: Verdict, chance: random.Random) -> None:
    """Let both scrape, at once or one while the other's polls may be going on."""
    first, second = lab.clients
    reasons = {addon: mayhem.reason(addon) for addon in lab.addons}
    unsure = mayhem.unsure
    begun_at = lab.clocks.northflank()
    later = chance.choice((0.0, 0.0, 3.0, 20.0))

    async def scrape_first() -> None:
        seen = await first.scrape()
        verdict.check(seen)
        verdict.check_first(seen, begun_at, reasons, unsure)

    async def scrape_second() -> None:
        await asyncio.sleep(later)
        verdict.check(await second.scrape())

    async with asyncio.TaskGroup() as both:
        both.create_task(scrape_first())
        both.create_task(scrape_second())


async def rest(lab: Lab, seconds: float) -> None:
    """Let time pass in which nobody asks."""
    await asyncio.sleep(SETTLING_SECONDS)
    lab.loop.is_at_rest = True
    await asyncio.sleep(seconds)
    lab.loop.is_at_rest = False
    await asyncio.sleep(1)
    # What the simulator remembers is no leak of the exporter's.
    lab.simulator.behaviour = lab.simulator.behaviour


def check_leaks(prints: list[Footprint]) -> None:
    """Compare what is held now with what was held when it was warm."""
    warm, now = prints[0], prints[-1]
    assert now.tasks == warm.tasks, f"tasks: {asyncio.all_tasks()}"
    assert now.descriptors == warm.descriptors, "descriptors are left open"
    assert now.blocks <= warm.blocks + BLOCKS, f"memory grows: {[each.blocks for each in prints]}"


async def check_end(lab: Lab, mayhem: Mayhem, verdict: Verdict, chance: random.Random) -> None:
    """Put everything right: all is well once the limit is known anew, and soon what is read more rarely, too."""
    for trouble in tuple(mayhem.troubles):
        await mayhem.lift(trouble)
    await rest(lab, 2 * 3_600)
    for _ in range(12):
        mayhem.begin()
        await scrapes(lab, mayhem, verdict, chance)
        await rest(lab, 3_600)
    verdict.check_schedules(await lab.clients[0].scrape())
