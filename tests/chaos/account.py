"""A small account whose addons are in every situation, for weeks."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from exporter.simulator import World
from exporter.simulator.drafting import MEBIBYTE, Drafting
from exporter.simulator.nouns import AddonType, BackupStatus, BackupType, Project, Schedule, SourceType
from exporter.simulator.plan import AddonPlan, Extra, Halt, PlannedRestore, Volume

_DUMP, _SNAPSHOT = BackupType.DUMP, BackupType.SNAPSHOT


def chaos_world(seed: int, start: datetime) -> World:
    """Give two projects with ten addons; one list has two pages, one is empty."""
    shop, intranet = (Drafting(project_id=project, start=start) for project in ("shop", "intranet"))
    projects = [Project(id="shop", name="Shop"), Project(id="intranet", name="Intranet")]
    return World(seed=seed, start=start, projects=projects, plans=[*_shop(shop), *_intranet(intranet)])


def _shop(draft: Drafting) -> Iterator[AddonPlan]:
    yield _plan(
        draft,
        "orders-db",
        draft.daily(_DUMP, 2, minute=30, keep_days=20),
        draft.hourly(_SNAPSHOT, 15, keep_days=5),
        custom_destination_id="frankfurt",
        additional_destination_ids=("dublin",),
    )
    yield _plan(
        draft,
        "catalog-db",
        draft.daily(_DUMP, 3, keep_days=14),
        restores=(PlannedRestore(started_at=draft.ago(days=3), duration=timedelta(minutes=7)),),
    )
    yield _plan(
        draft,
        "sessions",
        draft.hourly(_SNAPSHOT, 10, 40, keep_days=1),
        failure_odds=0.1,
        abort_odds=0.05,
        minimum_duration=timedelta(minutes=4),
    )
    yield _plan(draft, "carts-db", draft.daily(_DUMP, 1, 13, minute=10, keep_days=7), failing_since=draft.ago(days=3))
    yield _plan(draft, "empty-db")


def _intranet(draft: Drafting) -> Iterator[AddonPlan]:
    yield _plan(draft, "wiki-db", draft.daily(_DUMP, 0, 6, 12, 18, minute=40, keep_days=7), failure_odds=0.2)
    yield _plan(
        draft,
        "crm-db",
        draft.daily(_DUMP, 4, keep_days=14),
        halt=Halt(since=draft.ago(days=6), status=BackupStatus.SCHEDULED),
    )
    yield _plan(
        draft,
        "stuck-db",
        draft.daily(_DUMP, 5, keep_days=14),
        halt=Halt(since=draft.ago(hours=30), status=BackupStatus.IN_PROGRESS),
    )
    yield _plan(draft, "mail-db", draft.weekly(_DUMP, 1, 4, hour=22, keep_days=60))
    yield _plan(draft, "reports-db", draft.daily(_DUMP, 5, 17, minute=25, keep_days=7), extras=(_upload(draft),))


def _plan(draft: Drafting, addon_id: str, *schedules: Schedule, **fate: Any) -> AddonPlan:  # noqa: ANN401 - as the fields are
    volume = Volume(base_bytes=100 * MEBIBYTE)
    addon = draft.addon(addon_id, addon_id.title(), AddonType.POSTGRESQL, "Has a fate", "prod")
    return AddonPlan(addon=addon, volume=volume, schedules=schedules, uid_since=draft.uid_since, **fate)


def _upload(draft: Drafting) -> Extra:
    return Extra(
        name="Upload",
        source_type=SourceType.FILE_UPLOAD,
        created_at=draft.ago(days=5),
        duration=timedelta(minutes=5),
        size_bytes=50 * MEBIBYTE,
    )
