"""What finds the addons of an account: what it is told, whom it asks, what it gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

from exporter.model import ListedAddon
from exporter.northflank import Page


class Entry(Protocol):
    """Addons to watch, as configured."""

    @property
    def project(self) -> str:
        """The id of a project, or a pattern."""

    @property
    def addon(self) -> str:
        """The id of an addon, or a pattern."""

    @property
    def max_age(self) -> timedelta | Literal["off"] | None:
        """How old the latest completed backup may become."""

    @property
    def is_literal(self) -> bool:
        """Whether it names one addon outright, so that nothing needs to be listed."""

    @property
    def is_project_literal(self) -> bool:
        """Whether it names one project outright, so that projects need not be listed."""

    def selects_project(self, project_id: str) -> bool:
        """Tell whether addons of this project can be meant."""

    def selects(self, project_id: str, addon_id: str, addon_type: str | None, tags: Sequence[str]) -> bool:
        """Tell whether an addon is meant."""


class ListingSource(Protocol):
    """Where listings of projects and addons come from; all raise NorthflankError or RequestDeferred."""

    async def projects_page(self, cursor: str) -> Page[str]:
        """Read one page of the projects."""

    async def addons_page(self, project_id: str, cursor: str) -> Page[ListedAddon]:
        """Read one page of a project's addons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One addon to watch: its limit as configured, and what a listing said of it, if any did."""

    max_age: timedelta | Literal["off"] | None
    info: ListedAddon | None = None


class AddonDiscovery(Protocol):
    """What finds the addons of an account; the members are described at Discovery."""

    requests: int

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to list."""

    @property
    def is_complete(self) -> bool:
        """Whether all that is needed was listed, and nothing failed."""

    def is_due(self, now: float) -> bool:
        """Whether there is something to list now."""

    async def run(self, now: float, take: Callable[[], bool]) -> None:
        """List what is due."""

    def adopt(self, before: "AddonDiscovery") -> None:
        """Go on with what another one has found."""

    def watched(self) -> dict[tuple[str, str], Watched]:
        """Give every addon to watch."""

    def matches(self) -> dict[tuple[str, str], int]:
        """Count what each pattern matched."""
