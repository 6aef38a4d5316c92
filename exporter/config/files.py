"""Reads what names another file: tokens and certificates."""

from __future__ import annotations

import ssl
import stat
from typing import TYPE_CHECKING

from exporter.api_token import ApiToken, TokenUnreadable
from exporter.config.scalars import printable

if TYPE_CHECKING:
    from pathlib import Path

    from exporter.config.field import Field

_NO_CERTIFICATE = "not a file of certificates in PEM format"


def read_token_file(field: Field) -> ApiToken | None:
    """Read a token from its file, which is watched from then on."""
    text = field.text(secret=True)
    if text is None:
        return None
    token = ApiToken.from_file(field.reading.directory / text)
    try:
        token.reveal()
    except TokenUnreadable as error:
        field.refuse(f"cannot read {_shown(field, text)}: {error.reason}")
        return None
    return token


def read_ca_file(field: Field) -> Path | None:
    """Read the path of certificates to trust, and see that there are some."""
    text = field.text(secret=True)
    if text is None:
        return None
    path = field.reading.directory / text
    complaint = _complaint_about_certificates(path)
    if complaint:
        field.refuse(f"cannot read {_shown(field, text)}: {complaint}")
        return None
    return path


def _complaint_about_certificates(path: Path) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        # Opening a pipe that nobody writes to would block for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            return "not a regular file"
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        return _NO_CERTIFICATE
    except OSError as error:
        return error.strerror or type(error).__name__
    except ValueError:
        return "not a path"
    # A file of nothing but revocations loads as well.
    return None if context.cert_store_stats()["x509"] else _NO_CERTIFICATE


def _shown(field: Field, text: str) -> str:
    if field.from_environment():
        return f"the file named by {field.shown()}"
    if text.startswith(("/", "./", "../")):
        return printable(text)
    # Without a slash it may be the token itself, put under the wrong key.
    return f"this file in {field.reading.directory.absolute()}"
