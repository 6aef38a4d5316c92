"""Faults carried out on the wire."""

import asyncio
import json
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

from aiohttp import web

from exporter.simulator.answers import Answer, forbidden_answer, status_answer
from exporter.simulator.behaviour import Behaviour, BodyFormat
from exporter.simulator.faults import Fault, FaultKind

_Mishap = Callable[[web.BaseRequest, Mapping[str, str], Fault], Awaitable[web.StreamResponse | None]]

_CHUNK = b" " * 65_536
_HEAD, _TAIL = b'{"data": {"backups": [', b"]}}"
_GZIP_WINDOW_BITS = 31
_TRUNCATED_BODY = json.dumps({"data": {"backups": [{"id": "cut-off", "status": "completed"}]}}).encode()


def answer_of(fault: Fault, behaviour: Behaviour) -> Answer | None:
    """Return the whole answer that a fault gives; None for a fault of another sort."""
    match fault.kind:
        case FaultKind.STATUS:
            return status_answer(fault.code, fault.body_format)
        case FaultKind.RAW:
            return Answer(status=200, body=fault.raw, content_type=fault.content_type)
        case FaultKind.FORBIDDEN:
            return forbidden_answer(fault.permission, behaviour.permission_status)
        case FaultKind.REDIRECT:
            return replace(status_answer(fault.code, BodyFormat.HTML), headers={"Location": fault.location})
        case _:
            return None


async def _hang(_request: web.BaseRequest, _headers: Mapping[str, str], _fault: Fault) -> None:
    # Until cancelled: the client leaves, or the simulator closes.
    await asyncio.Event().wait()


async def _reset(request: web.BaseRequest, _headers: Mapping[str, str], _fault: Fault) -> None:
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    # Linger for no time at all: the kernel sends RST, not an orderly FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _truncate(request: web.BaseRequest, headers: Mapping[str, str], _fault: Fault) -> web.StreamResponse:
    response = web.StreamResponse(headers={**headers, "Content-Type": "application/json"})
    response.content_length = len(_TRUNCATED_BODY)
    await response.prepare(request)
    await response.write(_TRUNCATED_BODY[: len(_TRUNCATED_BODY) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _flood(request: web.BaseRequest, headers: Mapping[str, str], fault: Fault) -> web.StreamResponse:
    response = web.StreamResponse(headers={**headers, "Content-Type": "application/json"})
    if fault.compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.enable_chunked_encoding()
    parts = _huge(fault.size_bytes)
    # A client that has read enough of it is right to leave.
    with suppress(ConnectionError):
        await response.prepare(request)
        for part in _compressed(parts) if fault.compressed else parts:
            await response.write(part)
            # Compressed parts may be too small for write() to wait; others must have their turn.
            await asyncio.sleep(0)
        await response.write_eof()
    return response


def _huge(size_bytes: int) -> Iterator[bytes]:
    yield _HEAD
    padding = max(0, size_bytes - len(_HEAD) - len(_TAIL))
    for _ in range(padding // len(_CHUNK)):
        yield _CHUNK
    yield _CHUNK[: padding % len(_CHUNK)]
    yield _TAIL


def _compressed(parts: Iterator[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(wbits=_GZIP_WINDOW_BITS)
    for part in parts:
        if squeezed := compressor.compress(part):
            yield squeezed
    yield compressor.flush()


# What befalls the connection, rather than the answer; None is returned where no answer was begun.
MISHAPS: Mapping[FaultKind, _Mishap] = MappingProxyType(
    {
        FaultKind.HANG: _hang,
        FaultKind.RESET: _reset,
        FaultKind.TRUNCATED: _truncate,
        FaultKind.HUGE: _flood,
    }
)
