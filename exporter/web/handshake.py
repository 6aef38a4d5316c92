"""TLS handshakes, each with what the web configuration says when it begins."""

import logging
import ssl
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NoReturn, Self, cast

from exporter.web.client_hello import offered_groups
from exporter.web.tls import TlsContexts
from exporter.webconfig import WebConfigError
from exporter.webconfig.file import Complaints

log = logging.getLogger(__name__)

_INTERNAL_ERROR = b"\x15\x03\x03\x00\x02\x02\x50"
"""A fatal alert (RFC 8446, section 6): what Go's server sends where it has no certificate to show."""

_NO_TLS = "Client sent an HTTP request to an HTTPS server.\n"
_HTTP_ANSWER = (
    f"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(_NO_TLS)}\r\n"
    f"Connection: close\r\n\r\n{_NO_TLS}"
).encode()


class ReloadedContext(ssl.SSLContext):
    """A context for asyncio that leaves every connection to what is current when it begins."""

    contexts: TlsContexts
    complaints: Complaints

    def __new__(cls, contexts: TlsContexts) -> Self:
        """Make one; that of SSLContext wants a protocol."""
        context = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        context.contexts = contexts
        context.complaints = Complaints("no TLS connection can be opened")
        return context

    if not TYPE_CHECKING:  # its signature names types that exist in stubs only

        def wrap_bio(self, incoming, outgoing, *_, **__):  # noqa: ANN001, ANN002, ANN003, ANN201
            """Begin a connection."""
            return Handshake(self, incoming, outgoing)


class Handshake:
    """What asyncio takes for an `ssl.SSLObject`: it becomes one when the client's first bytes are there.

    Where a handshake fails, asyncio would close the connection before the alert that says why has been sent.
    So the failure is told only when it asks again; by then the client has closed, or the time is over.
    """

    def __init__(self, context: ReloadedContext, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        self._context = context
        self._incoming, self._outgoing = incoming, outgoing
        self._tls: ssl.SSLObject | None = None
        self._failure = ""
        self._sans: frozenset[str] | None = None
        self._beginning = b""

    def do_handshake(self) -> None:
        """Go on with the handshake; raises SSLError, also where more bytes are needed."""
        if self._failure:
            raise ssl.SSLError(self._failure)
        if self._tls is None:
            self._tls = self._begun()
        try:
            self._tls.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self._fail(str(error), _HTTP_ANSWER if error.reason == "HTTP_REQUEST" else b"")
        if self._sans is not None and self._sans.isdisjoint(_names(self._tls)):
            with suppress(ssl.SSLError):
                self._tls.unwrap()
            self._fail("could not find allowed SANs in client cert")

    def _begun(self) -> ssl.SSLObject:
        self._beginning += self._incoming.read()
        if not self._beginning:
            raise ssl.SSLWantReadError
        try:
            server = self._context.contexts.current()
            groups = offered_groups(self._beginning) if server.wants_groups else frozenset()
            context = None if groups is None else server.context(groups)
        except WebConfigError as error:
            self._context.complaints.trouble(error)
            self._fail("bad web configuration", _INTERNAL_ERROR)
        if context is None:
            raise ssl.SSLWantReadError
        self._context.complaints.over()
        self._sans = server.config.allowed_sans
        self._incoming.write(self._beginning)
        self._beginning = b""
        return context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def _fail(self, reason: str, answer: bytes = b"") -> NoReturn:
        log.debug("TLS handshake failed", extra={"reason": reason})
        self._outgoing.write(answer)
        self._failure = reason
        raise ssl.SSLWantReadError

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - reading, writing, ending: all as it is
        return getattr(self._tls, name)


def _names(tls: ssl.SSLObject) -> set[str]:
    """Give every Subject Alternate Name of the client's certificate, as Go writes them."""
    certificate = cast("dict[str, tuple[tuple[str, str], ...]]", tls.getpeercert() or {})
    return {
        str(ip_address(name.strip())) if kind == "IP Address" else name
        for kind, name in certificate.get("subjectAltName", ())
        if kind in {"DNS", "IP Address", "email", "URI"}
    }
