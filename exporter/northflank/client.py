"""The only room that talks to Northflank: a thin shell over aiohttp that translates every failure once."""

import asyncio
import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from http import HTTPStatus
from typing import Protocol, TypeVar
from urllib.parse import quote

import aiohttp
from yarl import URL

from exporter.hidden import Hidden
from exporter.model import AddonDetails, Backup, Endpoint, ListedAddon, Restore, Schedule
from exporter.northflank.body import PAGE_SIZE, Page, PageRequest
from exporter.northflank.clock import ApiClock
from exporter.northflank.errors import (
    ConnectionFailed,
    HostUnreachable,
    InvalidResponse,
    NorthflankError,
    RateLimited,
    RequestTimeout,
)
from exporter.northflank.fairness import Turnstile
from exporter.northflank.receiving import read_start, read_whole, taken_apart
from exporter.northflank.session import Session, connection_fault
from exporter.northflank.window import RequestWindow, Sent
from exporter.northflank.wire import error_of_status, parse_backups_page, parse_date, parse_rate_limit
from exporter.northflank.wire_addons import parse_addon, parse_addons_page, parse_projects_page, parse_teams_page
from exporter.northflank.wire_schedules import parse_restores_page, parse_schedules_page

T = TypeVar("T")

_DIGEST_BYTES = 16

ERROR_BODY_SHARE = 1 / 4
"""Part of a request's time that the body of an error may take: a status must not be lost to a hanging body."""


class Observer(Protocol):
    """Who counts the requests; the client knows no Prometheus."""

    def request_finished(self, endpoint: str, code: str, seconds: float) -> None:
        """Count a request that ended with HTTP status `code`, or with `error` where there was no whole answer."""

    def items_rejected(self, endpoint: str, count: int) -> None:
        """Count items of a list that could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer: status, headers, decoded body and the moment its headers came, by the API's clock."""

    status: int
    headers: Mapping[str, str]
    body: bytearray
    received_at: datetime


class RequestDeferred(Exception):
    """The request window is closed for now; nothing was sent."""


class NorthflankClient:
    """Reads one account's lists with one token; no request crosses the bounds of `window`.

    With a `team`, everything but the list of teams is read below that team. `clock` is the API's.
    """

    def __init__(
        self,
        session: Session,
        *,
        api_url: str,
        team: str = "",
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
        self._root = _root_of(team)
        self._token = token
        self._request_timeout = request_timeout.total_seconds()
        self._slots = asyncio.Semaphore(concurrency)
        self._turnstile = Turnstile()
        self._window = window
        self._observer = observer
        self.clock = ApiClock(now)
        self._monotonic = monotonic

    def for_team(self, team: str, *, observer: Observer) -> "NorthflankClient":
        """Give a client that reads another team over the same connections, within the same bounds."""
        client = copy.copy(self)
        client._root = _root_of(team)  # noqa: SLF001 - this class's own
        client._observer = observer  # noqa: SLF001
        return client

    async def teams_page(self, cursor: str) -> Page[str]:
        """Read one page of ids of the teams that the token can see; an empty `cursor` asks for the first.

        This and every other reading raise NorthflankError where there was no data, and RequestDeferred where no
        request may go out.
        """
        return await self._page(Endpoint.TEAMS, "/v1/teams", cursor, parse_teams_page)

    async def projects_page(self, cursor: str) -> Page[str]:
        """Read one page of ids of the projects."""
        return await self._page(Endpoint.PROJECTS, f"{self._root}/projects", cursor, parse_projects_page)

    async def addons_page(self, project_id: str, cursor: str) -> Page[ListedAddon]:
        """Read one page of a project's list of addons."""
        return await self._page(Endpoint.ADDONS, f"{self._project(project_id)}/addons", cursor, parse_addons_page)

    async def addon(self, project_id: str, addon_id: str) -> AddonDetails:
        """Read what an addon is and when it was created."""
        body = await self._get(Endpoint.ADDON, self._addon(project_id, addon_id))
        return taken_apart(body, lambda whole: parse_addon(whole, addon_id))

    async def backups_page(
        self, project_id: str, addon_id: str, page: PageRequest, *, known: bytes = b""
    ) -> Page[Backup] | None:
        """Read one page of an addon's list of backups; None where its digest is `known`: it says the same as before.

        To read a hundred backups takes longer than to ask for them, and most lists change a few times a day.
        """
        body = await self._page_body(Endpoint.BACKUPS, f"{self._addon(project_id, addon_id)}/backups", page)
        digest = blake2b(body, digest_size=_DIGEST_BYTES).digest()
        if digest == known:
            return None
        return replace(self._counted(Endpoint.BACKUPS, taken_apart(body, parse_backups_page)), digest=digest)

    async def schedules_page(self, project_id: str, addon_id: str, cursor: str) -> Page[Schedule]:
        """Read one page of an addon's list of backup schedules; mostly there is but one."""
        path = f"{self._addon(project_id, addon_id)}/backup-schedules"
        return await self._page(Endpoint.SCHEDULES, path, cursor, parse_schedules_page)

    async def restores_page(self, project_id: str, addon_id: str, cursor: str) -> Page[Restore]:
        """Read one page of an addon's list of restores."""
        path = f"{self._addon(project_id, addon_id)}/restores"
        return await self._page(Endpoint.RESTORES, path, cursor, parse_restores_page)

    def _project(self, project_id: str) -> str:
        return f"{self._root}/projects/{quote(project_id, safe='')}"

    def _addon(self, project_id: str, addon_id: str) -> str:
        return f"{self._project(project_id)}/addons/{quote(addon_id, safe='')}"

    async def _page(self, endpoint: Endpoint, path: str, cursor: str, parse: Callable[[bytearray], Page[T]]) -> Page[T]:
        page = PageRequest(cursor=cursor, size=PAGE_SIZE)
        return self._counted(endpoint, taken_apart(await self._page_body(endpoint, path, page), parse))

    def _counted(self, endpoint: Endpoint, page: Page[T]) -> Page[T]:
        if page.rejected:
            self._observer.items_rejected(endpoint, page.rejected)
        return page

    async def _page_body(self, endpoint: Endpoint, path: str, page: PageRequest) -> bytearray:
        body = await self._get(endpoint, f"{path}?{page.query}")
        await self._turnstile.passed()
        return body

    async def _get(self, endpoint: Endpoint, path: str) -> bytearray:
        async with self._slots:
            answer = await self._send(endpoint, path)
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer.body
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise InvalidResponse(f"HTTP status {answer.status} where data was expected")
        if answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            # Only a proxy answers so (RFC 9110, 15.5.8): the API was not reached.
            raise HostUnreachable(f"the proxy wants another user or password (HTTP status {answer.status})")
        error = error_of_status(answer.status, answer.headers, answer.body, answer.received_at)
        if isinstance(error, RateLimited):
            self._window.refused(self._monotonic(), error.retry_after)
        raise error

    async def _send(self, endpoint: Endpoint, path: str) -> Answer:
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
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ClientHttpProxyError,
            aiohttp.InvalidURL,
            UnicodeError,
        ) as error:
            failure = HostUnreachable(connection_fault(error, has_proxy=self._session.has_proxy))
        except aiohttp.ClientConnectionError:
            failure = ConnectionFailed("the connection broke before the answer was whole")
        except aiohttp.ClientError as error:
            failure = InvalidResponse(f"the answer is not HTTP ({type(error).__name__})")
        # Raised without what it came from: aiohttp's errors hold the request, and so the token.
        raise failure

    async def _attempt(self, session: aiohttp.ClientSession, endpoint: Endpoint, path: str) -> Answer:
        if not self._window.may_send(self._monotonic()):
            raise RequestDeferred
        started, code = time.monotonic(), "error"
        sent = self._window.sent()
        try:
            answer = await self._exchange(session, path, sent)
            code = str(answer.status)
        finally:
            self._window.ended()
            self._observer.request_finished(endpoint, code, time.monotonic() - started)
        return answer

    async def _exchange(self, session: aiohttp.ClientSession, path: str, sent: Sent) -> Answer:
        url = URL(self._api_url + path, encoded=True)
        # Hidden in what aiohttp keeps of a request, too: its errors hold that.
        headers = {"Authorization": Hidden(f"Bearer {self._token()}")}
        # Without redirects: the token must not follow to where the API is not.
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            self.clock.told(parse_date(response.headers))
            received_at = self.clock()
            self._window.answered(self._monotonic(), sent, parse_rate_limit(response.headers, received_at))
            body = await self._read_body(response)
            return Answer(status=response.status, headers=response.headers, body=body, received_at=received_at)

    async def _read_body(self, response: aiohttp.ClientResponse) -> bytearray:
        if response.status < HTTPStatus.BAD_REQUEST:
            return await read_whole(response)
        body = await read_start(response, self._request_timeout * ERROR_BODY_SHARE)
        # What repeats the request must not carry the token on into what is said of the error.
        return body.replace(self._token().encode(), b"")


def _root_of(team: str) -> str:
    return f"/v1/teams/{quote(team, safe='')}" if team else "/v1"
