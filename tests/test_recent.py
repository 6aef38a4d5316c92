"""What is kept of the newest backups, and how little that takes."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from exporter.model import Backup, BackupKind, BackupStatus
from exporter.recent import NEWEST, RecentBackups
from tests.builders import NOW, ago, backup, failed

_BACKUPS = st.builds(
    Backup,
    identity=st.text(min_size=1),
    id=st.text(),
    status=st.sampled_from(BackupStatus),
    kind=st.sampled_from(BackupKind),
    created_at=st.integers(0, 10**7).map(lambda seconds: ago(seconds=seconds)),
    completed_at=st.none() | st.integers(0, 10**7).map(lambda seconds: ago(seconds=seconds)),
    size_bytes=st.none() | st.integers(0, 10**18),
)


@given(st.lists(_BACKUPS, max_size=NEWEST, unique_by=lambda each: each.created_at))
def test_what_is_kept_tells_the_same_as_before(backups: list[Backup]) -> None:
    def told(each: Backup) -> tuple[object, ...]:
        return (each.id or each.identity, each.status, each.kind, each.created_at, each.completed_at, each.size_bytes)

    newest_first = sorted(backups, key=lambda each: each.created_at, reverse=True)
    kept = RecentBackups.of(Random(0).sample(backups, len(backups)))
    assert list(map(told, kept.backups())) == list(map(told, newest_first))


def test_the_order_of_the_list_does_not_show() -> None:
    alike = [backup(created_at=NOW) for _ in range(NEWEST + 5)]

    assert RecentBackups.of(alike) == RecentBackups.of(reversed(alike))


def test_only_the_newest_are_kept_and_they_take_little() -> None:
    listed = [backup(created_at=ago(hours=age), id=f"orders-db-{age:020d}") for age in range(500)]
    kept = RecentBackups.of(listed)

    assert [each.id for each in kept.backups()] == [each.id for each in listed[:NEWEST]]
    assert len(kept._packed) < 80 * NEWEST


def test_nothing_is_kept_of_nothing() -> None:
    assert RecentBackups.of([]).backups() == RecentBackups().backups() == ()


def test_how_long_one_took_is_kept() -> None:
    (kept,) = RecentBackups.of([backup(created_at=ago(hours=1), completed_at=ago(minutes=40))]).backups()
    (lost,) = RecentBackups.of([failed()]).backups()

    assert (kept.duration, lost.duration) == (timedelta(minutes=20), None)


def test_the_first_and_the_last_time_that_there_are_are_kept() -> None:
    ends = [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)]
    kept = RecentBackups.of([backup()._replace(created_at=each, completed_at=each) for each in ends]).backups()

    assert [each.created_at.replace(microsecond=0) for each in kept] == [each.replace(microsecond=0) for each in ends]
    assert [each.duration for each in kept] == [timedelta(0)] * 2
