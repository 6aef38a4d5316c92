"""How far a list is read that is known already."""

import pytest

from exporter.known import FINAL
from exporter.model import BackupStatus
from exporter.polling.refresh import Refresh
from tests.builders import NOW
from tests.polling.lists import HOUR, List, Order, Reader, listed, of_age, reading, wrong


def test_a_list_that_fits_on_a_page_is_read_whole_each_time() -> None:
    reader = Reader(listed(100)).read()
    reader.list.begin()
    del reader.list.backups[of_age(reader, 50)]
    assert reader.read().pages == 1
    assert set(reader.backups) == set(reader.list.backups.values())


def test_a_longer_list_is_read_whole_twice_to_be_sure_of_it() -> None:
    reader = Reader(listed(1500))
    assert [reader.read().pages for _ in range(4)] == [15, 15, 1, 1]


def test_an_unchanged_first_page_is_not_taken_apart() -> None:
    reader = reading()
    refresh = Refresh(reader.known)
    assert reader.list.page(refresh.next_page, refresh.comparable) is None
    refresh.leave()
    assert refresh.is_complete
    assert refresh.result(now=NOW, at=1.0) is reader.known


def test_new_backups_are_read_and_the_others_remembered() -> None:
    reader = reading(1500)
    for _ in range(7):
        reader.list.now += HOUR
        reader.list.begin()
        assert reader.read().pages == 1
    assert set(reader.backups) == set(reader.list.backups.values())
    assert len(reader.backups) == 1507


def test_what_is_known_is_in_the_order_of_the_list() -> None:
    reader = reading()
    reader.list.now += HOUR
    reader.list.begin()
    reader.read()
    assert list(reader.backups) == reader.list.shown()
    assert reader.known is not None
    assert list(reader.known.backups()) == reader.list.shown()


def test_more_new_ones_than_fit_on_a_page_are_all_read() -> None:
    reader = reading()
    for _ in range(130):
        reader.list.now += HOUR
        reader.list.begin()
    assert reader.read().pages == 4, "where one page ends among new ones, something may have been overlooked"
    assert not wrong(reader)


def test_a_backup_that_is_not_final_is_read_again_however_far_down_it_is() -> None:
    reader = reading(1500)
    held = of_age(reader, 250)
    reader.list.backups[held] = reader.list.backups[held]._replace(status=BackupStatus.IN_PROGRESS)
    reader.read(is_full=True)
    assert reader.known is not None
    assert reader.known.requests == 3
    assert [reader.read().pages for _ in range(2)] == [3, 3]
    reader.list.backups[held] = reader.list.backups[held]._replace(status=BackupStatus.FAILED)
    assert reader.read().pages == 3
    assert not wrong(reader)
    assert reader.read().pages == 1


@pytest.mark.parametrize("status", sorted(set(BackupStatus) - FINAL))
def test_every_status_that_may_change_counts_as_not_final(status: BackupStatus) -> None:
    reader = reading()
    held = of_age(reader, 150)
    reader.list.backups[held] = reader.list.backups[held]._replace(status=status)
    reader.read(is_full=True)
    assert reader.read().pages == 2


def test_what_changes_on_the_first_page_costs_one_request() -> None:
    reader = reading()
    for status in (BackupStatus.SCHEDULED, BackupStatus.IN_PROGRESS, BackupStatus.FAILED):
        newest = of_age(reader, 0)
        reader.list.backups[newest] = reader.list.backups[newest]._replace(status=status)
        assert reader.read().pages == 1
        assert not wrong(reader)


def test_a_few_that_are_gone_from_the_first_page_cost_one_request() -> None:
    reader = reading()
    for place in (0, 50, 90):
        del reader.list.backups[of_age(reader, place)]
    assert reader.read().pages == 1
    assert set(reader.backups) == set(reader.list.backups.values())


def test_what_expires_further_down_is_known_until_the_list_is_read_whole() -> None:
    reader = reading()
    expired = of_age(reader, 249)
    del reader.list.backups[expired]
    reader.list.begin()
    assert reader.read().pages == 1
    assert expired in {each.identity for each in reader.backups}
    reader.read(is_full=True)
    assert set(reader.backups) == set(reader.list.backups.values())


def test_a_list_that_shrinks_to_a_page_is_read_whole() -> None:
    reader = reading(101)
    for _ in range(5):
        del reader.list.backups[of_age(reader, -1)]
    reader.read()
    assert set(reader.backups) == set(reader.list.backups.values())


# Memory.


def test_a_backup_that_is_kept_takes_little_memory() -> None:
    known = reading(1500).known
    assert known is not None
    assert len(known.packed) < 80 * 1500


def test_of_a_list_on_one_page_or_in_no_order_nothing_is_kept() -> None:
    at_once = List(page_length=10)
    for _ in range(30):
        at_once.begin()
    for made in (listed(100), listed(250, order=Order.BY_ID), at_once):
        known = Reader(made).read().known
        assert known is not None
        assert known.packed == b""
