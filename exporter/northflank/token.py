"""What an API token says of itself. Pure."""

import base64
import json
from datetime import UTC, datetime


def expiry(token: str) -> datetime | None:
    """Give when a token expires, where it is a JSON Web Token with `exp` (RFC 7519, 4.1.4); else None.

    The signature is not checked: only Northflank could, and a wrong date would be its own.
    """
    try:
        _, payload, _ = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
        return None
