"""Accepts connections on a socket, with TLS or without, and limits how many there are."""

import asyncio
import logging
import socket
import ssl
import traceback
from asyncio.sslproto import SSLProtocol

from aiohttp import web

from exporter.web.connection import Connection, Connections

log = logging.getLogger(__name__)

HANDSHAKE_SECONDS = 10.0
CLOSING_SECONDS = 2.0
"""How long a client may take to agree that a connection with TLS is over."""

_SECONDS_AFTER_FAILURE = 0.5

_TLS_BUFFER = 16 * 1024
"""Bytes that asyncio sets aside for each connection with TLS, 256 KiB by itself."""


class Site(web.BaseSite):
    """A listening socket as aiohttp's runner takes it; with a context it speaks TLS."""

    __slots__ = ("_accepting", "_connections", "_context", "_listening", "_opening")

    def __init__(
        self,
        runner: web.AppRunner,
        listening: socket.socket,
        connections: Connections,
        context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(runner)
        if context is not None:
            SSLProtocol.max_size = _TLS_BUFFER
        self._listening = listening
        self._connections = connections
        self._context = context
        self._opening: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """What aiohttp shows of it."""
        return str(self._listening.getsockname())

    async def start(self) -> None:
        """Accept from now on."""
        await super().start()
        self._listening.setblocking(False)
        self._accepting = asyncio.create_task(self._accept())

    async def stop(self) -> None:
        """Accept no more; what is open stays so, and is the runner's to close."""
        if self._accepting is not None:
            for task in (self._accepting, *self._opening):
                task.cancel()
            await asyncio.gather(self._accepting, *self._opening, return_exceptions=True)
        self._listening.close()
        await super().stop()

    async def _accept(self) -> None:
        """Accept one after the other, whatever happens: without this nobody could connect any more."""
        while True:
            try:
                await self._accept_one()
            except OSError as error:
                log.error("Cannot accept a connection", extra={"err": error})  # noqa: TRY400 - foreseen
                await asyncio.sleep(_SECONDS_AFTER_FAILURE)
            except Exception:
                log.exception("Unexpected error while a connection was accepted")
                await asyncio.sleep(_SECONDS_AFTER_FAILURE)

    async def _accept_one(self) -> None:
        loop, server = asyncio.get_running_loop(), self._runner.server
        assert server is not None  # noqa: S101 - BaseSite refuses a runner without
        # Who waits to be accepted takes no memory of ours.
        await self._connections.room()
        client, _ = await loop.sock_accept(self._listening)
        connection = Connection(server, self._connections, loop)
        self._connections.used(connection)
        task = asyncio.create_task(self._open(client, connection))
        connection.opened_by(task)
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, client: socket.socket, connection: Connection) -> None:
        over_tls = {"ssl_handshake_timeout": HANDSHAKE_SECONDS, "ssl_shutdown_timeout": CLOSING_SECONDS}
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection, client, ssl=self._context, **(over_tls if self._context else {})
            )
        except Exception as error:
            if not isinstance(error, OSError):
                log.exception("Unexpected error while a connection was opened")
                client.close()
            # The handshake failed, or the client is gone; neither is news. What asyncio had in its hands then, it holds
            # in a circle with the error: a hundred kilobytes, until the garbage is collected.
            traceback.clear_frames(error.__traceback__)
            self._connections.left(connection)
        except asyncio.CancelledError:
            self._connections.left(connection)
            client.close()
            raise
