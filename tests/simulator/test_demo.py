from collections import Counter
from datetime import datetime, timedelta

from exporter.simulator import World
from exporter.simulator.nouns import AddonStatus, AddonType, Backup, BackupStatus, SourceType


def _sizes(backups: tuple[Backup, ...], source_type: SourceType) -> list[int]:
    return [
        backup.size_bytes for backup in backups if backup.size_bytes is not None and backup.source_type is source_type
    ]


def test_there_are_three_projects_ten_addons_and_every_type(world: World) -> None:
    addons = [addon for project in world.projects for addon in world.addons(project.id)]
    assert len(world.projects) == 3
    assert len(addons) >= 10
    assert {addon.type for addon in addons} == set(AddonType)


def test_queue_was_never_backed_up(world: World, now: datetime) -> None:
    assert world.backups("intranet", "queue", now) == ()
    assert world.backups("intranet", "queue", now + timedelta(days=90)) == ()


def test_all_recent_backups_of_carts_db_failed(world: World, now: datetime) -> None:
    statuses = [backup.status for backup in world.backups("shop", "carts-db", now)]
    assert set(statuses[-12:]) == {BackupStatus.FAILED}
    assert set(statuses[:-12]) == {BackupStatus.COMPLETED}


def test_warehouse_is_stuck_in_progress_since_a_day_and_nothing_follows(world: World, now: datetime) -> None:
    *_, newest = world.backups("analytics", "warehouse", now)
    assert newest.status is BackupStatus.IN_PROGRESS
    assert timedelta(hours=23) < now - newest.created_at < timedelta(hours=31)
    *_, later = world.backups("analytics", "warehouse", now + timedelta(days=100))
    assert later == newest


def test_crm_db_is_paused_with_a_backup_scheduled_for_days(world: World, now: datetime) -> None:
    *others, newest = world.backups("intranet", "crm-db", now)
    assert world.addon_status("intranet", "crm-db", now) is AddonStatus.PAUSED
    assert newest.status is BackupStatus.SCHEDULED
    assert now - newest.created_at > timedelta(days=4)
    assert {backup.status for backup in others} == {BackupStatus.COMPLETED}


def test_events_db_has_1500_backups_in_schedules_of_at_most_500(world: World, now: datetime) -> None:
    assert len(world.backups("analytics", "events-db", now)) == 1500
    for schedule in world.schedules("analytics", "events-db"):
        runs_a_day = len(schedule.minutes) * (len(schedule.hours) or 24)
        assert runs_a_day * schedule.retention.days <= 500


def test_catalog_db_is_healthy_with_a_daily_dump(world: World, now: datetime) -> None:
    backups = world.backups("shop", "catalog-db", now)
    assert {backup.status for backup in backups} == {BackupStatus.COMPLETED}
    assert now - backups[-1].created_at < timedelta(days=1)


def test_orders_db_has_small_snapshots_and_full_dumps_in_a_destination(world: World, now: datetime) -> None:
    backups = world.backups("shop", "orders-db", now)
    smallest_dump = min(_sizes(backups, SourceType.SAME_ADDON))
    largest_snapshot = max(_sizes(backups, SourceType.SNAPSHOT))
    assert largest_snapshot * 10 < smallest_dump
    assert {backup.custom_destination_id for backup in backups} == {None, "acme-s3-frankfurt"}


def test_the_dumps_of_search_db_collapsed_two_days_ago(world: World, now: datetime) -> None:
    *before, second, last = _sizes(world.backups("shop", "search-db", now), SourceType.SAME_ADDON)
    assert max(second, last) * 10 < min(before)


def test_reports_db_has_imports_of_both_kinds_one_failed_and_one_newest(world: World, now: datetime) -> None:
    backups = world.backups("analytics", "reports-db", now)
    kinds = Counter((backup.source_type, backup.status) for backup in backups)
    assert kinds[SourceType.FILE_UPLOAD, BackupStatus.COMPLETED] == 2
    assert kinds[SourceType.FILE_UPLOAD, BackupStatus.FAILED] == 1
    assert kinds[SourceType.EXTERNAL_DUMP, BackupStatus.COMPLETED] == 1
    assert backups[-1].source_type is SourceType.FILE_UPLOAD


def test_sessions_change_within_minutes(world: World, now: datetime) -> None:
    newest = {world.backups("shop", "sessions", now + timedelta(minutes=5 * n))[-1].id for n in range(6)}
    assert len(newest) == 6
    (schedule,) = world.schedules("shop", "sessions")
    assert schedule.minutes == tuple(range(0, 60, 5))


def test_wiki_db_has_manual_dumps_that_never_expire(world: World, now: datetime) -> None:
    later = world.backups("intranet", "wiki-db", now + timedelta(days=400))
    assert [backup.name for backup in later[:2]] == ["Before the upgrade", "Before the clean up"]


def test_cache_has_an_attempt_that_was_not_supported(world: World, now: datetime) -> None:
    assert world.backups("intranet", "cache", now)[0].status is BackupStatus.NOT_SUPPORTED
