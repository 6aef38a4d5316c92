"""Whether an exporter lives, for the health check of its container, which knows neither password nor certificate.

Any answer of HTTP below 500 tells that it does, also that a password is missing (401); and so does an alert of TLS,
also that a certificate is missing.
"""

import http.client
import ssl
import sys
from collections.abc import Sequence

DEFAULT_ADDRESS = "127.0.0.1:10087"
TIMEOUT_SECONDS = 2.0
"""For each of two attempts; the image's health check allows for both."""

_PATH = "/-/healthy"
_ERRORS_FROM = 500


def main(arguments: Sequence[str]) -> int:
    """Ask at `HOST:PORT`, else where an exporter listens by default; gives 0 if it lives, else tells why not."""
    host, _, port = (arguments[0] if arguments else DEFAULT_ADDRESS).rpartition(":")
    try:
        status = _status(host.strip("[]") or "127.0.0.1", int(port))
    except ssl.SSLError as error:
        if "ALERT" in (error.reason or ""):
            return 0
        return _ill(error)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return _ill(error)
    return 0 if status < _ERRORS_FROM else _ill(f"answered {status}")


def _status(host: str, port: int) -> int:
    """Ask in plain HTTP, then with TLS, where it is not what is spoken there; gives the status of the answer."""
    try:
        return _asked(http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS))
    except (http.client.BadStatusLine, ConnectionResetError):
        # Whose certificate it is does not matter: nothing is sent that is secret.
        context = ssl._create_unverified_context()  # noqa: S323, SLF001 - the only name it has
        return _asked(http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context))


def _asked(connection: http.client.HTTPConnection) -> int:
    try:
        connection.request("GET", _PATH)
        return connection.getresponse().status
    finally:
        connection.close()


def _ill(reason: object) -> int:
    sys.stderr.write(f"{reason}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
