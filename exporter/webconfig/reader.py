"""Reads a web configuration, strictly: what this exporter cannot do is refused, never ignored."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.config.field import Field, Reading
from exporter.config.yaml_reader import read_tree
from exporter.config.yaml_tree import Scalar, Section, child_path
from exporter.hidden import HiddenBytes
from exporter.webconfig import names, scalars
from exporter.webconfig.model import RateLimit, WebConfig, WebConfigError
from exporter.webconfig.tls import TLS_KEYS, Ciphers, read_tls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROOT = {"tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"}
_HTTP = {"http2", "headers"}
_RATE_LIMIT = {"interval", "burst"}

HEADERS: Mapping[str, tuple[str, ...]] = {
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
    "Content-Security-Policy": (),
}
"""The headers that may be set, and their values where only some are allowed."""

_BCRYPT = re.compile(r"\$2[abxy]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
_PRINTABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def parse(text: str, path: Path) -> WebConfig:
    """Read the text of the file at `path`; relative paths in it count from its folder. Raises WebConfigError."""
    root, problems = read_tree(text)
    reading = Reading(environ={}, directory=path.parent, problems=problems, warnings=[])
    config = WebConfig()
    if root is not None and not (isinstance(root, Scalar) and not root.text):
        config = _read_root(Field(reading=reading, path="", node=root, line=root.line))
    if problems:
        raise WebConfigError(path, problems)
    return config


def _read_root(root: Field) -> WebConfig:
    if not isinstance(root.node, Section):
        root.refuse(f"the file must be a mapping with keys such as tls_server_config, not {root.node.kind}")
        return WebConfig()
    fields = _section(root, _ROOT)
    http = _section(fields.get("http_server_config"), _HTTP)
    tls, ciphers = read_tls(_section(fields.get("tls_server_config"), TLS_KEYS), fields.get("tls_server_config"))
    is_http2_allowed = scalars.boolean(http["http2"], default=True) if "http2" in http else True
    if ciphers is not None and is_http2_allowed:
        _check_ciphers_for_http2(ciphers)
    return WebConfig(
        tls=tls,
        headers=dict(_headers(http["headers"])) if "headers" in http else {},
        users=dict(_users(fields["basic_auth_users"])) if "basic_auth_users" in fields else {},
        rate_limit=_rate_limit(_section(fields.get("rate_limit"), _RATE_LIMIT)),
    )


def _section(field: Field | None, keys: set[str]) -> dict[str, Field]:
    if field is None or scalars.is_null(field):
        return {}
    return field.section(tuple(sorted(keys))) or {}


def _entries(field: Field) -> Iterator[tuple[str, Field]]:
    if scalars.is_null(field):
        return
    if not isinstance(field.node, Section):
        field.refuse(f"must be a mapping, not {field.node.kind}")
        return
    for key, entry in field.node.entries.items():
        path = child_path(field.path, key)
        yield key, Field(reading=field.reading, path=path, node=entry.node, line=entry.line)


def _check_ciphers_for_http2(ciphers: Ciphers) -> None:
    if names.CIPHERS_OF_HTTP2.isdisjoint(ciphers.names):
        ciphers.field.refuse(
            "is missing an HTTP/2-required AES_128_GCM_SHA256 cipher (need at least one of "
            f"{' or '.join(sorted(names.CIPHERS_OF_HTTP2, reverse=True))}); or set http_server_config.http2 to false"
        )


def _headers(field: Field) -> Iterator[tuple[str, str]]:
    for name, value in _entries(field):
        if name not in HEADERS:
            value.refuse(f"this HTTP header can not be configured; those that can: {', '.join(HEADERS)}")
            continue
        written = scalars.text(value)
        allowed = HEADERS[name]
        if allowed and written not in allowed:
            value.refuse(f"invalid value for {name}; expected {' or '.join(allowed)}")
        elif not _PRINTABLE.fullmatch(written):
            value.refuse("holds what no HTTP header can hold: line ends or characters outside Latin-1")
        elif written:
            yield name, written


def _users(field: Field) -> Iterator[tuple[bytes, bytes]]:
    for name, value in _entries(field):
        hashed = scalars.text(value)
        if not _BCRYPT.fullmatch(hashed):
            # Whatever it is, it may be the password itself.
            value.refuse("is no bcrypt hash such as $2y$10$ and 53 characters more (cost 4 to 31)")
        elif ":" in name:
            value.refuse("a user name with a colon cannot log in: basic auth ends it there")
        else:
            yield name.encode(), HiddenBytes(hashed.encode())


def _rate_limit(fields: Mapping[str, Field]) -> RateLimit | None:
    interval = scalars.interval(fields["interval"]) if "interval" in fields else None
    burst = scalars.count(fields["burst"]) if "burst" in fields else 0
    return RateLimit(interval=interval, burst=burst) if interval else None
