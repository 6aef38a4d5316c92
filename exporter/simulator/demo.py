"""The demo account: three projects whose addons are in every situation worth watching for."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from exporter.simulator.drafting import GIBIBYTE, MEBIBYTE, Drafting
from exporter.simulator.nouns import AddonType, BackupStatus, BackupType, Compression, Project, SourceType
from exporter.simulator.plan import AddonPlan, Extra, Halt, PlannedRestore, Volume

_DUMP, _SNAPSHOT = BackupType.DUMP, BackupType.SNAPSHOT


def demo_projects() -> tuple[Project, ...]:
    """Return the projects of the demo account."""
    return (
        Project(id="shop", name="Shop", description="The web shop and what it sells"),
        Project(id="analytics", name="Analytics", description="Events, reports and the warehouse"),
        Project(id="intranet", name="Intranet"),
    )


def demo_plans(start: datetime) -> Iterator[AddonPlan]:
    """Yield the plans of all addons, with a history that reaches back from the start."""
    yield from _shop(Drafting(project_id="shop", start=start))
    yield from _analytics(Drafting(project_id="analytics", start=start))
    yield from _intranet(Drafting(project_id="intranet", start=start))


def _shop(draft: Drafting) -> Iterator[AddonPlan]:
    yield _orders_db(draft)
    yield AddonPlan(
        addon=draft.addon("catalog-db", "Catalog DB", AddonType.MYSQL, "Healthy: a daily dump", "prod"),
        volume=Volume(base_bytes=800 * MEBIBYTE),
        schedules=(draft.daily(_DUMP, 3, keep_days=30),),
        uid_since=draft.uid_since,
    )
    yield AddonPlan(
        addon=draft.addon("sessions", "Sessions", AddonType.REDIS, "A snapshot every five minutes", "prod"),
        volume=Volume(base_bytes=600 * MEBIBYTE),
        schedules=(draft.hourly(_SNAPSHOT, *range(0, 60, 5), keep_days=1),),
        minimum_duration=timedelta(seconds=30),
        failure_odds=0.03,
        abort_odds=0.02,
        uid_since=draft.uid_since,
    )
    yield AddonPlan(
        addon=draft.addon("carts-db", "Carts DB", AddonType.POSTGRESQL, "Fails for three days", "prod"),
        volume=Volume(base_bytes=2 * GIBIBYTE),
        schedules=(draft.daily(_DUMP, 1, 7, 13, 19, minute=10, keep_days=14),),
        failing_since=draft.ago(days=3),
        uid_since=draft.uid_since,
    )
    yield AddonPlan(
        addon=draft.addon("search-db", "Search DB", AddonType.MONGODB, "Its dumps have collapsed", "prod"),
        volume=Volume(base_bytes=4 * GIBIBYTE, collapse_at=draft.ago(days=2), collapse_factor=0.02),
        schedules=(draft.daily(_DUMP, 4, minute=20, keep_days=30),),
        uid_since=draft.uid_since,
    )


def _orders_db(draft: Drafting) -> AddonPlan:
    return AddonPlan(
        addon=draft.addon(
            "orders-db", "Orders DB", AddonType.POSTGRESQL, "Healthy: snapshots and dumps", "prod", "pci"
        ),
        volume=Volume(base_bytes=3 * GIBIBYTE),
        schedules=(
            draft.daily(_DUMP, 2, minute=30, keep_days=30),
            draft.hourly(_SNAPSHOT, 15, keep_days=7),
        ),
        compression=Compression.ZSTD,
        custom_destination_id="acme-s3-frankfurt",
        additional_destination_ids=("acme-s3-dublin",),
        restores=(
            PlannedRestore(started_at=draft.ago(days=27), duration=timedelta(minutes=6)),
            PlannedRestore(started_at=draft.ago(days=20), duration=timedelta(minutes=2), outcome=BackupStatus.FAILED),
            PlannedRestore(started_at=draft.ago(days=19, hours=20), duration=timedelta(minutes=7)),
            PlannedRestore(started_at=draft.ago(days=6), duration=timedelta(minutes=7)),
        ),
        uid_since=draft.uid_since,
    )


def _analytics(draft: Drafting) -> Iterator[AddonPlan]:
    yield AddonPlan(
        addon=draft.addon("events-db", "Events DB", AddonType.POSTGRESQL, "1,500 backups", "prod"),
        volume=Volume(base_bytes=20 * GIBIBYTE),
        # One schedule holds at most 500 backups, hence three of them: 3 times 480 snapshots and 60 dumps.
        schedules=(
            draft.hourly(_SNAPSHOT, 5, keep_days=20),
            draft.hourly(_SNAPSHOT, 25, keep_days=20),
            draft.hourly(_SNAPSHOT, 45, keep_days=20),
            draft.daily(_DUMP, 0, minute=50, keep_days=60),
        ),
        failure_odds=0.01,
        uid_since=draft.uid_since,
    )
    yield AddonPlan(
        addon=draft.addon("warehouse", "Warehouse", AddonType.MYSQL, "In progress since yesterday", "prod"),
        volume=Volume(base_bytes=9 * GIBIBYTE),
        schedules=(draft.daily(_DUMP, 0, 6, 12, 18, minute=40, keep_days=14),),
        halt=Halt(since=draft.ago(hours=30), status=BackupStatus.IN_PROGRESS),
        uid_since=draft.uid_since,
    )
    yield AddonPlan(
        addon=draft.addon("reports-db", "Reports DB", AddonType.MONGODB, "Dumps and imports", "staging"),
        volume=Volume(base_bytes=500 * MEBIBYTE),
        schedules=(draft.daily(_DUMP, 5, 17, minute=25, keep_days=14),),
        extras=(
            _import(draft, "Initial upload", SourceType.FILE_UPLOAD, days=200),
            _import(draft, "Import from old provider", SourceType.EXTERNAL_DUMP, days=120),
            _import(draft, "Import of the wrong file", SourceType.FILE_UPLOAD, days=5, failed=True),
            _import(draft, "Fresh upload", SourceType.FILE_UPLOAD, days=0.05),
        ),
        uid_since=draft.uid_since,
    )
    yield AddonPlan(
        addon=draft.addon("exports", "Exports", AddonType.MINIO, "Some snapshots are aborted", "staging"),
        volume=Volume(base_bytes=40 * GIBIBYTE),
        schedules=(draft.daily(_SNAPSHOT, 9, 21, minute=35, keep_days=30),),
        abort_odds=0.1,
        uid_since=draft.uid_since,
    )


def _intranet(draft: Drafting) -> Iterator[AddonPlan]:
    yield AddonPlan(
        addon=draft.addon("queue", "Queue", AddonType.RABBITMQ, "Never backed up", days=90),
        volume=Volume(base_bytes=100 * MEBIBYTE),
        uid_since=draft.uid_since,
    )
    yield AddonPlan(
        addon=draft.addon("crm-db", "CRM DB", AddonType.POSTGRESQL, "Paused, a backup waits", "legacy"),
        volume=Volume(base_bytes=1 * GIBIBYTE),
        schedules=(draft.daily(_DUMP, 1, minute=15, keep_days=30),),
        halt=Halt(since=draft.ago(days=6), status=BackupStatus.SCHEDULED),
        uid_since=draft.uid_since,
    )
    yield AddonPlan(
        addon=draft.addon("wiki-db", "Wiki DB", AddonType.MYSQL, "Weekly dumps and manual ones"),
        volume=Volume(base_bytes=300 * MEBIBYTE),
        schedules=(draft.weekly(_DUMP, 0, 3, hour=22, keep_days=60),),
        extras=(
            _manual(draft, "Before the upgrade", days=40),
            _manual(draft, "Before the clean up", days=9.3),
        ),
        uid_since=draft.uid_since,
    )
    yield AddonPlan(
        addon=draft.addon("cache", "Cache", AddonType.REDIS, "An unsupported attempt, then snapshots"),
        volume=Volume(base_bytes=200 * MEBIBYTE),
        schedules=(draft.daily(_SNAPSHOT, 6, minute=55, keep_days=7),),
        extras=(
            Extra(
                name="Trial dump",
                source_type=SourceType.SAME_ADDON,
                created_at=draft.ago(days=100),
                duration=timedelta(seconds=2),
                size_bytes=0,
                outcome=BackupStatus.NOT_SUPPORTED,
            ),
        ),
        uid_since=draft.uid_since,
    )


def _import(draft: Drafting, name: str, source_type: SourceType, *, days: float, failed: bool = False) -> Extra:
    return Extra(
        name=name,
        source_type=source_type,
        created_at=draft.ago(days=days),
        duration=timedelta(minutes=3),
        size_bytes=350 * MEBIBYTE,
        outcome=BackupStatus.FAILED if failed else BackupStatus.COMPLETED,
        compression=Compression.GZ,
    )


def _manual(draft: Drafting, name: str, *, days: float) -> Extra:
    return Extra(
        name=name,
        source_type=SourceType.SAME_ADDON,
        created_at=draft.ago(days=days),
        duration=timedelta(seconds=40),
        size_bytes=310 * MEBIBYTE,
        compression=Compression.GZ,
    )
