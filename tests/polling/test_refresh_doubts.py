"""When a list is read whole although it is known: whatever does not fit, nobody explains away."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from exporter.known import LATENESS, KnownList
from exporter.model import Backup, BackupStatus
from exporter.northflank import Page, PageRequest
from exporter.polling.evidence import ENOUGH
from exporter.polling.refresh import Refresh
from tests.builders import NOW, backup
from tests.polling.lists import HOUR, MINUTE, List, Order, Reader, listed, of_age, reading, remove, wrong


def test_a_list_in_no_order_is_always_read_whole() -> None:
    reader = Reader(listed(250, order=Order.BY_ID))
    assert [reader.read().pages for _ in range(4)] == [3, 3, 3, 3]


@pytest.mark.parametrize(("order", "next_time"), [(Order.OLDEST_FIRST, 1), (Order.BY_ID, 3)])
def test_an_order_that_changes_is_noticed(order: Order, next_time: int) -> None:
    reader = reading()
    reader.list.order = order
    reader.list.begin()
    assert reader.read().pages == 3
    assert not wrong(reader)
    assert reader.read().pages == next_time


def test_it_is_read_until_there_are_enough_backups_to_show_an_order() -> None:
    reader = Reader(listed(30, page_length=ENOUGH - 1)).read().read()
    assert reader.read(is_full=True).pages == 5
    reader.list.begin()
    assert reader.read().pages == 2


def test_a_first_page_from_which_much_is_gone_is_no_proof() -> None:
    reader = reading()
    for identity in [of_age(reader, place) for place in range(50)]:
        del reader.list.backups[identity]
    assert reader.read().pages == 2, "all of it"


def test_the_end_of_a_backup_is_seen_where_pages_have_become_shorter() -> None:
    reader = reading()
    running = of_age(reader, 60)
    reader.list.backups[running] = reader.list.backups[running]._replace(status=BackupStatus.IN_PROGRESS)
    reader.read(is_full=True)
    reader.list.page_length = 50
    assert [reader.read().pages for _ in range(2)] == [2, 2]
    reader.list.backups[running] = reader.list.backups[running]._replace(status=BackupStatus.FAILED)
    reader.read()
    assert not wrong(reader), "that the first page is the same says nothing of the second"


def test_an_old_backup_that_was_not_known_is_a_reason_to_read_all() -> None:
    reader = reading()
    reader.list.begin(late=5 * HOUR)
    assert reader.read().pages == 3


def test_a_backup_that_comes_late_is_new() -> None:
    reader = reading()
    reader.list.begin(late=LATENESS - MINUTE)
    assert reader.read().pages == 1
    assert not wrong(reader)


def test_a_list_that_grows_faster_than_backups_may_be_late_is_read_further() -> None:
    busy = List(page_length=10)
    for _ in range(40):
        busy.now += 2 * MINUTE
        busy.begin()
    reader = Reader(busy).read().read()
    assert reader.read().pages >= 3


def test_a_page_that_ends_where_the_next_does_not_begin_leaves_doubt() -> None:
    """What goes away while a list is read pulls the next backup over to the page that was read already."""
    reader = Reader(listed(250))
    reader.list.between = [lambda each: remove(each, 20)]
    reader.read()
    assert len(wrong(reader)) == 1
    reader.read()
    assert not wrong(reader)
    assert reader.known is not None
    assert not reader.known.is_trusted
    assert [reader.read().pages for _ in range(2)] == [3, 1]


def test_two_neighbours_that_have_changed_places_are_no_order() -> None:
    reader = reading()
    first, second = of_age(reader, 30), of_age(reader, 31)
    older = reader.list.backups[second]
    # The list goes by something else than what it says.
    reader.list.places = {first: older.created_at - MINUTE}
    assert reader.read().pages == 3


def test_a_late_backup_behind_the_first_page_is_found() -> None:
    reader = reading()
    for _ in range(2):
        reader.list.now += HOUR
        for _ in range(60):
            reader.list.now += timedelta(seconds=10)
            reader.list.begin()
        reader.list.begin(late=timedelta(minutes=9, seconds=55) if reader.pages == 1 else MINUTE)
        reader.read()
        assert not wrong(reader)
        reader.list.now -= HOUR


def test_backups_of_the_same_time_may_stand_on_two_pages() -> None:
    reader = reading()
    twin = reader.list.backups[of_age(reader, 97)]
    other = of_age(reader, 98)
    reader.list.backups[other] = reader.list.backups[other]._replace(created_at=twin.created_at)
    reader.read(is_full=True)
    for _ in range(2):
        _later(reader.list)
    assert reader.read().pages == 1
    assert not wrong(reader)


def pairs(number: int, order: Order = Order.NEWEST_FIRST, *, has_stable_ties: bool = True) -> List:
    """Give a list in which two at a time say that they were created at the same moment."""
    made = listed(number, order=order)
    made.has_stable_ties = has_stable_ties
    newest_first = sorted(made.backups.values(), key=lambda each: each.created_at, reverse=True)
    for place, each in enumerate(newest_first):
        made.backups[each.identity] = each._replace(created_at=newest_first[place // 2 * 2].created_at)
    return made


@pytest.mark.parametrize("order", [Order.NEWEST_FIRST, Order.OLDEST_FIRST])
@pytest.mark.parametrize(
    ("number", "has_stable_ties"),
    # Where a page ends between two that change places, nobody can tell what the next one hides.
    [(250, True), (251, True), (250, False)],
)
def test_backups_that_come_in_pairs_of_the_same_time_leave_no_doubt(
    order: Order,
    number: int,
    has_stable_ties: bool,  # noqa: FBT001 - by pytest
) -> None:
    reader = Reader(pairs(number, order, has_stable_ties=has_stable_ties))
    assert [reader.read().pages for _ in range(4)] == [3, 3, 1, 1]
    assert not wrong(reader)


@pytest.mark.parametrize("number", [250, 251])
@pytest.mark.parametrize("gone", [20, 98])
def test_one_of_a_pair_that_was_overlooked_between_two_pages_leaves_doubt(number: int, gone: int) -> None:
    reader = Reader(pairs(number)).read()
    reader.list.between = [lambda each: remove(each, gone)]
    reader.read()
    assert len(wrong(reader)) == 1
    assert reader.read().pages == 3
    assert not wrong(reader)


def test_a_list_that_grows_while_it_is_read_leaves_no_doubt() -> None:
    reader = Reader(listed(250)).read()
    reader.list.between = [_later]
    reader.read()
    assert reader.read().pages == 1
    assert not wrong(reader)


@pytest.mark.parametrize("pages", [1, 2])
def test_a_list_that_shrinks_while_it_is_read_leaves_doubt(pages: int) -> None:
    reader = Reader(listed(250)).read()
    reader.list.between = [lambda each: remove(each, 20) if each.requests == 3 + pages else None]
    reader.list.between *= 2
    reader.read()
    assert len(wrong(reader)) == 1
    assert [reader.read().pages for _ in range(3)] == [3, 3, 1]
    assert not wrong(reader)


def test_a_list_that_shrinks_until_its_last_page_is_empty_leaves_doubt() -> None:
    reader = reading(301)
    reader.list.between = [lambda each: remove(each, 20) if each.requests == 11 else None] * 3
    reader.read(is_full=True)
    assert len(wrong(reader)) == 1
    reader.read()
    assert not wrong(reader)


def test_a_last_page_that_is_always_empty_is_no_reason_for_doubt() -> None:
    whole = listed(200).shown()
    known = None
    for _ in range(2):
        known = _read_pages(whole[:100], whole[100:], [], known=known)
    assert known is not None
    assert known.is_trusted


def test_the_same_overlooked_twice_leaves_doubt() -> None:
    reader = Reader(listed(250))
    for _ in range(2):
        reader.list.between = [lambda each: remove(each, 20)]
        reader.read()
        assert len(wrong(reader)) == 1
        _later(reader.list)
    reader.read()
    assert not wrong(reader)


@pytest.mark.parametrize("is_repeated", [True, False])
def test_where_a_page_ends_between_backups_of_the_same_time_there_is_doubt(*, is_repeated: bool) -> None:
    """They may change places between two requests, so that one of them is on neither page."""
    whole = listed(20).shown()
    twin = whole[9]._replace(identity="twin", id="twin")
    known = _read_pages([*whole[:9], twin], whole[9:])
    again = _read_pages(whole[:10], [whole[9], *whole[10:]] if is_repeated else whole[10:], known=known)
    assert not again.is_trusted


def test_where_what_is_known_ends_something_must_follow() -> None:
    reader = reading(101)
    older = [backup(created_at=NOW - HOUR) for _ in range(2)]
    del reader.list.backups[of_age(reader, 50)]
    reader.list.backups.update({each.identity: each for each in older})
    assert reader.read().pages == 2
    assert not wrong(reader)


def _later(each: List) -> None:
    each.now += HOUR
    each.begin()


def _read_pages(*pages: Sequence[Backup], known: KnownList | None = None) -> KnownList:
    refresh = Refresh(known, is_full=True)
    for number, items in enumerate(pages, 1):
        refresh.add(Page(items=tuple(items), rejected=0, cursor="" if number == len(pages) else str(number)))
    return refresh.result(now=NOW + 1000 * HOUR, at=0.0)


def test_circles_are_no_list_to_rely_on() -> None:
    refresh = Refresh()
    pages = listed(200, page_length=50)
    for number in range(3):
        page = pages.page(PageRequest(cursor=str(50 * number)))
        assert page is not None
        refresh.add(replace(page, cursor="again"))
        if refresh.is_complete:
            break
    assert refresh.requests == 2
    assert refresh.result(now=NOW, at=0.0).packed == b""


def test_a_page_with_something_unreadable_is_never_the_same_as_before() -> None:
    first = listed(10).page(PageRequest())
    assert first is not None
    refresh = Refresh()
    refresh.add(replace(first, rejected=1))
    assert Refresh(refresh.result(now=NOW, at=0.0)).comparable == b""


def test_a_time_that_is_still_to_come_does_not_make_new_backups_old() -> None:
    strange = listed(250)
    strange.begin(late=-timedelta(days=1000))
    reader = Reader(strange).read().read()
    strange.now += HOUR
    strange.begin()
    assert reader.read().pages == 1
    assert not wrong(reader)
