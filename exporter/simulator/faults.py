"""What can go wrong between Northflank and its client, and where it currently does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Self

from exporter.simulator.behaviour import BodyFormat
from exporter.simulator.routes import Endpoint, Route

_MEBIBYTE = 1024**2

READ_ADDONS = "Project > Addons > General > Read"

# One wrong type for every field of a backup; as an item of another list its `id` is wrong enough.
_WRONG_TYPES: Mapping[str, object] = MappingProxyType(
    {
        "id": 17,
        "uid": {},
        "name": None,
        "status": ["completed"],
        "createdAt": 1700000000000,
        "completedAt": True,
        "config": "large",
        "customDestinationId": 4.5,
    }
)


class FaultKind(Enum):
    """The ways to fail."""

    STATUS = auto()
    RAW = auto()
    FORBIDDEN = auto()
    REDIRECT = auto()
    DELAY = auto()
    HANG = auto()
    RESET = auto()
    TRUNCATED = auto()
    HUGE = auto()
    ENDLESS_CURSOR = auto()
    DUPLICATES = auto()
    PATCH = auto()


# These change a page of a list; anything else they leave alone.
_PAGE_KINDS = frozenset({FaultKind.ENDLESS_CURSOR, FaultKind.DUPLICATES, FaultKind.PATCH})
_LISTS = frozenset(
    {
        Endpoint.TEAMS,
        Endpoint.PROJECTS,
        Endpoint.ADDONS,
        Endpoint.BACKUPS,
        Endpoint.BACKUP_RESTORES,
        Endpoint.SCHEDULES,
        Endpoint.RESTORES,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to fail; made with the class methods below, which say what each field means."""

    kind: FaultKind
    code: int = 200
    body_format: BodyFormat = BodyFormat.JSON
    raw: bytes = b""
    content_type: str = "application/json"
    permission: str = ""
    location: str = ""
    seconds: float = 0.0
    size_bytes: int = 0
    compressed: bool = False
    repeating: bool = False
    item: int = 0
    changes: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def status(cls, code: int, body_format: BodyFormat = BodyFormat.JSON) -> Self:
        """Answer with a status code and an error body."""
        return cls(kind=FaultKind.STATUS, code=code, body_format=body_format)

    @classmethod
    def body(cls, raw: bytes, content_type: str = "application/json") -> Self:
        """Answer 200 with exactly this body."""
        return cls(kind=FaultKind.RAW, raw=raw, content_type=content_type)

    @classmethod
    def not_json(cls) -> Self:
        """Answer 200 with a page of HTML, as a captive portal does."""
        return cls.body(b"<!doctype html><title>Welcome</title><p>Please log in.</p>", "text/html")

    @classmethod
    def forbidden(cls, permission: str = READ_ADDONS) -> Self:
        """Answer that the token's role lacks a permission."""
        return cls(kind=FaultKind.FORBIDDEN, permission=permission)

    @classmethod
    def redirect(cls, location: str, code: int = 302) -> Self:
        """Send the client elsewhere."""
        return cls(kind=FaultKind.REDIRECT, code=code, location=location)

    @classmethod
    def delay(cls, seconds: float) -> Self:
        """Wait before going on; a delay adds to other faults and to other delays."""
        return cls(kind=FaultKind.DELAY, seconds=seconds)

    @classmethod
    def hang(cls) -> Self:
        """Never answer."""
        return cls(kind=FaultKind.HANG)

    @classmethod
    def reset(cls) -> Self:
        """Reset the connection before any byte of an answer."""
        return cls(kind=FaultKind.RESET)

    @classmethod
    def truncated(cls) -> Self:
        """Close the connection in the middle of the body that the headers announce."""
        return cls(kind=FaultKind.TRUNCATED)

    @classmethod
    def huge(cls, size_bytes: int = 64 * _MEBIBYTE, *, compressed: bool = False) -> Self:
        """Answer 200 with valid JSON of this size; compressed it is a gzip bomb."""
        return cls(kind=FaultKind.HUGE, size_bytes=size_bytes, compressed=compressed)

    @classmethod
    def endless_cursor(cls, *, repeating: bool = False) -> Self:
        """Name a next page on every page: a new cursor each time, or always the same one."""
        return cls(kind=FaultKind.ENDLESS_CURSOR, repeating=repeating)

    @classmethod
    def duplicates(cls) -> Self:
        """Begin every page with the item that ended the page before, as when a list shifts."""
        return cls(kind=FaultKind.DUPLICATES)

    @classmethod
    def patch(cls, changes: Mapping[str, object], item: int = 0) -> Self:
        """Replace top-level fields of one item of every page."""
        return cls(kind=FaultKind.PATCH, changes=dict(changes), item=item)

    @classmethod
    def wrong_types(cls, item: int = 0) -> Self:
        """Give every field of one item of every page a wrong type."""
        return cls.patch(_WRONG_TYPES, item)

    def concerns(self, endpoint: Endpoint) -> bool:
        """Tell whether an answer of this endpoint can fail so."""
        return self.kind not in _PAGE_KINDS or endpoint in _LISTS


@dataclass(slots=True, kw_only=True)
class Injection:
    """A fault at work: where, and for how many more requests (None: for ever)."""

    fault: Fault
    project: str | None
    addon: str | None
    endpoint: Endpoint | None
    remaining: int | None

    def matches(self, route: Route) -> bool:
        """Tell whether a request to the route meets the fault."""
        return (
            self.remaining != 0
            and self.project in (None, route.project)
            and self.addon in (None, route.addon)
            and self.endpoint in (None, route.endpoint)
            and self.fault.concerns(route.endpoint)
        )


class Faults:
    """The faults at work, oldest first; they may be changed while the simulator runs."""

    def __init__(self) -> None:
        self._injections: list[Injection] = []

    def inject(
        self,
        fault: Fault,
        *,
        project: str | None = None,
        addon: str | None = None,
        endpoint: Endpoint | None = None,
        times: int | None = None,
    ) -> Injection:
        """Let requests fail: those of an addon, a project, an endpoint, or (without any) all."""
        injection = Injection(fault=fault, project=project, addon=addon, endpoint=endpoint, remaining=times)
        self._injections.append(injection)
        return injection

    def clear(self, *, project: str | None = None, addon: str | None = None) -> None:
        """Heal everything, or only what was injected for exactly this project and addon."""
        if project is None and addon is None:
            self._injections.clear()
            return
        self._injections = [
            injection for injection in self._injections if (injection.project, injection.addon) != (project, addon)
        ]

    def remove(self, injection: Injection) -> None:
        """Heal one fault; no error when it is gone already."""
        self._injections = [other for other in self._injections if other is not injection]

    def take(self, route: Route) -> tuple[float, Fault | None]:
        """Use up what a request meets: all delays in seconds, and the oldest other fault."""
        seconds, met = 0.0, None
        for injection in self._injections:
            is_delay = injection.fault.kind is FaultKind.DELAY
            if not injection.matches(route) or (met is not None and not is_delay):
                continue
            if injection.remaining is not None:
                injection.remaining -= 1
            if is_delay:
                seconds += injection.fault.seconds
            else:
                met = injection.fault
        return seconds, met
