"""An addon's lists at any moment, and until when they stay as they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from exporter.simulator.course import Course, extra_course, healing_course, scheduled_course
from exporter.simulator.nouns import AddonStatus, Backup, BackupStatus, BackupType, Restore
from exporter.simulator.plan import AddonPlan, PlannedRestore
from exporter.simulator.timetable import due_times, next_due

# A backup is created seconds after its due time, so runs a little older than the retention may still be listed.
_LATENESS = timedelta(minutes=1)
# Backups take minutes; a stuck one is found by its halt.
_LONGEST_RUN = timedelta(hours=6)
_TICK = timedelta(microseconds=1)
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An addon at one moment, oldest backups first; nothing of it changes in [`valid_from`, `valid_until`)."""

    backups: tuple[Backup, ...]
    restores: tuple[Restore, ...]
    status: AddonStatus
    valid_from: datetime
    valid_until: datetime

    def holds_at(self, at: datetime) -> bool:
        """Tell whether this is also the listing of another moment."""
        return self.valid_from <= at < self.valid_until


def listing_at(plan: AddonPlan, seed: int, at: datetime, *, reach: timedelta = timedelta.max) -> Listing:
    """Return the listing of an addon at a moment, without the scheduled backups older than `reach`."""
    backups, changes = [], []
    for course in _courses(plan, seed, at, reach):
        backup = course.backup_at(at)
        if backup is not None:
            backups.append(backup)
        changes.append(course.next_change(at))
    restores = []
    for planned in plan.restores:
        restore = _restore_at(plan, seed, planned, at)
        if restore is not None:
            restores.append(restore)
        changes += [moment for moment in (planned.started_at, planned.started_at + planned.duration) if moment > at]
    backups.sort(key=lambda backup: backup.created_at)
    return Listing(
        backups=tuple(backups),
        restores=tuple(restores),
        status=_status(plan, backups, restores, at),
        valid_from=at,
        valid_until=min((change for change in changes if change is not None), default=_END_OF_TIME),
    )


def status_at(plan: AddonPlan, seed: int, at: datetime) -> AddonStatus:
    """Return what an addon is doing, for which its long history does not matter."""
    return listing_at(plan, seed, at, reach=_LONGEST_RUN).status


def _courses(plan: AddonPlan, seed: int, at: datetime, reach: timedelta = timedelta.max) -> Iterator[Course]:
    for extra in plan.extras:
        yield extra_course(plan, seed, extra)
    if plan.healed_at is not None:
        yield healing_course(plan, seed, plan.healed_at)
    for (due, backup_type), retention in _runs(plan, at, reach).items():
        yield scheduled_course(plan, seed, due=due, backup_type=backup_type, retention=retention)


def _runs(plan: AddonPlan, at: datetime, reach: timedelta) -> dict[tuple[datetime, BackupType], timedelta]:
    """Return the runs that may be listed now and each schedule's next one; overlapping ones are one run."""
    runs: dict[tuple[datetime, BackupType], timedelta] = {}
    halted_at = _halted_at(plan)
    for schedule in plan.schedules:
        after = max(at - min(schedule.retention, reach) - _LATENESS, schedule.created_at)
        dues = [*due_times(schedule, after, at), next_due(schedule, max(at, schedule.created_at))]
        # The backup that hangs does not expire; it may be older than all others.
        if halted_at is not None and schedule.created_at < halted_at <= after:
            dues += due_times(schedule, halted_at - _TICK, halted_at)
        for due in dues:
            if due is not None and (halted_at is None or due <= halted_at or plan.is_healed(due)):
                key = (due, schedule.backup_type)
                runs[key] = max(schedule.retention, runs.get(key, timedelta()))
    return runs


def _halted_at(plan: AddonPlan) -> datetime | None:
    if plan.halt is None:
        return None
    before = plan.halt.since - _TICK
    dues = (next_due(schedule, before) for schedule in plan.schedules)
    return min((due for due in dues if due is not None), default=None)


def _restore_at(plan: AddonPlan, seed: int, planned: PlannedRestore, at: datetime) -> Restore | None:
    if planned.started_at > at:
        return None
    completed = [
        backup
        for course in _courses(plan, seed, planned.started_at)
        if (backup := course.backup_at(planned.started_at)) and backup.status is BackupStatus.COMPLETED
    ]
    if not completed:
        return None
    ended_at = planned.started_at + planned.duration
    status = planned.outcome if ended_at <= at else BackupStatus.IN_PROGRESS
    return Restore(
        id=f"restore-{planned.started_at:%Y%m%d-%H%M}",
        backup_id=max(completed, key=lambda backup: backup.created_at).id,
        status=status,
        started_at=planned.started_at,
        completed_at=ended_at if status is BackupStatus.COMPLETED else None,
    )


def _status(plan: AddonPlan, backups: list[Backup], restores: list[Restore], at: datetime) -> AddonStatus:
    halt = plan.halt
    if halt is not None and halt.status is BackupStatus.SCHEDULED and halt.since <= at and not plan.is_healed(at):
        return AddonStatus.PAUSED
    if any(restore.status is BackupStatus.IN_PROGRESS for restore in restores):
        return AddonStatus.RESTORE
    if any(backup.status in (BackupStatus.IN_PROGRESS, BackupStatus.ABORTING) for backup in backups):
        return AddonStatus.BACKUP
    return AddonStatus.RUNNING
