"""An event loop whose time passes only where nothing else can happen: two weeks of timers in seconds, real sockets."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_GRACE_SECONDS = 0.01
"""What is on its way between two sockets of this machine has arrived by then; threads are waited for by name."""

_BEGINNING = 1_000.0


class VirtualLoop(asyncio.SelectorEventLoop):
    """Jumps to its next timer when nobody has anything to do.

    `is_at_rest` tells that nothing can be on its way between sockets, so that time need not be given to it.
    """

    def __init__(self) -> None:
        self._now = _BEGINNING
        self._working = 0
        self.is_at_rest = False
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Give the seconds of this loop's clock."""
        return self._now

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._working += 1
        future.add_done_callback(self._worked)
        return future

    def jump(self, seconds: float) -> bool:
        """Let time pass, unless a thread is at work that may have something to say."""
        if self._working:
            return False
        self._now += seconds
        return True

    def _worked(self, _: asyncio.Future[Any]) -> None:
        self._working -= 1


class _JumpingSelector(selectors.BaseSelector):
    """Hands on what sockets have to say; where they have nothing, time passes instead."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()

    def register(self, fileobj: FileDescriptorLike, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 - as its parent
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: FileDescriptorLike, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 - as its parent
        return self._real.modify(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return self._real.select(timeout)
        while True:
            events = self._real.select(0 if self._loop.is_at_rest else _GRACE_SECONDS)
            if events or self._loop.jump(timeout):
                return events

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[FileDescriptorLike, selectors.SelectorKey]:
        return self._real.get_map()
