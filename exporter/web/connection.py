"""Connections of clients: so many at most, and none that is kept open by saying nothing."""

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from aiohttp import StreamReader, web

from exporter.web.tidying import Tidying

HEAD_SECONDS = 10.0
"""How long a client may take to send a request's head, counted from its first byte or from connecting."""

KEEP_ALIVE_SECONDS = 150.0
"""Longer than two usual scrape intervals, so that Prometheus keeps its connection."""

_BODY_BUFFER = 4 * 1024
"""Bytes of a body that are read ahead; nobody here reads any of it."""

LINGERING_SECONDS = 1.0
"""How long the rest of a request's body is thrown away before its connection is closed."""

LARGEST_HEAD = 32 * 1024
"""Bytes of a request line and headers together; aiohttp limits each of them, and how many there are."""

SPARE_CONNECTIONS = 60
"""How many more there may be than scrapes are answered at once."""

UNLIMITED_SCRAPES = 400
"""What counts for that where scrapes are not limited."""

UNDISTURBED_SECONDS = 1.0
"""How long a connection that waits for a request is left alone, although others wait to be accepted."""

SERVER = "northflank-backup-exporter"
"""What answers say they come from: whoever may not get in learns no versions, as aiohttp would tell them."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

# All connections read into it, each taking what it got before the next one reads: asyncio's own way makes pieces of
# 256 KiB, and what is wrong with one stays in memory with its error until the garbage is collected.
_BUFFER = memoryview(bytearray(16 * 1024))


class Connection(web.RequestHandler, asyncio.BufferedProtocol):
    """aiohttp's connection, which ends where a head is too long or does not come in time."""

    __slots__ = ("_body", "_connections", "_has_more", "_head_size", "_head_timer", "_link", "_opening", "is_busy")

    def __init__(self, server: web.Server, connections: "Connections", loop: asyncio.AbstractEventLoop) -> None:
        settings: dict[str, Any] = {
            "keepalive_timeout": KEEP_ALIVE_SECONDS,
            "lingering_time": LINGERING_SECONDS,
            "access_log": None,
            "auto_decompress": False,
            "read_bufsize": _BODY_BUFFER,
        }
        super().__init__(server, loop=loop, **settings)
        self._connections = connections
        self._opening: asyncio.Task[None] | None = None
        self._link: asyncio.Transport | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._body: StreamReader | None = None
        self._has_more = False
        self._head_size = 0
        self.is_busy = False

    def opened_by(self, task: "asyncio.Task[None]") -> None:
        """Take note of who waits until it can be talked over."""
        self._opening = task

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a head."""
        super().connection_made(transport)
        self._link = self.transport
        if hasattr(transport, "set_read_buffer_limits"):
            # With TLS there is one more buffer, of what is not deciphered yet.
            transport.set_read_buffer_limits(high=len(_BUFFER))
        self._await_head()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's protocol
        """Give the memory to read into."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Take what has been read. It may begin a head, whose rest is waited for."""
        self._connections.tidying.received(nbytes)
        if self.is_busy:
            self._has_more = True
        elif self._head_size > LARGEST_HEAD:
            return  # Thrown away: with it unread, the answer might not arrive.
        else:
            self._head_size += nbytes
            if self._head_timer is None:
                self._await_head()
        if self._head_size > LARGEST_HEAD:
            self._refuse_head()
        else:
            self.data_received(bytes(_BUFFER[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Let aiohttp read, and let go of what it keeps of bytes that are no HTTP.

        It puts the error into its queue, and with it, in a circle, all that was being called: the bytes, the buffers
        of TLS, a hundred kilobytes until the garbage is collected.
        """
        super().data_received(data)
        for message, _ in getattr(self, "_messages", ()):
            error = getattr(message, "exc", None)
            if isinstance(error, Exception):
                error.__traceback__ = error.__context__ = error.__cause__ = None

    def request_begun(self, body: StreamReader) -> None:
        """Take note that a head is whole, and its answer is being made."""
        self.is_busy = True
        self._body = body
        self._head_size = 0
        self._stop_waiting()

    @property
    def is_pipelining(self) -> bool:
        """Whether the client goes on sending before it has its answer."""
        return self._has_more or bool(getattr(self, "_messages", ()))

    def request_ended(self) -> None:
        """Take note that the answer is on its way."""
        self.is_busy = False
        if self._link is not None:
            self._connections.used(self)
        if self.is_pipelining or (self._body is not None and not self._body.is_eof()):
            # Whatever follows is to come soon. With TLS, asyncio does not see a client leave whom it does not read
            # from at the moment, and then never closes the connection, however often it is told to.
            self._has_more = False
            self._await_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Make room."""
        self._stop_waiting()
        self._link = None
        self._connections.left(self)
        if self._body is not None and not self._body.is_eof():
            # aiohttp would go on waiting for the rest of it.
            self._body.feed_eof()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's
    ) -> web.StreamResponse:
        """Answer what is no HTTP without repeating it, as aiohttp does: a password may be among it."""
        answer = super().handle_error(request, status, exc, f"{status} {HTTPStatus(status).phrase}\n")
        answer.headers["Server"] = SERVER
        return answer

    def hang_up(self) -> None:
        """End it at once, however far it is."""
        if self._link is not None:
            self._link.abort()
        elif self._opening is not None:
            self._opening.cancel()

    def _refuse_head(self) -> None:
        if self._link is not None and not self._link.is_closing():
            self._link.write(_TOO_LARGE)
        self._hang_up_in(LINGERING_SECONDS)

    def _await_head(self) -> None:
        self._hang_up_in(HEAD_SECONDS)

    def _hang_up_in(self, seconds: float) -> None:
        self._stop_waiting()
        self._head_timer = asyncio.get_running_loop().call_later(seconds, self.hang_up)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class Connections:
    """All that are open, those used longest ago first; how many, follows from how many scrapes may be in flight."""

    def __init__(self, max_requests: int) -> None:
        self._limit = (max_requests or UNLIMITED_SCRAPES) + SPARE_CONNECTIONS
        self._used_at: dict[Connection, float] = {}
        self._freed = asyncio.Event()
        self.tidying = Tidying()

    async def room(self) -> None:
        """Wait until there is room for one more."""
        while self._is_full():
            self._freed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(UNDISTURBED_SECONDS):
                    await self._freed.wait()

    def _is_full(self) -> bool:
        """Tell whether there is no room, after ending one that has not been of use for a while, if there is any."""
        if len(self._used_at) < self._limit:
            return False
        latest = asyncio.get_running_loop().time() - UNDISTURBED_SECONDS
        unused = next((each for each, used_at in self._used_at.items() if not each.is_busy and used_at < latest), None)
        if unused is None:
            return True
        self.left(unused)
        unused.hang_up()
        return False

    def used(self, connection: Connection) -> None:
        """Take note that one is new, or has just been of use."""
        self.tidying.used()
        self.left(connection)
        self._used_at[connection] = asyncio.get_running_loop().time()

    def left(self, connection: Connection) -> None:
        """Forget one."""
        self._used_at.pop(connection, None)
        self._freed.set()
