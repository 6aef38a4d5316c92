"""Who gets in, before any path is looked at: what the web configuration says for each request."""

import time
from concurrent.futures import Executor
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from exporter.web.answers import EXTRA_HEADERS, plain
from exporter.web.basic_auth import Authenticator, Credentials, Verdict
from exporter.web.rate_limit import TokenBucket
from exporter.webconfig import RateLimit, WebConfig, WebConfigError, WebConfigFile
from exporter.webconfig.file import Complaints


def guard(file: WebConfigFile, hash_pool: Executor, *, has_tls: bool) -> Middleware:
    """Make the middleware that keeps out whom the file does not let in; passwords are hashed in the pool."""
    entrance = _Entrance(file, hash_pool, has_tls=has_tls)

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await entrance.pass_through(request, handler)

    return guarded


class _Entrance:
    def __init__(self, file: WebConfigFile, hash_pool: Executor, *, has_tls: bool) -> None:
        self._file = file
        self._has_tls = has_tls
        self._late = Complaints("none before the next start, which TLS takes")
        self._complaints = Complaints("every request is answered with 500")
        self._bucket: TokenBucket | None = None
        self._authenticator = Authenticator(hash_pool)

    async def pass_through(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            config = self._file.current()
        except WebConfigError as error:
            self._complaints.trouble(error)
            return plain(HTTPStatus.INTERNAL_SERVER_ERROR)
        self._complaints.over()
        if config.rate_limit is not None and not self._allows(config.rate_limit):
            return plain(HTTPStatus.TOO_MANY_REQUESTS)
        if config.tls is not None and not self._has_tls:
            self._late.trouble(WebConfigError.of_file(self._file.path, "tls_server_config was added while serving"))
        request[EXTRA_HEADERS] = config.headers
        return await self._checked(config, request) or await handler(request)

    def _allows(self, limit: RateLimit) -> bool:
        now = time.monotonic()
        if self._bucket is None or self._bucket.limit != limit:
            self._bucket = TokenBucket(limit, now)
        return self._bucket.allows(now)

    async def _checked(self, config: WebConfig, request: web.Request) -> web.Response | None:
        """Give the answer for who does not get in."""
        if not config.users:
            return None
        credentials = Credentials.of(request.headers.get("Authorization", ""))
        match await self._authenticator.check(config.users, credentials):
            case Verdict.WELCOME:
                return None
            case Verdict.UNAUTHORIZED:
                return plain(HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Basic"})
            case Verdict.BUSY:
                text = "Too many requests wait for their password to be checked, try again later.\n"
                return plain(HTTPStatus.SERVICE_UNAVAILABLE, text)
