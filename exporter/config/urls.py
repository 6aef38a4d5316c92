"""Checks addresses; nothing of one is ever in a message, because it may hold a password."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOST_NAME = re.compile(r"[\w-]+(\.[\w-]+)*\.?", re.ASCII)
_IP_ADDRESS = re.compile(r"[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")


def checked_api_url(url: str) -> str:
    """Return the API's address without its last slash; the ValueError says what is wrong."""
    example = "write it like https://api.northflank.com"
    parts = _split(url, example)
    _refuse_first(
        {
            **_wrong_with_any(parts, example),
            "must hold no user or password; there is token and token_file": "@" in parts.netloc,
            "must have no query and no fragment (? and #)": "?" in url or "#" in url,
            "must not end in /v1: the exporter adds it": parts.path.rstrip("/").endswith("/v1"),
        }
    )
    return url.rstrip("/")


def checked_proxy_url(url: str) -> str:
    """Return the address of a proxy, user and password in it; the ValueError says what is wrong."""
    example = "write it like http://proxy:3128; in a user or password, / ? # @ and % are written as %2F and so on"
    parts = _split(url, example)
    _refuse_first(
        {
            **_wrong_with_any(parts, example),
            f"must end after host and port; {example}": "?" in url or "#" in url or parts.path not in {"", "/"},
        }
    )
    return url.rstrip("/")


def _split(url: str, example: str) -> SplitResult:
    # urlsplit drops line breaks and tabs silently, so they are looked for first.
    if not url.isprintable() or re.search(r"\s", url):
        raise ValueError("must have no spaces or control characters")
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises on a bad port
    except ValueError:
        pass
    else:
        return parts
    # Outside the handler: urlsplit's error holds a part of the address, and would stay as the new one's context.
    raise ValueError(f"is not a valid URL; {example}")


def _wrong_with_any(parts: SplitResult, example: str) -> dict[str, bool]:
    return {
        "must begin with https:// or http://": parts.scheme not in {"http", "https"},
        f"has no valid host; {example}": not _is_host(parts.hostname or ""),
    }


def _is_host(text: str) -> bool:
    if not _IP_ADDRESS.fullmatch(text):
        return _HOST_NAME.fullmatch(text) is not None
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _refuse_first(wrongs: Mapping[str, bool]) -> None:
    for complaint, is_so in wrongs.items():
        if is_so:
            raise ValueError(complaint)
