"""The page of one addon: what is the matter, its backups along the time, its schedules, its last polls. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, zip_longest

from exporter.expectation import Due
from exporter.model import Backup, BackupStatus, ScheduleInterval
from exporter.pages.drawing import Timeline, timeline
from exporter.poll_log import PollEntry
from exporter.schedule import Timetable
from exporter.state import AccountState, AddonState
from exporter.verdict import Row, row_of
from exporter.wording import counted

_HOUR = 60
_MOST_TIMES = 8
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """The schedules of one kind and interval: at which times of the clock, and how many runs brought nothing.

    `missed_runs` is None where nobody knows.
    """

    timetable: Timetable
    clock: str
    due: Due
    missed_runs: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonView:
    """All that an addon's page tells.

    `limit_from` says who set the age limit, or why there is none. `backups` are the newest of `listed`, None where
    nobody knows. `schedules` is None where they were not read; `unreadable` counts those that nobody understood.
    """

    now: datetime
    asked_at: datetime | None
    row: Row
    state: AddonState
    limit_from: str
    backups: Sequence[Backup]
    listed: int | None
    timeline: Timeline | None
    completed: int
    failed: int
    schedules: Sequence[ScheduleView] | None
    unreadable: int
    zone: str
    polls: Sequence[PollEntry]

    @property
    def statuses(self) -> list[BackupStatus]:
        """The statuses that the backups have, each once."""
        return [status for status in BackupStatus if any(backup.status is status for backup in self.backups)]


def addon_view(
    state: AddonState,
    account: AccountState | None,
    *,
    now: datetime,
    api_now: datetime,
    asked_at: datetime | None,
) -> AddonView:
    """Tell what is known of an addon, whose backups were dated by a clock that shows `api_now`."""
    row = row_of(state, now=api_now, cycle=timedelta(0) if account is None else account.refresh_cycle)
    backups = () if state.summary is None else state.summary.recent.backups()
    expectation = state.expectation
    return AddonView(
        now=now,
        asked_at=asked_at,
        row=row,
        state=state,
        limit_from=_limit_from(state),
        backups=backups,
        listed=None if state.summary is None else sum(state.summary.counts.values()),
        timeline=timeline(
            backups,
            now=api_now,
            last_completed_at=row.last_completed_at,
            # Of an addon that is paused no backup is expected, so none is too old.
            age_limit=None if row.is_paused else row.age_limit,
        ),
        completed=sum(backup.status is BackupStatus.COMPLETED for backup in backups),
        failed=sum(backup.status is BackupStatus.FAILED for backup in backups),
        schedules=_schedules(state, api_now),
        unreadable=0 if expectation is None else expectation.schedules - _understood(expectation.timetables),
        zone="" if expectation is None else expectation.zone.key,
        polls=tuple(state.polls.entries()),
    )


def _limit_from(state: AddonState) -> str:
    if isinstance(state.max_age, timedelta):
        return "as configured"
    if state.max_age == "off":
        return "switched off in the configuration"
    if state.expectation is None:
        return "not configured, and its schedules are not known"
    if state.age_limit is not None:
        return "from its schedules"
    return f"not configured, and {'no schedule tells' if state.expectation.schedules else 'there is no schedule'}"


def _schedules(state: AddonState, now: datetime) -> list[ScheduleView] | None:
    if state.expectation is None:
        return None
    # Both in the order of the timetables; nobody counts while no list of backups was read.
    missed = [runs for _, runs in state.missed_runs()]
    return [
        ScheduleView(timetable=timetable, clock=_clock(timetable), due=due, missed_runs=runs)
        for (timetable, due), runs in zip_longest(state.expectation.due(now), missed)
    ]


def _clock(timetable: Timetable) -> str:
    """Say at which times of the clock it is due: `at 02:30`, `every 5 minutes`."""
    minutes = timetable.editions[-1].recurrence.minutes
    steps = {later - earlier for earlier, later in pairwise([*minutes, minutes[0] + _HOUR])}
    if timetable.interval is ScheduleInterval.HOURLY and len(minutes) > 1 and len(steps) == 1:
        step = steps.pop()
        return "every minute" if step == 1 else f"every {step} minutes, from minute {minutes[0]}"
    shown = ", ".join(_time(minute, timetable.interval) for minute in minutes[:_MOST_TIMES])
    more = len(minutes) - _MOST_TIMES
    return f"at {shown} and {counted(more, 'more time')}" if more > 0 else f"at {shown}"


def _time(minute: int, interval: ScheduleInterval) -> str:
    if interval is ScheduleInterval.HOURLY:
        return f"minute {minute}"
    day, rest = divmod(minute, 24 * _HOUR)
    clock = f"{rest // _HOUR:02}:{rest % _HOUR:02}"
    return f"{_DAYS[day]} {clock}" if interval is ScheduleInterval.WEEKLY else clock


def _understood(timetables: Sequence[Timetable]) -> int:
    return sum(len(timetable.parts) for timetable in timetables)
