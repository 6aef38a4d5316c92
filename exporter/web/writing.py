"""Answers written piece by piece: made and compressed in a thread, sent while the next piece is made.

So a large answer neither keeps the event loop from other requests nor stands in memory as a whole.
"""

import asyncio
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from typing import Any

from aiohttp import web

from exporter.web.answers import sending
from exporter.web.negotiation import accepts_gzip

_compressor: Callable[..., Any]  # the two differ in types, not in what they take and give
try:
    from isal import isal_zlib
except ImportError:
    _compressor = zlib.compressobj
else:
    _compressor = isal_zlib.compressobj

PIECE_BYTES = 256 * 1024
"""An answer that is smaller goes out whole, with its length."""

_GZIP = 16 + zlib.MAX_WBITS
_FASTEST = 1  # a scrape crosses one data centre at most: time matters more than the last tenth of size


async def written(
    request: web.Request, chunks: Iterable[bytes], headers: Mapping[str, str], *, pool: Executor
) -> web.StreamResponse:
    """Answer with these chunks, which are made in a thread of the pool; none of them may fail once one was sent.

    They are compressed where the client likes that, so `headers` has to say that they vary by it.
    """
    compress = accepts_gzip(",".join(request.headers.getall("Accept-Encoding", ())))
    pieces = _compressed(chunks) if compress else iter(chunks)
    all_headers = {**headers, "Content-Encoding": "gzip"} if compress else headers
    loop = asyncio.get_running_loop()
    piece = await loop.run_in_executor(pool, _next_piece, pieces)
    if len(piece) < PIECE_BYTES:
        return web.Response(body=piece, headers=all_headers)
    response = web.StreamResponse(headers=all_headers)
    async with sending(request, response):
        while piece:
            await response.write(piece)
            piece = await loop.run_in_executor(pool, _next_piece, pieces)
    return response


def _next_piece(chunks: Iterator[bytes]) -> bytes:
    """Join so many chunks that they are worth sending; less only at the end, and nothing after it."""
    gathered, size = [], 0
    for chunk in chunks:
        gathered.append(chunk)
        size += len(chunk)
        if size >= PIECE_BYTES:
            break
    return b"".join(gathered)


def _compressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    gzip = _compressor(_FASTEST, zlib.DEFLATED, _GZIP)
    for chunk in chunks:
        yield gzip.compress(chunk)
    yield gzip.flush()
