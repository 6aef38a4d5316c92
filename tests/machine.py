"""What the machine that runs the tests has, and what follows where it lacks something."""

import os
import shutil
import socket
import subprocess
from functools import cache
from pathlib import Path

import pytest

NPM_PATIENCE_SECONDS = 120


def program(name: str, *, origin: str) -> str:
    """Give the path of a program that a test runs; without it CI fails, and the test is skipped elsewhere."""
    path = shutil.which(name)
    if path is not None:
        return path
    lack = f"{name} is missing: it comes with {origin}"
    if os.environ.get("CI"):
        pytest.fail(lack)
    pytest.skip(lack)


def npm_packages(folder: Path) -> Path:
    """Give where npm has installed what a folder's lock names, once that is up to date."""
    npm = program("npm", origin="Node.js")
    modules, lock = folder / "node_modules", folder / "package-lock.json"
    # npm writes this file last.
    installed = modules / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=NPM_PATIENCE_SECONDS, check=False
        )
        assert done.returncode == 0, f"npm ci failed in {folder}:\n{done.stdout}{done.stderr}"
        installed.touch()
    return modules


@cache
def has_ipv6() -> bool:
    """Whether something can listen on IPv6's loopback address."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


wants_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
