"""TLS contexts as the web configuration says, built again when it, the certificate, the key or an authority changes."""

import os
import ssl
import tempfile
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from exporter.config import Problem
from exporter.webconfig import ClientAuth, Pem, TlsConfig, WebConfigError, WebConfigFile

_VERIFY_MODES = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.VERIFY_IF_GIVEN: ssl.CERT_OPTIONAL,
    ClientAuth.REQUIRE_AND_VERIFY: ssl.CERT_REQUIRED,
}
_GROUPS: Mapping[str, int] = MappingProxyType({"prime256v1": 23, "secp384r1": 24, "secp521r1": 25, "X25519": 29})
"""The numbers of curves in a ClientHello (RFC 8446, section 4.2.7)."""

_MOST_SESSIONS = 100
"""Sessions of TLS 1.2 that OpenSSL may keep; by itself it keeps 20,480, which anybody can fill."""


class TlsServer:
    """What TLS is served with until something changes."""

    def __init__(self, path: Path, config: TlsConfig, contents: tuple[bytes, ...]) -> None:
        self._path = path
        self.config = config
        self.contents = contents
        self._contexts: dict[str, ssl.SSLContext] = {}

    @property
    def wants_groups(self) -> bool:
        """Whether the context depends on what the client offers: Python lets a context have one curve or all."""
        return len(self.config.curves) > 1

    def context(self, groups: Collection[int] = ()) -> ssl.SSLContext:
        """Return the context for a client that offers these groups; raises WebConfigError."""
        curves = self.config.curves
        curve = next((curve for curve in curves if _GROUPS[curve] in groups), curves[0] if curves else "")
        context = self._contexts.get(curve)
        if context is None or context.session_stats()["number"] > _MOST_SESSIONS:
            context = self._contexts[curve] = self._built(curve)
        return context

    def _built(self, curve: str) -> ssl.SSLContext:
        certificate, authority = self.config.certificate, self.config.client_ca
        try:
            context = _context(self.config, curve)
        except (OSError, ValueError) as error:
            raise _refusal(self._path, certificate, f"failed to load X509KeyPair: {_reason(error)}") from None
        if authority is not None and not context.cert_store_stats()["x509"]:
            raise _refusal(self._path, authority, "holds no certificate in PEM format")
        return context


class TlsContexts:
    """Gives what TLS is to be served with now."""

    def __init__(self, file: WebConfigFile) -> None:
        self.path = file.path
        self._file = file
        self._server: TlsServer | None = None

    def current(self) -> TlsServer:
        """Read what has changed; raises WebConfigError."""
        config = self._file.current().tls
        if config is None:
            raise WebConfigError.of_file(self.path, "TLS config is not present, but was when the exporter started")
        contents = tuple(self._content(pem) for pem in (config.certificate, config.key, config.client_ca))
        server = self._server
        if server is None or server.config != config or server.contents != contents:
            server = TlsServer(self.path, config, contents)
            server.context()
            self._server = server
        return server

    def _content(self, pem: Pem | None) -> bytes:
        if pem is None:
            return b""
        try:
            return pem.read()
        except (OSError, ValueError) as error:
            name = pem.key.rpartition(".")[2]
            message = f"failed to read {name} ({pem.path}): {_reason(error)}"
            raise _refusal(self.path, pem, message) from None


def _context(config: TlsConfig, curve: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    is_old = config.min_version < ssl.TLSVersion.TLSv1_2
    with warnings.catch_warnings():
        # That old versions are deprecated is for whoever wrote the file to know.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = config.min_version
        context.maximum_version = config.max_version
    # Before 1.2 there are no signatures without SHA-1, which OpenSSL allows on its lowest level only.
    context.set_ciphers(":".join([*config.ciphers, *(["@SECLEVEL=0"] if is_old else [])]))
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    if not config.prefer_server_ciphers:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    if curve:
        context.set_ecdh_curve(curve)
    with ExitStack() as files:
        certificate, key = (files.enter_context(_as_file(pem)) for pem in (config.certificate, config.key))
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    _verify_clients(context, config)
    return context


def _verify_clients(context: ssl.SSLContext, config: TlsConfig) -> None:
    context.verify_mode = _VERIFY_MODES[config.client_auth]
    # As in Go, whatever certificate is named is trusted, be it an authority's or the client's own.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if config.client_ca is not None:
        with _as_file(config.client_ca) as path:
            try:
                context.load_verify_locations(path)
            except ssl.SSLError:
                return  # That there is none in it is found out later, with a message of its own.
    elif config.client_auth is not ClientAuth.NONE:
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)


@contextmanager
def _as_file(pem: Pem) -> Iterator[str]:
    """Give a path to read it from, which is all that OpenSSL takes; what has none is kept out of any folder."""
    if pem.path is not None:
        yield str(pem.path)
    elif hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("pem"), "wb") as memory:
            memory.write(pem.read())
            memory.flush()
            yield f"/proc/self/fd/{memory.fileno()}"
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(pem.read())
            file.flush()
            yield file.name


def _no_passphrase() -> NoReturn:
    raise ValueError("the key is encrypted; decrypt it, there is nobody to ask for its passphrase")


def _refusal(path: Path, pem: Pem, message: str) -> WebConfigError:
    return WebConfigError(path, [Problem(path=pem.key, message=message)])


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        if error.reason == "KEY_VALUES_MISMATCH":
            return "the key is not the certificate's"
        return f"no certificate and key in PEM format that OpenSSL accepts ({error.reason or 'unreadable'})"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)
