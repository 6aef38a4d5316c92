"""No byte that leaves the process holds a secret, whatever happens: output, logs at debug, answers, files, children."""

import asyncio
import base64
import json
import os
import signal
import socket
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tests.fake_api import FakeApi
from tests.process import ANY_ADDRESS, Command, fault, running, write_secret
from tests.situations import HASH, PASSWORD, SITUATIONS, TOKEN, Situation


def forms(secret: str) -> set[bytes]:
    """Give what a secret looks like as it is, in part, and as things are written that pass through programs."""
    raw = secret.encode()
    found = {raw, raw[::-1], raw[: len(raw) // 2], raw[len(raw) // 2 :]}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # What comes before shifts the rest: without the first and the last group it is the same for one in three.
        found |= {encode(b"x" * shift + raw)[4:-4] for shift in range(3)}
    found |= {raw.hex().encode(), raw.hex().upper().encode(), "".join(f"%{byte:02X}" for byte in raw).encode()}
    found |= {quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode(), repr(secret)[1:-1].encode()}
    return found


FORMS = {form for secret in (TOKEN, PASSWORD, HASH) for form in forms(secret)}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
async def test_nothing_that_leaves_the_process_holds_a_secret(situation: Situation, tmp_path: Path) -> None:
    given, said = _given(situation, tmp_path), b""
    async with AsyncExitStack() as stack:
        host = _nobody()
        if situation.api is not None:
            host = (await stack.enter_async_context(FakeApi(situation.api))).host
        if situation.config is not None:
            text = situation.config.replace("{api}", f"http://{host}").replace("{host}", host)
            write_secret(tmp_path / "config.yaml", text)
            given.add(tmp_path / "config.yaml")
        environment = {"NORTHFLANK_API_URL": f"http://{host}", **situation.environment}
        if situation.spoil:
            environment |= fault(tmp_path, situation.spoil)
        words = ["--log.level=debug", *situation.words]
        if situation.web:
            words.append("--web.config.file=web.yaml")
        if situation.paths:
            words += [ANY_ADDRESS, "--web.enable-lifecycle"]
        process = await stack.enter_async_context(running(*words, cwd=tmp_path, environment=environment))
        if situation.paths:
            said += await _asked(process, situation, tmp_path)
            process.signal(situation.ends_by)
        ended = await process.end(in_order=False)

    said += ended.stdout.encode() + ended.stderr.encode() + _left_in(tmp_path, given)
    assert situation.proof.encode() in said, said.decode(errors="replace")
    assert not {form for form in FORMS if form in said}


def _given(situation: Situation, directory: Path) -> set[Path]:
    """Write the files that may hold secrets, besides the configuration."""
    token, web = directory / "token", directory / "web.yaml"
    token.touch(mode=0o600)
    token.write_bytes(situation.token.encode(errors="surrogateescape"))
    write_secret(web, situation.web)
    return {token, web}


def _left_in(directory: Path, given: AbstractSet[Path]) -> bytes:
    """Give what stands in the files that the process has left."""
    left = (path for path in directory.rglob("*") if path not in given and "fault" not in path.parts)
    return b"".join(path.read_bytes() for path in left if path.is_file())


def _nobody() -> str:
    """Give an address at which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{unused.getsockname()[1]}"


async def _asked(process: Command, situation: Situation, directory: Path) -> bytes:
    """Give whole answers, headers and all, and what others may see of the process meanwhile."""
    url = urlsplit(await process.url())
    if situation.later is not None:
        (directory / "config.yaml").write_text(situation.later)
        process.signal(signal.SIGHUP)
        await process.logged(situation.proof)
    answers = [await _answer(url.hostname or "", url.port or 0, path, situation.headers) for path in situation.paths]
    return b"".join([*answers, _seen_by_others(process.pid)])


def _seen_by_others(pid: int) -> bytes:
    """Give what everybody on Linux may see of a process, which has no children."""
    about = Path(f"/proc/{pid}")
    if not about.exists():
        return b""
    children = about / f"task/{pid}/children"
    assert not children.exists() or children.read_text() == ""
    return (about / "cmdline").read_bytes()


async def _answer(host: str, port: int, path: str, headers: str) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n".encode())
        return await reader.read()
    finally:
        writer.close()


def test_the_test_would_find_what_it_looks_for() -> None:
    for secret in (TOKEN, PASSWORD, HASH):
        for text in (
            f"Bearer {secret}",
            base64.b64encode(f"user:{secret}".encode()).decode(),
            base64.b64encode(f"carol:{secret}".encode()).decode(),
            os.fsencode(secret).hex(),
            quote(secret, safe=""),
            secret[: len(secret) // 2] + "…",
        ):
            assert {form for form in FORMS if form in text.encode()}, text
