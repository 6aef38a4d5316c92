"""The reading of one list across its pages: when to go on, when to stop, and what counts once. Pure."""

from collections.abc import Callable
from operator import attrgetter
from typing import Generic, TypeVar

from exporter.model import Backup, ListedAddon, Restore, Schedule
from exporter.northflank.body import Page

T = TypeVar("T")

MAX_PAGES = 200
"""A list is read no further than this; at 100 items a page none holds so many."""

MAX_REPEATED_PAGES = 3
"""One page can repeat another where a list shifts; after so many in a row, cursors that are always new lead nowhere."""


class Listing(Generic[T]):
    """Collects the pages of one list; `identity` tells its items apart.

    A list can shift between two pages, so an item seen before is left out. Reading ends where the API says so,
    where a cursor repeats, where page after page brings nothing new, and at MAX_PAGES; `is_whole` tells whether it was
    the API that said so, `rejected` how many items could not be read.
    """

    def __init__(self, identity: Callable[[T], str]) -> None:
        self._identity = identity
        self._items: dict[str, T] = {}
        self._cursors: set[str] = set()
        self._repeated = 0
        self.pages = 0
        self.rejected = 0
        self.cursor = ""
        self.is_complete = False
        self.is_whole = False

    @staticmethod
    def of_backups() -> "Listing[Backup]":
        """Begin an addon's list of backups."""
        return Listing(attrgetter("identity"))

    @staticmethod
    def of_schedules() -> "Listing[Schedule]":
        """Begin an addon's list of backup schedules."""
        return Listing(attrgetter("id"))

    @staticmethod
    def of_restores() -> "Listing[Restore]":
        """Begin an addon's list of restores."""
        return Listing(attrgetter("id"))

    @staticmethod
    def of_addons() -> "Listing[ListedAddon]":
        """Begin a project's list of addons."""
        return Listing(attrgetter("id"))

    @staticmethod
    def of_ids() -> "Listing[str]":
        """Begin a list of teams or projects, of which only the ids are read."""
        return Listing(str)

    @property
    def is_exhaustive(self) -> bool:
        """Whether what it does not hold is not there: it was read to the end, and every item could be read."""
        return self.is_whole and not self.rejected

    @property
    def items(self) -> tuple[T, ...]:
        """The items read so far, each once: the first one seen counts."""
        return tuple(self._items.values())

    def add(self, page: Page[T]) -> None:
        """Take in the page that `cursor` asked for and move on to the next one, or to the end."""
        before = len(self._items)
        for item in page.items:
            self._items.setdefault(self._identity(item), item)
        self.pages += 1
        self.rejected += page.rejected
        self._cursors.add(self.cursor)
        self.cursor = page.cursor
        self._repeated = self._repeated + 1 if page.items and len(self._items) == before else 0
        goes_in_circles = page.cursor in self._cursors or self._repeated == MAX_REPEATED_PAGES
        self.is_complete = not page.cursor or goes_in_circles or self.pages >= MAX_PAGES
        self.is_whole = not page.cursor
