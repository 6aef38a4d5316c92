"""What a backup's words mean."""

from datetime import timedelta

import pytest

from exporter.model import AddonKey, BackupStatus
from tests.builders import NOW, ago, backup


@pytest.mark.parametrize("word", ["brand-new", "", "COMPLETED", "unknown"])
def test_an_undocumented_status_is_unknown(word: str) -> None:
    assert BackupStatus(word) is BackupStatus.UNKNOWN


def test_the_seven_documented_statuses_are_known() -> None:
    words = ["scheduled", "in-progress", "completed", "aborting", "aborted", "failed", "not-supported"]
    assert [BackupStatus(word).value for word in words] == words
    assert set(BackupStatus) == {*words, "unknown"}


def test_a_backup_was_completed_when_northflank_says_so() -> None:
    assert backup(created_at=ago(hours=2), completed_at=ago(hours=1)).completion_time == ago(hours=1)


def test_without_an_end_a_backup_was_completed_when_it_began() -> None:
    assert backup(created_at=ago(hours=2), completed_at=None).completion_time == ago(hours=2)


def test_a_backup_lasts_from_its_start_to_its_end() -> None:
    assert backup(created_at=ago(minutes=90), completed_at=NOW).duration == timedelta(minutes=90)


def test_a_backup_that_ended_before_it_began_lasted_no_time() -> None:
    assert backup(created_at=NOW, completed_at=ago(seconds=1)).duration == timedelta(0)


def test_without_an_end_the_duration_is_not_known() -> None:
    assert backup(completed_at=None).duration is None


@pytest.mark.parametrize(
    ("own", "additional", "named"),
    [
        ("", (), set()),
        ("vault", (), {"vault"}),
        ("", ("s3", "gcs"), {"s3", "gcs"}),
        ("vault", ("s3", "vault"), {"vault", "s3"}),
    ],
)
def test_every_destination_of_a_backup_is_named(own: str, additional: tuple[str, ...], named: set[str]) -> None:
    assert set(backup(destination_id=own, additional_destination_ids=additional).destination_ids) == named


def test_addons_of_the_same_name_in_other_projects_or_accounts_are_others() -> None:
    keys = {AddonKey("a", "p", "db"), AddonKey("a", "q", "db"), AddonKey("b", "p", "db"), AddonKey("a", "p", "db")}
    assert len(keys) == 3
