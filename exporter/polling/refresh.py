"""How far an addon's list of backups is read: to its end, or until it meets what is known of it already. Pure."""

from collections import Counter
from datetime import datetime
from itertools import pairwise, takewhile

from exporter.known import FINAL, KnownList
from exporter.model import Backup
from exporter.northflank import Listing, Page

EVIDENCE = 8
"""So many backups, no two created at the same time, are in order by chance in one list of 40,000."""

GONE_PART = 0.1
"""Where more than this part of what should be there is missing, more has happened than that some have expired."""


class Refresh:
    """Reads a list of backups page by page; with `is_full` to its end, whatever is `known`.

    It stops early only where what it has read itself shows all of this: the newest come first; no page began elsewhere
    than where the last one ended; whatever is not known is new; every backup that was not final has been seen again;
    and the last one read is known, old enough that nothing new can stand behind it. Otherwise it goes on, and a
    list that was read to its end needs no trust in anything.
    """

    def __init__(self, known: KnownList | None = None, *, is_full: bool = False) -> None:
        self.is_unchanged = False
        self._known = known
        self._may_stop = known is not None and known.is_trusted and not is_full
        self._listing = Listing.of_backups()
        self._expected: dict[str, Backup] = {}
        self._following: dict[str, str] = {}
        self._alone: set[str] = set()
        self._seen: set[str] = set()
        self._unseen: tuple[Backup, ...] | None = None
        self._last: Backup | None = None
        self._oldest: Backup | None = None
        self._digest = b""
        self._page_length = 1
        self._seams: set[str] = set()
        self._is_in_order = True
        self._different_times = 0
        self._has_met_overlooked = False

    @property
    def pages(self) -> int:
        """How many pages have been read."""
        return self._listing.pages

    @property
    def cursor(self) -> str:
        """What asks for the next page."""
        return self._listing.cursor

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing more to read."""
        return self.is_unchanged or self._unseen is not None or self._listing.is_complete

    @property
    def is_whole(self) -> bool:
        """Whether it was read to its end, or says the same as when it was."""
        is_on_one_page = self._known is not None and self._known.pages == 1
        return self._listing.is_complete or (self.is_unchanged and is_on_one_page)

    @property
    def expected_pages(self) -> int:
        """How many pages it will come to, as far as that is known."""
        if self._known is None:
            return 1
        return self._known.requests if self._may_stop else self._known.pages

    @property
    def comparable(self) -> bytes:
        """The digest of the next page that would show that nothing has changed; empty where none can."""
        if self._known is None or self.pages:
            return b""
        is_enough = self._known.pages == 1 or (self._may_stop and self._known.requests == 1)
        return self._known.digest if is_enough else b""

    @property
    def backups(self) -> tuple[Backup, ...]:
        """What is in the list, by what was read and by what was known of the rest."""
        return self._listing.items + (self._unseen or ())

    def leave(self) -> None:
        """Read no more: nothing has changed."""
        self.is_unchanged = True

    def add(self, page: Page[Backup]) -> None:
        """Take in the page that `cursor` asked for."""
        if not self.pages:
            self._digest = b"" if page.rejected else page.digest
            self._recall()
        self._page_length = max(self._page_length, len(page.items) + page.rejected)
        self._join(page)
        for backup in page.items:
            if backup.identity not in self._seen:
                self._follow(backup)
        self._listing.add(page)
        if self._seams or self._has_met_overlooked or not self._is_in_order:
            self._may_stop = False
        if self._may_stop and not self._listing.is_complete:
            self._unseen = self._known_rest()

    def result(self, *, now: datetime, at: float) -> KnownList:
        """Say what is known now; `at` is the time that never goes back."""
        if self._known is not None and self.is_unchanged:
            return self._known
        if self._known is not None and self._unseen is not None:
            before, at = self._known.pages, self._known.read_whole_at
        else:
            before = self.pages
        known = KnownList(pages=before, digest=self._digest, read_whole_at=at)
        is_in_order = self._is_in_order and self._different_times >= EVIDENCE
        if before == 1 or not is_in_order or not (self._listing.is_whole or self._unseen):
            return known
        return known.holding(self.backups, seams=self._seams, page_length=self._page_length, now=now)

    def _recall(self) -> None:
        known = () if self._known is None else self._known.backups()
        self._expected = {backup.identity: backup for backup in known}
        times = Counter(backup.created_at for backup in known)
        # Backups of the same time may change places whenever the list is asked for.
        self._alone = {backup.identity for backup in known if times[backup.created_at] == 1}
        self._following = dict(pairwise(self._expected))

    def _join(self, page: Page[Backup]) -> None:
        """Look whether anything may lie between the last page and this one: the list may have shifted meanwhile."""
        first, before, oldest = next(iter(page.items), None), self._last, self._oldest
        self._last = page.items[-1] if page.items else before
        if before is None or oldest is None:
            return
        if first is not None and first.identity in self._seen:
            is_joined = first.created_at > oldest.created_at or first.identity in self._alone
        else:
            # An empty page follows where nothing is known to.
            following = None if first is None else first.identity
            is_joined = (
                self._following.get(before.identity) == following
                and {before.identity, following or before.identity} <= self._alone
                and self._is_old(before)
                and self._is_certain_behind(before.identity)
            )
        if not is_joined:
            self._seams.add(before.identity)

    def _is_certain_behind(self, identity: str) -> bool:
        """Whether nothing was overlooked there when the list was read before.

        It would have been if one of those in front had gone just then; but they are all still there.
        """
        if self._known is None or identity not in self._known.seams:
            return True
        return all(each in self._seen for each in takewhile(identity.__ne__, self._expected))

    def _follow(self, backup: Backup) -> None:
        """Look at a backup that was not seen before."""
        self._seen.add(backup.identity)
        if self._oldest is None or backup.created_at < self._oldest.created_at:
            self._different_times += 1
        elif backup.created_at > self._oldest.created_at:
            self._is_in_order = False
        self._oldest = backup
        if backup.identity not in self._expected and self._is_old(backup):
            self._has_met_overlooked = True

    def _known_rest(self) -> tuple[Backup, ...] | None:
        """Give what is known to come behind what was read; None where that may not be all."""
        oldest = self._oldest
        # What is old and was not overlooked is known.
        if oldest is None or self._different_times < EVIDENCE or not self._is_old(oldest):
            return None
        missing = [backup for backup in self._expected.values() if backup.identity not in self._seen]
        rest = tuple(backup for backup in missing if backup.created_at <= oldest.created_at)
        gone, still_there = len(missing) - len(rest), len(self._expected) - len(missing)
        if not rest or gone > GONE_PART * still_there or any(backup.status not in FINAL for backup in rest):
            return None
        return rest

    def _is_old(self, backup: Backup) -> bool:
        """Whether it would be known if it had been in the list when that was last read."""
        horizon = None if self._known is None else self._known.horizon
        return horizon is not None and backup.created_at < horizon
