"""A small account in which addons have one trouble each, or none."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from exporter.simulator import World
from exporter.simulator.drafting import MEBIBYTE, Drafting
from exporter.simulator.nouns import AddonType, BackupStatus, BackupType, Project, Schedule
from exporter.simulator.plan import AddonPlan, Halt, Volume

MAX_AGE = "36h"
"""Longer than the day that the daily backups leave between them, shorter than what the overdue addon has waited."""

WELL = ("orders-db", "catalog-db", "paused-db", "new-db")
ILL = ("stuck-db", "failing-db", "never-db", "overdue-db")

_DUMP = BackupType.DUMP
_SOON = timedelta(minutes=1)


def troubled_world(now: datetime, addons: tuple[str, ...] = (*WELL, *ILL)) -> World:
    """Give the account as of now; for half an hour from then no run of any schedule is due."""
    plans = [plan for plan in _plans(Drafting(project_id="shop", start=now)) if plan.addon.id in addons]
    return World(seed=1, start=now, projects=[Project(id="shop", name="Shop")], plans=plans)


def _plans(draft: Drafting) -> Iterator[AddonPlan]:
    yield _plan(draft, "orders-db", "Healthy: a dump two hours ago", _daily(draft, hours=2))
    yield _plan(draft, "catalog-db", "Healthy: a snapshot every hour", _hourly(draft, minutes=20))
    yield replace(
        _plan(draft, "stuck-db", "In progress for four hours", _daily(draft, hours=4)),
        halt=Halt(since=draft.ago(hours=4) - _SOON, status=BackupStatus.IN_PROGRESS),
    )
    yield replace(
        # Not yet an hour ago, so that this run is not missed as well.
        _plan(draft, "failing-db", "Failed half an hour ago", _daily(draft, hours=0.5)),
        failing_since=draft.ago(hours=0.5) - _SOON,
    )
    yield _plan(
        draft,
        "never-db",
        "Exists for a year, has a schedule since an hour ago, and no backup",
        replace(_daily(draft, hours=20), created_at=draft.ago(hours=1)),
    )
    yield _plan(draft, "overdue-db", "A dump every week, the latest three days ago", _weekly(draft, days=3))
    yield replace(
        _plan(draft, "paused-db", "Paused six days ago", _daily(draft, hours=3)),
        halt=Halt(since=draft.ago(days=6), status=BackupStatus.SCHEDULED),
    )
    yield _plan(
        draft,
        "new-db",
        "Exists for an hour, its first backup is still to come",
        replace(_daily(draft, hours=20), created_at=draft.ago(hours=1)),
        hours=1,
    )


def _plan(
    draft: Drafting, addon_id: str, description: str, schedule: Schedule, *, hours: float = 400 * 24
) -> AddonPlan:
    addon = draft.addon(addon_id, addon_id.replace("-", " "), AddonType.POSTGRESQL, description)
    return AddonPlan(
        addon=replace(addon, created_at=draft.ago(hours=hours)),
        volume=Volume(base_bytes=100 * MEBIBYTE),
        schedules=(schedule,),
        uid_since=draft.uid_since,
    )


def _daily(draft: Drafting, *, hours: float) -> Schedule:
    due = draft.ago(hours=hours)
    return draft.daily(_DUMP, due.hour, minute=due.minute, keep_days=14)


def _hourly(draft: Drafting, *, minutes: float) -> Schedule:
    return draft.hourly(BackupType.SNAPSHOT, draft.ago(minutes=minutes).minute, keep_days=2)


def _weekly(draft: Drafting, *, days: int) -> Schedule:
    # It runs on the hour: three days ago and up to two hours more, whatever the time is now.
    due = draft.ago(days=days, hours=1)
    return draft.weekly(_DUMP, due.weekday(), hour=due.hour, keep_days=60)
