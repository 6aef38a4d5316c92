"""An addon's list of backups as it was last read, kept small: what the next reading can be measured against. Pure."""

import pickle
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil
from typing import cast

from exporter.model import Backup, BackupStatus

FINAL = frozenset({BackupStatus.COMPLETED, BackupStatus.FAILED, BackupStatus.ABORTED, BackupStatus.NOT_SUPPORTED})
"""A backup with any other status will have another one later; a word that nobody knows may mean anything."""

LATENESS = timedelta(hours=1)
"""A backup may come into the list so much later than it says that it was created: clocks differ, servers lag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownList:
    """What is known of a list: how long it is, and what is in it where that helps to read less of it.

    `pages` is how many requests it takes to read it whole, `digest` is of the page with the newest backups (empty where
    that cannot be compared), and `read_whole_at` is when it was last read whole, in seconds of a clock that never goes
    back.

    Where the backups are kept, they are from the newest on; `seams` names those behind which one may have been
    overlooked: there a page ended, and the list may have shifted until the next was read. `reach` is how many pages
    hold every backup that is not final. What is created before `horizon` and not known was overlooked, too: it cannot
    be new. `page_length` is how many a page can show.

    Of a list that shows the oldest backups first, `tail` is the page that these pages begin with where each has
    `per_page` backups, and `has_numbered_pages` tells whether a page can be asked for by its number.
    """

    pages: int
    digest: bytes
    read_whole_at: float
    seams: frozenset[str] = frozenset()
    reach: int = 0
    page_length: int = 1
    horizon: datetime | None = None
    tail: int | None = None
    per_page: int | None = None
    has_numbered_pages: bool = True
    packed: bytes = field(default=b"", repr=False)

    @property
    def is_trusted(self) -> bool:
        """Whether the next reading may stop where it meets what is known."""
        return bool(self.packed) and not self.seams and (self.tail is None or self.has_numbered_pages)

    @property
    def requests(self) -> int:
        """How many requests the next reading is expected to take."""
        return self.reach if self.is_trusted else self.pages

    def holding(
        self,
        newest_first: Sequence[Backup],
        *,
        seams: Iterable[str],
        page_length: int,
        now: datetime,
        oldest_first: int | None = None,
    ) -> "KnownList":
        """Keep these backups, of which a page can show so many.

        Where the list itself shows the oldest first, `oldest_first` is how many it shows: some of these may be gone.
        """
        per_page, tail = page_length, None
        unfinished = max((place for place, each in enumerate(newest_first) if each.status not in FINAL), default=0)
        if oldest_first is not None:
            per_page = _page_length_for(oldest_first, self.per_page or page_length, page_length)
            tail = max(oldest_first - 1 - unfinished, 0) // per_page + 1
        pages = ceil((oldest_first or len(newest_first)) / per_page)
        # A time that is still to come says nothing of what is new.
        newest = max((each.created_at for each in newest_first if each.created_at <= now), default=None)
        return replace(
            self,
            pages=max(self.pages, pages) if tail is None else pages,
            seams=frozenset(seams),
            page_length=page_length,
            reach=1 + unfinished // page_length if tail is None else pages - tail + 1,
            tail=tail,
            per_page=None if tail is None else per_page,
            horizon=None if newest is None else newest - LATENESS,
            # As tuples they would take ten times as much memory.
            packed=zlib.compress(pickle.dumps(tuple(newest_first), pickle.HIGHEST_PROTOCOL), 1),
        )

    def forgotten(self) -> "KnownList":
        """Keep nothing but how much there is to read."""
        return replace(self, digest=b"", packed=b"")

    def backups(self) -> tuple[Backup, ...]:
        """Give the backups that were kept, in the order of the list."""
        # Nothing but what was packed above.
        return cast("tuple[Backup, ...]", pickle.loads(zlib.decompress(self.packed))) if self.packed else ()  # noqa: S301


def _page_length_for(length: int, usual: int, longest: int) -> int:
    """Choose pages so that the last one of a list shows some of what is known, and has room for what is new.

    Else it would say too little of the order, and end where a backup could still come in between.
    """

    def is_good(per_page: int) -> bool:
        return per_page <= 4 * (length % per_page) <= 3 * per_page

    return next((each for each in (usual, *range(longest, longest // 2, -1)) if is_good(each)), longest)
