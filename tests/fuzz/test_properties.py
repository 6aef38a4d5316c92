"""The fuzzer's properties, tried with values that hypothesis makes up: of the wire, headers, addresses, schedules."""

import base64
import itertools
import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fuzz import accept, listen, schedule, wire
from fuzz.schedule import Question
from tests.northflank.test_wire_page import json_values
from tests.schedules import ZONES, moments

every_list = pytest.mark.parametrize("key", wire.READERS)
json_texts = json_values.map(lambda value: json.dumps(value).encode())
header_texts = st.text(st.characters(codec="utf-8") | st.characters(categories=["Cs"]))

# Words that the fields hold, so that most items are nearly right, and what is often handled wrongly.
FIELD_VALUES: tuple[object, ...] = (
    *("dump", "completed", "hourly", "weekly", "sameAddon", "paused", ["b", "a", "b"], [0, 1e999, 61, "2"], None, {}),
    *("2026-03-10T10:00:00Z", "2026-03-10T10:00:00+05:30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *("a\0b", "\ud800", "..", "a/b", "", "a\nb", -1, 1e999, 10**40, "1e3", 0, 36_501, True, 1.5),
)
HEADER_VALUES = (
    *("0", "1000", " 30 ", "59.9", "-1", "1e3", "1773151800", "1773151800000", "253402300800", "9" * 15, "9" * 16, ""),
    *("Sat, 14 Mar 2026 09:26:53 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 +2359"),
)
field_values = json_values | st.sampled_from(FIELD_VALUES)


def changed_once(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give an item with each of its fields, and each of those inside, holding each value that may be trouble."""
    for name, value in item.items():
        inside = changed_once(value) if isinstance(value, dict) else ()
        yield from ({**item, name: other} for other in (*FIELD_VALUES, *inside))


def changed(item: dict[str, object]) -> st.SearchStrategy[bytes]:
    """Give an item some of whose fields hold something else."""
    fields = st.dictionaries(st.sampled_from(sorted(item)), field_values, max_size=3)
    return fields.map(lambda others: json.dumps(item | others).encode())


def damage(key: str) -> st.SearchStrategy[bytes]:
    huge = st.just(b"9" * 5_000)  # more digits than Python converts
    return st.one_of(json_texts, huge, *(changed(item) for item in wire.EXAMPLES[key]))


def test_every_example_of_an_item_can_be_read() -> None:
    for key, items in wire.EXAMPLES.items():
        page = wire.READERS[key](json.dumps({"data": {key: items}}).encode())
        assert (len(page.items), page.rejected) == (len(items), 0)


@every_list
@given(data=st.data())
def test_good_items_survive_whatever_stands_among_them(key: str, data: st.DataObject) -> None:
    wire.good_items_survive(key, data.draw(damage(key)), data.draw(st.integers(0, 2)))


@every_list
@given(beside=json_texts | changed({"hasNextPage": True, "cursor": "next"}))
def test_nothing_beside_a_list_changes_its_items(key: str, beside: bytes) -> None:
    wire.envelope_does_not_matter(key, beside)


@every_list
@given(data=st.data())
def test_any_body_is_a_page_of_usable_values_or_malformed(key: str, data: st.DataObject) -> None:
    item = data.draw(damage(key))
    whole = b'{"data":{"%s":[%s]}}' % (key.encode(), item)
    cut, replacement = data.draw(st.integers(0, len(whole))), data.draw(st.binary(max_size=3))
    for body in (whole, item, whole[:cut] + replacement + whole[cut + len(replacement) :]):
        wire.body_is_a_page_or_malformed(key, body)


@given(damage("addons"))
def test_any_object_is_an_addon_of_usable_values_or_malformed(item: bytes) -> None:
    wire.body_is_an_addon_or_malformed(b'{"data":%s}' % item)
    wire.body_is_an_addon_or_malformed(item)


@pytest.mark.parametrize("opening", [b"[", b'{"data":', b'[{"a":', b'"', b'{"data":{"backups":[1,'])
def test_a_body_of_megabytes_takes_little_time(opening: bytes) -> None:
    for body in (opening * (2_000_000 // len(opening)), opening + b"9" * 2_000_000):
        wire.body_is_a_page_or_malformed("backups", body)
        wire.body_is_an_addon_or_malformed(body)


@every_list
def test_any_field_may_hold_anything(key: str) -> None:
    for item in wire.EXAMPLES[key]:
        for odd in changed_once(item):
            raw = json.dumps(odd).encode()
            wire.good_items_survive(key, raw, 1)
            wire.body_is_a_page_or_malformed(key, b'{"data":{"%s":[%s]}}' % (key.encode(), raw))
            wire.body_is_an_addon_or_malformed(b'{"data":%s}' % raw)


def test_limits_dates_and_waits_may_hold_anything() -> None:
    for reset, date, wait in itertools.product(HEADER_VALUES, repeat=3):
        values = ("1000", "998", reset, date, wait)
        wire.headers_are_limits_or_nothing(values)
        wire.answer_is_an_error_with_a_reason(429, values, b"")


statuses = st.sampled_from([401, 403, 404, 429, 500]) | st.integers(400, 999)
header_values = header_texts | st.sampled_from(HEADER_VALUES)


@given(
    statuses,
    st.lists(header_values, min_size=3, max_size=5).map(tuple),
    st.binary() | json_texts | st.just(b"a" * 9999),
)
def test_any_answer_that_means_no_has_a_reason(status: int, values: tuple[str, ...], body: bytes) -> None:
    wire.headers_are_limits_or_nothing(values)
    wire.answer_is_an_error_with_a_reason(status, values, body)
    permission = json.dumps({"error": {"details": {"requiredPermission": body.decode("latin-1")}}}).encode()
    wire.answer_is_an_error_with_a_reason(status, values, permission)


def jwt(claims: object) -> str:
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.c2ln"


@given(header_texts | json_values.map(jwt) | st.fixed_dictionaries({"exp": field_values | st.floats()}).map(jwt))
def test_any_token_expires_or_does_not(token: str) -> None:
    wire.token_expires_or_does_not(token)


elements = st.builds(
    lambda *parts: "".join(parts),
    *(st.sampled_from(each) for each in (accept.NAMES, accept.PARAMETERS, accept.WEIGHTS)),
)


@given(st.lists(elements, max_size=6))
def test_a_header_gets_what_the_letter_of_the_standard_says(chosen: list[str]) -> None:
    accept.header_gets_what_it_asks_for(", ".join(chosen))
    accept.wording_does_not_matter(",".join(chosen))
    accept.order_does_not_matter(chosen)


@given(header_texts | st.text('"\\,;=q10./* ').map("text/plain,".__add__))
def test_any_header_gets_one_of_the_formats(header: str) -> None:
    accept.header_gets_what_it_asks_for(header)
    accept.wording_does_not_matter(header)


@given(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), st.lists(elements, max_size=4))
def test_liking_openmetrics_more_never_loses_it(thousandths: tuple[int, int], chosen: list[str]) -> None:
    others = ",".join(each for each in chosen if "openmetrics" not in each)
    accept.liking_less_wins_nothing(thousandths, others)


@given(st.text(st.sampled_from("0123456789._-+eExnaif ٣")))
def test_a_weight_that_is_none_is_a_refusal(weight: str) -> None:
    accept.what_is_no_weight_refuses(weight)


hosts = st.text("[]:.0123456789abé\x1b\0 ")
ports = st.integers(0, 70_000).map(str) | st.sampled_from(["65535", "65536", "000065536", "-1", ""])


@given(header_texts | st.builds("{}:{}".format, hosts, ports))
@example(":65536")
def test_any_text_is_an_address_exactly_where_it_is_written_like_one(text: str) -> None:
    listen.text_is_an_address_or_refused(text)


spoiled = changed({**wire.EXAMPLES["schedules"][1], "retentionTime": 7, "createdAt": "2026-01-01T00:00:00Z"})
schedule_lists = st.lists(spoiled.map(json.loads) | st.sampled_from(wire.EXAMPLES["schedules"]), max_size=4)
any_year = st.datetimes(schedule.FIRST.replace(tzinfo=None), schedule.LAST.replace(tzinfo=None), timezones=st.just(UTC))
some_moments = st.lists(st.timedeltas(-schedule.WEEKS, schedule.WEEKS), max_size=4)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    now = draw(moments() | any_year)
    completed, running = (tuple(sorted(now + each for each in draw(some_moments))) for _ in range(2))
    zone = draw(st.sampled_from(ZONES))
    return Question(raw=draw(schedule_lists | json_values), zone=zone, now=now, completed=completed, running=running)


@given(questions())
def test_whatever_the_api_lists_its_due_times_agree_with_each_other(question: Question) -> None:
    schedule.due_times_agree_with_each_other(question)
    schedule.an_expectation_is_no_surprise(question)


@settings(max_examples=25)
@given(questions())
def test_whatever_the_api_lists_its_due_times_are_those_of_a_clock(question: Question) -> None:
    schedule.due_times_are_those_of_a_clock(question)


@given(questions())
def test_whatever_the_api_lists_backups_only_ever_make_up_for_missed_runs(question: Question) -> None:
    schedule.missed_runs_make_sense(question)
