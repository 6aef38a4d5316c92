"""Memory that is not used any more, given back when nobody waits for that: by itself much of it would stay here.

Python would look through all objects for circles of them in the middle of an answer, which takes some 10 ms for every
thousand addons.
"""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

SETTLING_SECONDS = 0.8
"""So long it must be quiet before that happens; not a round number, as many an interval between two scrapes is."""

MOST_SECONDS = 600.0
"""After so long it happens although it never was quiet: what piles up would take more and more memory."""

MOST_YOUNG_COLLECTIONS = 100
"""So often the collector has looked through what is new when it is time to look through all: Python itself says 10."""

MOST_WHILE_IN_USE = 200
"""After so many it does so whatever else goes on: a fault in every answer leaves megabytes behind in each second."""


@dataclass(frozen=True, slots=True)
class _Plan:
    made_at: float
    timer: asyncio.TimerHandle


_plans: WeakKeyDictionary[asyncio.AbstractEventLoop, _Plan] = WeakKeyDictionary()


@contextmanager
def collected_when_quiet() -> Iterator[None]:
    """Let `in_use` and `give_back_soon` say when all objects are looked through, as long as little is left behind."""
    thresholds = gc.get_threshold()
    gc.set_threshold(*thresholds[:2], MOST_WHILE_IN_USE)
    # What there is by now stays; and the less counts as old, the less there is to look through.
    gc.freeze()
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def in_use() -> None:
    """Take note that something is going on: what is planned waits a little longer, what has become due is planned."""
    if asyncio.get_running_loop() in _plans or gc.get_count()[2] >= MOST_YOUNG_COLLECTIONS:
        give_back_soon()


def give_back_soon() -> None:
    """Plan to collect the garbage, and to hand free memory back, once nothing has happened for a while.

    Circles of objects wait for a collector that nothing wakes once it is quiet, and glibc keeps pages that are free
    between others that are not.
    """
    loop = asyncio.get_running_loop()
    plan, made_at = _plans.get(loop), loop.time()
    if plan is not None:
        if made_at - plan.made_at >= MOST_SECONDS:
            return
        plan.timer.cancel()
        made_at = plan.made_at
    _plans[loop] = _Plan(made_at, loop.call_later(SETTLING_SECONDS, _give_back, loop))


def empty_free_lists() -> None:
    """Let go of the objects that Python keeps for the next ones of their kind, right after very many have gone.

    They lie scattered where those were, a megabyte around each: what is made of them keeps all of that.
    """
    # Nothing else does that; the garbage goes, too.
    gc.collect()


def _give_back(loop: asyncio.AbstractEventLoop) -> None:
    del _plans[loop]
    # What is left stays for long: other collections need not look through it again.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    # It takes time and memory, and few need it.
    import ctypes  # noqa: PLC0415

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
