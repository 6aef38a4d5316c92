"""Backup schedules and restores as the API lists them: no run is expected that the API does not name."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import BackupKind, BackupStatus, Restore, Schedule, ScheduleInterval
from exporter.northflank.body import Page
from exporter.northflank.errors import MalformedBody
from exporter.northflank.wire_schedules import parse_restores_page, parse_schedules_page
from tests.builders import ABSENT, encoded, raw_page

ParsePage = Callable[[bytes], Page[Schedule] | Page[Restore]]

PAGES: dict[str, ParsePage] = {"schedules": parse_schedules_page, "restores": parse_restores_page}
CREATED = "2025-02-03T04:05:06.789Z"
CREATED_AT = datetime(2025, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)

every_list = pytest.mark.parametrize("key", PAGES)


def raw_schedule(**fields: object) -> dict[str, Any]:
    """Build a daily schedule as the API lists it; what belongs into `scheduling` goes there."""
    times = {"interval": "daily", "minute": [30], "hour": [2], "day": ABSENT}
    scheduling = {name: fields.pop(name, default) for name, default in times.items()}
    whole = {
        "id": "s",
        "backupType": "dump",
        "scheduling": present(scheduling),
        "retentionTime": 7,
        "createdAt": CREATED,
        "updatedAt": "2026-01-01T00:00:00.000Z",
    }
    return present(whole | fields)


def raw_restore(**fields: object) -> dict[str, Any]:
    whole = {
        "id": "r",
        "status": "completed",
        "restoreTimestamp": CREATED,
        "completedAt": "2025-02-03T04:15:06.789Z",
        "backupId": "backup-1",
    }
    return present(whole | fields)


def present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not ABSENT}


RAW: dict[str, Callable[..., dict[str, Any]]] = {"schedules": raw_schedule, "restores": raw_restore}


def schedules(*items: object) -> Page[Schedule]:
    return parse_schedules_page(encoded(raw_page(*items, key="schedules")))


def schedule(**fields: object) -> Schedule:
    (item,) = schedules(raw_schedule(**fields)).items
    return item


def restore(**fields: object) -> Restore:
    (item,) = parse_restores_page(encoded(raw_page(raw_restore(**fields), key="restores"))).items
    return item


def ids(page: Page[Schedule] | Page[Restore]) -> list[str]:
    return [item.id for item in page.items]


@every_list
def test_items_keep_the_order_of_the_page(key: str) -> None:
    items = [RAW[key](id=each) for each in "bac"]
    page = PAGES[key](encoded(raw_page(*items, key=key, cursor="next")))
    assert (ids(page), page.rejected, page.cursor) == (["b", "a", "c"], 0, "next")


@every_list
def test_a_list_without_pagination_is_whole(key: str) -> None:
    page = PAGES[key](encoded({"data": {key: [RAW[key]()]}}))
    assert (len(page.items), page.rejected, page.cursor) == (1, 0, "")


@every_list
@pytest.mark.parametrize("item", [None, 7, "a", [], {}, *({"id": odd} for odd in (None, 7, True, "", ["a"]))])
def test_an_item_without_an_id_costs_itself_and_is_counted(key: str, item: object) -> None:
    whole = RAW[key]() | item if isinstance(item, dict) and item else item
    page = PAGES[key](encoded(raw_page(RAW[key](id="good"), whole, RAW[key](id="too"), key=key)))
    assert (ids(page), page.rejected) == (["good", "too"], 1)


@every_list
@pytest.mark.parametrize(
    "envelope", [None, 7, [], {}, {"data": None}, {"data": []}, {"data": {}}, {"data": {"backups": []}}]
)
def test_an_answer_without_the_list_is_malformed(key: str, envelope: object) -> None:
    with pytest.raises(MalformedBody, match=rf"data\.{key}"):
        PAGES[key](encoded(envelope))


@every_list
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"data":{', b"[" * 100_000])
def test_a_body_that_is_no_json_is_malformed(key: str, body: bytes) -> None:
    with pytest.raises(MalformedBody):
        PAGES[key](body)


@pytest.mark.parametrize(
    ("interval", "hours", "days"), [("hourly", (), ()), ("daily", (2, 14), ()), ("weekly", (2, 14), (0, 6))]
)
def test_a_schedule_is_read_as_documented(interval: str, hours: tuple[int, ...], days: tuple[int, ...]) -> None:
    read = schedule(
        backupType="snapshot", interval=interval, minute=[0, 30], hour=list(hours) or ABSENT, day=list(days) or ABSENT
    )
    assert read == Schedule(
        id="s",
        kind=BackupKind.SNAPSHOT,
        interval=ScheduleInterval(interval),
        minutes=(0, 30),
        hours=hours,
        days=days,
        retention=timedelta(days=7),
        created_at=CREATED_AT,
    )


def test_a_schedule_of_dumps_is_one_of_dumps() -> None:
    assert schedule(backupType="dump").kind is BackupKind.DUMP


@pytest.mark.parametrize("odd", [ABSENT, None, 7, "", "import", "unknown", "Dump", ["dump"], {"dump": 1}])
def test_a_schedule_of_an_unknown_type_is_rejected(odd: object) -> None:
    assert schedules(raw_schedule(backupType=odd)) == Page(items=(), rejected=1, cursor="")


@pytest.mark.parametrize("odd", [ABSENT, None, 7, "", "monthly", "Daily", ["daily"]])
def test_a_schedule_of_an_unknown_interval_is_rejected(odd: object) -> None:
    assert schedules(raw_schedule(interval=odd)).rejected == 1


@pytest.mark.parametrize("odd", [ABSENT, None, 7, "daily", [], {}])
def test_a_schedule_without_times_is_rejected(odd: object) -> None:
    assert schedules(raw_schedule(scheduling=odd)).rejected == 1


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ([45, 0, 15, 45, 0], (0, 15, 45)),
        ([0, 59, 60, -1, 10**40, -(10**40)], (0, 59)),
        (["05", "7", 7, " 8", "9 ", "+1", "-1", "٣", "1.0", "", "9" * 50], (5, 7)),
        ([1.0, 2.5, None, True, False, [3], {"minute": 4}], (1,)),
        ([float("nan"), float("inf"), 1e300, 3], (3,)),
    ],
)
def test_times_are_sorted_and_each_is_there_once_and_possible(written: object, read: tuple[int, ...]) -> None:
    assert schedule(minute=written).minutes == read


def test_each_time_has_its_range() -> None:
    numbers = list(range(-2, 70))
    read = schedule(interval="weekly", minute=numbers, hour=numbers, day=numbers)
    assert (read.minutes, read.hours, read.days) == (tuple(range(60)), tuple(range(24)), tuple(range(7)))


@pytest.mark.parametrize(
    ("interval", "needed"), [("hourly", "minute"), ("daily", "minute hour"), ("weekly", "minute hour day")]
)
@pytest.mark.parametrize("odd", [ABSENT, None, 0, "0", [], [60], [None, "x"], {"0": 0}])
def test_a_schedule_lacks_no_time_that_its_interval_runs_at(interval: str, needed: str, odd: object) -> None:
    """What is missing is not taken for 0: the runs expected then could all be missed for ever."""
    good: dict[str, object] = {"interval": interval, "minute": [0], "hour": [0], "day": [0]}
    without = [name for name in ("minute", "hour", "day") if schedules(raw_schedule(**good | {name: odd})).rejected]
    assert without == needed.split()


def test_times_that_the_interval_does_not_use_say_nothing() -> None:
    assert (schedule(interval="hourly", day=[1]).hours, schedule(interval="daily", day=[1]).days) == ((), ())


@pytest.mark.parametrize(
    ("raw", "days"),
    [
        (1, 1),
        ("30", 30),
        (7.0, 7),
        (36_500, 36_500),
        *((odd, None) for odd in (ABSENT, None, 0, -1, "0", "-1", 1.5, True, "", "7 days", [7], 36_501)),
        *((odd, None) for odd in (10**17, 10**40, 1e300, float("inf"), float("nan"), "9" * 5_000)),
    ],
)
def test_a_retention_is_a_plausible_number_of_days_or_none(raw: object, days: int | None) -> None:
    assert schedule(retentionTime=raw).retention == (None if days is None else timedelta(days=days))


@pytest.mark.parametrize("odd", [ABSENT, None, "", "yesterday", 1_700_000_000])
def test_a_time_that_cannot_be_read_costs_only_itself(odd: object) -> None:
    assert schedule(createdAt=odd).created_at is None
    assert restore(restoreTimestamp=odd).started_at is None
    assert restore(completedAt=odd).completed_at is None


def test_a_restore_is_read_as_documented() -> None:
    assert restore() == Restore(
        id="r",
        status=BackupStatus.COMPLETED,
        started_at=CREATED_AT,
        completed_at=CREATED_AT + timedelta(minutes=10),
    )


@pytest.mark.parametrize("status", [each for each in BackupStatus if each is not BackupStatus.COMPLETED])
def test_only_what_is_completed_has_a_time_of_completion(status: BackupStatus) -> None:
    read = restore(status=status.value)
    assert (read.status, read.completed_at) == (status, None)


@pytest.mark.parametrize("odd", [ABSENT, None, 7, "", "brand-new", "Completed", ["completed"], {"a": 1}])
def test_a_status_that_nobody_has_documented_is_unknown(odd: object) -> None:
    assert restore(status=odd).status is BackupStatus.UNKNOWN


@every_list
def test_ids_can_be_values_of_labels(key: str) -> None:
    assert ids(PAGES[key](encoded(raw_page(RAW[key](id="a\0\ud800"), key=key)))) == ["a\ufffd\ufffd"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["data", "id", "minute"]) | st.text(), inner),
    max_leaves=10,
)
times = st.lists(st.integers(-1, 61) | st.sampled_from(["5", 5.0, 1.5, None, True])) | json_values
schedulings = st.fixed_dictionaries(
    {"interval": st.sampled_from(["hourly", "daily", "weekly"]) | json_values, "minute": times},
    optional={"hour": times, "day": times},
)
possible_items = st.fixed_dictionaries(
    {
        "id": st.just("a") | json_values,
        "backupType": st.sampled_from(["dump", "snapshot"]) | json_values,
        "scheduling": schedulings | json_values,
        "status": st.sampled_from(list(BackupStatus)) | json_values,
    },
    optional={"retentionTime": json_values | st.integers(), "createdAt": json_values, "completedAt": json_values},
)
envelopes = (
    json_values
    | st.fixed_dictionaries({"data": json_values}, optional={"pagination": json_values})
    | st.fixed_dictionaries(
        {"data": st.dictionaries(st.sampled_from(list(PAGES)), json_values)}, optional={"pagination": json_values}
    )
)


@every_list
@settings(deadline=None)
@given(envelope=envelopes)
def test_any_json_is_a_page_or_malformed(key: str, envelope: object) -> None:
    try:
        page = PAGES[key](json.dumps(envelope).encode())
    except MalformedBody:
        return
    assert isinstance(page, Page)


@every_list
@settings(deadline=None)
@given(items=st.lists(json_values | possible_items, max_size=5))
def test_every_item_is_read_or_counted_as_rejected(key: str, items: list[object]) -> None:
    page = PAGES[key](encoded({"data": {key: items}}))
    assert len(page.items) + page.rejected == len(items)
    assert all(ids(page))


@settings(deadline=None)
@given(st.lists(possible_items, max_size=5))
def test_a_schedule_that_is_read_has_all_its_times_in_order(items: list[object]) -> None:
    for read in schedules(*items).items:
        used = {"hourly": 1, "daily": 2, "weekly": 3}[read.interval]
        for index, (numbers, end) in enumerate(((read.minutes, 60), (read.hours, 24), (read.days, 7))):
            assert list(numbers) == sorted(set(numbers) & set(range(end)))
            assert bool(numbers) == (index < used)
        assert read.retention is None or read.retention >= timedelta(days=1)
