"""Whether the backups that were due came.

Where a run's time ends the next one's begins, so a completed backup answers exactly one run, and the newest one
tells how the row of unanswered runs ends: the rest is counting. Timetables are judged each on its own, so one
backup answers a daily and a weekly run that are due together, which is how Northflank runs them.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from exporter.model import BackupKind, ScheduleInterval
from exporter.schedule.clock import moment
from exporter.schedule.timetable import LOOK_BACK, Timetable, count_due, count_kept, last_due, next_due

EARLIEST = timedelta(minutes=5)
"""A backup that was created so much before a due time, by clocks that differ, can still be the one."""

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSummary:
    """What is known of the schedules of one kind and interval; `last_due` is None when none was since creation."""

    kind: BackupKind
    interval: ScheduleInterval
    last_due: datetime | None
    next_due: datetime | None
    missed_runs: int
    retention: timedelta | None


def assess(
    timetable: Timetable,
    completed: Sequence[datetime],
    *,
    now: datetime,
    zone: ZoneInfo,
    grace: timedelta,
    paused_until: datetime | None = None,
    running: Sequence[datetime] = (),
) -> ScheduleSummary:
    """Compare a timetable with when the completed backups of its kind were created, earliest first.

    Runs due within the last `grace`, or up to `paused_until`, may still come: without a backup they are
    passed over. For an addon that is paused that is now. So are runs whose backups are still in progress, of
    which `running` tells when they were created.
    """
    last = last_due(timetable, zone, now)
    following = next_due(timetable, zone, now)
    missed = 0
    if last is not None:
        until = now - min(grace, now - moment(0))
        # Up to now only: a backup in the time of the run to come says nothing of the last one.
        index = len(completed) if following is None else bisect_left(completed, _opens(following, last))
        answered = _answered_by(timetable, zone, completed[index - 1]) if index else None
        kept_since = now - min(timetable.retention or LOOK_BACK, now - moment(0))
        after = max(each for each in (kept_since - _MOMENT, answered, paused_until) if each is not None)
        belated = {_answered_by(timetable, zone, created_at) for created_at in running}
        late = [due for due in belated if due is not None and after < due <= until]
        # All others may have been answered where the backups have expired: a weekly one that is kept for a week is
        # gone before the next one is there, by clocks that differ.
        kept = count_kept(timetable, zone, after, until, now=now + EARLIEST)
        kept -= sum(count_kept(timetable, zone, due - _MOMENT, due, now=now + EARLIEST) for due in late)
        missed = count_due(timetable, zone, after, until) - len(late) if kept else 0
    return ScheduleSummary(
        kind=timetable.kind,
        interval=timetable.interval,
        last_due=last,
        next_due=following,
        missed_runs=missed,
        retention=timetable.retention,
    )


def _opens(due: datetime, previous: datetime | None) -> datetime:
    """Give when the time of a run begins, in which its backup is created."""
    return due - (EARLIEST if previous is None else min(EARLIEST, (due - previous) / 2))


def _answered_by(timetable: Timetable, zone: ZoneInfo, created_at: datetime) -> datetime | None:
    """Give the due time of the run that a backup answers; None for one from before the first run's time."""
    previous = last_due(timetable, zone, created_at)
    following = next_due(timetable, zone, created_at)
    return following if following is not None and _opens(following, previous) <= created_at else previous
