"""When schedules are due, in UTC."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from exporter.simulator.nouns import Interval, Schedule

_DAY = timedelta(days=1)
# A weekly schedule's next run is at most a week away; the eighth day covers today's runs that are over.
_HORIZON = timedelta(days=8)


def due_times(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the due times in (after, until], earliest first."""
    offsets = _offsets(schedule)
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    while midnight <= until:
        if schedule.interval is not Interval.WEEKLY or midnight.weekday() in schedule.days:
            for offset in offsets:
                due = midnight + offset
                if after < due <= until:
                    yield due
        midnight += _DAY


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first due time after the moment; a schedule without a minute is never due."""
    return next(due_times(schedule, after, after + _HORIZON), None)


def _offsets(schedule: Schedule) -> list[timedelta]:
    hours = range(24) if schedule.interval is Interval.HOURLY else schedule.hours
    return sorted({timedelta(hours=hour, minutes=minute) for hour in hours for minute in schedule.minutes})
