"""No byte that leaves the process holds a secret, whatever happens: output, logs at debug, answers, files, children."""

import asyncio
import base64
import json
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import bcrypt
import pytest

from tests.builders import raw_backup, raw_page
from tests.fake_api import FakeApi, Step, answer, close, hang, reset, sent
from tests.process import ANY_ADDRESS, Command, eventually, fault, running, write_secret

TOKEN = "nfcanary-Q7x2Zk9wLm4Tn8Rv5Yb1Hd6Js3Fg0PcWe"
PASSWORD = "prxcanary-Xa5Vb8Nc2Md7Kf4Lg9Hj1Pq6Rs3Tu0Yz"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()

ECHO = f"Authorization: Bearer {TOKEN}".encode()
GOOD = answer(raw_page(raw_backup()))
PATHS = (
    "GET /metrics",
    "GET /",
    "GET /sd",
    "GET /probe?project_id=shop&addon_id=orders-db",
    "GET /probe?project_id=shop&addon_id=no",
    "GET /-/ready",
    "GET /nowhere",
    "GET /-/config",
    "POST /-/reload",
)
WATCH = """
accounts:
  - api_url: {api}
    token_file: token
    addons: [{project: shop, addon: orders-db}]
scrape: {request_timeout: 300ms}
"""
LOCALS = """
import logging, resource, traceback
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

def with_locals(_, about):
    return "".join(traceback.TracebackException(*about, capture_locals=True).format())

logging.Formatter.formatException = with_locals
"""
"""Tracebacks show local variables, as some tools let them."""
FAIL = """
def fail(*_, **__):
    raise ZeroDivisionError("nobody foresaw this")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What happens; `proof` is what is said then, so that it has really happened."""

    proof: str
    api: Step | None = GOOD
    words: Sequence[str] = ()
    config: str | None = WATCH
    token: str = TOKEN
    environment: Mapping[str, str] = field(default_factory=dict)
    spoil: str = ""
    paths: Sequence[str] = PATHS
    later: str | None = None
    headers: str = ""
    web: str = ""
    ends_by: int = signal.SIGTERM


def serving(proof: str, api: Step | None = GOOD, **more: object) -> Situation:
    return Situation(proof=proof, api=api, **more)  # type: ignore[arg-type]


def ending(words: str, proof: str, **more: object) -> Situation:
    return Situation(proof=proof, words=words.split(), paths=(), **more)  # type: ignore[arg-type]


def wrong(config: str, proof: str = "Bad configuration") -> Situation:
    return ending("", proof, config=config)


ADDONS = "addons: [{project: shop, addon: orders-db}]"
SITUATIONS = {
    "good answers": serving("northflank_up 1"),
    "a rejected token": serving("the token is rejected", answer(ECHO, 401)),
    "a message that repeats the token": serving(
        "the token is rejected", answer({"error": {"status": 401, "message": TOKEN}}, 401, {"X-Echo": TOKEN})
    ),
    "a permission that repeats the token": serving(
        "lacks", answer({"error": {"details": {"requiredPermission": f"read {TOKEN}"}}}, 403)
    ),
    "a redirect to the token": serving(
        "HTTP status 302", answer(status=302, headers={"Location": f"http://127.0.0.1:1/?{TOKEN}"})
    ),
    "a body that is no JSON": serving("invalid_response", answer(ECHO)),
    "an answer that is no HTTP": serving("is not HTTP", sent(ECHO + b"\r\n\r\n", then=close)),
    "a status line with the token": serving("HTTP status 500", sent(b"HTTP/1.1 500 " + ECHO + b"\r\n\r\n", then=close)),
    "a connection that breaks": serving("the connection broke", reset),
    "no answer in time": serving('reason="timeout"', hang),
    "nobody there": serving("Connection refused", None),
    "no TLS there": serving("no connection comes about", config=WATCH.replace("{api}", "https://{host}")),
    "a proxy that wants another password": serving(
        "the proxy wants another user",
        answer(ECHO, 407),
        config=WATCH.replace("    token_file", f"    proxy_url: 'http://user:{PASSWORD}@{{host}}'\n    token_file"),
    ),
    "no proxy there": serving(
        "cannot connect to the proxy",
        config=WATCH.replace("    token_file", f"    proxy_url: 'http://user:{PASSWORD}@127.0.0.1:1'\n    token_file"),
    ),
    "a fault while sending": serving(
        "Unexpected error in a poll", spoil=f"{LOCALS}{FAIL}import aiohttp\naiohttp.ClientRequest.send = fail\n"
    ),
    "a fault while reading an answer": serving(
        "Unexpected error in a poll",
        spoil=f"{LOCALS}{FAIL}import exporter.northflank.client as spoilt\nspoilt.parse_rate_limit = fail\n",
    ),
    "a fault while a configuration is read": ending(
        "",
        "Ended by an unexpected error",
        config=f"accounts: [{{token: {TOKEN}, proxy_url: 'http://user:{PASSWORD}@x', {ADDONS}}}]",
        environment={"NORTHFLANK_API_TOKEN": TOKEN},
        spoil=f"{LOCALS}{FAIL}import exporter.config.reader as spoilt\nspoilt.read_tree = fail\n",
    ),
    "a fault while accounts are read": ending(
        "",
        "Ended by an unexpected error",
        config=f"accounts: [{{token: {TOKEN}, proxy_url: 'http://user:{PASSWORD}@x', {ADDONS}}}]",
        spoil=f"{LOCALS}{FAIL}import exporter.config.account as spoilt\nspoilt.read_addons = fail\n",
    ),
    "a fault while the environment is read": ending(
        "",
        "Ended by an unexpected error",
        config=None,
        environment={"NORTHFLANK_API_TOKEN": TOKEN},
        spoil=f"{LOCALS}{FAIL}import exporter.config.environment as spoilt\nspoilt.checked_api_url = fail\n",
    ),
    "a fault in every answer": serving(
        "Failed to answer", spoil=f"{LOCALS}{FAIL}import exporter.app\nexporter.app.Exporter.scrape = fail\n"
    ),
    "a reload of a file that is no YAML": serving("Cannot reload", later=f'accounts:\n  - token: "{TOKEN}'),
    "a reload of a file with the token in wrong places": serving(
        "Cannot reload", later=f"accounts:\n- {{token_file: {TOKEN}, {TOKEN}: x, {ADDONS}}}\n"
    ),
    "a token from the environment": serving(
        "northflank_up 1",
        config=WATCH.replace("token_file: token", "token: '${SECRET}'"),
        environment={"SECRET": TOKEN},
    ),
    "everything in debug mode": serving(
        "northflank_up 1", environment={"PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1"}
    ),
    "an end by SIGABRT": serving(
        "Fatal Python error", spoil=LOCALS, environment={"PYTHONFAULTHANDLER": "1"}, ends_by=signal.SIGABRT
    ),
    "the right password": serving(
        "northflank_up 1",
        web=f"basic_auth_users: {{carol: '{HASH}'}}\n",
        headers=f"Authorization: Basic {base64.b64encode(f'carol:{PASSWORD}'.encode()).decode()}\r\n",
        spoil=LOCALS,
    ),
    "a fault while a password is checked": serving(
        "Failed to answer",
        web=f"basic_auth_users: {{carol: '{HASH}'}}\n",
        headers=f"Authorization: Basic {base64.b64encode(f'carol:{PASSWORD}'.encode()).decode()}\r\n",
        spoil=f"{LOCALS}{FAIL}import exporter.web.basic_auth as spoilt\nspoilt.Authenticator._stand_in = fail\n"
        "spoilt.Authenticator._remember = fail\n",
    ),
    "a header that is no HTTP": serving(
        "400", paths=("GET /metrics",), headers=f"Authorization: Basic {PASSWORD}\x00\r\n"
    ),
    "once": ending("once", "northflank_up 1"),
    "once into a file": ending("once --output out.prom", "northflank_up 0", api=answer(ECHO, 401)),
    "discover that fails": ending("discover", "Not everything could be listed", api=answer(ECHO, 500)),
    "discover by the environment": ending(
        "discover",
        "Account cannot be read",
        config=None,
        api=answer(ECHO, 401),
        environment={"NORTHFLANK_API_TOKEN": TOKEN},
    ),
    "check": ending("check", "good", config=f"accounts: [{{token: {TOKEN}, {ADDONS}}}]"),
    "help": ending("--help", "usage", environment={"NORTHFLANK_API_TOKEN": TOKEN}),
    "a flag that is none": ending("--nothing", "unrecognized", environment={"NORTHFLANK_API_TOKEN": TOKEN}),
    "a token with a line break": ending(
        "once", "is not usable", config=None, environment={"NORTHFLANK_API_TOKEN": f"{TOKEN}\nX-Evil: 1"}
    ),
    "a token outside ASCII": ending("once", "outside ASCII", token=f"{TOKEN}é"),
    "a token that is no text": ending("once", "not UTF-8", token=f"{TOKEN}\udcff"),
    "a line that is no YAML": wrong(f'accounts:\n  - token: "{TOKEN}\n    {ADDONS}\n'),
    "a colon after the token": wrong(f"accounts:\n- token: {TOKEN}: x\n  {ADDONS}\n"),
    "a token as a key": wrong(f"accounts:\n- {{{TOKEN}: x, token: '', {ADDONS}}}\n{TOKEN}: 1\n"),
    "a token in the place of others": wrong(
        f"accounts:\n- {{token_file: {TOKEN}, api_url: 'https://{TOKEN}@x', proxy_url: {TOKEN}, team: '{TOKEN}*',\n"
        f"   {ADDONS}}}\n"
        f"scrape: {{timeout: {TOKEN}, concurrency: {TOKEN}}}\n"
    ),
}


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
    await eventually(lambda: "Listening" in process.stderr)
    return b"".join([*answers, _seen_by_others(process.pid)])


def _seen_by_others(pid: int) -> bytes:
    """Give what everybody on Linux may see of a process, which has no children."""
    about = Path(f"/proc/{pid}")
    if not about.exists():
        return b""
    assert (about / f"task/{pid}/children").read_text() == ""
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
