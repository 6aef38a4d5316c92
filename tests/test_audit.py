"""The check for known vulnerabilities: pip-audit itself, against a local stand-in for OSV."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.process import ROOT

PINNED = "".join(f"{name}==1.0 --hash=sha256:{'a' * 64}\n" for name in ("good-thing", "bad_thing"))
ADVISORY = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "summary": "It bites",
    "affected": [
        {
            "package": {"name": "bad-thing", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
        }
    ],
}


class Osv:
    """Answers what OSV is asked; `known` is what it says of each package by name, nothing where it is not there."""

    def __init__(self) -> None:
        self.known: dict[str, web.Response] = {}
        self.asked: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        name: str = (await request.json())["package"]["name"]
        self.asked.append(name)
        return self.known.get(name) or web.json_response({})


@pytest.fixture
async def osv() -> AsyncIterator[Osv]:
    osv, app = Osv(), web.Application()
    app.router.add_post("/v1/query", osv.answer)
    async with TestServer(app) as server:
        osv.url = str(server.make_url("/v1/query"))
        yield osv


async def audited(folder: Path, url: str, pinned: str = PINNED) -> tuple[int | None, str]:
    """Run the audit over what is pinned; gives the exit code and what it printed."""
    file = folder / "requirements.txt"
    file.write_text(pinned)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scripts.audit", "--osv-url", url, str(file)), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


async def test_all_looked_up_and_nothing_known_is_good(tmp_path: Path, osv: Osv) -> None:
    assert await audited(tmp_path, osv.url) == (
        0,
        "2 packages were looked up; nothing is known against any of them\n",
    )
    assert sorted(osv.asked) == ["bad-thing", "good-thing"]


async def test_what_is_known_is_told_with_where_it_is_mended(tmp_path: Path, osv: Osv) -> None:
    osv.known["bad-thing"] = web.json_response({"vulns": [ADVISORY]})
    assert await audited(tmp_path, osv.url) == (1, "bad-thing 1.0: PYSEC-2026-1, CVE-2026-1; fixed in 1.1\n")


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=500),
        web.Response(text="<html>Log in to the network</html>"),
        web.json_response({"vulns": [{**ADVISORY, "schema_version": "2.0.0"}]}),
    ],
    ids=["an error", "no answer of OSV's", "one that is not understood"],
)
async def test_without_the_data_nothing_is_called_good(answer: web.Response, tmp_path: Path, osv: Osv) -> None:
    osv.known["bad-thing"] = answer
    code, printed = await audited(tmp_path, osv.url)
    assert code == 3
    assert printed.startswith("NOT AUDITED, ")


async def test_a_host_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound, and refusing: nobody listens
        taken.bind(("127.0.0.1", 0))
        code, printed = await audited(tmp_path, f"http://127.0.0.1:{taken.getsockname()[1]}/v1/query")
    assert code == 3
    assert printed.startswith("NOT AUDITED, nothing was learnt of 2 packages: bad-thing, good-thing\n")
    assert "Connection refused" in printed
