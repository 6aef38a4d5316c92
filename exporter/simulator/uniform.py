"""Many addons alike, for benchmarks and load tests."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from exporter.simulator.chance import between, draws
from exporter.simulator.nouns import Addon, AddonType, BackupType, Interval, Project, Schedule
from exporter.simulator.plan import AddonPlan, Volume

_MEBIBYTE = 1024**2


def uniform_projects(projects: int) -> tuple[Project, ...]:
    """Return `project-1`, `project-2` and so on."""
    return tuple(Project(id=f"project-{number}", name=f"Project {number}") for number in _count(projects))


def uniform_plans(*, addons: int, backups: int, projects: int, seed: int, start: datetime) -> Iterator[AddonPlan]:
    """Spread `addon-0001`, `addon-0002`, … evenly over the projects."""
    for number in _count(addons):
        yield _plan(
            number,
            project_id=f"project-{(number - 1) % projects + 1}",
            backups=backups,
            seed=seed,
            start=start,
        )


def _plan(number: int, *, project_id: str, backups: int, seed: int, start: datetime) -> AddonPlan:
    when, how_much, _, _ = draws(seed, "uniform", number)
    # Far enough from the start on both sides that the lists stay still for an hour from there.
    last_due = start - timedelta(hours=between(1.0, 23.0, when))
    created_at = start - timedelta(days=backups + 1)
    schedule = Schedule(
        id="daily-dump",
        backup_type=BackupType.DUMP,
        interval=Interval.DAILY,
        minutes=(last_due.minute,),
        hours=(last_due.hour,),
        retention=timedelta(days=backups),
        created_at=created_at,
    )
    return AddonPlan(
        addon=Addon(
            project_id=project_id,
            id=f"addon-{number:04}",
            name=f"Addon {number:04}",
            type=AddonType.POSTGRESQL,
            version="16.4.0",
            created_at=created_at,
        ),
        volume=Volume(base_bytes=round(between(50, 500, how_much)) * _MEBIBYTE),
        schedules=(schedule,) if backups else (),
        uid_since=created_at,
    )


def _count(number: int) -> range:
    return range(1, number + 1)
