"""What can happen to an exporter that has secrets: good answers, errors of every kind, faults, wrong configurations."""

import base64
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import bcrypt

from tests.builders import raw_backup, raw_page
from tests.fake_api import Step, answer, close, hang, reset, sent

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
