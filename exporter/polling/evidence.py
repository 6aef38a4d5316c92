"""What pages show of a list whose newest backups come first, beside what was known of it before. Pure."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise, takewhile

from exporter.known import FINAL, KnownList
from exporter.model import Backup

ENOUGH = 8
"""So many backups, no two created at the same time, are in order by chance in one list of 40,000."""

GONE_PART = 0.1
"""Where more than this part of what should be there is missing, more has happened than that some have expired."""


class Evidence:
    """Takes in pages from the newest backups on, and tells how far they can be trusted.

    `seams` names the backups behind which one may have been overlooked. What is behind the last page read is known
    (`rest`) only where all of this is shown: the newest come first; no page began elsewhere than where the last one
    ended; whatever is not known is new; every backup that was not final has been seen again; and the last one read is
    known, old enough that nothing new can stand behind it.
    """

    def __init__(self, known: KnownList | None = None) -> None:
        self.seams: set[str] = set()
        self._known = known
        backups = () if known is None else known.backups()
        self._expected = {backup.identity: backup for backup in backups}
        # Backups of the same time may change places whenever the list is asked for: they count as one.
        self._groups: dict[datetime, set[str]] = {}
        for backup in backups:
            self._groups.setdefault(backup.created_at, set()).add(backup.identity)
        self._following = dict(pairwise(self._groups))
        self._seen: set[str] = set()
        self._last: Backup | None = None
        self._oldest: Backup | None = None
        self._is_sorted = True
        self._different_times = 0
        self._has_met_overlooked = False

    @property
    def is_in_order(self) -> bool:
        """Whether there is reason to believe that the list is sorted."""
        return self._is_sorted and self._different_times >= ENOUGH

    def is_beginning(self, page: Sequence[Backup]) -> bool:
        """Whether a list that shows the oldest backups first begins with this page: hardly anything known is older."""
        oldest = min((backup.created_at for backup in page), default=None)
        return oldest is not None and sum(each.created_at < oldest for each in self._expected.values()) < len(page)

    def add(self, page: Sequence[Backup]) -> None:
        """Take in the next page."""
        self._join(page)
        for backup in page:
            if backup.identity not in self._seen:
                self._follow(backup)

    def rest(self) -> tuple[Backup, ...] | None:
        """Give what is known to come behind what was read; None where that may not be all."""
        oldest = self._oldest
        if self.seams or self._has_met_overlooked or not self.is_in_order:
            return None
        # What is old and was not overlooked is known.
        if oldest is None or not self._is_old(oldest):
            return None
        missing = [backup for backup in self._expected.values() if backup.identity not in self._seen]
        rest = tuple(backup for backup in missing if backup.created_at <= oldest.created_at)
        gone, still_there = len(missing) - len(rest), len(self._expected) - len(missing)
        if not rest or gone > GONE_PART * still_there or any(backup.status not in FINAL for backup in rest):
            return None
        return rest

    def _join(self, page: Sequence[Backup]) -> None:
        """Look whether anything may lie between the last page and this one: the list may have shifted meanwhile."""
        first, before, oldest = next(iter(page), None), self._last, self._oldest
        self._last = page[-1] if page else before
        if before is None or oldest is None:
            return
        shown = self._seen.union(backup.identity for backup in page)
        if first is not None and first.identity in self._seen:
            is_joined = first.created_at > oldest.created_at or self._has_whole_group(first, shown)
        else:
            # An empty page follows where nothing is known to.
            time, following = before.created_at, None if first is None else first.created_at
            is_joined = (
                following in {time, self._following.get(time)}
                and all(self._has_whole_group(each, shown) for each in (before, first) if each is not None)
                and self._is_old(before)
                and self._is_certain_behind(before)
            )
        if not is_joined:
            self.seams.add(before.identity)

    def _has_whole_group(self, backup: Backup, shown: set[str]) -> bool:
        """Whether a backup is known, and all that were created when it was are shown."""
        group = self._groups.get(backup.created_at, set())
        return backup.identity in group and group <= shown

    def _is_certain_behind(self, backup: Backup) -> bool:
        """Whether nothing was overlooked there when the list was read before.

        It would have been if one of those in front had gone just then; but they are all still there.
        """
        if self._known is None or self._known.seams.isdisjoint(self._groups[backup.created_at]):
            return True
        in_front = takewhile(backup.created_at.__ne__, self._groups)
        return all(self._groups[time] <= self._seen for time in in_front)

    def _follow(self, backup: Backup) -> None:
        """Look at a backup that was not seen before."""
        self._seen.add(backup.identity)
        if self._oldest is None or backup.created_at < self._oldest.created_at:
            self._different_times += 1
        elif backup.created_at > self._oldest.created_at:
            self._is_sorted = False
        self._oldest = backup
        if backup.identity not in self._expected and self._is_old(backup):
            self._has_met_overlooked = True

    def _is_old(self, backup: Backup) -> bool:
        """Whether it would be known if it had been in the list when that was last read."""
        horizon = None if self._known is None else self._known.horizon
        return horizon is not None and backup.created_at < horizon
