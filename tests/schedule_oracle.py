"""What is to be said of schedules and restores, calculated in the plainest way from the simulated world."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from exporter.simulator.nouns import Backup, Restore, Schedule
from exporter.simulator.timetable import due_times

GRACE = timedelta(hours=1)
IN_PROGRESS = timedelta(hours=6)
STATUSES = ("scheduled", "in-progress", "completed", "aborting", "aborted", "failed", "not-supported", "unknown")

Said = Iterator[tuple[str, dict[str, str], float]]


def due_between(schedules: Iterable[Schedule], after: datetime, until: datetime) -> list[datetime]:
    """Give when any of the schedules was due, walking through the days."""
    found = {due for each in schedules for due in due_times(each, max(after, each.created_at), until)}
    return sorted(found)


def longest_gap(schedules: Iterable[Schedule], now: datetime) -> timedelta | None:
    """Give the longest time between two due times within the coming weeks."""
    due = due_between(schedules, now, now + timedelta(days=21))
    return max((later - earlier for earlier, later in pairwise(due)), default=None)


def missed_runs(schedules: list[Schedule], created: list[datetime], running: list[datetime], now: datetime) -> int:
    """Go from run to run, the newest first, and look whether a backup was created in its time."""
    retention = max(each.retention for each in schedules)
    due = due_between(schedules, now - timedelta(days=400), now + timedelta(days=8))
    missed = 0
    for before, run, after in reversed([*zip(due, due[1:], due[2:], strict=False)]):
        opens = run - min(timedelta(minutes=5), (run - before) / 2)
        closes = after - min(timedelta(minutes=5), (after - run) / 2)
        if run > now or run < now - retention:
            continue
        if any(opens <= each < closes for each in created):
            break
        is_late = any(opens <= each < closes and now - each < IN_PROGRESS for each in running)
        missed += now - run >= GRACE and not is_late
    return missed


def said_of_schedules(schedules: tuple[Schedule, ...], backups: tuple[Backup, ...], now: datetime) -> Said:
    """Give what is to be said of an addon's schedules."""
    yield "backup_schedules", {}, len(schedules)
    alike: dict[tuple[str, str], list[Schedule]] = {}
    for each in schedules:
        alike.setdefault((each.backup_type.value, each.interval.value), []).append(each)
    for (kind, interval), merged in alike.items():
        labels = {"backup_kind": kind, "interval": interval}
        source = "snapshot" if kind == "snapshot" else "sameAddon"
        own = [each for each in backups if each.source_type == source]
        last = due_between(merged, now - timedelta(days=8), now)[-1]
        yield "backup_schedule_last_due_timestamp_seconds", labels, last.timestamp()
        following = due_between(merged, now, now + timedelta(days=8))[0]
        yield "backup_schedule_next_due_timestamp_seconds", labels, following.timestamp()
        retention = max(each.retention for each in merged)
        yield "backup_schedule_retention_seconds", labels, retention.total_seconds()
        created = [each.created_at for each in own if each.status == "completed"]
        running = [each.created_at for each in own if each.status == "in-progress"]
        yield "backup_schedule_missed_runs", labels, missed_runs(merged, created, running, now)


def said_of_restores(restores: tuple[Restore, ...]) -> Said:
    """Give what is to be said of an addon's restores."""
    counts = Counter(each.status.value for each in restores)
    for status in STATUSES:
        yield "restores", {"status": status}, counts[status]
    completed = [each.completed_at for each in restores if each.status == "completed" and each.completed_at]
    if completed:
        yield "restore_last_completed_timestamp_seconds", {}, max(completed).timestamp()
