"""The only room that talks to Northflank: a thin shell over aiohttp that translates every failure once."""

import asyncio
import math
import os
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote

import aiohttp
from yarl import URL

from exporter.northflank.errors import (
    ConnectionFailed,
    HostUnreachable,
    InvalidResponse,
    NorthflankError,
    RateLimited,
    RequestTimeout,
)
from exporter.northflank.window import RequestWindow
from exporter.northflank.wire import Page, error_of_status, parse_backups_page, parse_date, parse_rate_limit

PAGE_SIZE = 100
"""The largest page that the API gives."""

MAX_BODY_BYTES = 16 * 2**20
"""A decoded body is read no further than this, so that a compressed bomb costs nothing."""

MAX_ERROR_BODY_BYTES = 64 * 2**10

ERROR_BODY_SHARE = 1 / 4
"""Part of a request's time that the body of an error may take: a status must not be lost to a hanging body."""

CONNECT_SHARE = 1 / 2
"""Part of a request's time that connecting may take, TLS included."""

KEEP_ALIVE_SECONDS = 75.0
"""Longer than the usual scrape interval, so that connections outlive the pause between two scrapes."""


class Observer(Protocol):
    """Who counts the requests; the client knows no Prometheus."""

    def request_finished(self, endpoint: str, code: str, seconds: float) -> None:
        """Count a request that ended with HTTP status `code`, or with `error` where there was no whole answer."""

    def items_rejected(self, endpoint: str, count: int) -> None:
        """Count items of a list that could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer: status, headers, decoded body and the moment its headers came."""

    status: int
    headers: Mapping[str, str]
    body: bytearray
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Two ways to one account's API: over connections that are kept, and over one that is new each time."""

    kept: aiohttp.ClientSession
    fresh: aiohttp.ClientSession


class RequestDeferred(Exception):
    """The request window is closed for now; nothing was sent."""


class NorthflankClient:
    """Reads one account's lists with one token; no request crosses the bounds of `window`.

    `clock_skew` is the local clock minus the API's, as last seen.
    """

    def __init__(
        self,
        session: Session,
        *,
        api_url: str,
        token: Callable[[], str],
        request_timeout: timedelta,
        concurrency: int,
        window: RequestWindow,
        observer: Observer,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._api_url = api_url
        self._token = token
        self._request_timeout = request_timeout.total_seconds()
        self._slots = asyncio.Semaphore(concurrency)
        self._window = window
        self._observer = observer
        self._now = now
        self._monotonic = monotonic
        self.clock_skew: timedelta | None = None

    async def backups_page(self, project_id: str, addon_id: str, cursor: str) -> Page:
        """Read one page of an addon's list of backups; an empty `cursor` asks for the first.

        Raises NorthflankError where it gave no data, RequestDeferred where no request may go out.
        """
        path = f"/v1/projects/{quote(project_id, safe='')}/addons/{quote(addon_id, safe='')}/backups"
        query = f"per_page={PAGE_SIZE}" + (f"&cursor={quote(cursor, safe='')}" if cursor else "")
        page = parse_backups_page(await self._get("backups", f"{path}?{query}"))
        if page.rejected:
            self._observer.items_rejected("backups", page.rejected)
        return page

    async def _get(self, endpoint: str, path: str) -> bytearray:
        async with self._slots:
            answer = await self._send(endpoint, path)
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer.body
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise InvalidResponse(f"HTTP status {answer.status} where a list was expected")
        error = error_of_status(answer.status, answer.headers, answer.body, answer.received_at)
        if isinstance(error, RateLimited):
            self._window.refused(self._monotonic(), error.retry_after)
        raise error

    async def _send(self, endpoint: str, path: str) -> Answer:
        """Send a request, once more where the connection broke before any answer; translate what fails.

        The second time over a fresh connection: where one was closed while it was kept, others may have been, too.
        """
        try:
            async with asyncio.timeout(self._request_timeout):
                try:
                    return await self._attempt(self._session.kept, endpoint, path)
                except aiohttp.ClientConnectionError as error:
                    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
                        raise  # It was never connected: a second try would only double the storm.
                    if not self._window.may_send(self._monotonic()):
                        raise
                return await self._attempt(self._session.fresh, endpoint, path)
        # Most specific first: aiohttp's own time-outs are both TimeoutError and ClientError.
        except aiohttp.ConnectionTimeoutError:
            failure: NorthflankError = HostUnreachable("no connection comes about")
        except TimeoutError:
            failure = RequestTimeout(f"no whole answer within {self._request_timeout:g} s")
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
            failure = HostUnreachable(_connection_fault(error))
        except aiohttp.ClientConnectionError:
            failure = ConnectionFailed("the connection broke before the answer was whole")
        except UnicodeError:
            failure = HostUnreachable("the host name cannot be resolved")
        except aiohttp.ClientError as error:
            failure = InvalidResponse(f"the answer is not HTTP ({type(error).__name__})")
        # Raised without what it came from: aiohttp's errors hold the request, and so the token.
        raise failure

    async def _attempt(self, session: aiohttp.ClientSession, endpoint: str, path: str) -> Answer:
        if not self._window.may_send(self._monotonic()):
            raise RequestDeferred
        started = time.monotonic()
        code = "error"
        number = self._window.sent()
        try:
            answer = await self._exchange(session, path, number)
            code = str(answer.status)
        finally:
            self._window.ended()
            self._observer.request_finished(endpoint, code, time.monotonic() - started)
        return answer

    async def _exchange(self, session: aiohttp.ClientSession, path: str, number: int) -> Answer:
        url = URL(self._api_url + path, encoded=True)
        headers = {"Authorization": f"Bearer {self._token()}"}
        # Without redirects: the token must not follow to where the API is not.
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            received_at = self._now()
            self._window.answered(self._monotonic(), number, parse_rate_limit(response.headers, received_at))
            date = parse_date(response.headers)
            if date is not None:
                self.clock_skew = received_at - date
            body = await self._read_body(response)
            return Answer(status=response.status, headers=response.headers, body=body, received_at=received_at)

    async def _read_body(self, response: aiohttp.ClientResponse) -> bytearray:
        if response.status < HTTPStatus.BAD_REQUEST:
            return await _read_whole(response)
        return await _read_start(response, self._request_timeout * ERROR_BODY_SHARE)


@asynccontextmanager
async def open_session(*, user_agent: str, concurrency: int, request_timeout: timedelta) -> AsyncIterator[Session]:
    """Open the connections to one account's API.

    Time limits and repetition are the client's, not aiohttp's: a request's time starts when it is sent, not when
    it waits for a connection. Only connecting has a limit of its own, so that a host that is not there is told from
    an answer that takes its time.
    """
    connecting = request_timeout.total_seconds() * CONNECT_SHARE
    keeping = aiohttp.TCPConnector(limit=concurrency, keepalive_timeout=KEEP_ALIVE_SECONDS)
    forgetting = aiohttp.TCPConnector(limit=concurrency, force_close=True)
    async with (
        _aiohttp_session(keeping, user_agent=user_agent, connecting=connecting) as kept,
        _aiohttp_session(forgetting, user_agent=user_agent, connecting=connecting) as fresh,
    ):
        yield Session(kept=kept, fresh=fresh)


def _aiohttp_session(connector: aiohttp.BaseConnector, *, user_agent: str, connecting: float) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=connector,
        # Without the threshold aiohttp rounds longer times up to whole seconds.
        timeout=aiohttp.ClientTimeout(
            total=None, connect=None, sock_connect=connecting, sock_read=None, ceil_threshold=math.inf
        ),
        headers={"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"},
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    # aiohttp repeats a request by itself when a kept connection turns out to be closed; with ours that would be
    # two repetitions. There is no public switch; a test counts the attempts.
    session._retry_connection = False  # noqa: SLF001
    return session


async def _read_whole(response: aiohttp.ClientResponse) -> bytearray:
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


async def _read_start(response: aiohttp.ClientResponse, seconds: float) -> bytearray:
    """Read what explains an error, if it comes within `seconds`: its status has said what matters."""
    body = bytearray()
    with suppress(aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(seconds):
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MAX_ERROR_BODY_BYTES:
                    break
    return body


def _connection_fault(error: aiohttp.ClientError) -> str:
    """Say why no connection came about, in words that hold no URL and no peer's text."""
    if isinstance(error, aiohttp.InvalidURL):
        return "the address of the API is none"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the host name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"the certificate is not trusted ({_certificate_fault(error.certificate_error)})"
    if isinstance(error, aiohttp.ClientSSLError):
        return "TLS could not be agreed on"
    number = error.os_error.errno if isinstance(error, aiohttp.ClientConnectorError) else None
    return "cannot connect" if number is None else f"cannot connect ({os.strerror(number)})"


def _certificate_fault(error: Exception) -> str:
    return error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else type(error).__name__
