"""A list that shows its oldest backups first: its last page tells what is new."""

from datetime import timedelta

import pytest

from exporter.known import FINAL
from exporter.model import BackupStatus
from tests.polling.lists import HOUR, Beyond, Order, Reader, listed, of_age, reading, remove, wrong


def knowing(number: int = 1550) -> Reader:
    """Give a reader that knows such a list well enough not to read it whole again."""
    return reading(number, order=Order.OLDEST_FIRST)


def grown(reader: Reader, *, expiring: bool) -> list[int]:
    """Let a backup be added every hour for 250 hours, and count what it takes to read the list each time."""
    taken = []
    for _ in range(250):
        reader.list.now += HOUR
        reader.list.begin()
        if expiring:
            remove(reader.list, 0)
        taken.append(reader.read().pages)
        assert not wrong(reader)
    return taken


def test_it_is_read_whole_twice_and_then_from_its_last_page_on() -> None:
    reader = Reader(listed(1550, order=Order.OLDEST_FIRST))
    assert [reader.read().pages for _ in range(4)] == [16, 16, 1, 1]


def test_new_backups_are_read_and_the_others_remembered() -> None:
    reader = knowing()
    reader.list.now += HOUR
    reader.list.begin()
    assert reader.read().pages == 1
    assert set(reader.backups) == set(reader.list.backups.values())
    assert reader.known is not None
    assert [each.identity for each in reader.known.backups()] == [
        each.identity for each in reversed(reader.list.shown())
    ]


def test_where_old_ones_expire_as_new_ones_come_it_takes_one_request() -> None:
    taken = grown(knowing(), expiring=True)
    assert set(taken) == {1}


def test_a_list_that_grows_onto_another_page_is_followed() -> None:
    taken = grown(knowing(), expiring=False)
    # Pages are chosen anew before the last one is full.
    assert set(taken) == {1}


def test_an_unchanged_last_page_is_all_that_is_asked_for_however_short_it_is() -> None:
    reader = knowing(1501)
    assert [reader.read().pages for _ in range(3)] == [1, 1, 1]


def test_it_is_read_from_where_the_oldest_one_stands_that_has_not_ended() -> None:
    reader = knowing()
    stuck = of_age(reader, -300)
    reader.list.backups[stuck] = reader.list.backups[stuck]._replace(status=BackupStatus.IN_PROGRESS)
    reader.read(is_full=True)
    assert [reader.read().pages for _ in range(2)] == [4, 4]
    reader.list.backups[stuck] = reader.list.backups[stuck]._replace(status=BackupStatus.FAILED)
    reader.read()
    assert not wrong(reader)
    assert all(each.status in FINAL for each in reader.backups)
    assert reader.read().pages == 1


def test_the_end_of_a_backup_is_seen_where_pages_are_longer_than_asked_for() -> None:
    made = listed(306, order=Order.OLDEST_FIRST)
    made.ignores_size = True
    running = made.shown()[-8].identity
    made.backups[running] = made.backups[running]._replace(status=BackupStatus.IN_PROGRESS)
    reader = Reader(made)
    for _ in range(4):
        reader.read()
    made.backups[running] = made.backups[running]._replace(status=BackupStatus.FAILED)
    reader.read()
    assert not wrong(reader), "that the last page is the same says nothing of the one before"


@pytest.mark.parametrize("beyond", [Beyond.EMPTY, Beyond.REFUSED])
def test_a_list_that_has_shrunk_by_a_page_is_read_from_the_page_before(beyond: Beyond) -> None:
    reader = knowing()
    reader.list.beyond = beyond
    for _ in range(76):
        remove(reader.list, 0)
    assert reader.read().pages == 2
    assert not wrong(reader)
    assert reader.read().pages == 1


@pytest.mark.parametrize("beyond", [Beyond.EMPTY, Beyond.REFUSED])
def test_a_list_that_has_shrunk_by_more_is_read_whole(beyond: Beyond) -> None:
    reader = knowing(1550)
    reader.list.beyond = beyond
    for _ in range(300):
        remove(reader.list, 0)
    assert reader.read().pages == 2 + 13
    assert set(reader.backups) == set(reader.list.backups.values())
    assert [reader.read().pages for _ in range(2)] == [1, 1], "a page that is gone says nothing of the others"


def test_where_numbers_of_pages_mean_nothing_every_list_is_read_whole() -> None:
    reader = Reader(listed(250, order=Order.OLDEST_FIRST))
    reader.list.beyond = Beyond.IGNORED
    assert [reader.read().pages for _ in range(6)] == [3, 3, 4, 3, 3, 3], "at the third time it is found out"
    assert not wrong(reader)


def test_an_order_that_turns_round_is_noticed() -> None:
    reader = knowing(250)
    reader.list.order = Order.NEWEST_FIRST
    reader.list.now += HOUR
    reader.list.begin()
    reader.read()
    assert set(reader.backups) == set(reader.list.backups.values())
    assert [reader.read().pages for _ in range(2)] == [1, 1]
    reader.list.order = Order.OLDEST_FIRST
    assert [reader.read().pages for _ in range(2)] == [3, 1], "and back again"


def test_what_came_late_on_an_earlier_page_is_found_by_the_next_whole_reading() -> None:
    reader = knowing()
    reader.list.begin(late=timedelta(hours=700))
    assert len(wrong(reader.read())) == 1
    assert not wrong(reader.read(is_full=True))
