"""What an addon's schedules let one expect: when backups are due, how old the latest may be, which ones are missing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from exporter.model import Schedule
from exporter.schedule import Timetable, assess, last_due, longest_gap, next_due, timetables
from exporter.summary import IN_FLIGHT_FOR, BackupSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Between which of its due times a timetable is; None where there is none."""

    last: datetime | None
    next: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What schedules were read, by the clock of `zone`; a run may be late by `grace`.

    `schedules` is how many there are, with those that could not be read: an addon that has one is not without.
    What was found out about due times is kept until the next of them comes: it is asked for with every answer.
    """

    schedules: int
    timetables: tuple[Timetable, ...]
    longest_gap: timedelta | None
    zone: ZoneInfo
    grace: timedelta
    _known: dict[int, tuple[datetime, Due]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @staticmethod
    def of(schedules: Iterable[Schedule], *, zone: ZoneInfo, grace: timedelta, unreadable: int = 0) -> "Expectation":
        """Condense the schedules of one addon, which has some more; their order does not matter."""
        listed = tuple(schedules)
        return Expectation(
            schedules=len(listed) + unreadable,
            timetables=timetables(listed),
            longest_gap=longest_gap(listed),
            zone=zone,
            grace=grace,
        )

    @property
    def max_age(self) -> timedelta | None:
        """How old the latest completed backup becomes while all schedules are kept; None without any."""
        return None if self.longest_gap is None else self.longest_gap + self.grace

    def due(self, now: datetime) -> list[tuple[Timetable, Due]]:
        """Give each timetable's latest due time up to now and the first one after."""
        return [(timetable, self._due(place, now)) for place, timetable in enumerate(self.timetables)]

    def next_due(self, now: datetime) -> datetime | None:
        """Give when the first run after now is due; None without schedules."""
        return min((due.next for _, due in self.due(now) if due.next is not None), default=None)

    def missed_runs(
        self, backups: BackupSummary, *, as_of: datetime, paused_until: datetime | None
    ) -> list[tuple[Timetable, int]]:
        """Count each timetable's newest runs in a row without a backup, as the list of backups was at `as_of`.

        A backup that is still in progress is late and not missing, but not for ever: one that hangs is.
        """
        return [
            (
                timetable,
                assess(
                    timetable,
                    backups.completed.get(timetable.kind, ()),
                    now=as_of,
                    zone=self.zone,
                    grace=self.grace,
                    paused_until=paused_until,
                    running=[at for at in backups.running.get(timetable.kind, ()) if as_of - at < IN_FLIGHT_FOR],
                ).missed_runs,
            )
            for timetable in self.timetables
        ]

    def _due(self, place: int, now: datetime) -> Due:
        if place in self._known:
            since, due = self._known[place]
            if since <= now and (due.next is None or now < due.next):
                return due
        timetable = self.timetables[place]
        due = Due(last=last_due(timetable, self.zone, now), next=next_due(timetable, self.zone, now))
        self._known[place] = (now, due)
        return due
