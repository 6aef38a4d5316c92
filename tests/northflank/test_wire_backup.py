"""One item of a list of backups: read in every variant, or left out, but never an exception."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import Backup, BackupKind, BackupStatus
from exporter.northflank.wire import parse_backup
from tests.builders import ABSENT, raw_backup


def parsed(raw: object) -> Backup:
    backup = parse_backup(raw)
    assert backup is not None
    return backup


def test_every_documented_field_is_read() -> None:
    raw = raw_backup(
        id="nightly",
        uid="0b5c",
        config={
            "source": {"type": "snapshot"},
            "additionalDestinations": [{"destinationId": "s3", "type": "s3", "retentionTime": 7}],
        },
        customDestinationId="vault",
    )
    assert parse_backup(raw) == Backup(
        identity="0b5c",
        id="nightly",
        status=BackupStatus.COMPLETED,
        kind=BackupKind.SNAPSHOT,
        created_at=datetime(2026, 3, 10, 10, tzinfo=UTC),
        completed_at=datetime(2026, 3, 10, 10, 10, 0, 250_000, tzinfo=UTC),
        size_bytes=1000,
        source_type="snapshot",
        compression_type="gz",
        addon_version="16.2.0",
        destination_id="vault",
        additional_destination_ids=("s3",),
    )


def test_id_status_and_creation_are_enough_to_be_a_backup() -> None:
    assert parse_backup({"id": "a", "createdAt": "2026-03-10T10:00:00Z"}) == Backup(
        identity="a",
        id="a",
        status=BackupStatus.UNKNOWN,
        kind=BackupKind.UNKNOWN,
        created_at=datetime(2026, 3, 10, 10, tzinfo=UTC),
    )


@pytest.mark.parametrize("uid", [ABSENT, None, "", 7, [], {}])
def test_without_uid_the_id_tells_backups_apart(uid: object) -> None:
    assert parsed(raw_backup(id="nightly", uid=uid)).identity == "nightly"


@pytest.mark.parametrize("backup_id", [ABSENT, None, "", 7])
def test_a_uid_is_identity_enough(backup_id: object) -> None:
    backup = parsed(raw_backup(id=backup_id, uid="0b5c"))
    assert (backup.identity, backup.id) == ("0b5c", "")


@pytest.mark.parametrize(
    "raw",
    [
        None,
        True,
        7,
        "backup",
        [],
        [{"id": "a"}],
        {},
        raw_backup(id=ABSENT, uid=ABSENT),
        raw_backup(id="", uid=None),
        raw_backup(createdAt=ABSENT),
        raw_backup(createdAt=None),
        raw_backup(createdAt=""),
        raw_backup(createdAt="yesterday"),
        raw_backup(createdAt=1611141593),
    ],
)
def test_an_item_without_identity_or_creation_is_left_out(raw: object) -> None:
    assert parse_backup(raw) is None


@pytest.mark.parametrize("status", [status.value for status in BackupStatus])
def test_every_documented_status_is_known(status: str) -> None:
    assert parsed(raw_backup(status=status)).status == status


@pytest.mark.parametrize("status", [ABSENT, None, "", "brand-new", "Completed", " completed", 7, True, [], {}])
def test_any_other_status_is_unknown(status: object) -> None:
    assert parsed(raw_backup(status=status)).status is BackupStatus.UNKNOWN


@pytest.mark.parametrize("completed_at", [ABSENT, None, "", "meaningless", "2026-03-10", 0, [], {}])
def test_a_completed_backup_without_readable_end_stays_completed(completed_at: object) -> None:
    backup = parsed(raw_backup(completedAt=completed_at))
    assert backup.status is BackupStatus.COMPLETED
    assert backup.completed_at is None
    assert backup.completion_time == backup.created_at


@pytest.mark.parametrize("status", [status.value for status in BackupStatus if status != "completed"])
def test_completed_at_means_nothing_unless_completed(status: str) -> None:
    assert parsed(raw_backup(status=status)).completed_at is None


@pytest.mark.parametrize("size", [ABSENT, None, "", "1_000", -1, float("nan"), "9" * 5000, [], {}])
def test_an_unreadable_size_costs_only_the_size(size: object) -> None:
    backup = parsed(raw_backup(config={"size": size}))
    assert backup.size_bytes is None
    assert backup.addon_version == "16.2.0"


@pytest.mark.parametrize("config", [ABSENT, None, "", 7, [], "snapshot", {"source": None}, {"source": "snapshot"}])
def test_a_backup_without_usable_config_or_source_is_kept(config: object) -> None:
    raw = raw_backup()
    raw["config"] = config
    backup = parsed(raw)
    assert (backup.kind, backup.source_type, backup.size_bytes) == (BackupKind.UNKNOWN, "", None)


@pytest.mark.parametrize(
    ("source", "compression", "kind"),
    [
        ("snapshot", ABSENT, BackupKind.SNAPSHOT),
        ("snapshot", "gz", BackupKind.SNAPSHOT),
        ("fileUpload", "gz", BackupKind.IMPORT),
        ("externalDump", "zstd", BackupKind.IMPORT),
        ("sameAddon", ABSENT, BackupKind.DUMP),
        ("liveInstance", ABSENT, BackupKind.DUMP),
        ("brand-new", "gz", BackupKind.DUMP),
        ("brand-new", ABSENT, BackupKind.UNKNOWN),
        ("Snapshot", "", BackupKind.UNKNOWN),
        (ABSENT, "zstd", BackupKind.DUMP),
        (None, None, BackupKind.UNKNOWN),
        (["snapshot"], 7, BackupKind.UNKNOWN),
    ],
)
def test_source_and_compression_tell_the_kind(source: object, compression: object, kind: BackupKind) -> None:
    raw = raw_backup(config={"compressionType": compression})
    raw["config"]["source"] = {} if source is ABSENT else {"type": source}
    backup = parsed(raw)
    assert backup.kind is kind
    assert backup.source_type == (source if isinstance(source, str) else "")


@pytest.mark.parametrize(
    ("destinations", "ids"),
    [
        ([{"destinationId": "a"}, {"destinationId": "b"}], ("a", "b")),
        ([{"destinationId": "a"}, None, "b", 7, {}, {"destinationId": None}, {"destinationId": ""}], ("a",)),
        ({"destinationId": "a"}, ()),
        ("a", ()),
        (None, ()),
    ],
)
def test_odd_destinations_cost_only_themselves(destinations: object, ids: tuple[str, ...]) -> None:
    assert parsed(raw_backup(config={"additionalDestinations": destinations})).additional_destination_ids == ids


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain", "plain"),
        ("Küche 🍳 \ufeff", "Küche 🍳 \ufeff"),
        ("\ufeffmarked", "\ufeffmarked"),
        ("tab\tline\nbell\a", "tab\tline\nbell\a"),
        ("nul\0", "nul\ufffd"),
        ("é\0", "é\ufffd"),
        ("high\ud800", "high\ufffd"),
        ("low\udfffx", "low\ufffdx"),
        ("\ud800\ud800x", "\ufffd\ufffdx"),
        ("\udc00\ud800", "\ufffd\ufffd"),
        ("\ud83c\udf73", "🍳"),
    ],
)
def test_texts_are_kept_but_for_what_no_label_can_hold(raw: str, clean: str) -> None:
    raw_item = raw_backup(
        id=raw,
        uid=raw,
        config={"addonVersion": raw, "additionalDestinations": [{"destinationId": raw}]},
        customDestinationId=raw,
    )
    backup = parsed(raw_item)
    assert {backup.id, backup.identity, backup.addon_version, *backup.destination_ids} == {clean}


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None))
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
times = st.datetimes().map(lambda time: time.isoformat() + "Z")
odd_items = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text(st.characters(codec=None), min_size=1) | anything,
        "uid": anything,
        "status": st.sampled_from(list(BackupStatus)) | anything,
        "createdAt": times | anything,
        "completedAt": times | anything,
        "customDestinationId": anything,
        "config": anything
        | st.fixed_dictionaries(
            {},
            optional={
                "size": anything,
                "source": anything | st.fixed_dictionaries({"type": anything}),
                "compressionType": anything,
                "addonVersion": anything,
                "additionalDestinations": st.lists(st.fixed_dictionaries({"destinationId": anything})) | anything,
            },
        ),
    },
)


@settings(deadline=None)
@given(odd_items | anything)
def test_whatever_the_item_the_result_can_be_exposed_or_is_nothing(raw: object) -> None:
    backup = parse_backup(raw)
    if backup is None:
        return
    texts = {
        backup.id,
        backup.identity,
        backup.source_type,
        backup.compression_type,
        backup.addon_version,
        *backup.destination_ids,
    }
    assert backup.identity
    assert "\0" not in "".join(texts).encode().decode()
    assert backup.created_at.tzinfo is UTC
    if backup.completed_at is not None:
        assert backup.status is BackupStatus.COMPLETED
        assert backup.completed_at.tzinfo is UTC
    assert backup.size_bytes is None or backup.size_bytes >= 0
