"""What a list of backups says about its addon: single facts, one by one, then all of them for any list."""

from datetime import datetime, timedelta
from random import Random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.model import Backup, BackupKind, BackupStatus
from exporter.recent import NEWEST, RecentBackups
from exporter.summary import BackupSummary, DestinationSummary, KindSummary, summarise
from tests.builders import NOW, ago, backup, failed


def sizes(*newest_first: int | None, kind: BackupKind = BackupKind.DUMP) -> list[Backup]:
    """Build completed backups, an hour apart."""
    return [backup(created_at=ago(hours=age), size_bytes=size, kind=kind) for age, size in enumerate(newest_first)]


def kind_of(backups: list[Backup]) -> KindSummary:
    (kind,) = summarise(backups).kinds
    return kind


def test_an_empty_list_says_nothing() -> None:
    summary = summarise([])
    assert not any(summary.counts.values())
    assert (summary.stored_bytes, summary.failures_since_completed) == (0, 0)
    assert (summary.last_completed, summary.oldest_completed_at, summary.last_attempt) == (None, None, None)
    assert (summary.last_failed_at, summary.running_since) == (None, None)
    assert (summary.kinds, dict(summary.destinations)) == ((), {})


def test_backups_are_counted_by_status() -> None:
    summary = summarise([backup(), backup(), *(backup(status=status) for status in BackupStatus)])
    assert {status: summary.counts.get(status, 0) for status in BackupStatus} == dict.fromkeys(BackupStatus, 1) | {
        BackupStatus.COMPLETED: 3
    }


def test_the_latest_completed_backup_is_the_one_completed_last_not_begun_last() -> None:
    slow = backup(created_at=ago(hours=5), completed_at=ago(hours=1))
    quick = backup(created_at=ago(hours=3), completed_at=ago(hours=2))
    summary = summarise([slow, quick])
    assert summary.last_completed == slow
    assert summary.oldest_completed_at == ago(hours=2)


def test_a_completed_backup_without_an_end_counts_from_its_start() -> None:
    without_end = backup(created_at=ago(hours=1), completed_at=None)
    summary = summarise([backup(created_at=ago(hours=2)), without_end])
    assert summary.last_completed == without_end


@pytest.mark.parametrize("status", [status for status in BackupStatus if status is not BackupStatus.COMPLETED])
def test_only_completed_backups_are_completed(status: BackupStatus) -> None:
    summary = summarise([backup(status=status, size_bytes=7, destination_id="vault")])
    assert (summary.last_completed, summary.oldest_completed_at, summary.stored_bytes) == (None, None, 0)
    assert (summary.kinds, dict(summary.destinations)) == ((), {})


def test_the_latest_attempt_is_the_newest_whatever_became_of_it() -> None:
    newest = failed(created_at=ago(hours=1))
    # Completed after the other began, but begun before it.
    assert summarise([newest, backup(created_at=ago(hours=2), completed_at=NOW)]).last_attempt == newest


def test_failures_count_since_the_latest_completed_one_began() -> None:
    completed = backup(created_at=ago(hours=10), completed_at=ago(hours=2))
    summary = summarise(
        [
            failed(created_at=ago(hours=11)),
            failed(created_at=ago(hours=10)),
            completed,
            failed(created_at=ago(hours=9)),
            failed(created_at=ago(hours=1)),
        ]
    )
    assert summary.failures_since_completed == 2
    assert summary.last_failed_at == ago(hours=1)


def test_all_failures_count_while_nothing_was_completed() -> None:
    summary = summarise(
        [failed(created_at=ago(hours=1)), failed(created_at=ago(days=9)), backup(status=BackupStatus.ABORTED)]
    )
    assert (summary.failures_since_completed, summary.last_failed_at) == (2, ago(hours=1))


def test_the_oldest_running_backup_tells_since_when_one_runs() -> None:
    running = [backup(status=BackupStatus.IN_PROGRESS, created_at=ago(hours=age)) for age in (1, 30, 2)]
    others = [backup(status=status, created_at=ago(days=9)) for status in BackupStatus if status != "in-progress"]
    assert summarise([*running, *others]).running_since == ago(hours=30)


def test_stored_bytes_are_those_of_completed_backups_of_a_known_size() -> None:
    assert summarise([*sizes(1, None, 20), backup(status=BackupStatus.IN_PROGRESS, size_bytes=300)]).stored_bytes == 21


def test_imports_count_in_status_bytes_and_their_own_kind_only() -> None:
    imports = [
        backup(kind=BackupKind.IMPORT, created_at=NOW, size_bytes=50, destination_id="vault"),
        failed(kind=BackupKind.IMPORT, created_at=NOW),
        backup(kind=BackupKind.IMPORT, status=BackupStatus.IN_PROGRESS, created_at=ago(days=9)),
    ]
    summary = summarise(imports)
    assert dict(summary.counts) == dict.fromkeys(("completed", "failed", "in-progress"), 1)
    assert summary.stored_bytes == 50
    assert [kind.kind for kind in summary.kinds] == [BackupKind.IMPORT]
    assert (summary.last_completed, summary.last_attempt, summary.oldest_completed_at) == (None, None, None)
    assert (summary.last_failed_at, summary.failures_since_completed, summary.running_since) == (None, 0, None)
    assert dict(summary.destinations) == {}
    own = backup(created_at=ago(days=1))
    assert summarise([*imports, own]).last_completed == own


def test_each_kind_has_its_own_latest_and_only_kinds_with_one_appear() -> None:
    summary = summarise(
        [
            backup(kind=BackupKind.SNAPSHOT, completed_at=ago(hours=1), size_bytes=5),
            backup(kind=BackupKind.DUMP, completed_at=ago(hours=3), size_bytes=None),
            backup(kind=BackupKind.DUMP, completed_at=ago(hours=4), size_bytes=70),
            failed(kind=BackupKind.UNKNOWN),
        ]
    )
    assert {kind.kind: (kind.last_completed_at, kind.last_size_bytes) for kind in summary.kinds} == {
        BackupKind.SNAPSHOT: (ago(hours=1), 5),
        BackupKind.DUMP: (ago(hours=3), None),
    }


@pytest.mark.parametrize(
    ("newest_first", "median"),
    [
        ([9], None),
        ([9, 1, 2], None),
        ([9, 1, 2, 3], 2),
        ([9, 1, 2, 4, 3], 2.5),
        ([9, 1, None, None, 3, 2], 2),
        ([9, 1, None, 3], None),
        ([9, 1, 2, 3, 4, 5, 6, 7], 4),
        ([9, 1, 2, 3, 4, 5, 6, 7, 100, 100, 100], 4),
        ([9, None, None, None, None, None, 1, 2, 3, 4], None),
        ([None, 0, 0, 0], 0),
    ],
)
def test_the_usual_size_is_the_median_of_up_to_seven_before_the_latest(
    newest_first: list[int | None], median: float | None
) -> None:
    assert kind_of(sizes(*newest_first)).median_size_bytes == median


def test_the_usual_size_of_a_kind_leaves_others_out() -> None:
    dumps, snapshots = sizes(10, 11, 12, 13), sizes(1, 2, 3, 4, kind=BackupKind.SNAPSHOT)
    assert {kind.kind: kind.median_size_bytes for kind in summarise(dumps + snapshots).kinds} == {
        BackupKind.DUMP: 12,
        BackupKind.SNAPSHOT: 3,
    }


def test_recent_sizes_go_forward_in_time() -> None:
    assert kind_of(sizes(3, None, 2, 1)).recent_sizes == (1, 2, 3)
    assert kind_of(sizes(*range(40))).recent_sizes == tuple(range(19, -1, -1))


def test_each_destination_has_the_latest_that_went_there() -> None:
    summary = summarise(
        [
            backup(completed_at=ago(hours=3), destination_id="vault"),
            backup(completed_at=ago(hours=1), additional_destination_ids=("s3", "gcs")),
            backup(completed_at=ago(hours=2), destination_id="s3", additional_destination_ids=("s3",)),
            failed(created_at=NOW, destination_id="vault"),
        ]
    )
    assert {name: copies.last_completed_at for name, copies in summary.destinations.items()} == {
        "vault": ago(hours=3),
        "s3": ago(hours=1),
        "gcs": ago(hours=1),
    }


@pytest.mark.parametrize(
    ("hours", "usual"),
    [
        ((1, 3, 6), None),
        ((1, 3, 6, 10), 3),
        ((1, 3, 6, 10, 15), 3.5),
        # Only the eight newest copies count: older ones were made by another schedule.
        ((1, 2, 3, 4, 5, 6, 7, 8, 100, 200, 300, 400, 500, 600, 700, 800, 900), 1),
    ],
)
def test_the_usual_time_between_two_copies_at_a_destination(hours: tuple[float, ...], usual: float | None) -> None:
    copies = [backup(completed_at=ago(hours=each), destination_id="vault") for each in hours]
    others = [backup(completed_at=ago(hours=each / 2), destination_id="s3") for each in range(30)]
    interval = summarise([*others, *copies]).destinations["vault"].median_interval
    assert interval == (None if usual is None else timedelta(hours=usual))


def test_backups_may_come_from_an_iterator() -> None:
    backups = sizes(1, 2, 3)
    assert summarise(iter(backups)) == summarise(backups)


def test_of_two_completed_at_once_the_one_begun_later_is_the_latest() -> None:
    early, late = (backup(created_at=NOW - timedelta(minutes=age), completed_at=NOW) for age in (9, 3))
    assert summarise([early, late]).last_completed == summarise([late, early]).last_completed == late


# Half of them completed, so that medians come about.
statuses = st.just(BackupStatus.COMPLETED) | st.sampled_from(BackupStatus)
moments = st.integers(0, 60).map(lambda minutes: ago(minutes=minutes))


@st.composite
def backups_in_any_order(draw: st.DrawFn) -> list[Backup]:
    """Draw a list in which times, sizes and destinations often meet."""
    return [
        backup(
            identity=f"uid-{number}",
            id=f"backup-{number}",
            status=status,
            kind=draw(st.sampled_from(BackupKind)),
            created_at=draw(moments),
            completed_at=draw(st.none() | moments) if status is BackupStatus.COMPLETED else None,
            size_bytes=draw(st.none() | st.integers(0, 20)),
            destination_id=draw(st.sampled_from(["", "vault", "s3"])),
            additional_destination_ids=tuple(draw(st.lists(st.sampled_from(["s3", "gcs"]), max_size=2))),
        )
        for number, status in enumerate(draw(st.lists(statuses, max_size=25)))
    ]


def newest(completed: list[Backup]) -> list[Backup]:
    """Sort by picking, again and again, one that no other follows."""
    left, ordered = list(completed), []
    while left:
        latest = left[0]
        for each in left:
            if (each.completed_at or each.created_at, each.created_at, each.identity) > (
                latest.completed_at or latest.created_at,
                latest.created_at,
                latest.identity,
            ):
                latest = each
        left.remove(latest)
        ordered.append(latest)
    return ordered


def plainly(backups: list[Backup]) -> BackupSummary:
    """Calculate the same from the definitions, one by one and slowly."""
    own = [each for each in backups if each.kind != "import"]
    completed = newest([each for each in own if each.status == "completed"])
    failures = [each.created_at for each in own if each.status == "failed"]
    running = [each.created_at for each in own if each.status == "in-progress"]
    kinds = []
    for kind in BackupKind:
        of_kind = newest([each for each in backups if each.kind == kind and each.status == "completed"])
        if of_kind:
            before = sorted(each.size_bytes for each in of_kind[1:8] if each.size_bytes is not None)
            low, high = (before[(len(before) - 1) // 2], before[len(before) // 2]) if before else (0, 0)
            kinds.append(
                KindSummary(
                    kind=kind,
                    last_completed_at=of_kind[0].completed_at or of_kind[0].created_at,
                    last_size_bytes=of_kind[0].size_bytes,
                    median_size_bytes=(low + high) / 2 if len(before) > 2 else None,
                    recent_sizes=tuple(each.size_bytes for each in of_kind[19::-1] if each.size_bytes is not None),
                )
            )
    destinations = {}
    for name in {name for each in completed for name in (each.destination_id, *each.additional_destination_ids)} - {""}:
        copies = [each for each in completed if name in (each.destination_id, *each.additional_destination_ids)]
        times = [(each.completed_at or each.created_at).timestamp() for each in copies]
        waits = [times[place] - times[place + 1] for place in range(len(times[:8]) - 1)]
        destinations[name] = DestinationSummary(
            last_completed_at=copies[0].completed_at or copies[0].created_at,
            median_interval=timedelta(seconds=median(waits)) if len(waits) > 2 else None,
        )
    return BackupSummary(
        counts={status: number for status in BackupStatus if (number := [b.status for b in backups].count(status))},
        stored_bytes=sum(each.size_bytes or 0 for each in backups if each.status == "completed"),
        last_completed=completed[0] if completed else None,
        oldest_completed_at=min((each.completed_at or each.created_at for each in completed), default=None),
        last_attempt=max(own, key=lambda each: (each.created_at, each.identity)) if own else None,
        last_failed_at=max(failures, default=None),
        failures_since_completed=len([t for t in failures if not completed or t > completed[0].created_at]),
        running_since=min(running, default=None),
        kinds=tuple(kinds),
        destinations=destinations,
        completed=starts_of(completed),
        running=starts_of([each for each in own if each.status == "in-progress"]),
        recent=RecentBackups.of(backups),
    )


def starts_of(backups: list[Backup]) -> dict[BackupKind, tuple[datetime, ...]]:
    kinds = {each.kind for each in backups}
    return {kind: tuple(sorted(each.created_at for each in backups if each.kind == kind)[-32:]) for kind in kinds}


@settings(deadline=None)
@given(backups_in_any_order())
def test_a_summary_equals_a_plain_calculation(backups: list[Backup]) -> None:
    assert summarise(backups) == plainly(backups)


@settings(deadline=None)
@given(backups_in_any_order(), st.randoms(use_true_random=False))
def test_the_order_of_the_list_does_not_matter(backups: list[Backup], random: Random) -> None:
    shuffled = random.sample(backups, len(backups))
    assert summarise(shuffled) == summarise(backups)
    # Not even in the order of what is exposed.
    assert list(summarise(shuffled).destinations) == list(summarise(backups).destinations)


def test_the_newest_backups_of_every_status_and_kind_are_kept() -> None:
    newest = failed(created_at=ago(minutes=5))
    upload = backup(created_at=ago(minutes=30), kind=BackupKind.IMPORT)
    older = sizes(*range(60))[1:]

    assert [each.id for each in summarise([*older, upload, newest]).recent.backups()] == [
        newest.id,
        upload.id,
        *(each.id for each in older[: NEWEST - 2]),
    ]
