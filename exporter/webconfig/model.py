"""What a web configuration says once it has been read, and what can be wrong with one."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Self

from exporter.config import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta
    from pathlib import Path

PEM_SIZE_LIMIT = 1024 * 1024
"""Bytes of a file of certificates or keys."""


class WebConfigError(ConfigError):
    """Every problem of a web configuration, or of a file that it names."""

    def __init__(self, file: Path, problems: Iterable[Problem]) -> None:
        super().__init__(problems, file)

    @classmethod
    def of_file(cls, path: Path, message: str, line: int | None = None) -> Self:
        """Tell what is wrong with the file as a whole."""
        return cls(path, [Problem(path="", message=message, line=line)])


class ClientAuth(Enum):
    """Whether clients show a certificate; the words are those of Go's crypto/tls."""

    NONE = "NoClientCert"
    VERIFY_IF_GIVEN = "VerifyClientCertIfGiven"
    REQUIRE_AND_VERIFY = "RequireAndVerifyClientCert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pem:
    """Certificates or a key in PEM format: in a file, or written into the configuration.

    `key` is where the configuration says so. The text may be a secret, so it is not in the repr.
    """

    key: str
    path: Path | None = None
    text: str = field(default="", repr=False)

    def read(self) -> bytes:
        """Return what it is now; raises OSError, or ValueError whose text says what is wrong."""
        if self.path is None:
            return self.text.encode()
        # Opening a pipe that nobody writes to would block for ever.
        if not self.path.is_file() and self.path.exists():
            raise ValueError("not a regular file")
        with self.path.open("rb") as file:
            content = file.read(PEM_SIZE_LIMIT + 1)
        if len(content) > PEM_SIZE_LIMIT:
            raise ValueError("larger than 1 MiB")
        return content


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsConfig:
    """How TLS is served.

    `ciphers` are OpenSSL's names of suites for TLS up to 1.2, in order of preference; those of 1.3 cannot be chosen.
    `curves` are OpenSSL's names; empty where the file names none. `allowed_sans` is None where any will do.
    """

    certificate: Pem
    key: Pem
    client_ca: Pem | None = None
    client_auth: ClientAuth = ClientAuth.NONE
    allowed_sans: frozenset[str] | None = None
    min_version: ssl.TLSVersion
    max_version: ssl.TLSVersion
    ciphers: tuple[str, ...]
    prefer_server_ciphers: bool = True
    curves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """A token bucket: one request per `interval`, and `burst` of them at once."""

    interval: timedelta
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """A whole web configuration; the default is what an empty file says.

    `users` has names as bytes, as they come in requests, with the bcrypt hashes of their passwords.
    """

    tls: TlsConfig | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)
    rate_limit: RateLimit | None = None
