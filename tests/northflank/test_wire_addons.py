"""Teams, projects and addons as the API lists them: only the id is needed, everything else may be odd."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model import AddonDetails, ListedAddon
from exporter.northflank.body import Page
from exporter.northflank.errors import MalformedBody
from exporter.northflank.wire_addons import (
    parse_addon,
    parse_addons_page,
    parse_projects_page,
    parse_teams_page,
)
from tests.builders import ABSENT, encoded, raw_page

ParsePage = Callable[[bytes], Page[str] | Page[ListedAddon]]

PAGES: dict[str, ParsePage] = {
    "teams": parse_teams_page,
    "projects": parse_projects_page,
    "addons": parse_addons_page,
}
every_list = pytest.mark.parametrize("key", PAGES)


def ids(page: Page[str] | Page[ListedAddon]) -> list[str]:
    return [item if isinstance(item, str) else item.id for item in page.items]


def addon(**fields: object) -> ListedAddon:
    (item,) = parse_addons_page(encoded(raw_page({"id": "db"} | fields, key="addons"))).items
    return item


@every_list
def test_ids_keep_the_order_of_the_page(key: str) -> None:
    page = PAGES[key](encoded(raw_page({"id": "b"}, {"id": "a", "name": "A"}, {"id": "c"}, key=key, cursor="next")))
    assert (ids(page), page.rejected, page.cursor) == (["b", "a", "c"], 0, "next")


@every_list
@pytest.mark.parametrize("pagination", [ABSENT, None, {}, {"hasNextPage": False, "cursor": "kept"}])
def test_a_list_without_a_next_page_is_whole(key: str, pagination: object) -> None:
    envelope = raw_page({"id": "a"}, key=key) | {"pagination": pagination}
    if pagination is ABSENT:
        del envelope["pagination"]
    assert PAGES[key](encoded(envelope)).cursor == ""


@every_list
@pytest.mark.parametrize("odd", ["123", "no", "a b", "ä🍳", "a%2Fb", "a?b#c", "...", "*", "\\"])
def test_an_id_is_any_text_that_a_path_can_hold(key: str, odd: str) -> None:
    assert ids(PAGES[key](encoded(raw_page({"id": odd}, key=key)))) == [odd]


@every_list
@pytest.mark.parametrize(
    "item",
    [
        None,
        7,
        "a",
        [],
        {},
        {"name": "a"},
        *({"id": odd} for odd in (None, 7, True, "", ["a"], {"id": "a"})),
        *({"id": odd} for odd in ("a/b", "/", ".", "..", "a\nb", "a\0", "\ud800")),
    ],
)
def test_an_item_without_a_usable_id_costs_itself_and_is_counted(key: str, item: object) -> None:
    page = PAGES[key](encoded(raw_page({"id": "good"}, item, {"id": "too"}, key=key)))
    assert (ids(page), page.rejected) == (["good", "too"], 1)


@every_list
@pytest.mark.parametrize(
    "envelope",
    [None, 7, [], {}, {"data": None}, {"data": []}, {"data": [{"id": "a"}]}, {"data": {}}, {"data": {"backups": []}}],
)
def test_an_answer_without_the_list_is_malformed(key: str, envelope: object) -> None:
    with pytest.raises(MalformedBody, match=rf"data\.{key}"):
        PAGES[key](encoded(envelope))


@every_list
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"data":{', b"[" * 100_000])
def test_a_body_that_is_no_json_is_malformed(key: str, body: bytes) -> None:
    with pytest.raises(MalformedBody):
        PAGES[key](body)


def test_an_addon_is_read_as_documented() -> None:
    read = addon(
        name="Orders DB",
        appId="/acme/shop/db",
        tags=["prod", "pci"],
        description="…",
        spec={"type": "postgresql"},
        status="paused",
    )
    assert read == ListedAddon(id="db", name="Orders DB", type="postgresql", status="paused", tags=("pci", "prod"))
    assert read.is_paused


@pytest.mark.parametrize("status", ["running", "Paused", "paused ", "", None, "brand-new"])
def test_only_a_paused_addon_is_paused(status: object) -> None:
    assert not addon(status=status).is_paused


@pytest.mark.parametrize("odd", [None, 7, True, [], {}, [["x"]], {"type": None}, {"type": ["x"]}])
def test_what_is_odd_beside_the_id_is_empty(odd: object) -> None:
    assert addon(name=odd, status=odd, spec=odd, tags=odd) == ListedAddon(id="db")
    assert addon() == ListedAddon(id="db")


def test_tags_are_sorted_and_each_is_there_once() -> None:
    assert addon(tags=["b", "a", "", None, 7, ["c"], "b", "A"]).tags == ("A", "a", "b")
    assert addon(tags="prod").tags == ()


def test_texts_can_be_values_of_labels() -> None:
    read = addon(name="a\0b", spec={"type": "\ud800"}, status="\udfff", tags=["\0"])
    assert (read.name, read.type, read.status, read.tags) == ("a\ufffdb", "\ufffd", "\ufffd", ("\ufffd",))


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("2025-02-03T04:05:06.789Z", datetime(2025, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)),
        ("2025-02-03 04:05:06Z", datetime(2025, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("", None),
        ("yesterday", None),
        (None, None),
        (1_700_000_000, None),
    ],
)
def test_when_an_addon_was_created(raw: object, read: datetime | None) -> None:
    assert parse_addon(encoded({"data": {"id": "db", "createdAt": raw}}), "db").created_at == read


def test_what_an_addon_alone_says_is_what_a_list_says_of_it() -> None:
    raw = {"id": "db", "name": "DB", "spec": {"type": "mysql"}, "status": "paused", "tags": ["prod", "eu"]}
    (listed,) = parse_addons_page(encoded({"data": {"addons": [raw]}})).items
    assert parse_addon(encoded({"data": raw}), "db").info == listed
    assert listed.is_paused


def test_an_addon_that_says_nothing_of_itself_is_one_all_the_same() -> None:
    assert parse_addon(encoded({"data": {}}), "db") == AddonDetails(info=None, created_at=None)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'{"data":null}', b'{"data":[]}', b'{"data":"x"}'])
def test_a_body_without_an_addon_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        parse_addon(body, "db")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["data", "id", "spec", "type"]) | st.text(), inner),
    max_leaves=10,
)
envelopes = (
    json_values
    | st.fixed_dictionaries({"data": json_values}, optional={"pagination": json_values})
    | st.fixed_dictionaries(
        {"data": st.dictionaries(st.sampled_from(list(PAGES)), json_values)}, optional={"pagination": json_values}
    )
)


@every_list
@given(envelope=envelopes)
def test_any_json_is_a_page_or_malformed(key: str, envelope: object) -> None:
    try:
        page = PAGES[key](json.dumps(envelope).encode())
    except MalformedBody:
        return
    assert isinstance(page, Page)
    assert all(each.isprintable() and each not in {"", ".", ".."} and "/" not in each for each in ids(page))


@given(envelopes)
def test_any_json_is_an_addon_or_malformed(envelope: object) -> None:
    try:
        addon = parse_addon(json.dumps(envelope).encode(), "db")
    except MalformedBody:
        return
    assert addon.info is None or addon.info.id == "db"
    assert addon.created_at is None or addon.created_at.tzinfo is UTC


possible_fields = st.dictionaries(st.sampled_from(["id", "name", "spec", "status", "tags"]), json_values)


@every_list
@given(items=st.lists(json_values | possible_fields, max_size=5))
def test_every_item_is_read_or_counted_as_rejected(key: str, items: list[object]) -> None:
    page = PAGES[key](encoded({"data": {key: items}}))
    assert len(page.items) + page.rejected == len(items)
