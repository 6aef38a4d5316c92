"""The pages for people over HTTP: made in a thread, allowed to do nothing but what they bring along."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import Executor
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from exporter.exposition import Snapshot
from exporter.model import AddonKey
from exporter.web.answers import plain
from exporter.web.probe import PARAMETERS, AddonName, BadParameters
from exporter.web.writing import written

if TYPE_CHECKING:
    from exporter.pages import Frame

MOST_AT_ONCE = 10
"""So many pages may wait to be made: each costs time that scrapes want, too."""

_NONCE_BYTES = 16


class Knower(Protocol):
    """Who knows of addons, and asks nobody for what it tells."""

    def known(self) -> Snapshot:
        """Give what there is to show."""

    def find(self, account: str | None, project_id: str, addon_id: str) -> AddonKey | None:
        """Give the watched addon of this name, None where there is none.

        Raises ValueError where `account` is left out although there are several.
        """


def named_addon(request: web.Request, knower: Knower) -> AddonKey | web.Response:
    """Give the watched addon that a request names, or the answer that there is none."""
    try:
        name = AddonName.of({parameter: request.query.getall(parameter, ()) for parameter in PARAMETERS})
        addon = knower.find(*name)
    except (BadParameters, ValueError) as error:
        return plain(HTTPStatus.BAD_REQUEST, f"{error}\n")
    return plain(HTTPStatus.NOT_FOUND, f"No such addon is watched: {name}.\n") if addon is None else addon


class StatusPages:
    """The page of the fleet and one for each addon, at `/` and `/addon`; the pool makes them."""

    def __init__(self, knower: Knower, *, pool: Executor, telemetry_path: str, version: str) -> None:
        self._knower = knower
        self._pool = pool
        self._telemetry_path = telemetry_path
        self._version = version
        self._waiting = 0

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Answer these paths."""
        router.add_get("/", self._fleet)
        router.add_get("/addon", self._addon)

    async def _fleet(self, request: web.Request) -> web.StreamResponse:
        snapshot = self._knower.known()

        def page(frame: "Frame") -> str:
            from exporter.pages import Query, fleet_page  # noqa: PLC0415 - serving starts faster without

            return fleet_page(snapshot, Query.of(request.query), frame)

        return await self._made(request, page)

    async def _addon(self, request: web.Request) -> web.StreamResponse:
        addon = named_addon(request, self._knower)
        if isinstance(addon, web.Response):
            return addon
        snapshot = self._knower.known()

        def page(frame: "Frame") -> str:
            from exporter.pages import addon_page  # noqa: PLC0415 - serving starts faster without

            return addon_page(snapshot, addon, frame)

        return await self._made(request, page)

    async def _made(self, request: web.Request, page: Callable[["Frame"], str]) -> web.StreamResponse:
        if self._waiting >= MOST_AT_ONCE:
            text = f"Limit of pages that are made at once reached ({MOST_AT_ONCE}), try again later.\n"
            return plain(HTTPStatus.SERVICE_UNAVAILABLE, text)
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        self._waiting += 1
        try:
            body = await asyncio.get_running_loop().run_in_executor(self._pool, self._encoded, request, page, nonce)
            return await written(request, [body], _headers(nonce), pool=self._pool)
        finally:
            self._waiting -= 1

    def _encoded(self, request: web.Request, page: Callable[["Frame"], str], nonce: str) -> bytes:
        from exporter.pages import Frame  # noqa: PLC0415 - serving starts faster without

        frame = Frame(
            nonce=nonce,
            version=self._version,
            telemetry_path=self._telemetry_path,
            host=request.host,
            scheme=request.scheme,
        )
        return page(frame).encode()


def _headers(nonce: str) -> dict[str, str]:
    policy = (
        "default-src 'none'",
        f"style-src 'nonce-{nonce}'",
        f"script-src 'nonce-{nonce}'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Vary": "Accept-Encoding",
    }
