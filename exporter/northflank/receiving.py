"""Reads the bodies of answers, as far as they are wanted."""

import asyncio
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import aiohttp

from exporter.memory import empty_free_lists, give_back_soon
from exporter.northflank.errors import InvalidResponse

T = TypeVar("T")

MAX_BODY_BYTES = 16 * 2**20
"""A decoded body is read no further than this, so that a compressed bomb costs nothing."""

LARGE_BODY_BYTES = 2**20
"""No page of a well-meant API comes near this; afterwards memory is given back."""

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
    finally:
        if len(body) > LARGE_BODY_BYTES:
            give_back_soon()
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


def taken_apart(body: bytearray, parse: Callable[[bytearray], T]) -> T:
    """Give what `parse` makes of a body. Of an absurd one nothing else is left: it may have been a million objects."""
    try:
        return parse(body)
    except InvalidResponse as error:
        # The error holds what was being called, and so all that was decoded.
        traceback.clear_frames(error.__traceback__)
        raise
    finally:
        if len(body) > LARGE_BODY_BYTES:
            empty_free_lists()
