"""The connections to one account's API: how long they are kept, through which proxy, and whom they trust."""

import math
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp

CONNECT_SHARE = 1 / 2
"""Part of a request's time that connecting may take, TLS included."""

KEEP_ALIVE_SECONDS = 75.0
"""Longer than the usual scrape interval, so that connections outlive the pause between two scrapes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Two ways to one account's API: over connections that are kept, and over one that is new each time.

    `has_proxy` tells whether both lead through a proxy, whose name is then the only one that is resolved here.
    """

    kept: aiohttp.ClientSession
    fresh: aiohttp.ClientSession
    has_proxy: bool = False


@asynccontextmanager
async def open_session(
    *,
    user_agent: str,
    concurrency: int,
    request_timeout: timedelta,
    proxy_url: str | None = None,
    ca_file: Path | None = None,
) -> AsyncIterator[Session]:
    """Open the connections to one account's API.

    `proxy_url` may hold user and password. The certificates of `ca_file` are trusted besides the system's, for
    the API and for a proxy; raises OSError where they cannot be read.

    Time limits and repetition are the client's, not aiohttp's: a request's time starts when it is sent, not when
    it waits for a connection. Only connecting has a limit of its own, so that a host that is not there is told from
    an answer that takes its time.
    """
    connecting = request_timeout.total_seconds() * CONNECT_SHARE
    trust = True if ca_file is None else _trust_with(ca_file)
    keeping = aiohttp.TCPConnector(limit=concurrency, ssl=trust, keepalive_timeout=KEEP_ALIVE_SECONDS)
    forgetting = aiohttp.TCPConnector(limit=concurrency, ssl=trust, force_close=True)
    async with (
        _aiohttp_session(keeping, user_agent=user_agent, connecting=connecting, proxy_url=proxy_url) as kept,
        _aiohttp_session(forgetting, user_agent=user_agent, connecting=connecting, proxy_url=proxy_url) as fresh,
    ):
        yield Session(kept=kept, fresh=fresh, has_proxy=proxy_url is not None)


def _trust_with(ca_file: Path) -> ssl.SSLContext:
    """Trust the system's authorities and these; whatever else is as in aiohttp's own context."""
    context = ssl.create_default_context()
    context.load_verify_locations(ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _aiohttp_session(
    connector: aiohttp.BaseConnector, *, user_agent: str, connecting: float, proxy_url: str | None
) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=connector,
        # Without the threshold aiohttp rounds longer times up to whole seconds.
        timeout=aiohttp.ClientTimeout(
            total=None, connect=None, sock_connect=connecting, sock_read=None, ceil_threshold=math.inf
        ),
        headers={"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"},
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=proxy_url,
    )
    # aiohttp repeats a request by itself when a kept connection turns out to be closed; with ours that would be
    # two repetitions. There is no public switch; a test counts the attempts.
    session._retry_connection = False  # noqa: SLF001
    return session


def connection_fault(error: aiohttp.ClientError | UnicodeError, *, has_proxy: bool) -> str:
    """Say why no connection came about, in words that hold no URL, no password and no peer's text."""
    if isinstance(error, aiohttp.ClientConnectorDNSError | UnicodeError):
        return _encoding_or_name_fault(error, has_proxy=has_proxy)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy refuses to connect (HTTP status {error.status})"
    if isinstance(error, aiohttp.InvalidURL):
        return "the address of the API is none"
    if isinstance(error, aiohttp.ClientSSLError):
        return _tls_fault(error)
    what = "cannot connect to the proxy" if isinstance(error, aiohttp.ClientProxyConnectionError) else "cannot connect"
    number = error.os_error.errno if isinstance(error, aiohttp.ClientConnectorError) else None
    return what if number is None else f"{what} ({os.strerror(number)})"


def _encoding_or_name_fault(error: Exception, *, has_proxy: bool) -> str:
    # aiohttp writes user and password in Latin-1; a name that cannot be one fails in another encoding.
    if isinstance(error, UnicodeEncodeError) and error.encoding == "latin-1":
        return "the proxy's user or password has characters that HTTP cannot carry"
    return "the proxy's host name cannot be resolved" if has_proxy else "the host name cannot be resolved"


def _tls_fault(error: aiohttp.ClientSSLError) -> str:
    if not isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "TLS could not be agreed on"
    cause = error.certificate_error
    fault = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else type(cause).__name__
    return f"the certificate is not trusted ({fault})"
