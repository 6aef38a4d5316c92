"""Long work in a thread that lets others have their turn: who asks whether the exporter is alive is not to wait."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def in_turns(items: Iterable[T], turn: int) -> Iterator[T]:
    """Give the items, and after so many of them the interpreter to who waits for it.

    By itself it is taken away only every few milliseconds, and one request takes it several times. A turn of half a
    millisecond is short enough: whoever gives it away more often waits for it more often.
    """
    for place, item in enumerate(items):
        if place % turn == 0:
            time.sleep(0)
        yield item
