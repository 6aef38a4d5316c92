"""The whole life of one backup, from which its state at any moment is read."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from exporter.simulator.chance import between, draws, identifier
from exporter.simulator.nouns import Backup, BackupStatus, BackupType, SourceType
from exporter.simulator.plan import AddonPlan, Extra

_Phases = tuple[tuple[datetime, BackupStatus], ...]

_DUMP_BYTES_PER_SECOND = 40_000_000
_SNAPSHOT_BYTES_PER_SECOND = 200_000_000
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A backup as it is in the end, and when it enters each status on the way there."""

    backup: Backup
    phases: _Phases
    expires_at: datetime | None

    def backup_at(self, at: datetime) -> Backup | None:
        """Return the backup at the moment; None before it exists and after it has expired."""
        if self.expires_at is not None and self.expires_at <= at:
            return None
        status = None
        for entered_at, phase in self.phases:
            if entered_at <= at:
                status = phase
        if status is None:
            return None
        if status is BackupStatus.COMPLETED:
            return self.backup
        return replace(self.backup, status=status, completed_at=None, size_bytes=None)

    def next_change(self, at: datetime) -> datetime | None:
        """Return when the backup will next look different."""
        for entered_at, _ in self.phases:
            if entered_at > at:
                return entered_at
        if self.expires_at is not None and self.expires_at > at:
            return self.expires_at
        return None


def scheduled_course(
    plan: AddonPlan, seed: int, *, due: datetime, backup_type: BackupType, retention: timedelta
) -> Course:
    """Return the course of the backup that a schedule makes at a due time."""
    luck, noise, pace, jitter = draws(seed, plan.addon.project_id, plan.addon.id, backup_type, due)
    size_bytes = _size_bytes(plan, backup_type, due, noise)
    created_at = due + _milliseconds(between(0.2, 2.5, jitter))
    started_at = created_at + _milliseconds(between(0.5, 4.0, pace))
    ended_at = started_at + _duration(plan, backup_type, size_bytes, pace)
    phases = _phases(created_at, started_at, ended_at, _outcome(plan, due, luck))
    expires_at: datetime | None = created_at + retention
    if plan.halt is not None and due >= plan.halt.since and not plan.is_healed(due):
        phases, expires_at = phases[: 1 if plan.halt.status is BackupStatus.SCHEDULED else 2], None
        if plan.healed_at is not None:
            ended_at = max(plan.healed_at, started_at)
            phases, expires_at = (*phases, (ended_at, BackupStatus.COMPLETED)), ended_at + retention
    is_completed = phases[-1][1] is BackupStatus.COMPLETED
    is_dump = backup_type is BackupType.DUMP
    day, time = due.isoformat()[:10], due.isoformat()[11:16]
    backup_id = f"{backup_type}-{day}-{time[:2]}{time[3:]}"
    backup = Backup(
        id=backup_id,
        uid=_uid(plan, seed, backup_id, created_at),
        name=f"{backup_type.capitalize()} {day} {time}",
        status=phases[-1][1],
        created_at=created_at,
        completed_at=ended_at if is_completed else None,
        source_type=SourceType.SAME_ADDON if is_dump else SourceType.SNAPSHOT,
        size_bytes=size_bytes if is_completed else None,
        addon_version=plan.addon.version,
        compression=plan.compression if is_dump else None,
        custom_destination_id=plan.custom_destination_id if is_dump else None,
        additional_destination_ids=() if is_dump else plan.additional_destination_ids,
    )
    return Course(backup=backup, phases=phases, expires_at=expires_at)


def healing_course(plan: AddonPlan, seed: int, healed_at: datetime) -> Course:
    """Return the course of the backup that somebody makes by hand after putting things right."""
    extra = Extra(
        name=f"By hand {healed_at:%Y-%m-%d %H%M%S}",
        source_type=SourceType.SAME_ADDON,
        created_at=healed_at,
        duration=timedelta(seconds=2),
        size_bytes=_size_bytes(plan, BackupType.DUMP, healed_at, 0.5),
        compression=plan.compression,
    )
    return extra_course(plan, seed, extra)


def extra_course(plan: AddonPlan, seed: int, extra: Extra) -> Course:
    """Return the course of a manual backup or an import."""
    backup_id = extra.name.lower().replace(" ", "-")
    started_at = extra.created_at + timedelta(seconds=1)
    ended_at = extra.created_at + extra.duration
    is_completed = extra.outcome is BackupStatus.COMPLETED
    backup = Backup(
        id=backup_id,
        uid=_uid(plan, seed, backup_id, extra.created_at),
        name=extra.name,
        status=extra.outcome,
        created_at=extra.created_at,
        completed_at=ended_at if is_completed else None,
        source_type=extra.source_type,
        size_bytes=extra.size_bytes if is_completed else None,
        addon_version=plan.addon.version,
        compression=extra.compression,
    )
    phases = _phases(extra.created_at, started_at, ended_at, extra.outcome)
    return Course(backup=backup, phases=phases, expires_at=None)


def _uid(plan: AddonPlan, seed: int, backup_id: str, created_at: datetime) -> str | None:
    if created_at < plan.uid_since:
        return None
    return identifier(seed, plan.addon.project_id, plan.addon.id, backup_id)


def _phases(created_at: datetime, started_at: datetime, ended_at: datetime, outcome: BackupStatus) -> _Phases:
    scheduled = (created_at, BackupStatus.SCHEDULED)
    if outcome is BackupStatus.NOT_SUPPORTED:
        return scheduled, (started_at, outcome)
    running = (started_at, BackupStatus.IN_PROGRESS)
    if outcome is BackupStatus.ABORTED:
        aborting_at = started_at + (ended_at - started_at) / 2
        return scheduled, running, (aborting_at, BackupStatus.ABORTING), (ended_at, outcome)
    return scheduled, running, (ended_at, outcome)


def _outcome(plan: AddonPlan, due: datetime, luck: float) -> BackupStatus:
    if plan.failing_since is not None and due >= plan.failing_since and not plan.is_healed(due):
        return BackupStatus.FAILED
    if luck < plan.failure_odds:
        return BackupStatus.FAILED
    if luck < plan.failure_odds + plan.abort_odds:
        return BackupStatus.ABORTED
    return BackupStatus.COMPLETED


def _size_bytes(plan: AddonPlan, backup_type: BackupType, due: datetime, noise: float) -> int:
    volume = plan.volume
    days = (due - plan.addon.created_at).total_seconds() / _DAY_SECONDS
    dump = volume.base_bytes * (1 + volume.daily_growth * max(days, 0.0))
    if volume.collapse_at is not None and due >= volume.collapse_at and not plan.is_healed(due):
        dump *= volume.collapse_factor
    if backup_type is BackupType.DUMP:
        return round(dump * between(0.99, 1.01, noise))
    return round(dump * between(0.005, 0.03, noise))


def _duration(plan: AddonPlan, backup_type: BackupType, size_bytes: int, pace: float) -> timedelta:
    is_dump = backup_type is BackupType.DUMP
    speed = _DUMP_BYTES_PER_SECOND if is_dump else _SNAPSHOT_BYTES_PER_SECOND
    seconds = plan.minimum_duration.total_seconds() * between(1.0, 2.0, pace) + size_bytes / speed
    return _milliseconds(seconds)


def _milliseconds(seconds: float) -> timedelta:
    """Round to what the API can write, so that nothing changes between two of its milliseconds."""
    return timedelta(milliseconds=round(seconds * 1000))
