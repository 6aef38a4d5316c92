"""Properties of how the API's answers are read: values or an error of the tree, and nothing else."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from exporter.model import AddonDetails, Backup, FailureReason, ListedAddon, Restore, Schedule
from exporter.northflank.body import Page
from exporter.northflank.errors import MalformedBody, RateLimited
from exporter.northflank.token import expiry
from exporter.northflank.wire import error_of_status, parse_backups_page, parse_date, parse_rate_limit
from exporter.northflank.wire_addons import parse_addon, parse_addons_page, parse_projects_page, parse_teams_page
from exporter.northflank.wire_schedules import parse_restores_page, parse_schedules_page
from fuzz.bounds import bounded
from fuzz.draw import Draw

READERS: Mapping[str, Callable[[bytes], Page[Any]]] = {
    "backups": parse_backups_page,
    "schedules": parse_schedules_page,
    "restores": parse_restores_page,
    "addons": parse_addons_page,
    "projects": parse_projects_page,
    "teams": parse_teams_page,
}
NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
_LONGEST_FACT = 60  # characters
_LONGEST_ERROR = 300  # characters: a log line, not a body
_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "Date", "Retry-After")

EXAMPLES: Mapping[str, tuple[dict[str, Any], ...]] = {
    "backups": (
        {
            "id": "nightly-1",
            "uid": "5f3a",
            "name": "Nightly",
            "status": "completed",
            "createdAt": "2026-03-10T10:00:00.000Z",
            "completedAt": "2026-03-10T10:10:00.250Z",
            "customDestinationId": "bucket",
            "config": {
                "source": {"type": "sameAddon"},
                "size": "1000",
                "compressionType": "gz",
                "addonVersion": "16.2.0",
                "additionalDestinations": [{"destinationId": "second"}],
            },
        },
        {"id": "b-2", "status": "in-progress", "createdAt": "2026-03-11 10:00:00", "config": {"size": 7}},
    ),
    "schedules": (
        {
            "id": "hourly",
            "backupType": "dump",
            "scheduling": {"interval": "hourly", "minute": [0, 30]},
            "retentionTime": 7,
            "createdAt": "2026-01-01T00:00:00Z",
        },
        {
            "id": "weekly",
            "backupType": "snapshot",
            "scheduling": {"interval": "weekly", "minute": [0], "hour": [2, 14], "day": [0, 6]},
        },
    ),
    "restores": (
        {
            "id": "r-1",
            "status": "completed",
            "restoreTimestamp": "2026-03-01T00:00:00Z",
            "completedAt": "2026-03-02T00",
        },
        {"id": "r-2", "status": "failed"},
    ),
    "addons": (
        {"id": "orders-db", "name": "Orders", "spec": {"type": "postgresql"}, "status": "running", "tags": ["b", "a"]},
        {"id": "cache"},
    ),
    "projects": ({"id": "shop", "name": "Shop"}, {"id": "analytics"}),
    "teams": ({"id": "acme-prod"}, {"id": "acme-dev"}),
}
"""Items of each list as the API's documentation shows them; every one can be read."""


def body_is_a_page_or_malformed(key: str, body: bytes) -> None:
    """Any bytes are a page whose values can be exposed, none of its items unaccounted for; or they are malformed."""
    with bounded(body):
        try:
            page = READERS[key](body)
        except MalformedBody as error:
            _says_little(error)
            return
    _page_can_be_used(key, page)
    listed = json.loads(body.decode("utf-8-sig", "replace"), strict=False, parse_int=str)["data"][key]
    assert len(page.items) + page.rejected == len(listed)


def good_items_survive(key: str, damage: bytes, place: int) -> None:
    """Whatever stands among good items costs itself at most: they are read as ever, and in their order."""
    good = [json.dumps(item).encode() for item in EXAMPLES[key]]
    place %= len(good) + 1
    expected = READERS[key](_page_of(key, good)).items
    if not _is_json(damage):
        return
    damaged = READERS[key](_page_of(key, [*good[:place], damage, *good[place:]]))
    read_of_damage = 1 - damaged.rejected
    assert damaged.rejected in {0, 1}
    assert damaged.items[:place] + damaged.items[place + read_of_damage :] == expected


def envelope_does_not_matter(key: str, beside: bytes) -> None:
    """What stands beside the list, however odd, changes no item of it; it can only make the cursor unreadable."""
    if not _is_json(beside):
        return
    good = [json.dumps(item).encode() for item in EXAMPLES[key]]
    expected = READERS[key](_page_of(key, good)).items
    body = b'{"odd":%s,"pagination":%s,"data":{"odd":%s,"%s":[%s]}}'
    try:
        page = READERS[key](body % (beside, beside, beside, key.encode(), b",".join(good)))
    except MalformedBody:
        # Without its cursor every page can be read.
        page = READERS[key](body % (beside, b"null", beside, key.encode(), b",".join(good)))
    assert page.items == expected


def body_is_an_addon_or_malformed(body: bytes) -> None:
    """Any bytes are the addon that was asked for, with what the API says of it; or they are malformed."""
    with bounded(body):
        try:
            addon = parse_addon(body, "db")
        except MalformedBody as error:
            _says_little(error)
            return
    assert isinstance(addon, AddonDetails)
    _is_utc_or_none(addon.created_at)
    if addon.info is not None:
        assert addon.info.id == "db"
        _addon_can_be_used(addon.info)


def answer_is_an_error_with_a_reason(status: int, values: tuple[str, ...], body: bytes) -> None:
    """Any status that means no, with any headers and any body, is an error that carries a reason."""
    headers = dict(zip(_HEADERS, values, strict=False))
    with bounded(body):
        error = error_of_status(status, headers, body, NOW)
    assert error.reason is not FailureReason.INTERNAL
    assert error.status == status
    assert str(error).isprintable()
    assert len(str(error)) <= _LONGEST_ERROR
    if isinstance(error, RateLimited) and error.retry_after is not None:
        assert timedelta(0) < error.retry_after <= timedelta(days=1)


def headers_are_limits_or_nothing(values: tuple[str, ...]) -> None:
    """Any headers are a limit that can be calculated with, and a date that can be compared; or nothing."""
    headers = dict(zip(_HEADERS, values, strict=False))
    with bounded(values):
        limit, date = parse_rate_limit(headers, NOW), parse_date(headers)
    assert date is None or isinstance(NOW - date, timedelta)
    if limit is not None:
        assert limit.limit >= 0
        assert limit.remaining >= 0
        _is_utc_or_none(limit.reset_at)
        assert abs(limit.resets_in) <= timedelta(days=366 * 9999)


def token_expires_or_does_not(token: str) -> None:
    """Any token tells when it expires, or nothing."""
    with bounded(token):
        _is_utc_or_none(expiry(token))


def run(data: bytes) -> None:
    """Try the property that the first bytes choose with the others."""
    draw = Draw(data)
    match draw.integer(7):
        case 0 | 1:
            body_is_a_page_or_malformed(draw.pick(tuple(READERS)), draw.rest())
        case 2:
            good_items_survive(draw.pick(tuple(READERS)), place=draw.integer(3), damage=draw.rest())
        case 3:
            envelope_does_not_matter(draw.pick(tuple(READERS)), draw.rest())
        case 4:
            body_is_an_addon_or_malformed(draw.rest())
        case 5:
            status = 400 + draw.integer(600)
            values = tuple(draw.rest_as_text().split("\n", len(_HEADERS)))
            headers_are_limits_or_nothing(values)
            answer_is_an_error_with_a_reason(status, values, values[-1].encode("utf-8", "surrogateescape"))
        case _:
            token_expires_or_does_not(draw.rest_as_text())


def seeds() -> Iterator[bytes]:
    """Give inputs to begin with, of every kind."""
    for number, key in enumerate(READERS):
        items = [json.dumps(item).encode() for item in EXAMPLES[key]]
        yield bytes([0, number]) + _page_of(key, items)
        yield bytes([2, number, 1]) + items[0]
        yield bytes([3, number]) + b'{"hasNextPage":true,"cursor":"abc"}'
    yield b"\4" + json.dumps({"data": EXAMPLES["addons"][0] | {"createdAt": "2026-01-01T00:00:00Z"}}).encode()
    yield b"\5\0\x1d1000\n998\n1800\nSat, 14 Mar 2026 09:26:53 GMT\n30\n{}"
    forbidden = b'{"error":{"details":{"requiredPermission":"a"}}}'
    yield b"\5\0\x031000\n0\n1773151800\nx\nSat, 14 Mar 2026 09:30:00 GMT\n" + forbidden
    yield b"\6eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NzMxNTE4MDB9.c2lnbmF0dXJl"


def _page_of(key: str, items: list[bytes]) -> bytes:
    paging = b'{"hasNextPage":true,"cursor":"next","count":2}'
    return b'{"data":{"%s":[%s]},"pagination":%s}' % (key.encode(), b",".join(items), paging)


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text.decode("utf-8", "replace"), strict=False, parse_int=str)
    except (ValueError, RecursionError):
        return False
    return True


def _says_little(error: MalformedBody) -> None:
    """The text of an error names a fact in a few words; a body has no room in it."""
    assert str(error).isprintable()
    assert len(str(error)) <= _LONGEST_FACT


def _page_can_be_used(key: str, page: Page[Any]) -> None:
    assert page.rejected >= 0
    page.cursor.encode()
    for item in page.items:
        match item:
            case Backup():
                _backup_can_be_used(item)
            case Schedule():
                _is_label(item.id)
                _is_utc_or_none(item.created_at)
                assert item.retention is None or timedelta(0) < item.retention <= timedelta(days=36_500)
            case Restore():
                _is_label(item.id)
                _is_utc_or_none(item.started_at)
                _is_utc_or_none(item.completed_at)
            case ListedAddon():
                _is_path_segment(item.id)
                _addon_can_be_used(item)
            case _:
                assert key in {"projects", "teams"}
                _is_path_segment(item)


def _backup_can_be_used(backup: Backup) -> None:
    assert backup.identity
    for label in (backup.identity, backup.id, backup.source_type, backup.compression_type, backup.addon_version):
        _is_label(label)
    for destination in backup.destination_ids:
        assert destination
        _is_label(destination)
    assert backup.created_at is not None
    _is_utc_or_none(backup.created_at)
    _is_utc_or_none(backup.completed_at)
    assert backup.size_bytes is None or (type(backup.size_bytes) is int and 0 <= backup.size_bytes < 10**18)
    assert backup.duration is None or backup.duration >= timedelta(0)


def _addon_can_be_used(addon: ListedAddon) -> None:
    for label in (addon.name, addon.type, addon.status, *addon.tags):
        _is_label(label)
    assert list(addon.tags) == sorted(set(addon.tags))


def _is_label(text: str) -> None:
    """The exposition can carry the text."""
    text.encode()
    assert "\0" not in text


def _is_path_segment(text: str) -> None:
    text.encode()
    assert text.isprintable()
    assert text not in {"", ".", ".."}
    assert "/" not in text


def _is_utc_or_none(time: datetime | None) -> None:
    assert time is None or time.utcoffset() == timedelta(0)
