"""A page of a list of backups: envelopes, encodings, cursors."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import Backup
from exporter.northflank.body import Page, decode_json
from exporter.northflank.errors import InvalidResponse, MalformedBody
from exporter.northflank.wire import parse_backups_page
from tests.builders import ABSENT, encoded, raw_backup, raw_page

EMPTY: Page[Backup] = Page(items=(), rejected=0, cursor="")


def ids(page: Page[Backup]) -> list[str]:
    return [backup.id for backup in page.items]


def test_backups_keep_the_order_of_the_page() -> None:
    page = parse_backups_page(encoded(raw_page(raw_backup(id="b"), raw_backup(id="a"), raw_backup(id="c"))))
    assert ids(page) == ["b", "a", "c"]
    assert (page.rejected, page.cursor) == (0, "")


def test_malformed_items_cost_themselves_and_are_counted() -> None:
    good = raw_backup(id="good")
    odd: list[object] = [None, 7, "x", [], {}, raw_backup(createdAt="yesterday"), raw_backup(id=None, uid=None)]
    page = parse_backups_page(encoded(raw_page(*odd[:3], good, *odd[3:])))
    assert ids(page) == ["good"]
    assert page.rejected == len(odd)


@pytest.mark.parametrize(
    "envelope",
    [
        None,
        True,
        7,
        "data",
        [],
        [{"data": {"backups": []}}],
        {},
        {"data": None},
        {"data": []},
        {"data": "backups"},
        {"data": {}},
        {"data": {"backups": None}},
        {"data": {"backups": {}}},
        {"data": {"backups": "none"}},
        {"data": {"addons": []}},
        {"backups": []},
        {"error": {"status": 500, "message": "oops"}},
    ],
)
def test_an_answer_without_a_list_is_invalid(envelope: object) -> None:
    with pytest.raises(InvalidResponse):
        parse_backups_page(encoded(envelope))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"\0",
        b"\xff\xfe\x00",
        b"<html>502 Bad Gateway</html>",
        b'{"data":{"backups":[',
        b'{"data":{"backups":[]}}trailing',
        b"{'data':{'backups':[]}}",
        json.dumps({"data": {"backups": []}}).encode("utf-16"),
        b"[" * 100_000,
        b'{"data":' * 100_000,
        b'{"data":{"backups":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}}",
    ],
    ids=range(12),
)
def test_a_body_that_is_no_json_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidResponse):
        parse_backups_page(body)


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse_backups_page(b"\xef\xbb\xbf" + encoded(raw_page())) == EMPTY


def test_a_bytearray_is_read_like_bytes() -> None:
    assert parse_backups_page(bytearray(encoded(raw_page()))) == EMPTY


def test_invalid_utf8_costs_its_characters_only() -> None:
    body = encoded(raw_page(raw_backup(id="@"), raw_backup(id="good"))).replace(b"@", b"x\xff\xed\xa0\x80y")
    page = parse_backups_page(body)
    broken, good = ids(page)
    assert good == "good"
    assert broken.startswith("x\ufffd")
    assert broken.endswith("\ufffdy")


def test_raw_control_characters_inside_strings_are_tolerated() -> None:
    body = encoded(raw_page(raw_backup(id="@"))).replace(b"@", b"a\tb\x01c")
    assert ids(parse_backups_page(body)) == ["a\tb\x01c"]


def test_of_duplicate_keys_the_last_counts() -> None:
    body = encoded(raw_page(raw_backup(id="@"))).replace(b'"id": "@"', b'"id": "first", "id": "last"')
    assert ids(parse_backups_page(body)) == ["last"]


@pytest.mark.parametrize("size", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"9" * 5000, b"-" + b"9" * 5000])
def test_absurd_numbers_cost_the_size_only(size: bytes) -> None:
    (backup,) = parse_backups_page(encoded(raw_page(raw_backup(config={"size": 4711}))).replace(b"4711", size)).items
    assert backup.size_bytes is None


def test_nesting_that_can_be_read_does_no_harm() -> None:
    deep = json.loads("[" * 50 + "]" * 50)
    page = parse_backups_page(encoded(raw_page(raw_backup(id="a", extra=deep), deep)))
    assert (ids(page), page.rejected) == (["a"], 1)


@pytest.mark.parametrize("has_next_page", [True, ABSENT, None])
def test_a_cursor_asks_for_the_next_page_unless_there_is_none(has_next_page: object) -> None:
    assert parse_backups_page(encoded(raw_page(cursor="next", hasNextPage=has_next_page))).cursor == "next"


def test_no_next_page_means_no_cursor_whatever_stands_there() -> None:
    assert parse_backups_page(encoded(raw_page(cursor="kept", hasNextPage=False))).cursor == ""


@pytest.mark.parametrize("cursor", [ABSENT, None, "", False, [], {}])
def test_a_cursor_missing_null_or_empty_is_the_end(cursor: object) -> None:
    assert parse_backups_page(encoded(raw_page(cursor=cursor, hasNextPage=True))).cursor == ""


@pytest.mark.parametrize(("cursor", "asked"), [(0, "0"), (7, "7"), ("é", "é"), (" ", " ")])
def test_a_cursor_that_is_a_number_is_one_all_the_same(cursor: object, asked: str) -> None:
    assert parse_backups_page(encoded(raw_page(cursor=cursor, hasNextPage=True))).cursor == asked


@pytest.mark.parametrize("cursor", [True, 1.5, ["next"], {"id": "next"}, "\ud800"])
def test_a_cursor_that_no_url_can_hold_is_not_taken_for_the_end(cursor: object) -> None:
    with pytest.raises(MalformedBody):
        parse_backups_page(encoded(raw_page(cursor=cursor, hasNextPage=True)))


@pytest.mark.parametrize("pagination", [ABSENT, None, True, "next", [], ["cursor"]])
def test_a_list_without_pagination_is_whole(pagination: object) -> None:
    envelope = raw_page() | {"pagination": pagination}
    if pagination is ABSENT:
        del envelope["pagination"]
    assert parse_backups_page(encoded(envelope)) == EMPTY


json_like = st.text(st.sampled_from('{}[]",:0123456789-+.eE \\utfnlasrdbckpig\x00é')).map(str.encode)
almost_pages = st.builds(
    lambda start, noise, end: encoded(raw_page(raw_backup(), cursor="x"))[:start] + noise + encoded(raw_page())[end:],
    st.integers(0, 400),
    st.binary(max_size=5),
    st.integers(0, 100),
)


@settings(deadline=None)
@given(st.binary() | json_like | almost_pages)
def test_any_bytes_are_a_page_or_an_invalid_response(body: bytes) -> None:
    try:
        page = parse_backups_page(body)
    except InvalidResponse:
        return
    assert isinstance(page, Page)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(json_values)
def test_json_decodes_to_itself(value: object) -> None:
    assert decode_json(encoded(value)) == value


@settings(deadline=None)
@given(st.lists(json_values, max_size=5), json_values, st.none() | st.integers(-(10**18), 10**18) | st.text())
def test_every_item_is_read_or_counted_as_rejected(items: list[object], pagination: object, cursor: object) -> None:
    for paging in (pagination, {"hasNextPage": True, "cursor": cursor}):
        page = parse_backups_page(encoded({"data": {"backups": items}, "pagination": paging}))
        assert len(page.items) + page.rejected == len(items)
        assert isinstance(page.cursor, str)
