"""Reads the bodies of answers, as far as they are wanted."""

import asyncio
from contextlib import suppress

import aiohttp

from exporter.northflank.errors import InvalidResponse

MAX_BODY_BYTES = 16 * 2**20
"""A decoded body is read no further than this, so that a compressed bomb costs nothing."""

MAX_ERROR_BODY_BYTES = 64 * 2**10


async def read_whole(response: aiohttp.ClientResponse) -> bytearray:
    """Read what was asked for; raise InvalidResponse where it is too large or comes to no end."""
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                # Leaving the response unread closes its connection.
                raise InvalidResponse(f"the body is larger than {MAX_BODY_BYTES // 2**20} MiB")
    except aiohttp.ClientError:
        failure = InvalidResponse("the body broke off or cannot be decoded")
    else:
        return body
    raise failure


async def read_start(response: aiohttp.ClientResponse, seconds: float) -> bytearray:
    """Read what explains an error, if it comes within `seconds`: its status has said what matters."""
    body = bytearray()
    with suppress(aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(seconds):
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MAX_ERROR_BODY_BYTES:
                    break
    return body
