"""The simulated Northflank over HTTP."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from types import MappingProxyType, TracebackType
from typing import Self

from aiohttp import web

from exporter.listen import ListenAddress, address_of
from exporter.simulator import mischief
from exporter.simulator.answers import Answer, Library, error_answer, status_answer
from exporter.simulator.behaviour import Behaviour, BodyFormat
from exporter.simulator.faults import Fault, Faults
from exporter.simulator.ratelimit import RateLimit
from exporter.simulator.routes import Route, route_of
from exporter.simulator.world import World

_REMEMBERED_REQUESTS = 10_000
ANY_PORT = ListenAddress("127.0.0.1", 0)

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_REFUSALS = frozenset({"q=0", "q=0.0", "q=0.00", "q=0.000"})


def _wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """A request that has ended; `status` is None where no answer was begun."""

    method: str
    path: str
    query: Mapping[str, str]
    status: int | None
    token_accepted: bool
    at: datetime


class Simulator:
    """A Northflank on a socket, as an async context manager.

    `address` is where it listens, with the real port once started.
    The world's time runs `speed` times as fast as `clock` from the moment of construction on; delays and the
    rate limit go by the clock, because the client does.
    """

    def __init__(
        self,
        world: World,
        *,
        address: ListenAddress = ANY_PORT,
        token: str = "demo",  # noqa: S107 (made up, and printed by the command that uses it)
        speed: float = 1.0,
        behaviour: Behaviour | None = None,
        clock: Callable[[], datetime] = _wall_clock,
    ) -> None:
        self.world = world
        self.token = token
        self.faults = Faults()
        self.requests: deque[RequestRecord] = deque(maxlen=_REMEMBERED_REQUESTS)
        self.request_count = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.address = address
        self._speed = speed
        self._clock = clock
        self._start = clock()
        self._behaviour = behaviour or Behaviour()
        self._rate_limit = RateLimit()
        self._library = Library(world)
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Listen; OSError when the address cannot be had."""
        listening = self.address.bind()
        server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        self._runner = runner
        self.address = address_of(listening)

    async def close(self) -> None:
        """Stop listening and end what is in flight; again is no error."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    @property
    def url(self) -> str:
        """Where a program on this machine finds it, without `/v1`; with the real port once started."""
        return f"http://{self.address.reachable}"

    @property
    def behaviour(self) -> Behaviour:
        """How Northflank behaves; another may be assigned at any time."""
        return self._behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._library.forget()

    def now(self) -> datetime:
        """Return the world's time."""
        return self._start + (self._clock() - self._start) * self._speed

    def spend(self, requests: int) -> None:
        """Use up part of the rate limit, as the account's other tokens do."""
        self._rate_limit.take(requests, self._clock(), self._behaviour)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.request_count += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        token_accepted = request.headers.get("Authorization") == f"Bearer {self.token}"
        status = None
        try:
            response = await self._respond(request, token_accepted=token_accepted)
            status = None if response is None else response.status
        finally:
            self.in_flight -= 1
            self.requests.append(
                RequestRecord(
                    method=request.method,
                    path=request.path,
                    query=MappingProxyType(dict(request.query)),
                    status=status,
                    token_accepted=token_accepted,
                    at=self._clock(),
                )
            )
        # After a reset aiohttp wants a response all the same; it cannot be sent any more.
        return web.Response() if response is None else response

    async def _respond(self, request: web.BaseRequest, *, token_accepted: bool) -> web.StreamResponse | None:
        route = route_of(request.rel_url.raw_path)
        if route is None:
            return self._send(error_answer(404, "Not found. The requested route does not exist"))
        if request.method != "GET":
            return self._send(status_answer(405, BodyFormat.PLAIN), {"Allow": "GET"})
        if not token_accepted:
            return self._send(error_answer(401, "Unauthorized"))
        now = self._clock()
        if not self._rate_limit.take(1, now, self._behaviour):
            answer = status_answer(429, self._behaviour.rate_limited_body)
            return self._send(answer, self._rate_limit.retry_after(now, self._behaviour))
        seconds, fault = self.faults.take(route)
        if seconds:
            await asyncio.sleep(seconds)
        return await self._pass(request, route, fault)

    async def _pass(self, request: web.BaseRequest, route: Route, fault: Fault | None) -> web.StreamResponse | None:
        if fault is not None:
            answer = mischief.answer_of(fault, self._behaviour)
            if answer is not None:
                return self._send(answer, answer.headers)
            mishap = mischief.MISHAPS.get(fault.kind)
            if mishap is not None:
                return await mishap(request, self._headers(), fault)
        answer = self._library.answer(
            route,
            request.query,
            self.now(),
            self._behaviour,
            fault=fault,
            compressed=_accepts_gzip(request.headers.get("Accept-Encoding", "")),
        )
        return self._send(answer, answer.headers)

    def _send(self, answer: Answer, more: Mapping[str, str] = _NO_HEADERS) -> web.Response:
        headers = {**self._headers(), "Content-Type": answer.content_type, **more}
        return web.Response(status=answer.status, body=answer.body, headers=headers)

    def _headers(self) -> dict[str, str]:
        date = format_datetime(self.now().astimezone(UTC), usegmt=True)
        return {"Date": date, **self._rate_limit.headers(self._clock(), self._behaviour)}


def _accepts_gzip(accept_encoding: str) -> bool:
    for offer in accept_encoding.lower().split(","):
        coding, _, weight = offer.replace(" ", "").partition(";")
        if coding in ("gzip", "*") and weight not in _REFUSALS:
            return True
    return False
