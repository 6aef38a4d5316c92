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

    `pages` is how many requests it takes to read it whole, `digest` is of its first page (empty where that cannot be
    compared), and `read_whole_at` is when it was last read whole, in seconds of a clock that never goes back.

    Where the backups are kept, `seams` names those behind which one may have been overlooked: there a page ended, and
    the list may have shifted until the next was read. `reach` is how many pages hold every backup that is not final.
    What is created before `horizon` and not known was overlooked, too: it cannot be new.
    """

    pages: int
    digest: bytes
    read_whole_at: float
    seams: frozenset[str] = frozenset()
    reach: int = 0
    horizon: datetime | None = None
    packed: bytes = field(default=b"", repr=False)

    @property
    def is_trusted(self) -> bool:
        """Whether the next reading may stop where it meets what is known."""
        return bool(self.packed) and not self.seams

    @property
    def requests(self) -> int:
        """How many requests the next reading is expected to take."""
        return self.reach if self.is_trusted else self.pages

    def holding(
        self, newest_first: Sequence[Backup], *, seams: Iterable[str], page_length: int, now: datetime
    ) -> "KnownList":
        """Keep these backups, which are so many on each page."""
        unfinished = (place for place, each in enumerate(newest_first) if each.status not in FINAL)
        # A time that is still to come says nothing of what is new.
        newest = max((each.created_at for each in newest_first if each.created_at <= now), default=None)
        return replace(
            self,
            pages=max(self.pages, ceil(len(newest_first) / page_length)),
            seams=frozenset(seams),
            reach=1 + max(unfinished, default=0) // page_length,
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
