"""The reading of one list across its pages: when to go on, when to stop, and what counts once. Pure."""

from exporter.model import Backup
from exporter.northflank.wire import Page

MAX_PAGES = 200
"""A list is read no further than this; at 100 backups a page no addon holds so many."""

MAX_REPEATED_PAGES = 3
"""One page can repeat another where a list shifts; after so many in a row, cursors that are always new lead nowhere."""


class Listing:
    """Collects the pages of one addon's list of backups.

    A list can shift between two pages, so a backup seen before is left out. Reading ends where the API says so,
    where a cursor repeats, where page after page brings nothing new, and at MAX_PAGES.
    """

    def __init__(self) -> None:
        self._backups: dict[str, Backup] = {}
        self._cursors: set[str] = set()
        self._repeated = 0
        self.pages = 0
        self.cursor = ""
        self.is_complete = False

    @property
    def backups(self) -> tuple[Backup, ...]:
        """The backups read so far, each once: the first one seen counts."""
        return tuple(self._backups.values())

    def add(self, page: Page) -> None:
        """Take in the page that `cursor` asked for and move on to the next one, or to the end."""
        before = len(self._backups)
        for backup in page.backups:
            self._backups.setdefault(backup.identity, backup)
        self.pages += 1
        self._cursors.add(self.cursor)
        self.cursor = page.cursor
        self._repeated = self._repeated + 1 if page.backups and len(self._backups) == before else 0
        goes_in_circles = page.cursor in self._cursors or self._repeated == MAX_REPEATED_PAGES
        self.is_complete = not page.cursor or goes_in_circles or self.pages >= MAX_PAGES
