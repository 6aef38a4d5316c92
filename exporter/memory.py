"""Memory that is not used any more, given back to the operating system: by itself much of it would stay here."""

import asyncio
import gc
from weakref import WeakSet

SETTLING_SECONDS = 5.0
"""How long after it was asked for that happens: what takes much memory mostly lasts a while, or comes again."""

_planned: WeakSet[asyncio.AbstractEventLoop] = WeakSet()


def give_back_soon() -> None:
    """Plan to collect the garbage, and to hand free memory back; more often than every few seconds it happens not.

    Circles of objects wait for a collector that nothing wakes once it is quiet, and glibc keeps pages that are free
    between others that are not. What this takes grows with what is watched: some 60 ms with 2,000 addons.
    """
    loop = asyncio.get_running_loop()
    if loop not in _planned:
        _planned.add(loop)
        loop.call_later(SETTLING_SECONDS, _give_back, loop)


def empty_free_lists() -> None:
    """Let go of the objects that Python keeps for the next ones of their kind, right after very many have gone.

    They lie scattered where those were, a megabyte around each: what is made of them keeps all of that.
    """
    # Nothing else does that; the garbage goes, too.
    gc.collect()


def _give_back(loop: asyncio.AbstractEventLoop) -> None:
    _planned.discard(loop)
    gc.collect()
    # It takes time and memory, and few need it.
    import ctypes  # noqa: PLC0415

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
