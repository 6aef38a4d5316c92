"""A list of backups that is served page by page, in which anything may happen meanwhile, and who reads it."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from hashlib import blake2b
from typing import TypeAlias

from exporter.known import KnownList
from exporter.model import Backup, BackupStatus
from exporter.northflank import Page, PageRequest
from exporter.polling.refresh import Refresh
from tests.builders import NOW, backup

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Order(Enum):
    NEWEST_FIRST = auto()
    OLDEST_FIRST = auto()
    BY_ID = auto()


class Beyond(Enum):
    """What is said to who asks for a page by its number."""

    EMPTY = auto()
    """Behind the last page there is an empty one."""

    REFUSED = auto()
    """Behind the last page there is none."""

    IGNORED = auto()
    """Numbers mean nothing: it is always the first page."""


class NoSuchPageError(Exception):
    """There is no page of this number."""


Change: TypeAlias = "Callable[[List], None]"


@dataclass
class List:
    """A server's list of backups, and what happens to it between two requests."""

    page_length: int
    order: Order = Order.NEWEST_FIRST
    has_keyset_cursors: bool = False
    beyond: Beyond = Beyond.EMPTY
    has_stable_ties: bool = True
    ignores_size: bool = False
    now: datetime = NOW
    skew: timedelta = timedelta()
    backups: dict[str, Backup] = field(default_factory=dict)
    places: dict[str, datetime] = field(default_factory=dict)
    between: list[Change] = field(default_factory=list)
    requests: int = 0
    made: int = 0

    def begin(self, status: BackupStatus = BackupStatus.COMPLETED, *, late: timedelta = timedelta()) -> None:
        """Begin a backup, or put one in that says it was begun a little earlier."""
        self.made += 1
        identity = blake2b(str(self.made).encode(), digest_size=8).hexdigest()
        self.backups[identity] = backup(
            identity=identity, status=status, created_at=self.now - late, size_bytes=self.made
        )

    def shown(self) -> list[Backup]:
        """Give the whole list as a request sees it."""
        shown = sorted(self.backups.values(), key=lambda each: each.identity)
        if not self.has_stable_ties and self.order is not Order.BY_ID:
            random.Random(self.requests).shuffle(shown)
        if self.order is not Order.BY_ID:
            places = {each.identity: each.created_at for each in shown} | self.places
            shown.sort(key=lambda each: places[each.identity], reverse=self.order is Order.NEWEST_FIRST)
        return shown

    def page(self, asked: PageRequest, known: bytes = b"") -> Page[Backup] | None:
        """Answer one request."""
        self.requests += 1
        shown = self.shown()
        length = self.page_length if self.ignores_size else min(asked.size, self.page_length)
        start = self._start(shown, asked.cursor)
        if not asked.cursor and self.beyond is not Beyond.IGNORED:
            start = (asked.number - 1) * length
            if start >= len(shown) and start and self.beyond is Beyond.REFUSED:
                raise NoSuchPageError
        items = tuple(shown[start : start + length])
        following = self._cursor(start, items) if start + length < len(shown) else ""
        digest = blake2b(repr((items, following)).encode()).digest()
        return None if digest == known else Page(items=items, rejected=0, cursor=following, digest=digest)

    def _start(self, shown: Sequence[Backup], cursor: str) -> int:
        if not cursor or not self.has_keyset_cursors:
            return int(cursor or 0)
        # A cursor that names the last item of a page finds its place even where that item has gone.
        keys = [self._key(each) for each in shown]
        return sum(1 for key in keys if key <= cursor)

    def _cursor(self, start: int, items: Sequence[Backup]) -> str:
        return self._key(items[-1]) if self.has_keyset_cursors else str(start + len(items))

    def _key(self, each: Backup) -> str:
        seconds = int((each.created_at - NOW).total_seconds()) + 10**9
        if self.order is Order.BY_ID:
            return each.identity
        return f"{seconds if self.order is Order.OLDEST_FIRST else 10**10 - seconds:011}{each.identity}"


@dataclass
class Reader:
    """Reads one list again and again, as a poll does."""

    list: List
    known: KnownList | None = None
    backups: tuple[Backup, ...] = ()
    pages: int = 0

    def read(self, *, is_full: bool = False) -> "Reader":
        refresh = Refresh(self.known, is_full=is_full)
        before = self.list.requests
        while not refresh.is_complete:
            try:
                page = self.list.page(refresh.next_page, refresh.comparable)
            except NoSuchPageError:
                assert refresh.refused()
                continue
            if page is None:
                refresh.leave()
            else:
                refresh.add(page)
            if self.list.between and not refresh.is_complete:
                self.list.between.pop(0)(self.list)
        self.pages = self.list.requests - before
        if not refresh.is_unchanged:
            self.backups = refresh.backups
        now = self.list.now - self.list.skew
        self.known = refresh.result(now=now, at=(now - NOW).total_seconds())
        return self


def wrong(reader: Reader) -> list[Backup]:
    """Give what is in the list, and not known just so."""
    known = {each.identity: each for each in reader.backups}
    differs = [each for each in reader.list.backups.values() if known.get(each.identity) != each]
    # Where backups of the same time change places with each request, nobody can read them all.
    times = Counter(each.created_at for each in reader.list.backups.values())
    return [each for each in differs if reader.list.has_stable_ties or times[each.created_at] == 1]


def listed(number: int, *, page_length: int = 100, order: Order = Order.NEWEST_FIRST) -> List:
    """Give a list to which one backup was added every hour."""
    made = List(page_length, order)
    for _ in range(number):
        made.now += HOUR
        made.begin()
    return made


def reading(number: int = 250, *, page_length: int = 100, order: Order = Order.NEWEST_FIRST) -> Reader:
    """Give a reader that knows its list well enough not to read it whole again."""
    reader = Reader(listed(number, page_length=page_length, order=order)).read().read()
    assert reader.known is not None
    assert reader.known.is_trusted
    return reader


def of_age(reader: Reader, place: int) -> str:
    """Give the identity of a backup by its place in the list as it is shown."""
    return reader.list.shown()[place].identity


def remove(each: List, place: int) -> None:
    if each.backups:
        shown = each.shown()
        del each.backups[shown[place % len(shown)].identity]
