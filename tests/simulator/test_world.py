from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from exporter.simulator import World
from exporter.simulator.drafting import MEBIBYTE, Drafting
from exporter.simulator.nouns import (
    AddonStatus,
    AddonType,
    Backup,
    BackupStatus,
    BackupType,
    Project,
    SourceType,
)
from exporter.simulator.plan import AddonPlan, PlannedRestore, Volume
from exporter.simulator.world import UnknownResourceError

Everything = dict[tuple[str, str], tuple[Backup, ...]]


def _everything(world: World, at: datetime) -> Everything:
    return {
        (project.id, addon.id): world.backups(project.id, addon.id, at)
        for project in world.projects
        for addon in world.addons(project.id)
    }


def test_the_same_seed_start_and_moment_give_the_same_world(now: datetime) -> None:
    later = now + timedelta(hours=7, seconds=3)
    asked_once = _everything(World.demo(1, now), later)
    world = World.demo(1, now)
    _everything(world, later + timedelta(days=100))
    _everything(world, now)
    assert _everything(world, later) == asked_once


def test_another_seed_gives_other_backups(now: datetime) -> None:
    assert _everything(World.demo(1, now), now) != _everything(World.demo(2, now), now)


def test_a_listing_holds_until_the_moment_it_names_and_changes_there(world: World, now: datetime) -> None:
    at = now
    for _ in range(25):
        listing = world.listing("shop", "sessions", at)
        just_before = World.demo(1, now).listing("shop", "sessions", listing.valid_until - timedelta(microseconds=1))
        after = World.demo(1, now).listing("shop", "sessions", listing.valid_until)
        assert (just_before.backups, just_before.status) == (listing.backups, listing.status)
        assert after.backups != listing.backups
        at = listing.valid_until


def test_a_backup_is_scheduled_then_in_progress_then_completed(world: World, now: datetime) -> None:
    at, newest = now, world.backups("shop", "catalog-db", now)[-1]
    seen = [newest]
    while len(seen) < 4:
        at = world.listing("shop", "catalog-db", at).valid_until
        newest = world.backups("shop", "catalog-db", at)[-1]
        # In between, old ones expire.
        if newest != seen[-1]:
            seen.append(newest)
    assert [(backup.status, backup.completed_at, backup.size_bytes is None) for backup in seen[1:]] == [
        (BackupStatus.SCHEDULED, None, True),
        (BackupStatus.IN_PROGRESS, None, True),
        (BackupStatus.COMPLETED, at, False),
    ]
    assert len({backup.id for backup in seen[1:]}) == 1


def test_an_aborted_backup_goes_through_aborting(world: World, now: datetime) -> None:
    aborted = next(backup for backup in world.backups("shop", "sessions", now) if backup.status is BackupStatus.ABORTED)
    moments = (aborted.created_at + timedelta(seconds=seconds) for seconds in range(100))
    statuses = [world.backup("shop", "sessions", aborted.id, at).status for at in moments]
    assert list(dict.fromkeys(statuses)) == [
        BackupStatus.SCHEDULED,
        BackupStatus.IN_PROGRESS,
        BackupStatus.ABORTING,
        BackupStatus.ABORTED,
    ]


def test_an_addon_is_in_status_backup_while_one_runs(world: World, now: datetime) -> None:
    at = world.listing("shop", "catalog-db", now).valid_until
    while world.backups("shop", "catalog-db", at)[-1].status is not BackupStatus.IN_PROGRESS:
        at = world.listing("shop", "catalog-db", at).valid_until
    assert world.addon_status("shop", "catalog-db", now) is AddonStatus.RUNNING
    assert world.addon_status("shop", "catalog-db", at) is AddonStatus.BACKUP


def test_the_status_of_an_addon_is_that_of_its_listing(world: World, now: datetime) -> None:
    seen = set()
    for minutes in range(0, 24 * 60, 37):
        at = now - timedelta(days=6) + timedelta(minutes=minutes)
        for addon in world.addons("shop"):
            status = world.addon_status("shop", addon.id, at)
            assert status is world.listing("shop", addon.id, at).status
            seen.add(status)
    assert seen == {AddonStatus.RUNNING, AddonStatus.BACKUP, AddonStatus.RESTORE}


def test_dumps_grow(world: World, now: datetime) -> None:
    def newest(at: datetime) -> Backup:
        return world.backups("shop", "catalog-db", at)[-1]

    early, late = newest(now), newest(now + timedelta(days=300))
    assert early.size_bytes is not None
    assert late.size_bytes is not None
    assert late.size_bytes > 1.3 * early.size_bytes


def test_backups_expire_by_retention(world: World, now: datetime) -> None:
    backups = world.backups("shop", "catalog-db", now)
    (schedule,) = world.schedules("shop", "catalog-db")
    oldest = backups[0]
    expires_at = oldest.created_at + schedule.retention
    assert oldest in world.backups("shop", "catalog-db", expires_at - timedelta(milliseconds=1))
    assert oldest not in world.backups("shop", "catalog-db", expires_at)


@pytest.mark.parametrize("days", [-30, 0, 1, 365])
def test_the_number_of_backups_stays_bounded_at_any_time(world: World, now: datetime, days: int) -> None:
    counts = {key: len(found) for key, found in _everything(world, now + timedelta(days=days)).items()}
    assert max(counts.values()) == counts["analytics", "events-db"]
    assert 1498 <= counts["analytics", "events-db"] <= 1502


def test_backups_are_listed_oldest_first_with_unique_ids(world: World, now: datetime) -> None:
    for backups in _everything(world, now).values():
        assert len({backup.id for backup in backups}) == len(backups)
        assert all(one.created_at <= other.created_at for one, other in pairwise(backups))


def test_nothing_is_listed_before_it_was_created_or_completed(world: World, now: datetime) -> None:
    for backups in _everything(world, now).values():
        for backup in backups:
            assert backup.created_at <= now
            assert (backup.status is BackupStatus.COMPLETED) == (backup.completed_at is not None)
            assert backup.completed_at is None or backup.created_at < backup.completed_at <= now


def test_overlapping_schedules_make_one_backup_that_stays_for_the_longer_retention(now: datetime) -> None:
    draft = Drafting(project_id="shop", start=now)
    plan = AddonPlan(
        addon=draft.addon("db", "DB", AddonType.MYSQL, "Two schedules meet at three"),
        volume=Volume(base_bytes=MEBIBYTE),
        schedules=(
            draft.daily(BackupType.DUMP, 3, keep_days=2),
            draft.weekly(BackupType.DUMP, *range(7), hour=3, keep_days=5),
        ),
        uid_since=now,
    )
    world = World(seed=1, start=now, projects=[Project(id="shop", name="Shop")], plans=[plan])
    days = [backup.created_at.day for backup in world.backups("shop", "db", now)]
    assert days == [6, 7, 8, 9, 10]


def test_dumps_carry_compression_and_destination_and_snapshots_additional_ones(world: World, now: datetime) -> None:
    for backup in world.backups("shop", "orders-db", now):
        is_dump = backup.source_type is SourceType.SAME_ADDON
        assert (backup.compression is not None) == is_dump
        assert (backup.custom_destination_id is not None) == is_dump
        assert (backup.additional_destination_ids != ()) == (not is_dump)


def test_only_old_backups_lack_a_uid(world: World, now: datetime) -> None:
    have_uid = [backup.uid is not None for backup in world.backups("shop", "catalog-db", now)]
    assert have_uid == sorted(have_uid)
    assert set(have_uid) == {False, True}


def test_restores_run_end_and_name_an_existing_backup(world: World, now: datetime) -> None:
    started_at = now - timedelta(days=6)
    during = world.restores("shop", "orders-db", started_at + timedelta(minutes=1))[-1]
    after = world.restores("shop", "orders-db", now)[-1]
    assert world.addon_status("shop", "orders-db", started_at + timedelta(minutes=1)) is AddonStatus.RESTORE
    assert (during.status, during.completed_at) == (BackupStatus.IN_PROGRESS, None)
    assert (after.status, after.completed_at) == (BackupStatus.COMPLETED, started_at + timedelta(minutes=7))
    assert world.backup("shop", "orders-db", after.backup_id, now).status is BackupStatus.COMPLETED
    assert BackupStatus.FAILED in {restore.status for restore in world.restores("shop", "orders-db", now)}


def test_without_a_completed_backup_there_is_nothing_to_restore(now: datetime) -> None:
    draft = Drafting(project_id="shop", start=now)
    plan = AddonPlan(
        addon=draft.addon("db", "DB", AddonType.MYSQL, "Never backed up"),
        volume=Volume(base_bytes=MEBIBYTE),
        restores=(PlannedRestore(started_at=now, duration=timedelta(minutes=1)),),
        uid_since=now,
    )
    world = World(seed=1, start=now, projects=[Project(id="shop", name="Shop")], plans=[plan])
    assert world.restores("shop", "db", now + timedelta(hours=1)) == ()


def test_answers_do_not_depend_on_what_was_asked_before(now: datetime) -> None:
    world = World.uniform(addons=100, backups=3, seed=1, now=now)
    first = _everything(world, now)
    _everything(world, now + timedelta(days=2))
    assert _everything(world, now) == first


def test_unknown_resources_are_an_error_that_names_them(world: World, now: datetime) -> None:
    with pytest.raises(UnknownResourceError, match="project nowhere"):
        world.project("nowhere")
    with pytest.raises(UnknownResourceError, match="project nowhere"):
        world.addons("nowhere")
    with pytest.raises(UnknownResourceError, match="addon nothing"):
        world.backups("shop", "nothing", now)
    with pytest.raises(UnknownResourceError, match="backup none"):
        world.backup("shop", "orders-db", "none", now)


def test_addons_can_be_created_and_deleted(world: World, now: datetime) -> None:
    before = world.backups("shop", "orders-db", now)
    plan = world.remove("shop", "orders-db")
    assert "orders-db" not in {addon.id for addon in world.addons("shop")}
    with pytest.raises(UnknownResourceError):
        world.backups("shop", "orders-db", now)
    world.add(plan)
    assert world.addons("shop")[-1].id == "orders-db"
    assert world.backups("shop", "orders-db", now) == before
    assert world.changes == 2


HEALED = timedelta(hours=2, microseconds=123_456)


@pytest.fixture(name="healed")
def _healed(world: World, now: datetime) -> World:
    for project in world.projects:
        for addon in world.addons(project.id):
            world.backups(project.id, addon.id, now + HEALED)
            world.heal(project.id, addon.id, now + HEALED)
    return world


def test_what_was_before_an_addon_was_healed_stays_as_it_was(healed: World, now: datetime) -> None:
    for at in (now, now + HEALED - timedelta(seconds=1)):
        assert _everything(healed, at) == _everything(World.demo(1, now), at)
    assert [addon.id for addon in healed.addons("shop")] == [addon.id for addon in World.demo(1, now).addons("shop")]


def test_a_listing_ends_when_the_addon_is_healed(healed: World, now: datetime) -> None:
    listing = healed.listing("intranet", "queue", now)

    assert timedelta(0) <= now + HEALED - listing.valid_until < timedelta(milliseconds=1)
    assert listing.backups == ()


def test_healing_ends_well_what_hangs_and_makes_a_backup_by_hand(healed: World, now: datetime) -> None:
    at = now + HEALED
    hanging = healed.backups("analytics", "warehouse", now)[-1]
    ended = healed.backup("analytics", "warehouse", hanging.id, at)
    assert (hanging.status, ended.status) == (BackupStatus.IN_PROGRESS, BackupStatus.COMPLETED)
    assert ended.completed_at is not None
    assert timedelta(0) <= at - ended.completed_at < timedelta(milliseconds=1)
    assert healed.backups("analytics", "warehouse", ended.created_at + timedelta(days=14, hours=1))[0].id == ended.id

    assert healed.addon_status("intranet", "crm-db", now) is AddonStatus.PAUSED
    assert healed.addon_status("intranet", "crm-db", at) is not AddonStatus.PAUSED

    (by_hand,) = healed.backups("intranet", "queue", at + timedelta(minutes=1))
    assert by_hand.status is BackupStatus.COMPLETED


def test_after_healing_schedules_run_well_again_and_what_was_left_out_is_not_made_up_for(
    healed: World, now: datetime
) -> None:
    healed_at, later = now + HEALED, now + timedelta(days=3)
    for project, addon in (("analytics", "warehouse"), ("intranet", "crm-db"), ("shop", "carts-db")):
        before = {backup.id for backup in healed.backups(project, addon, healed_at - timedelta(seconds=1))}
        since = [backup for backup in healed.backups(project, addon, later) if backup.id not in before]
        assert all(healed_at - backup.created_at < timedelta(milliseconds=1) for backup in since)
        assert len(since) > 3
        assert {backup.status for backup in since} == {BackupStatus.COMPLETED}

    sizes = [backup.size_bytes or 0 for backup in healed.backups("shop", "search-db", later)]
    assert max(sizes[-6:-4]) * 10 < min(sizes[-4:]), "one by hand, three by schedule"
