"""Memory that is not used any more, given back to the operating system: by itself much of it would stay here."""

import asyncio
import gc
from weakref import WeakKeyDictionary

SETTLING_SECONDS = 1.0
"""So long it must be quiet before that happens: others would wait for it."""

_planned: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.TimerHandle] = WeakKeyDictionary()


def give_back_soon() -> None:
    """Plan to collect the garbage, and to hand free memory back, once nothing has happened for a while.

    Circles of objects wait for a collector that nothing wakes once it is quiet, and glibc keeps pages that are free
    between others that are not. What this takes grows with what is watched: some 20 ms with 5,000 addons.
    """
    loop = asyncio.get_running_loop()
    if loop in _planned:
        _planned[loop].cancel()
    _planned[loop] = loop.call_later(SETTLING_SECONDS, _give_back, loop)


def put_off() -> None:
    """Let what is planned wait a little longer: something is going on."""
    if asyncio.get_running_loop() in _planned:
        give_back_soon()


def empty_free_lists() -> None:
    """Let go of the objects that Python keeps for the next ones of their kind, right after very many have gone.

    They lie scattered where those were, a megabyte around each: what is made of them keeps all of that.
    """
    # Nothing else does that; the garbage goes, too.
    gc.collect()


def _give_back(loop: asyncio.AbstractEventLoop) -> None:
    del _planned[loop]
    gc.collect()
    # It takes time and memory, and few need it.
    import ctypes  # noqa: PLC0415

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
