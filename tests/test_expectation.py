"""What schedules let one expect, and what of it a list of backups answers."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.expectation import Expectation
from exporter.metrics import ADDON_CATALOGUE, LiveFamily
from exporter.model import Backup, BackupKind, BackupStatus, FailureReason, ListedAddon, Restore, Schedule
from exporter.model import ScheduleInterval as Interval
from exporter.schedule import last_due, next_due
from exporter.state import AddonState
from exporter.summary import summarise, summarise_restores
from tests.builders import KEY, NOW, ago, backup, failed, schedule
from tests.schedules import ZONES, moments, schedules

UTC = ZoneInfo("UTC")
HOUR = timedelta(hours=1)
PAUSED = ListedAddon(id=KEY.addon_id, status="paused")
RUNNING = ListedAddon(id=KEY.addon_id, status="running")


def expecting(*due: Schedule, grace: timedelta = HOUR) -> Expectation:
    return Expectation.of(due, zone=UTC, grace=grace)


def missed(*backups: Backup, due: Schedule, as_of: datetime = NOW) -> int:
    ((_, runs),) = expecting(due).missed_runs(summarise(backups), as_of=as_of, paused_until=None)
    return runs


def shown(state: AddonState, name: str, now: datetime = NOW) -> list[float]:
    (family,) = (family for family in ADDON_CATALOGUE.families if family.name == name)
    samples = family.samples(state, now) if isinstance(family, LiveFamily) else family.samples(state)
    return [value for _, value in samples]


def missed_by(state: AddonState) -> list[float]:
    return shown(state, "northflank_addon_backup_schedule_missed_runs")


def read(*backups: Backup, due: Schedule, at: datetime = NOW) -> AddonState:
    state = AddonState(key=KEY, expectation=expecting(due))
    return state.polled(summarise(backups), data_at=at, duration=HOUR)


@given(schedules(), st.sampled_from(ZONES), st.lists(moments(), min_size=2, max_size=6))
def test_what_is_remembered_of_due_times_is_what_they_are(due: Schedule, zone: ZoneInfo, asked: list[datetime]) -> None:
    expectation = Expectation.of([due], zone=zone, grace=HOUR)
    (timetable,) = expectation.timetables
    for now in [*asked, *sorted(asked)]:
        ((_, found),) = expectation.due(now)
        assert (found.last, found.next) == (last_due(timetable, zone, now), next_due(timetable, zone, now))


def test_a_backup_in_progress_is_late_and_not_missed() -> None:
    due = schedule(hours=(9,))
    running = backup(status=BackupStatus.IN_PROGRESS, created_at=ago(hours=3), completed_at=None)
    yesterday = backup(created_at=ago(hours=27))
    assert missed(yesterday, running, due=due) == 0
    assert missed(yesterday, due=due) == 1
    assert missed(running, failed(created_at=ago(hours=27)), backup(created_at=ago(hours=75)), due=due) == 2


def test_nothing_is_missed_beside_a_backup_in_progress_of_which_no_backup_would_be_kept() -> None:
    # NOW is Tuesday; what ran on Thursday was kept for a day.
    brief = schedule(interval=Interval.WEEKLY, days=(3,), retention=timedelta(days=1))
    long = schedule(interval=Interval.WEEKLY, days=(1,), hours=(9,), retention=timedelta(days=30))
    running = backup(status=BackupStatus.IN_PROGRESS, created_at=ago(hours=3), completed_at=None)
    last_week = backup(created_at=ago(days=7, hours=3))
    backups = summarise([running, last_week])
    ((_, runs),) = expecting(brief, long).missed_runs(backups, as_of=NOW, paused_until=None)
    assert runs == 0


def test_a_backup_that_hangs_is_missed() -> None:
    running = backup(status=BackupStatus.IN_PROGRESS, created_at=ago(hours=7), completed_at=None)
    assert missed(backup(created_at=ago(hours=31)), running, due=schedule(hours=(5,))) == 1


def test_a_backup_in_progress_of_another_kind_answers_for_none() -> None:
    running = backup(
        status=BackupStatus.IN_PROGRESS, created_at=ago(hours=3), completed_at=None, kind=BackupKind.SNAPSHOT
    )
    assert missed(running, backup(created_at=ago(hours=27)), due=schedule(hours=(9,))) == 1


def test_an_import_answers_no_run() -> None:
    upload = backup(kind=BackupKind.IMPORT, created_at=ago(hours=3))
    assert missed(upload, backup(created_at=ago(hours=27)), due=schedule(hours=(9,))) == 1


def test_many_backups_are_not_remembered_longer_than_they_matter() -> None:
    backups = [backup(created_at=ago(minutes=minutes)) for minutes in range(1, 1500)]
    summary = summarise(backups)
    assert len(summary.completed[BackupKind.DUMP]) == 32
    every = schedule(interval=Interval.HOURLY, minutes=tuple(range(60)))
    assert missed(*backups, due=every) == 0
    assert missed(*backups, due=schedule(hours=(11,))) == 0


def test_old_data_tells_of_no_run_that_came_later() -> None:
    state = read(backup(created_at=ago(days=3, hours=3)), due=schedule(hours=(9,)), at=ago(days=3))
    assert missed_by(state) == [0]
    assert shown(state, "northflank_addon_backup_schedule_last_due_timestamp_seconds") == [ago(hours=3).timestamp()]
    assert missed_by(state.failed(FailureReason.TIMEOUT, at=0, duration=None)) == [0]


def test_a_list_that_took_long_to_read_is_as_old_as_its_first_page() -> None:
    state = AddonState(key=KEY, expectation=expecting(schedule(hours=(9,)))).polled(
        summarise([backup(created_at=ago(hours=27))]), data_at=NOW, duration=HOUR, as_of=ago(hours=4)
    )
    assert missed_by(state) == [0]


def test_without_backups_read_nothing_is_missed() -> None:
    state = read(due=schedule(hours=(9,)))
    assert missed_by(state) == [7]
    assert missed_by(state.without_data()) == []
    assert missed_by(AddonState(key=KEY, expectation=expecting(schedule()))) == []


def test_a_paused_addon_misses_nothing_then_and_nothing_of_it_afterwards() -> None:
    state = read(backup(created_at=ago(days=5, hours=3)), due=schedule(hours=(9,)))
    assert missed_by(state) == [5]
    paused = state.listed(PAUSED, max_age=None, now=NOW)
    assert missed_by(paused) == [0]
    resumed = paused.listed(RUNNING, max_age=None, now=NOW + HOUR)
    assert missed_by(resumed) == [0]
    later = resumed.polled(summarise([]), data_at=NOW + timedelta(days=2), duration=HOUR)
    assert missed_by(later) == [2]


@pytest.mark.parametrize(
    ("due", "hours"),
    [
        ([schedule(hours=(2,))], 25),
        ([schedule(hours=(2, 8)), schedule(hours=(20,), kind=BackupKind.SNAPSHOT)], 13),
        ([schedule(interval=Interval.WEEKLY)], 169),
        ([schedule(interval=Interval.WEEKLY), schedule(interval=Interval.HOURLY)], 2),
    ],
)
def test_a_limit_is_the_longest_gap_and_the_grace(due: list[Schedule], hours: float) -> None:
    limit = "northflank_addon_backup_max_age_seconds"
    state = AddonState(key=KEY, expectation=expecting(*due))
    assert shown(state, limit) == [hours * 3600]
    assert shown(replace(state, max_age="off"), limit) == []
    assert shown(replace(state, max_age=timedelta(0)), limit) == [0]
    assert shown(replace(state, expectation=expecting()), limit) == []


def test_a_list_is_about_to_change_when_a_run_is_due_and_while_it_runs() -> None:
    state = read(backup(created_at=ago(hours=3), completed_at=ago(hours=2)), due=schedule(hours=(13,)))
    assert state.urgent(NOW) == (3660, 3660 + 2 * 3600)
    running = backup(status=BackupStatus.IN_PROGRESS, created_at=ago(hours=1), completed_at=None)
    assert read(running, due=schedule()).urgent(NOW) == (0, 6 * 3600)
    assert state.listed(PAUSED, max_age=None, now=NOW).urgent(NOW) is None
    assert replace(state, expectation=None).urgent(NOW) is None
    assert AddonState(key=KEY).urgent(NOW) is None


def test_a_list_that_was_read_just_after_a_run_was_due_is_about_to_change() -> None:
    noon = schedule(hours=(12,))
    moments = [NOW + timedelta(seconds=seconds) for seconds in (-1, 0, 20, 59)]
    state = read(backup(created_at=ago(hours=24), completed_at=ago(hours=23)), due=noon)
    assert [urgent[0] for moment in moments if (urgent := state.urgent(moment))] == [61, 60, 40, 1]
    begun = read(backup(created_at=NOW + timedelta(seconds=2), completed_at=NOW + timedelta(seconds=9)), due=noon)
    assert begun.urgent(moments[2]) == (24 * 3600 + 40, 25 * 3600 + 47)


def test_restores_are_counted_and_the_latest_completed_one_is_known() -> None:
    completed = [
        Restore(id=str(days), status=BackupStatus.COMPLETED, started_at=ago(days=days), completed_at=ago(days=days - 1))
        for days in (9, 3, 6)
    ]
    bad = Restore(id="bad", status=BackupStatus.FAILED, started_at=ago(hours=1))
    summary = summarise_restores([*completed, bad])
    assert summary.counts == {BackupStatus.COMPLETED: 3, BackupStatus.FAILED: 1}
    assert summary.last_completed_at == ago(days=2)
    undated = Restore(id="undated", status=BackupStatus.COMPLETED, started_at=ago(days=1))
    assert summarise_restores([*completed, undated]).last_completed_at == ago(days=1)
    assert summarise_restores([bad]).last_completed_at is None
