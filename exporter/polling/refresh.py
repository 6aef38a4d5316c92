"""How far an addon's list of backups is read: to its end, or until it meets what is known of it already. Pure."""

from datetime import datetime

from exporter.known import FINAL, KnownList
from exporter.model import Backup
from exporter.northflank import PAGE_SIZE, Listing, Page, PageRequest
from exporter.poll_log import Reading
from exporter.polling.evidence import Evidence


class Refresh:
    """Reads a list of backups page by page; with `is_full` to its end, whatever is `known`.

    It reads less only where what it has read itself is evidence enough. A list that shows its newest backups first is
    read from the beginning until then. Of one that shows the oldest first its last pages are read; where those are
    not evidence enough, one page more, and then the whole list. `requests` is how many pages were asked for.
    """

    def __init__(self, known: KnownList | None = None, *, is_full: bool = False) -> None:
        self.is_unchanged = False
        self.requests = 0
        self._per_page = (known and known.per_page) or PAGE_SIZE
        self._known = known
        self._may_stop = known is not None and known.is_trusted and not is_full
        self._tails = list(_tails(known)) if self._may_stop else []
        self._has_numbered_pages = known is None or known.has_numbered_pages
        self._refused = 0
        self._unseen: tuple[Backup, ...] | None = None
        self._begin()

    def _begin(self) -> None:
        self._first_page = self._tails.pop(0) if self._tails else 1
        self._listing = Listing.of_backups()
        self._pages: list[Page[Backup]] = []
        self._evidence = Evidence()

    @property
    def next_page(self) -> PageRequest:
        """Which page to read next."""
        return PageRequest(cursor=self._listing.cursor, number=self._first_page, size=self._per_page)

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing more to read."""
        return self.is_unchanged or self._unseen is not None or self._listing.is_complete

    @property
    def is_whole(self) -> bool:
        """Whether it was read to its end, or says the same as when it was."""
        is_on_one_page = self._known is not None and self._known.pages == 1
        return is_on_one_page if self.is_unchanged else self._unseen is None and self._listing.is_complete

    @property
    def reading(self) -> Reading:
        """How far it had to read, once it is complete."""
        if self.is_unchanged:
            return Reading.UNCHANGED
        return Reading.WHOLE if self._unseen is None else Reading.NEWEST

    @property
    def expected_requests(self) -> int:
        """How many requests it will come to, as far as that is known."""
        if self._known is None:
            return 1
        if self._may_stop and self.requests == len(self._pages):
            return self._known.requests
        return self.requests - len(self._pages) + self._known.pages

    @property
    def comparable(self) -> bytes:
        """The digest of the next page that would show that nothing has changed; empty where none can."""
        if self._known is None or self.requests:
            return b""
        is_enough = self._known.pages == 1 or (self._may_stop and self._known.requests == 1)
        return self._known.digest if is_enough else b""

    @property
    def backups(self) -> tuple[Backup, ...]:
        """What is in the list, by what was read and by what was known of the rest."""
        return self._listing.items + (self._unseen or ())

    def leave(self) -> None:
        """Read no more: nothing has changed."""
        self.requests += 1
        self.is_unchanged = True

    def add(self, page: Page[Backup]) -> None:
        """Take in the page that was asked for."""
        self.requests += 1
        if not self._pages:
            self._evidence = Evidence(self._known)
            if self._first_page > 1 and self._evidence.is_beginning(page.items):
                # Numbers of pages mean nothing here, or the list has been turned round.
                self._has_numbered_pages = False
                self._tails.clear()
                self._begin()
                return
        self._pages.append(page)
        self._listing.add(page)
        if self._first_page == 1:
            self._evidence.add(page.items)
            if self._may_stop and not self._listing.is_complete:
                self._unseen = self._evidence.rest()
        elif self._listing.is_complete:
            # From the end on, once all of it is there.
            self._unseen = self._backwards().rest() if self._listing.is_whole else None
            if self._unseen is None:
                self._begin()

    def refused(self) -> bool:
        """Hear that there is no such page; whether it was a guess, so that it can go on without it."""
        if self._first_page == 1 or self._pages:
            return False
        self.requests += 1
        self._refused = self._first_page
        # One page less there may be, but not two.
        self._has_numbered_pages = bool(self._tails)
        self._begin()
        return True

    def result(self, *, now: datetime, at: float) -> KnownList:
        """Say what is known now; `at` is the time that never goes back."""
        if self._known is not None and self.is_unchanged:
            return self._known
        before, pages = self._known or KnownList(pages=0, digest=b"", read_whole_at=0.0), len(self._pages)
        if self._unseen is not None:
            pages, at = before.pages, before.read_whole_at
        is_oldest_first = self._first_page > 1 or not self._evidence.is_in_order
        evidence = self._backwards() if is_oldest_first else self._evidence
        newest = self._pages[-1 if is_oldest_first else 0]
        # A page that is not there may well be refused, and of a list that was turned round none need be asked for.
        says_nothing_of_numbers = pages < self._refused or not is_oldest_first
        known = KnownList(
            pages=pages,
            digest=newest.digest if self._shows_all_unfinished(newest) else b"",
            read_whole_at=at,
            has_numbered_pages=self._has_numbered_pages or pages == 1 or says_nothing_of_numbers,
            per_page=before.per_page,
        )
        if pages == 1 or not evidence.is_in_order or not (self._listing.is_whole or self._unseen):
            return known
        newest_first = self._listing.items[::-1] if is_oldest_first else self._listing.items
        return known.holding(
            newest_first + (self._unseen or ()),
            seams=evidence.seams,
            page_length=max(before.page_length, *(len(page.items) + page.rejected for page in self._pages)),
            now=now,
            oldest_first=(self._first_page - 1) * self._per_page + len(newest_first) if is_oldest_first else None,
        )

    def _shows_all_unfinished(self, page: Page[Backup]) -> bool:
        """Whether nothing can have ended while this page stays the same: pages need not be as long as was asked for."""
        shown = {backup.identity for backup in page.items}
        return not page.rejected and all(
            backup.status in FINAL or backup.identity in shown for backup in self._listing.items
        )

    def _backwards(self) -> Evidence:
        evidence = Evidence(self._known)
        for page in reversed(self._pages):
            evidence.add(page.items[::-1])
        return evidence


def _tails(known: KnownList | None) -> tuple[int, ...]:
    """Give the pages from which on a list that shows the oldest first may be read."""
    tail = 1 if known is None or known.tail is None else known.tail
    return tuple(page for page in (tail, tail - 1) if page > 1)
