"""The tree of errors of the Northflank API; each class carries the `reason` that the exporter exposes.

NorthflankError
├── RequestTimeout         timeout           no whole answer within the request's time
├── ConnectionFailed       connection        a connection that broke
│   └── HostUnreachable    connection        DNS, TCP or TLS: the account's matter
├── InvalidResponse        invalid_response  truncated, too large, a redirect
│   └── MalformedBody      invalid_response  a whole answer that is not what was asked for
└── ApiError                                 an answer with a status that means no
    ├── Unauthorized       unauthorized      the token is rejected: the account's matter
    ├── Forbidden          forbidden         the token's role lacks a permission
    ├── NotFound           not_found
    ├── RateLimited        rate_limited
    ├── ServerError        server_error      5xx
    └── ClientError        client_error      any other 4xx
"""

from datetime import timedelta
from typing import ClassVar

from exporter.model import FailureReason


class NorthflankError(Exception):
    """A request that gave no data. Its text names the fact and never holds the token or a body's contents.

    `is_answer` says whether the API said anything at all, `proves_token` whether what it said shows all the same that
    the API works and the token is accepted.
    """

    reason: ClassVar[FailureReason] = FailureReason.INTERNAL
    is_answer: ClassVar[bool] = True
    proves_token: ClassVar[bool] = False


class RequestTimeout(NorthflankError):
    """No whole answer arrived within the request's time."""

    reason = FailureReason.TIMEOUT
    is_answer = False


class ConnectionFailed(NorthflankError):
    """The connection broke before a whole answer."""

    reason = FailureReason.CONNECTION
    is_answer = False


class HostUnreachable(ConnectionFailed):
    """No connection came about: the same awaits every other request."""


class InvalidResponse(NorthflankError):
    """An answer that cannot be read as what was asked for."""

    reason = FailureReason.INVALID_RESPONSE


class MalformedBody(InvalidResponse):
    """A good status, and a body that does not hold what it should."""

    proves_token = True


class ApiError(NorthflankError):
    """An answer whose status means no; `status` is the HTTP status."""

    def __init__(self, status: int, detail: str = "") -> None:
        super().__init__(f"HTTP status {status}" + (f": {detail}" if detail else ""))
        self.status = status


class Unauthorized(ApiError):
    """The token is rejected."""

    reason = FailureReason.UNAUTHORIZED


class Forbidden(ApiError):
    """The token is good, its role lacks a permission."""

    reason = FailureReason.FORBIDDEN
    proves_token = True


class NotFound(ApiError):
    """No such project or addon."""

    reason = FailureReason.NOT_FOUND
    proves_token = True


class RateLimited(ApiError):
    """The account's hourly limit is spent; `retry_after` is what the server asks to wait, where it says so."""

    reason = FailureReason.RATE_LIMITED

    def __init__(self, status: int, retry_after: timedelta | None = None) -> None:
        super().__init__(status)
        self.retry_after = retry_after


class ServerError(ApiError):
    """The API failed."""

    reason = FailureReason.SERVER_ERROR


class ClientError(ApiError):
    """The API calls the request wrong."""

    reason = FailureReason.CLIENT_ERROR
