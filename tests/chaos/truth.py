"""What may be said of an addon's backups, by what the simulated world held when its list was read."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus

from exporter.simulator.nouns import Backup
from exporter.simulator.resources import Collection, resource_of
from exporter.simulator.routes import Endpoint, route_of
from tests.chaos.lab import Addon, Lab, Series
from tests.chaos.mayhem import PAGED, Garbled, Mayhem, backups_of
from tests.test_app import expected_of_addon

CLOCKS_SECONDS = 6.0
"""By so much the exporter's idea of Northflank's time may be wrong: less than five seconds it cannot tell."""

_PAGE = 100
_TOLD = 3
"""After so many answers it is known that the clock has been set: two in a row are believed."""

_REMEMBERED = 100
_TICK = 1e-5
_AGE = "northflank_addon_backup_last_completed_age_seconds"


class Truth:
    """Knows when lists were answered, and what they were then."""

    def __init__(self, lab: Lab, mayhem: Mayhem) -> None:
        self._lab = lab
        self._mayhem = mayhem
        self._answered: dict[Addon, deque[datetime]] = {}
        self._lists: dict[Addon, deque[tuple[datetime, tuple[Backup, ...]]]] = {}
        self._told: tuple[datetime, int] = (lab.clocks.northflank(), _TOLD)
        self._is_misdated = False

    @property
    def is_clock_new(self) -> bool:
        """Whether the exporter's clock was set, and too few answers have told it since by how much it is wrong."""
        return self._told[1] < _TOLD

    def note(self) -> None:
        """Take note of what Northflank has answered, and of what its lists are now."""
        set_at, requests = self._mayhem.clock_set_at, self._lab.simulator.requests
        told = 0 if set_at != self._told[0] else self._told[1]
        self._is_misdated = told < _TOLD
        while requests:
            request = requests.popleft()
            told += request.status is not None and request.at >= set_at
            route = route_of(request.path)
            if request.status == HTTPStatus.OK and route is not None and route.endpoint is Endpoint.BACKUPS:
                answered = self._answered.setdefault((route.project, route.addon), deque(maxlen=_REMEMBERED))
                answered.append(request.at)
        self._told = set_at, told
        for addon in self._lab.addons:
            self._note_list(addon)

    def moments(self, addon: Addon, read_at: float) -> list[datetime]:
        """Give when a list may have been answered that was read at this time, by the exporter's idea of the time."""
        # The first answers after the clock was set have the time by what was believed of it before.
        set_at = self._mayhem.clock_set_at
        return [
            moment
            for moment in dict.fromkeys(self._answered.get(addon, ()))
            if abs(moment.timestamp() - read_at) <= CLOCKS_SECONDS or (self._is_misdated and moment >= set_at)
        ]

    def said(self, addon: Addon, moments: list[datetime], now: datetime) -> Iterator[dict[Series, float]]:
        """Give what may be said now of a list that was read at one of these moments."""
        for moment in moments:
            yield from self._truths(addon, moment, now)
        yield from self._late_truths(addon, moments[-1], now)

    def is_paged(self, addon: Addon, moment: datetime) -> bool:
        """Tell whether a list comes in pages, or may be taken for one that does."""
        return moment < self._mayhem.paged_until or len(self._lab.world.backups(*addon, moment)) > _PAGE

    def was_garbled_in_pages(self, addon: Addon, moment: datetime) -> bool:
        """Tell whether it cannot be said which items were unreadable: of which page, and whether known from before."""
        return self.is_paged(addon, moment) and any(
            each.addon == addon and each.since <= moment < each.until + PAGED for each in self._mayhem.garbled
        )

    def is_equal(self, shown: dict[Series, float], truth: dict[Series, float]) -> bool:
        """Tell whether what is shown is true; an age is as good as what is known of the time."""
        return shown.keys() == truth.keys() and all(self._is_close(key, shown[key], truth[key]) for key in shown)

    def _is_close(self, key: Series, shown: float, truth: float) -> bool:
        if key[0] == _AGE:
            return self.is_clock_new or abs(shown - truth) <= CLOCKS_SECONDS
        return abs(shown - truth) <= _TICK

    def _note_list(self, addon: Addon) -> None:
        now = self._lab.clocks.northflank()
        if not self.is_paged(addon, now):
            self._lists.pop(addon, None)
            return
        lists = self._lists.setdefault(addon, deque())
        # What is the same is kept once, so that it does not look like a leak.
        known = {each: each for each in lists[-1][1]} if lists else {}
        lists.append((now, tuple(known.get(each, each) for each in self._lab.world.backups(*addon, now))))
        while now - lists[0][0] > PAGED:
            lists.popleft()

    def _truths(self, addon: Addon, moment: datetime, now: datetime) -> Iterator[dict[Series, float]]:
        backups = self._lab.world.backups(*addon, moment)
        for garbled in self._mayhem.garbled:
            if garbled.addon == addon and garbled.since <= moment < garbled.until:
                yield _said(self._without(garbled, backups, moment), now)
                if garbled.is_sure:
                    return
        yield _said(backups, now)

    def _late_truths(self, addon: Addon, moment: datetime, now: datetime) -> Iterator[dict[Series, float]]:
        """Give what else may be said of a list in pages: what has expired leaves it with the next full listing."""
        if not self.is_paged(addon, moment):
            return
        backups = self._lab.world.backups(*addon, moment)
        there = {each.id for each in backups}
        for read_at, before in reversed(self._lists.get(addon, ())):
            if read_at <= moment:
                yield _said((*(each for each in before if each.id not in there), *backups), now)

    def _without(self, garbled: Garbled, backups: tuple[Backup, ...], moment: datetime) -> tuple[Backup, ...]:
        """Leave out the item of each page that could not be read."""
        listed = resource_of(self._lab.world, backups_of(garbled.addon), moment, garbled.behaviour)
        assert isinstance(listed, Collection)
        ids = [each["id"] for each in listed.write(0, listed.length)]
        unreadable = set(ids[garbled.item :: _PAGE])
        return tuple(each for each in backups if each.id not in unreadable)


def difference(shown: dict[Series, float], truth: dict[Series, float]) -> str:
    """Say what is shown otherwise than it is."""
    wrong = {key: (shown.get(key), truth.get(key)) for key in shown | truth if shown.get(key) != truth.get(key)}
    return f"shown and true differ: {wrong}"


def _said(backups: tuple[Backup, ...], now: datetime) -> dict[Series, float]:
    return {
        (f"northflank_addon_{name}", frozenset((key, text) for key, text in labels.items() if text)): float(value)
        for name, labels, value in expected_of_addon(backups, now)
        if name not in {"poll_success", "backup_max_age_seconds"}
    }
