"""Lets those that need the processor for a while have it one after the other, so that others come between."""

import asyncio


class Turnstile:
    """Lets one task through in each round of the event loop.

    Answers to many requests can arrive at once. To take each apart needs milliseconds, and asyncio begins all that is
    ready before it looks for anything else: a request to us would wait for all of them.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def passed(self) -> None:
        """Wait for one's turn."""
        async with self._lock:
            await asyncio.sleep(0)
