"""Reads the section `tls_server_config`."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, NamedTuple

from exporter.config.field import Field
from exporter.config.scalars import printable
from exporter.webconfig import names, scalars
from exporter.webconfig.model import ClientAuth, Pem, TlsConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

TLS_KEYS = {
    "cert",
    "key",
    "client_ca",
    "cert_file",
    "key_file",
    "client_auth_type",
    "client_ca_file",
    "client_allowed_sans",
    "min_version",
    "max_version",
    "cipher_suites",
    "prefer_server_cipher_suites",
    "curve_preferences",
}
_WITHOUT_VERIFYING = frozenset({"RequestClientCert", "RequireAnyClientCert", "RequireClientCert"})
_HAS_VERSION = {
    ssl.TLSVersion.TLSv1: ssl.HAS_TLSv1,
    ssl.TLSVersion.TLSv1_1: ssl.HAS_TLSv1_1,
    ssl.TLSVersion.TLSv1_2: ssl.HAS_TLSv1_2,
    ssl.TLSVersion.TLSv1_3: ssl.HAS_TLSv1_3,
}
_LONGEST_SHOWN = 48  # longer than any name that could be meant


class Ciphers(NamedTuple):
    """Where the file lists cipher suites, and Go's names of them, the preferred ones first."""

    field: Field
    names: tuple[str, ...]


def read_tls(fields: Mapping[str, Field], section: Field | None) -> tuple[TlsConfig | None, Ciphers | None]:
    """Read the section's keys; gives no configuration where there is to be no TLS.

    Gives the cipher suites too where the file lists some, unless only TLS 1.3 is served, where they do not count.
    """
    given = {key: field for key, field in fields.items() if not _is_blank(field)}
    if section is None or not given:
        return None, None
    certificate, key, client_ca = (_pem(given, name) for name in ("cert", "key", "client_ca"))
    for name, pem in (("cert", certificate), ("key", key)):
        if pem is None:
            section.refuse(f"missing one of {name} or {name}_file")
    client_auth = _client_auth(given, has_ca=client_ca is not None)
    low, high = _version(given, "min_version", "TLS12"), _version(given, "max_version", "TLS13")
    listed = _ciphers(given)
    ciphers = listed if low < ssl.TLSVersion.TLSv1_3 else None
    chosen = tuple(
        names.CIPHERS[name] for name in (ciphers.names if ciphers else names.CIPHERS) if name in names.CIPHERS
    )
    if not chosen:
        # Those of 1.3 are always on, and none is left for lower versions.
        low = ssl.TLSVersion.TLSv1_3
    if low > high:
        section.refuse("no version of TLS is left: min_version, also by cipher_suites, is above max_version")
    if certificate is None or key is None:
        return None, None
    tls = TlsConfig(
        certificate=certificate,
        key=key,
        client_ca=client_ca,
        client_auth=client_auth,
        allowed_sans=_allowed_sans(given, client_auth),
        min_version=low,
        max_version=high,
        ciphers=chosen,
        prefer_server_ciphers=_prefers_server(given),
        curves=_curves(given),
    )
    return tls, ciphers


def _is_blank(field: Field) -> bool:
    return scalars.is_null(field) or (hasattr(field.node, "text") and not field.node.text)


def _pem(given: Mapping[str, Field], name: str) -> Pem | None:
    inline, file = given.get(name), given.get(f"{name}_file")
    if inline is not None and file is not None:
        inline.refuse(f"{name} and {name}_file are both given; keep one")
    if file is not None:
        return Pem(key=file.path, path=file.reading.directory / scalars.text(file))
    return Pem(key=inline.path, text=scalars.text(inline)) if inline is not None else None


def _client_auth(given: Mapping[str, Field], *, has_ca: bool) -> ClientAuth:
    field = given.get("client_auth_type")
    written = scalars.text(field) if field is not None else ClientAuth.NONE.value
    known = {auth.value: auth for auth in ClientAuth}
    if field is not None and written in _WITHOUT_VERIFYING:
        field.refuse(
            f"{written} is not supported: Python's TLS always verifies a certificate that it asks for; "
            f"use {ClientAuth.REQUIRE_AND_VERIFY.value}"
        )
    elif field is not None and written not in known:
        field.refuse(f"invalid ClientAuth: {_shown(written)}; known are {', '.join(known)}")
    elif has_ca and known[written] is ClientAuth.NONE:
        key = "client_ca_file" if "client_ca_file" in given else "client_ca"
        given[key].refuse("client CA's have been configured without a Client Auth Policy (client_auth_type)")
    return known.get(written, ClientAuth.NONE)


def _allowed_sans(given: Mapping[str, Field], client_auth: ClientAuth) -> frozenset[str] | None:
    if "client_allowed_sans" not in given:
        return None
    field = given["client_allowed_sans"]
    if client_auth is ClientAuth.NONE:
        field.refuse("has no effect without client_auth_type: no client is asked for a certificate")
    return frozenset(scalars.text(item) for item in scalars.items(field))


def _version(given: Mapping[str, Field], key: str, default: str) -> ssl.TLSVersion:
    field = given.get(key)
    written = scalars.text(field) if field is not None else default
    version = names.VERSIONS.get(written)
    if version is None:
        version = names.VERSIONS[default]
        if field is not None:
            field.refuse(f"unknown TLS version: {_shown(written)}; known are {', '.join(names.VERSIONS)}")
    elif field is not None and not _HAS_VERSION[version]:
        field.refuse(f"{written} is not supported: this Python's OpenSSL was built without it")
    return version


def _ciphers(given: Mapping[str, Field]) -> Ciphers | None:
    if "cipher_suites" not in given:
        return None
    field = given["cipher_suites"]
    found = []
    for item in scalars.items(field):
        name = scalars.text(item)
        if name not in names.CIPHERS and name not in names.CIPHERS_OF_TLS13:
            item.refuse(f"unknown cipher: {_shown(name)}; known are those of Go's crypto/tls.CipherSuites()")
        found.append(name)
    return Ciphers(field, tuple(dict.fromkeys(found))) if found else None


def _prefers_server(given: Mapping[str, Field]) -> bool:
    field = given.get("prefer_server_cipher_suites")
    return True if field is None else scalars.boolean(field, default=True)


def _curves(given: Mapping[str, Field]) -> tuple[str, ...]:
    found = []
    for item in scalars.items(given["curve_preferences"]) if "curve_preferences" in given else ():
        name = scalars.text(item)
        if name in names.CURVES:
            found.append(names.CURVES[name])
        else:
            item.refuse(f"unknown curve: {_shown(name)}; known are {', '.join(names.CURVES)}")
    return tuple(dict.fromkeys(found))


def _shown(written: str) -> str:
    return f'"{printable(written)}"' if len(written) <= _LONGEST_SHOWN else "this name"
