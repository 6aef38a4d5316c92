"""Every fault that the simulator can be given, what it is called where it is shown, and what else it upsets."""

from dataclasses import dataclass
from enum import Enum, auto

from exporter.simulator import Fault
from exporter.simulator.behaviour import BodyFormat

_TOO_LARGE = 17 * 2**20


class Upset(Enum):
    """What a fault upsets beyond the addons that it was given to."""

    SLOW = auto()
    """An answer may come from memory: what was asked comes after the deadline."""
    SILENT = auto()
    """Without answers the exporter asks one request after the other, in case the host is gone."""
    LONG = auto()
    """A list takes more requests than were set aside for it: others may have to wait for their turn."""
    ACCOUNT = auto()
    """It says something of the whole account."""
    QUOTA = auto()
    """Requests are used up, or said to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Illness:
    """A fault; `reason` is what an addon that has it is marked with, empty where it stays well."""

    name: str
    fault: Fault
    reason: str = ""
    upsets: frozenset[Upset] = frozenset()
    is_for_one: bool = False


def _ill(name: str, fault: Fault, reason: str = "", *upsets: Upset, is_for_one: bool = False) -> Illness:
    return Illness(name=name, fault=fault, reason=reason, upsets=frozenset(upsets), is_for_one=is_for_one)


ILLNESSES = (
    _ill("400", Fault.status(400), "client_error"),
    _ill("422 in HTML", Fault.status(422, BodyFormat.HTML), "client_error"),
    _ill("401", Fault.status(401), "unauthorized", Upset.ACCOUNT),
    _ill("403", Fault.status(403, BodyFormat.PLAIN), "forbidden"),
    _ill("404", Fault.status(404), "not_found"),
    _ill("407", Fault.status(407), "connection", Upset.ACCOUNT),
    _ill("429", Fault.status(429), "rate_limited", Upset.QUOTA),
    _ill("500", Fault.status(500), "server_error"),
    _ill("502 in HTML", Fault.status(502, BodyFormat.HTML), "server_error"),
    _ill("503 in text", Fault.status(503, BodyFormat.PLAIN), "server_error"),
    _ill("forbidden", Fault.forbidden(), "forbidden"),
    _ill("a redirect", Fault.redirect("http://127.0.0.1:1/"), "invalid_response"),
    _ill("no JSON", Fault.not_json(), "invalid_response"),
    _ill("nothing", Fault.body(b""), "invalid_response"),
    _ill("null", Fault.body(b"null"), "invalid_response"),
    _ill("no list", Fault.body(b'{"data": {"backups": {"id": "a"}}}'), "invalid_response"),
    _ill("too deep", Fault.body(b"[" * 100_000), "invalid_response"),
    _ill("cut off", Fault.truncated(), "invalid_response"),
    _ill("huge", Fault.huge(_TOO_LARGE), "invalid_response", is_for_one=True),
    _ill("a bomb", Fault.huge(_TOO_LARGE, compressed=True), "invalid_response", is_for_one=True),
    _ill("reset", Fault.reset(), "connection", Upset.SILENT),
    _ill("hanging", Fault.hang(), "timeout", Upset.SILENT, Upset.SLOW),
    _ill("too slow", Fault.delay(9), "timeout", Upset.SILENT, Upset.SLOW),
    _ill("slow", Fault.delay(2.3), "", Upset.SLOW),
    _ill("a little slow", Fault.delay(0.2)),
    _ill("an endless list", Fault.endless_cursor(), "", Upset.LONG),
    _ill("a list in a circle", Fault.endless_cursor(repeating=True), "", Upset.LONG),
    _ill("a list that shifts", Fault.duplicates(), "", Upset.LONG),
    _ill("a garbled item", Fault.wrong_types()),
    _ill("another garbled item", Fault.wrong_types(3)),
)
