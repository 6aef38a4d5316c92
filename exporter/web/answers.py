"""How answers leave: within a time limit, counted, and whatever went wrong as one of them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from exporter.web.connection import SERVER, Connection

log = logging.getLogger(__name__)

WRITE_SECONDS = 60.0
"""How long a client may take to read an answer."""

LARGEST_BODY = 64 * 1024
"""Bytes; no path wants any."""

_LONGEST_TEXT = 1_000

EXTRA_HEADERS = web.RequestKey("extra_headers", Mapping[str, str])
"""Headers that the answer to a request is to have besides its own."""


def plain(status: HTTPStatus, text: str = "", headers: Mapping[str, str] | None = None) -> web.Response:
    """Make an answer for people to read."""
    return web.Response(text=text or f"{status.phrase}\n", status=status, headers=headers)


def answering(count: Callable[[int], None]) -> Middleware:
    """Make the outermost middleware; it calls `count` with the status of each answer."""

    @web.middleware
    async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
        connection = request.protocol
        if isinstance(connection, Connection):
            connection.request_begun(request.content)
        try:
            answer = await _answer(request, handler)
            count(answer.status)
            await send(request, answer)
        finally:
            if isinstance(connection, Connection):
                connection.request_ended()
        return answer

    return answered


async def send(request: web.Request, answer: web.StreamResponse) -> None:
    """Write a whole answer, as far as that has not happened yet."""
    async with sending(request, answer):
        pass


@asynccontextmanager
async def sending(request: web.Request, answer: web.StreamResponse) -> AsyncIterator[None]:
    """Begin an answer, whose body may then be written, and end it; who does not read it in time is hung up on."""
    if not answer.prepared:
        answer.headers["Server"] = SERVER
        answer.headers.update(request.get(EXTRA_HEADERS, {}))
        if isinstance(request.protocol, Connection) and request.protocol.is_pipelining:
            # Who does not wait for answers may not want any, and each costs. Well-meant requests are sent again.
            answer.force_close()
    try:
        async with asyncio.timeout(WRITE_SECONDS):
            await answer.prepare(request)
            yield
            await answer.write_eof()
    except ConnectionError:
        log.debug("A client left before its answer")
    except TimeoutError:
        log.debug("A client did not read its answer in time")
        _abort(request)
    except Exception:
        # It is not to take what there is of it for a whole answer.
        _abort(request)
        raise


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.content_length is not None and request.content_length > LARGEST_BODY:
        answer = plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        answer.force_close()
        return answer
    try:
        return await handler(request)
    except web.HTTPException as error:
        # No such path, or not with this method.
        kept = {name: value for name, value in error.headers.items() if name == "Allow"}
        return plain(HTTPStatus(error.status), headers=kept)
    except Exception:
        # A bug must not take the answers of others with it; it has a counter of its own.
        log.exception("Failed to answer", extra={"path": request.path[:_LONGEST_TEXT]})
        return plain(HTTPStatus.INTERNAL_SERVER_ERROR)
