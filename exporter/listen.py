"""Listen addresses as Prometheus' programs write them: `:10087`, `127.0.0.1:0`, `[::1]:10087`."""

import os
import socket
from collections.abc import MutableMapping
from dataclasses import dataclass

HIGHEST_PORT = 65_535
_WILDCARD_HOSTS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - nothing is bound by this


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where to listen; an empty host means every address of the machine, port 0 any free port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "ListenAddress":
        """Read HOST:PORT; raises ValueError that says what is wrong."""
        host, colon, port = text.rpartition(":")
        if not colon:
            raise ValueError(f"{text!r} has no port (examples: :10087, 127.0.0.1:10087, [::1]:10087)")
        # Python refuses to convert thousands of digits; leading zeros say nothing.
        significant = port.lstrip("0")[:6] or "0"
        if not (port.isascii() and port.isdigit()) or int(significant) > HIGHEST_PORT:
            raise ValueError(f"{text!r}: the port is no number from 0 to {HIGHEST_PORT}")
        has_brackets = host.startswith("[") and host.endswith("]")
        name = host[1:-1] if has_brackets else host
        if not _can_be_resolved(name):
            raise ValueError(f"{text!r}: {name!r} is no host name")
        if ":" in name and not has_brackets:
            raise ValueError(f"{text!r}: an IPv6 address wants brackets: [{name}]:{port}")
        return cls(name, int(significant))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def reachable(self) -> "ListenAddress":
        """The same, but an address that a program on this machine can connect to."""
        return ListenAddress("127.0.0.1", self.port) if self.host in _WILDCARD_HOSTS else self

    def bind(self) -> socket.socket:
        """Open the listening socket; raises OSError where that cannot be."""
        if self.host in {"", "::"} and socket.has_dualstack_ipv6():
            # As in Go, and so in Prometheus, [::] includes IPv4.
            return socket.create_server(("", self.port), family=socket.AF_INET6, dualstack_ipv6=True)
        if not self.host:
            return socket.create_server(("", self.port))
        family, *_, address = socket.getaddrinfo(
            self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family)


def _can_be_resolved(host: str) -> bool:
    """Tell whether a host is worth asking a resolver for; brackets are written around one, never inside."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return host.isprintable() and not set(host) & set("[]")


FIRST_PASSED_FD = 3
"""Where systemd's begin: sd_listen_fds(3)."""


def passed_sockets(environ: MutableMapping[str, str]) -> list[socket.socket]:
    """Take over the listening sockets that systemd has opened for this process; none where there are none.

    What told of them is removed from the environment, so that no other process takes it for its own.
    """
    process_id, count, _ = (environ.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"))
    if process_id != str(os.getpid()) or not (count.isascii() and count.isdigit()):
        return []
    passed = []
    for number in range(FIRST_PASSED_FD, FIRST_PASSED_FD + int(count)):
        os.set_inheritable(number, False)
        try:
            opened = socket.socket(fileno=number)
        except OSError:
            continue  # No socket, but a file or a pipe, which others take no notice of either.
        if opened.type == socket.SOCK_STREAM and opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            passed.append(opened)
        else:
            opened.detach()
    return passed


def address_of(listening: socket.socket) -> ListenAddress:
    """Give the address that a TCP socket really has, port 0 resolved."""
    host, port = listening.getsockname()[:2]
    return ListenAddress(str(host), int(port))


def shown_address(listening: socket.socket) -> str:
    """Write where a socket listens: a Unix socket, which only systemd can pass, has a path."""
    return str(address_of(listening) if listening.family != socket.AF_UNIX else listening.getsockname())
