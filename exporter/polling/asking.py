"""A source of lists that remembers what its answers say of the whole account."""

from collections.abc import Awaitable
from typing import TypeVar

from exporter.model import AddonDetails, Backup, ListedAddon, Restore, Schedule
from exporter.northflank import NorthflankError, Page, PageRequest
from exporter.polling.poll import Source

T = TypeVar("T")


class CountingSource:
    """Hands on what `source` gives.

    `is_up` tells whether the latest round that had answers proved API and token good, None before the first;
    `unanswered` counts the requests in a row without any answer, `was_proof` tells whether the latest one was a proof.
    """

    def __init__(self, source: Source) -> None:
        self.is_up: bool | None = None
        self.unanswered = 0
        self.was_proof = False
        self._source = source
        self._ended = 0
        self._proofs = 0

    async def teams_page(self, cursor: str) -> Page[str]:
        """Read one page of the teams."""
        return await self._ask(self._source.teams_page(cursor))

    async def projects_page(self, cursor: str) -> Page[str]:
        """Read one page of the projects."""
        return await self._ask(self._source.projects_page(cursor))

    async def addons_page(self, project_id: str, cursor: str) -> Page[ListedAddon]:
        """Read one page of a project's addons."""
        return await self._ask(self._source.addons_page(project_id, cursor))

    async def backups_page(
        self, project_id: str, addon_id: str, page: PageRequest, *, known: bytes = b""
    ) -> Page[Backup] | None:
        """Read one page of an addon's backups; None where its digest is `known`."""
        return await self._ask(self._source.backups_page(project_id, addon_id, page, known=known))

    async def addon(self, project_id: str, addon_id: str) -> AddonDetails:
        """Read what an addon is and when it was created."""
        return await self._ask(self._source.addon(project_id, addon_id))

    async def schedules_page(self, project_id: str, addon_id: str, cursor: str) -> Page[Schedule]:
        """Read one page of an addon's backup schedules."""
        return await self._ask(self._source.schedules_page(project_id, addon_id, cursor))

    async def restores_page(self, project_id: str, addon_id: str, cursor: str) -> Page[Restore]:
        """Read one page of an addon's restores."""
        return await self._ask(self._source.restores_page(project_id, addon_id, cursor))

    def end_round(self) -> None:
        """Draw the conclusion from the requests that ended since the last call, if there were any."""
        if self._ended:
            self.is_up = self._proofs > 0
            self._ended = self._proofs = 0

    async def _ask(self, request: Awaitable[T]) -> T:
        try:
            answer = await request
        except NorthflankError as error:
            self._count(is_answer=error.is_answer, is_proof=error.proves_token)
            raise
        self._count(is_answer=True, is_proof=True)
        return answer

    def _count(self, *, is_answer: bool, is_proof: bool) -> None:
        self._ended += 1
        self._proofs += is_proof
        self.was_proof = is_proof
        self.unanswered = 0 if is_answer else self.unanswered + 1
