"""Connections of clients: so many at most, and none that is kept open by saying nothing."""

import asyncio
import ssl
from typing import Any

from aiohttp import web

HEAD_SECONDS = 10.0
"""How long a client may take to send a request's head, counted from its first byte or from connecting."""

KEEP_ALIVE_SECONDS = 150.0
"""Longer than two usual scrape intervals, so that Prometheus keeps its connection."""

LINGERING_SECONDS = 1.0
"""How long the rest of a request's body is thrown away before its connection is closed."""

MOST_CONNECTIONS = 256
MOST_TLS_CONNECTIONS = 64
"""asyncio takes a third of a megabyte for each connection with TLS."""


class Connection(web.RequestHandler):
    """aiohttp's connection, which ends where a head does not come in time."""

    __slots__ = ("_connections", "_has_more", "_head_timer", "_link", "_opening", "is_busy")

    def __init__(self, server: web.Server, connections: "Connections", loop: asyncio.AbstractEventLoop) -> None:
        settings: dict[str, Any] = {
            "keepalive_timeout": KEEP_ALIVE_SECONDS,
            "lingering_time": LINGERING_SECONDS,
            "access_log": None,
            "auto_decompress": False,
        }
        super().__init__(server, loop=loop, **settings)
        self._connections = connections
        self._opening: asyncio.Task[None] | None = None
        self._link: asyncio.Transport | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._has_more = False
        self.is_busy = False

    def opened_by(self, task: "asyncio.Task[None]") -> None:
        """Take note of who waits until it can be talked over."""
        self._opening = task

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a head."""
        super().connection_made(transport)
        self._link = self.transport
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of a head where this may begin one."""
        if self.is_busy:
            self._has_more = True
        elif self._head_timer is None:
            self._await_head()
        super().data_received(data)

    def request_begun(self) -> None:
        """Take note that a head is whole, and its answer is being made."""
        self.is_busy = True
        self._stop_waiting()

    def request_ended(self) -> None:
        """Take note that the answer is on its way."""
        self.is_busy = False
        self._connections.used(self)
        if self._has_more:
            # It may be the body of what is answered already, or the beginning of the next head.
            self._has_more = False
            self._await_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Make room."""
        self._stop_waiting()
        self._link = None
        self._connections.left(self)
        super().connection_lost(exc)

    def hang_up(self) -> None:
        """End it at once, however far it is."""
        if self._link is not None:
            self._link.abort()
        elif self._opening is not None:
            self._opening.cancel()

    def _await_head(self) -> None:
        self._stop_waiting()
        self._head_timer = asyncio.get_running_loop().call_later(HEAD_SECONDS, self.hang_up)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class Connections:
    """All that are open, those used longest ago first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, connection: Connection) -> bool:
        """Let one in, if need be for another that waits for nothing; False where each is being answered."""
        if len(self._open) >= self._limit:
            idle = next((each for each in self._open if not each.is_busy), None)
            if idle is None:
                return False
            self.left(idle)
            idle.hang_up()
        self._open[connection] = None
        return True

    def used(self, connection: Connection) -> None:
        """Take note that one has just been of use."""
        if connection in self._open:
            del self._open[connection]
            self._open[connection] = None

    def left(self, connection: Connection) -> None:
        """Forget one."""
        self._open.pop(connection, None)


def connections(context: ssl.SSLContext | None) -> Connections:
    """Make room for as many as memory allows, which with TLS is fewer."""
    return Connections(MOST_CONNECTIONS if context is None else MOST_TLS_CONNECTIONS)
