"""Answers as bytes: Northflank's envelope, its errors, and pages that are remembered while they hold."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType

from exporter.simulator.behaviour import Behaviour, BodyFormat
from exporter.simulator.faults import Fault, FaultKind
from exporter.simulator.paging import BadParameterError, PageRequest
from exporter.simulator.resources import Collection, resource_of
from exporter.simulator.routes import Endpoint, Route
from exporter.simulator.world import UnknownResourceError, World

_GZIPPED = MappingProxyType({"Content-Encoding": "gzip"})
_JSON = "application/json; charset=utf-8"

# About 8 KiB each compressed: room for every page of any fleet that one process should simulate.
_REMEMBERED_PAGES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status code, a body and what is peculiar in the headers."""

    status: int
    body: bytes
    content_type: str = _JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def error_answer(status: int, message: str, **more: object) -> Answer:
    """Return an error in Northflank's envelope."""
    return json_answer({"error": {"status": status, "message": message, **more}}, status=status)


def forbidden_answer(permission: str, status: int) -> Answer:
    """Return what a valid token without the permission gets."""
    message = "The API token does not have permission to access this resource."
    return error_answer(status, message, details={"requiredPermission": permission})


def status_answer(status: int, body_format: BodyFormat) -> Answer:
    """Return an error as Northflank, or as the proxies before it, may write it."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    match body_format:
        case BodyFormat.JSON:
            return error_answer(status, phrase)
        case BodyFormat.PLAIN:
            return Answer(status=status, body=phrase.encode(), content_type="text/plain; charset=utf-8")
        case BodyFormat.HTML:
            html = f"<!doctype html><title>{status} {phrase}</title><h1>{status} {phrase}</h1>"
            return Answer(status=status, body=html.encode(), content_type="text/html; charset=utf-8")


def json_answer(value: object, *, status: int = 200) -> Answer:
    """Return a value as JSON."""
    return Answer(status=status, body=json.dumps(value, separators=(",", ":")).encode())


def compressed_answer(answer: Answer) -> Answer:
    """Return the same answer for a client that accepts gzip."""
    body = gzip.compress(answer.body, compresslevel=1, mtime=0)
    return Answer(status=answer.status, body=body, content_type=answer.content_type, headers=_GZIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    answer: Answer
    valid_from: datetime
    valid_until: datetime


class Library:
    """Answers about a world, with the pages of backups remembered as long as nothing in them changes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pages: dict[tuple[object, ...], _Page] = {}

    def forget(self) -> None:
        """Forget all pages, as when the behaviour changes."""
        self._pages.clear()

    def answer(
        self,
        route: Route,
        query: Mapping[str, str],
        at: datetime,
        behaviour: Behaviour,
        *,
        fault: Fault | None,
        compressed: bool,
    ) -> Answer:
        """Answer a request that may pass."""
        try:
            if route.endpoint is Endpoint.BACKUPS and fault is None:
                return self._remembered(route, query, at, behaviour, compressed=compressed)
            answer = self._fresh(route, query, at, behaviour, fault)
        except BadParameterError as error:
            answer = error_answer(400, f"Bad request. {error}", id="nf-invalid-request-body")
        except UnknownResourceError as error:
            answer = error_answer(404, f"Not found: {error}")
        return compressed_answer(answer) if compressed else answer

    def _remembered(
        self, route: Route, query: Mapping[str, str], at: datetime, behaviour: Behaviour, *, compressed: bool
    ) -> Answer:
        asked = (query.get("per_page"), query.get("page"), query.get("cursor"))
        key = (self._world.changes, route.team, route.project, route.addon, asked, compressed)
        page = self._pages.get(key)
        if page is None or not page.valid_from <= at < page.valid_until:
            page = self._page(route, query, at, behaviour, compressed=compressed)
            if len(self._pages) >= _REMEMBERED_PAGES:
                self._pages.clear()
            self._pages[key] = page
        return page.answer

    def _page(
        self, route: Route, query: Mapping[str, str], at: datetime, behaviour: Behaviour, *, compressed: bool
    ) -> _Page:
        answer = self._fresh(route, query, at, behaviour, None)
        listing = self._world.listing(route.project, route.addon, at)
        return _Page(
            answer=compressed_answer(answer) if compressed else answer,
            valid_from=listing.valid_from,
            valid_until=listing.valid_until,
        )

    def _fresh(
        self, route: Route, query: Mapping[str, str], at: datetime, behaviour: Behaviour, fault: Fault | None
    ) -> Answer:
        resource = resource_of(self._world, route, at, behaviour)
        if not isinstance(resource, Collection):
            return json_answer({"data": resource})
        if not resource.is_paginated:
            items = _patched(resource.write(0, resource.length), fault)
            return json_answer({"data": {resource.key: items}})
        asked = PageRequest.parse(query, fault)
        items = _patched(resource.write(*asked.bounds(resource.length)), fault)
        pagination = asked.pagination(resource.length, len(items), behaviour.last_cursor)
        return json_answer({"data": {resource.key: items}, "pagination": pagination})


def _patched(items: list[dict[str, object]], fault: Fault | None) -> list[dict[str, object]]:
    if fault is not None and fault.kind is FaultKind.PATCH and fault.item < len(items):
        items[fault.item].update(fault.changes)
    return items
