"""A server on a real socket that answers as a test scripts it, to the byte, and remembers what it was asked."""

import asyncio
import socket
import ssl
import struct
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from exporter.model import Backup
from exporter.northflank import Listing, NorthflankClient, PageRequest, open_session
from exporter.northflank.window import RequestWindow
from tests.builders import NOW, encoded, raw_page

TOKEN = "nf-made-up-secret"
USER_AGENT = "northflank-backup-exporter/1.2.3"

Step = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked, on which connection (the first is 1); the names of the headers are in lower case."""

    connection: int
    line: str
    headers: Mapping[str, str]

    @property
    def target(self) -> str:
        """Path and query as they were sent."""
        return self.line.split(" ")[1]


class FakeApi:
    """Answers each request with the next step of its script; the last step is repeated."""

    def __init__(self, *script: Step, tls: ssl.SSLContext | None = None, greeting: bytes = b"") -> None:
        self._script = list(script)
        self._tls = tls
        self._greeting = greeting
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self.requests: list[Request] = []
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        host, port = self._server.sockets[0].getsockname()
        self.host = f"{host}:{port}"
        self.url = f"{'https' if self._tls else 'http'}://{self.host}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._open:
            writer.close()
        await asyncio.gather(*(task for task in self._open.values() if task))
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        self.connections += 1
        connection = self.connections
        writer.write(self._greeting)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                line, *fields = head.decode("latin-1").rstrip().split("\r\n")
                headers = dict(field.split(": ", 1) for field in fields)
                lowered = {name.lower(): value for name, value in headers.items()}
                self.requests.append(Request(connection=connection, line=line, headers=lowered))
                step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
                await step(reader, writer)
        writer.close()


def answer(body: object = b"", status: int = 200, headers: Mapping[str, str] | None = None) -> Step:
    """Answer in full; what is no bytes is sent as JSON. The connection stays open."""
    payload = body if isinstance(body, bytes) else encoded(body)
    fields = {"Content-Length": str(len(payload))} | dict(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return sent(f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + payload)


def empty_list(**headers: str) -> Step:
    """Answer with a list without backups."""
    return answer(raw_page(), headers=headers)


def sent(raw: bytes, then: Step | None = None) -> Step:
    """Send these bytes, then go on with another step."""

    async def step(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        if then:
            await then(reader, writer)

    return step


def delayed(seconds: float, then: Step) -> Step:
    """Be a slow server."""

    async def step(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await then(reader, writer)

    return step


def first_answer(first: Step, then: Step) -> Step:
    """Do the one on a connection that is new, the other on one that was kept."""
    known: set[asyncio.StreamWriter] = set()

    async def step(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_new = writer not in known
        known.add(writer)
        await (first if is_new else then)(reader, writer)

    return step


def endless(chunk: bytes, pause: float = 0) -> Step:
    """Send the same bytes again and again until the client has had enough."""

    async def step(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause)

    return step


async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End the connection in good order."""
    writer.close()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Break the connection (RST)."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Send nothing more; ends when the client leaves."""
    await reader.read()


def tunnel(host: str) -> Step:
    """Be a proxy that lets CONNECT through to one and the same host, whatever was asked for."""
    name, port = host.split(":")

    async def step(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_host, to_host = await asyncio.open_connection(name, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pour(reader, to_host), _pour(from_host, writer))

    return step


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await source.read(2**16):
            sink.write(chunk)
            await sink.drain()
    sink.close()


class Clock:
    """A time of day that moves when told to."""

    def __init__(self, time: datetime = NOW) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        """Give the seconds since NOW."""
        return (self.time - NOW).total_seconds()

    def advance(self, **span: float) -> None:
        """Move on, in the units of timedelta."""
        self.time += timedelta(**span)


class Recorder:
    """Remembers what the client reports to its observer."""

    def __init__(self) -> None:
        self.finished: list[tuple[str, str]] = []
        self.seconds: list[float] = []
        self.rejected: Counter[str] = Counter()

    @property
    def codes(self) -> list[str]:
        """How each request ended."""
        return [code for _, code in self.finished]

    def request_finished(self, endpoint: str, code: str, seconds: float) -> None:
        """Remember a request."""
        self.finished.append((endpoint, code))
        self.seconds.append(seconds)

    def items_rejected(self, endpoint: str, count: int) -> None:
        """Remember the items that were left out."""
        self.rejected[endpoint] += count


@asynccontextmanager
async def open_client(
    url: str,
    *,
    timeout: float = 10,  # noqa: ASYNC109 - the client's, not this function's
    concurrency: int = 4,
    token: Callable[[], str] = lambda: TOKEN,
    observer: Recorder | None = None,
    window: RequestWindow | None = None,
    team: str = "",
    proxy_url: str | None = None,
    ca_file: Path | None = None,
    now: Clock = Clock(),  # noqa: B008 - nobody moves this one
) -> AsyncIterator[NorthflankClient]:
    """Open a client as the exporter does."""
    request_timeout = timedelta(seconds=timeout)
    async with open_session(
        user_agent=USER_AGENT,
        concurrency=concurrency,
        request_timeout=request_timeout,
        proxy_url=proxy_url,
        ca_file=ca_file,
    ) as session:
        yield NorthflankClient(
            session,
            api_url=url,
            team=team,
            token=token,
            request_timeout=request_timeout,
            concurrency=concurrency,
            window=window or RequestWindow(share=0.8),
            observer=observer or Recorder(),
            now=now,
            monotonic=now.monotonic,
        )


async def read_list(client: NorthflankClient, project_id: str, addon_id: str) -> Listing[Backup]:
    """Read a whole list of backups, page by page."""
    listing = Listing.of_backups()
    while not listing.is_complete:
        page = await client.backups_page(project_id, addon_id, PageRequest(cursor=listing.cursor))
        assert page is not None, "nothing is known yet"
        listing.add(page)
    return listing
