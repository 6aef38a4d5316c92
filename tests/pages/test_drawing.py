"""Where what is drawn stands: always within the picture, whatever the data."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.model import Backup, BackupKind, BackupStatus
from exporter.pages.drawing import LANE_HEIGHT, gauge, spark, timeline
from tests.builders import NOW, ago, backup, failed

HOUR = timedelta(hours=1)


@given(st.lists(st.integers(0, 10**18), max_size=20))
def test_a_spark_has_a_bar_for_each_size(sizes: list[int]) -> None:
    drawn = spark(sizes)

    assert (drawn.before + drawn.last).count("M") == len(sizes)
    assert drawn.last.count("M") == (1 if sizes else 0)
    assert drawn.width == max(4 * len(sizes) - 1, 0)


def test_the_tallest_bar_fills_the_height_and_none_is_invisible() -> None:
    drawn = spark([0, 50, 100])

    assert drawn.before == "M0 18v-1h3v1zM4 18v-9h3v9z"
    assert drawn.last == "M8 18v-18h3v18z"


@pytest.mark.parametrize(("age", "drawn"), [(13, (50, 100)), (26, (100, 100)), (52, (100, 50)), (0, (0, 100))])
def test_whichever_is_longer_of_age_and_limit_takes_the_width(age: int, drawn: tuple[float, float]) -> None:
    shown = gauge(age * HOUR, 26 * HOUR)

    assert (shown.age, shown.limit) == drawn


def test_a_limit_of_nothing_can_be_drawn() -> None:
    assert gauge(timedelta(0), timedelta(0)).limit == 0


def test_without_backups_there_is_no_line() -> None:
    assert timeline([], now=NOW, last_completed_at=None, age_limit=None) is None


_TIMES = st.integers(-(10**5), 10**8).map(lambda seconds: ago(seconds=seconds)) | st.datetimes(timezones=st.just(UTC))
_BACKUPS = st.lists(
    st.builds(
        backup()._replace,
        created_at=_TIMES,
        status=st.sampled_from(BackupStatus),
        kind=st.sampled_from(BackupKind),
        size_bytes=st.none() | st.integers(0, 10**18),
    ),
    min_size=1,
    max_size=50,
)


_FIRST = backup()._replace(created_at=datetime.min.replace(tzinfo=UTC))
_LAST = backup()._replace(created_at=datetime.max.replace(tzinfo=UTC))


@given(_BACKUPS, st.none() | _TIMES, st.none() | st.integers(0, 10**7))
@example([_FIRST], _FIRST.created_at, 10**7)
@example([_LAST], _LAST.created_at, 10**7)
def test_all_that_stands_on_a_line_is_within_it(
    backups: list[Backup], last: datetime | None, limit: int | None
) -> None:
    drawn = timeline(
        backups,
        now=NOW,
        last_completed_at=last,
        age_limit=None if limit is None else timedelta(seconds=limit),
    )

    assert drawn is not None
    marks = [mark for lane in drawn.lanes for mark in lane.marks]
    assert sorted(mark.backup.identity for mark in marks) == sorted(each.identity for each in backups)
    places = [mark.x for mark in marks] + [tick.x for tick in drawn.ticks]
    assert all(0 <= each <= 100 for each in (*places, drawn.uncovered or 0, drawn.too_old or 0))
    assert all(0 <= mark.height <= 30 < LANE_HEIGHT for mark in marks)
    assert len(drawn.ticks) <= 9


def test_a_line_tells_since_when_there_is_none_and_since_when_that_is_too_long() -> None:
    backups = [backup(created_at=ago(hours=100)), failed(created_at=ago(hours=10))]
    drawn = timeline(backups, now=NOW, last_completed_at=ago(hours=50), age_limit=26 * HOUR)

    assert drawn is not None
    # It begins two hours before the oldest one.
    assert (drawn.uncovered, drawn.too_old) == (round(100 * 52 / 102, 2), round(100 * 78 / 102, 2))
    assert [mark.height for mark in drawn.lanes[0].marks] == [30, 0]
    assert [tick.text for tick in drawn.ticks] == ["7 Mar", "8 Mar", "9 Mar", "10 Mar"]
    before = timeline(backups, now=NOW, last_completed_at=ago(hours=500), age_limit=26 * HOUR)
    assert before is not None
    assert (before.uncovered, before.too_old) == (None, 0), "since before it begins"


def test_while_the_latest_is_within_its_limit_nothing_is_too_old() -> None:
    drawn = timeline([backup()], now=NOW, last_completed_at=ago(hours=1), age_limit=26 * HOUR)
    unlimited = timeline([backup()], now=NOW, last_completed_at=ago(hours=1), age_limit=None)
    never = timeline([failed()], now=NOW, last_completed_at=None, age_limit=26 * HOUR)

    assert [each and each.too_old for each in (drawn, unlimited, never)] == [None, None, None]
    assert never is not None
    assert never.uncovered is None


def test_kinds_are_drawn_apart_each_by_its_own_largest() -> None:
    backups = [
        backup(size_bytes=100, created_at=ago(hours=2)),
        backup(size_bytes=50, created_at=ago(hours=1)),
        backup(size_bytes=0, created_at=ago(minutes=30)),
        backup(size_bytes=3, kind=BackupKind.SNAPSHOT, created_at=ago(hours=1)),
    ]
    drawn = timeline(backups, now=NOW, last_completed_at=None, age_limit=None)

    assert drawn is not None
    told = [(lane.kind, lane.y, [mark.height for mark in lane.marks]) for lane in drawn.lanes]
    assert told == [(BackupKind.SNAPSHOT, 0, [30]), (BackupKind.DUMP, LANE_HEIGHT, [30, 15, 2])]
    assert drawn.height == 2 * LANE_HEIGHT


def test_years_are_written_where_the_line_is_that_long() -> None:
    drawn = timeline([backup(created_at=ago(days=50 * 365))], now=NOW, last_completed_at=None, age_limit=None)

    assert drawn is not None
    assert [tick.text for tick in drawn.ticks][-1] == "Dec 2025"
