"""The reading of one list across its pages: when it ends, and what counts once."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import Backup, ListedAddon
from exporter.northflank.body import Page
from exporter.northflank.listing import MAX_PAGES, Listing
from exporter.northflank.wire import parse_backups_page
from tests.builders import ABSENT, backup, encoded, page, raw_backup, raw_page


def read(pages: Iterator[Page[Backup]]) -> Listing[Backup]:
    listing = Listing.of_backups()
    while not listing.is_complete:
        listing.add(next(pages))
    return listing


def identities(listing: Listing[Backup]) -> list[str]:
    return [each.identity for each in listing.items]


def test_a_list_begins_without_cursor() -> None:
    listing = Listing.of_backups()
    assert (listing.cursor, listing.is_complete, listing.items, listing.pages) == ("", False, (), 0)


def test_the_cursor_of_a_page_asks_for_the_next_one() -> None:
    listing = Listing.of_backups()
    listing.add(page(backup(), cursor="second"))
    assert (listing.cursor, listing.is_complete) == ("second", False)
    listing.add(page(backup(), cursor="third"))
    assert (listing.cursor, listing.is_complete) == ("third", False)


def test_pages_are_read_in_order_until_one_has_no_cursor() -> None:
    first, second, third = backup(), backup(), backup()
    listing = read(iter([page(first, cursor="2"), page(second, cursor="3"), page(third)]))
    assert listing.items == (first, second, third)
    assert listing.pages == 3


def test_an_empty_first_page_without_cursor_is_an_empty_list() -> None:
    listing = read(iter([page()]))
    assert (listing.items, listing.pages) == ((), 1)


def test_an_empty_page_with_a_cursor_is_not_the_end() -> None:
    only = backup()
    assert read(iter([page(cursor="2"), page(only)])).items == (only,)


@pytest.mark.parametrize(
    "last",
    [
        raw_page(raw_backup(id="b", uid="b"), cursor="again", hasNextPage=False),
        raw_page(raw_backup(id="b", uid="b"), cursor=None, hasNextPage=True),
        raw_page(raw_backup(id="b", uid="b"), cursor="", hasNextPage=True),
        raw_page(raw_backup(id="b", uid="b"), cursor=ABSENT, hasNextPage=True),
        {"data": {"backups": [raw_backup(id="b", uid="b")]}},
    ],
)
def test_every_way_to_say_that_a_page_is_the_last_ends_the_list(last: object) -> None:
    first = raw_page(raw_backup(id="a", uid="a"), cursor="2")
    listing = read(parse_backups_page(encoded(body)) for body in (first, last))
    assert identities(listing) == ["a", "b"]


def test_a_repeated_cursor_ends_the_list() -> None:
    listing = read(page(backup(), cursor="same") for _ in range(10))
    assert listing.pages == 2


def test_a_cursor_seen_long_before_ends_the_list() -> None:
    listing = read(page(backup(), cursor=str(number % 5)) for number in range(20))
    assert listing.pages == 6


def test_a_page_with_nothing_new_does_not_end_the_list() -> None:
    first, second, third = backup(), backup(), backup()
    listing = read(iter([page(first, second, cursor="2"), page(second, first, cursor="3"), page(third)]))
    assert listing.items == (first, second, third)


def test_pages_that_lead_in_circles_end_the_list() -> None:
    first, second = backup(), backup()
    listing = read(page(first, second, cursor=f"page-{number}") for number in range(100))
    assert listing.items == (first, second)
    assert listing.pages == 4


def test_a_page_with_anything_new_goes_on() -> None:
    first, second, third = backup(), backup(), backup()
    listing = read(iter([page(first, cursor="2"), page(first, second, cursor="3"), page(third)]))
    assert listing.items == (first, second, third)


@pytest.mark.parametrize("full", [True, False])
def test_an_endless_list_is_read_no_further_than_the_cap(*, full: bool) -> None:
    listing = read(page(*([backup()] if full else []), cursor=f"page-{number}") for number in range(10 * MAX_PAGES))
    assert listing.pages == MAX_PAGES == 200


def test_a_list_that_shifts_between_two_pages_counts_each_backup_once() -> None:
    first, second, third = backup(), backup(), backup()
    assert read(iter([page(first, second, cursor="2"), page(second, third)])).items == (first, second, third)


def test_of_two_with_the_same_identity_the_first_seen_counts() -> None:
    first, other = backup(identity="same", size_bytes=1), backup(identity="same", size_bytes=2)
    assert read(iter([page(first, other)])).items == (first,)
    assert read(iter([page(first, cursor="2"), page(other, backup(identity="else"))])).items[0] == first


def test_uid_else_id_tells_backups_apart() -> None:
    raw = [
        raw_backup(id="same", uid="1"),
        raw_backup(id="same", uid="2"),
        raw_backup(id="other", uid="1"),
        raw_backup(id="plain", uid=ABSENT),
        raw_backup(id="plain", uid=None),
    ]
    listing = read(iter([parse_backups_page(encoded(raw_page(*raw)))]))
    assert [(each.identity, each.id) for each in listing.items] == [("1", "same"), ("2", "same"), ("plain", "plain")]


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(st.sampled_from("abcdef"), max_size=4), st.sampled_from(["", *"1234"])), max_size=9))
def test_every_list_ends_and_holds_what_its_pages_held(script: list[tuple[list[str], str]]) -> None:
    pages = [page(*(backup(identity=name) for name in names), cursor=cursor) for names, cursor in script]
    listing = read(iter([*pages, page()]))
    seen = [name for names, _ in script[: listing.pages] for name in names]
    assert identities(listing) == list(dict.fromkeys(seen))


def test_ids_count_once_across_pages() -> None:
    listing = Listing.of_ids()
    listing.add(Page(items=("b", "a"), rejected=0, cursor="2"))
    listing.add(Page(items=("a", "c"), rejected=0, cursor=""))
    assert (listing.items, listing.is_complete) == (("b", "a", "c"), True)


def test_addons_are_told_apart_by_their_ids() -> None:
    first, same, other = ListedAddon(id="a", name="1"), ListedAddon(id="a", name="2"), ListedAddon(id="b", name="1")
    listing = Listing.of_addons()
    listing.add(Page(items=(first, same, other), rejected=0, cursor=""))
    assert listing.items == (first, other)
