"""The only room that talks to Northflank: a thin shell over aiohttp that translates every failure once."""

import asyncio
import errno
import os
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote

import aiohttp
from yarl import URL

from exporter.northflank.budget import RequestBudget
from exporter.northflank.errors import (
    ConnectionFailed,
    InvalidResponse,
    NorthflankError,
    RateLimited,
    RequestTimeout,
)
from exporter.northflank.listing import Listing
from exporter.northflank.wire import Page, error_of_status, parse_backups_page, parse_date, parse_rate_limit

PAGE_SIZE = 100
"""The largest page that the API gives."""

MAX_BODY_BYTES = 16 * 2**20
"""A decoded body is read no further than this, so that a compressed bomb costs nothing."""

MAX_ERROR_BODY_BYTES = 64 * 2**10

ERROR_BODY_SHARE = 1 / 4
"""Part of a request's time that the body of an error may take: a status must not be lost to a hanging body."""

KEEP_ALIVE_SECONDS = 75.0
"""Longer than the usual scrape interval, so that connections outlive the pause between two scrapes."""


class RequestDeferred(Exception):
    """The budget does not allow a request now; nothing was sent."""


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


class NorthflankClient:
    """Reads one account's lists with one token.

    `clock_skew` is the local clock minus the API's, as last seen. `sent` counts requests, `proofs` the answers
    that proved API and token good (success, a permission error, not found).
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        api_url: str,
        token: Callable[[], str],
        request_timeout: timedelta,
        concurrency: int,
        budget: RequestBudget,
        observer: Observer,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._api_url = api_url
        self._token = token
        self._request_timeout = request_timeout.total_seconds()
        self._slots = asyncio.Semaphore(concurrency)
        self._observer = observer
        self._now = now
        self.budget = budget
        self.clock_skew: timedelta | None = None
        self.sent = 0
        self.proofs = 0

    async def backups(self, project_id: str, addon_id: str) -> Listing:
        """Read an addon's whole list of backups.

        Raises NorthflankError where a page gave no data, RequestDeferred where the budget is spent.
        """
        listing = Listing()
        while not listing.is_complete:
            listing.add(await self.backups_page(project_id, addon_id, listing.cursor))
        return listing

    async def backups_page(self, project_id: str, addon_id: str, cursor: str) -> Page:
        """Read one page of an addon's list of backups; an empty `cursor` asks for the first."""
        path = f"/v1/projects/{quote(project_id, safe='')}/addons/{quote(addon_id, safe='')}/backups"
        query = f"per_page={PAGE_SIZE}" + (f"&cursor={quote(cursor, safe='')}" if cursor else "")
        page = parse_backups_page(await self._get("backups", f"{path}?{query}"))
        if page.rejected:
            self._observer.items_rejected("backups", page.rejected)
        return page

    async def _get(self, endpoint: str, path: str) -> bytearray:
        async with self._slots:
            if not self.budget.allows(self._now()):
                raise RequestDeferred
            answer = await self._send(endpoint, path)
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            self.proofs += 1
            return answer.body
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise InvalidResponse(f"HTTP status {answer.status} where a list was expected")
        error = error_of_status(answer.status, answer.headers, answer.body, answer.received_at)
        self.proofs += error.proves_token
        if isinstance(error, RateLimited):
            self.budget.silence(answer.received_at, error.retry_after)
        raise error

    async def _send(self, endpoint: str, path: str) -> Answer:
        """Send a request, once more where the connection broke before any answer; translate what fails."""
        try:
            async with asyncio.timeout(self._request_timeout):
                try:
                    return await self._attempt(endpoint, path)
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                    if isinstance(error, aiohttp.ClientConnectorError):
                        raise  # It was never connected: a second try would only double the storm.
                return await self._attempt(endpoint, path)
        # Most specific first: aiohttp's own time-outs are both TimeoutError and ClientError.
        except TimeoutError:
            failure: NorthflankError = RequestTimeout(f"no whole answer within {self._request_timeout:g} s")
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            failure = ConnectionFailed(_connection_fault(error))
        except UnicodeError:
            failure = ConnectionFailed("the host name is none")
        except aiohttp.ClientError as error:
            failure = InvalidResponse(f"the answer is not HTTP ({type(error).__name__})")
        # Raised without what it came from: aiohttp's errors hold the request, and so the token.
        raise failure

    async def _attempt(self, endpoint: str, path: str) -> Answer:
        started = time.monotonic()
        code = "error"
        self.sent += 1
        try:
            answer = await self._exchange(path)
            code = str(answer.status)
        finally:
            self._observer.request_finished(endpoint, code, time.monotonic() - started)
        return answer

    async def _exchange(self, path: str) -> Answer:
        url = URL(self._api_url + path, encoded=True)
        headers = {"Authorization": f"Bearer {self._token()}"}
        # Without redirects: the token must not follow to where the API is not.
        async with self._session.get(url, headers=headers, allow_redirects=False) as response:
            received_at = self._now()
            self._observe_headers(response.headers, received_at)
            body = await self._read_body(response)
            return Answer(status=response.status, headers=response.headers, body=body, received_at=received_at)

    async def _read_body(self, response: aiohttp.ClientResponse) -> bytearray:
        if response.status < HTTPStatus.BAD_REQUEST:
            return await _read_whole(response)
        return await _read_start(response, self._request_timeout * ERROR_BODY_SHARE)

    def _observe_headers(self, headers: Mapping[str, str], received_at: datetime) -> None:
        rate_limit = parse_rate_limit(headers, received_at)
        if rate_limit is not None:
            self.budget.observe(rate_limit)
        date = parse_date(headers)
        if date is not None:
            self.clock_skew = received_at - date


def open_session(*, user_agent: str, concurrency: int) -> aiohttp.ClientSession:
    """Open the connections to one account's API; to be closed by the caller.

    Time limits and repetition are the client's, not aiohttp's: a request's time starts when it is sent, not when
    it waits for a connection.
    """
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=concurrency, keepalive_timeout=KEEP_ALIVE_SECONDS),
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
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
    """Say what broke, in words that hold no URL and no peer's text."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the host name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"the certificate is not trusted ({_certificate_fault(error.certificate_error)})"
    if isinstance(error, aiohttp.ClientSSLError):
        return "TLS could not be agreed on"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"cannot connect ({os.strerror(error.os_error.errno or errno.ECONNREFUSED)})"
    return "the connection broke before the answer was whole"


def _certificate_fault(error: Exception) -> str:
    return error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else type(error).__name__
