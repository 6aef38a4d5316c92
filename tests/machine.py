"""What the machine that runs the tests has, and what follows where it lacks something."""

import os
import shutil
import socket
from functools import cache

import pytest


def program(name: str, *, origin: str) -> str:
    """Give the path of a program that a test runs; without it CI fails, and the test is skipped elsewhere."""
    path = shutil.which(name)
    if path is not None:
        return path
    lack = f"{name} is missing: it comes with {origin}"
    if os.environ.get("CI"):
        pytest.fail(lack)
    pytest.skip(lack)


@cache
def has_ipv6() -> bool:
    """Whether something can listen on IPv6's loopback address."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


wants_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
