"""What is the matter with one addon: the alert rules in prometheus/rules, asked of what is known right now.

The rules look at fifteen minutes and wait a while before they fire; this judges one moment. All else is the same, and
tests/verdict holds it to that. Of what is told twice by several rules only one is kept, as the Alertmanager's example
configuration has it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from exporter.model import BackupKind, FailureReason
from exporter.state import AddonState
from exporter.summary import BackupSummary, KindSummary
from exporter.verdict.concern import Concern, Kind
from exporter.wording import counted, plain, size, span

NEAR = 0.8
"""From this part of its limit on an age is near it."""

UNREAD_AFTER = timedelta(minutes=30)
"""Data older than this, and than two cycles in which every addon is read once, is stale."""

_SETTLED_AFTER = timedelta(days=1)
_REPEATEDLY = 3
_STUCK_AFTER_USUAL = 3
_STUCK_AT_LEAST = timedelta(hours=2)
_STUCK_OTHERWISE = timedelta(hours=6)
_DROPPED_BELOW = 0.5
_JUMPED_ABOVE = 2
_COPY_LATE = 2
_COPY_OTHERWISE = timedelta(days=2)
_RESTORE_WITHIN = timedelta(days=90)

_SAME_TROUBLE: Mapping[Kind, frozenset[Kind]] = MappingProxyType(
    {
        Kind.FAILED: frozenset({Kind.FAILING}),
        Kind.RUNS_MISSED: frozenset({Kind.TOO_OLD, Kind.NEVER, Kind.FAILING}),
        Kind.UNSCHEDULED: frozenset({Kind.NEVER}),
        Kind.STALE: frozenset({Kind.UNREADABLE, Kind.PENDING}),
    }
)
"""What is not worth telling beside which others."""


def concerns_of(addon: AddonState, *, now: datetime, cycle: timedelta = timedelta(0)) -> tuple[Concern, ...]:
    """Say what is the matter with an addon, the gravest first; nothing where all is well.

    `cycle` is how long the request budget takes to have every addon read once.
    """
    found = [*_of_reading(addon, now, cycle), *_of_schedules(addon, now), *_of_restores(addon, now)]
    if addon.summary is not None:
        read_at = addon.data_at or now
        found += _of_age(addon, addon.summary, now, read_at)
        found += _of_attempts(addon.summary, now, read_at)
        found += _of_sizes(addon.summary)
        found += _of_copies(addon, addon.summary, read_at)
    kinds = {concern.kind for concern in found}
    kept = [concern for concern in found if not _SAME_TROUBLE.get(concern.kind, frozenset()) & kinds]
    return tuple(sorted(kept, key=lambda concern: concern.kind.place))


def _of_reading(addon: AddonState, now: datetime, cycle: timedelta) -> Iterator[Concern]:
    if addon.failure is FailureReason.PENDING:
        yield Concern(kind=Kind.PENDING, text="not read yet")
    elif addon.failure is not None:
        since = "" if addon.data_at is None else _since(now - addon.data_at)
        yield Concern(kind=Kind.UNREADABLE, text=f"could not be read{since}: {plain(addon.failure.value)}")
    if addon.data_at is not None and now - addon.data_at > UNREAD_AFTER + 2 * cycle:
        yield Concern(kind=Kind.STALE, text=f"what is known of it was read {span(now - addon.data_at)} ago")
    if addon.is_paused:
        yield Concern(kind=Kind.PAUSED, text="paused: no backup is expected")


def _of_age(addon: AddonState, summary: BackupSummary, now: datetime, read_at: datetime) -> Iterator[Concern]:
    last, limit = summary.last_completed, addon.age_limit
    if last is None:
        yield from _without_any(addon, read_at)
        return
    age = now - last.completion_time
    if limit is not None and not addon.is_paused:
        # What was read while the backup was in time does not tell what has come since.
        if min(now, read_at) - last.completion_time > limit:
            text = f"no completed backup for {span(age)}, limit {span(limit)}"
            yield Concern(kind=Kind.TOO_OLD, text=text)
        elif age > NEAR * limit:
            text = f"the latest completed backup is {span(age)} old, limit {span(limit)}"
            yield Concern(kind=Kind.NEAR_LIMIT, text=text)
    if limit is None and addon.max_age is None and not addon.is_paused:
        why = "its schedules are not known" if addon.expectation is None else "it has no schedule that tells"
        yield Concern(kind=Kind.NO_LIMIT, text=f"how old a backup may become is not configured, and {why}")


def _without_any(addon: AddonState, read_at: datetime) -> Iterator[Concern]:
    if addon.is_paused:
        return
    is_missed = any(runs for _, runs in addon.missed_runs())
    age = None if addon.created_at is None else read_at - addon.created_at
    if age is not None and age <= (addon.age_limit or _SETTLED_AFTER) and not is_missed:
        yield Concern(kind=Kind.NEW, text=f"no completed backup yet: the addon is {span(age)} old")
        return
    has_none = addon.expectation is not None and not addon.expectation.schedules
    yield Concern(
        kind=Kind.NEVER,
        text=f"never completed a backup, or none is left{', and there is no schedule' if has_none else ''}",
    )


def _of_attempts(summary: BackupSummary, now: datetime, read_at: datetime) -> Iterator[Concern]:
    newest, failed_at = summary.last_attempt, summary.last_failed_at
    if failed_at is not None and newest is not None and failed_at >= newest.created_at:
        yield Concern(kind=Kind.FAILED, text=f"the latest backup, begun {span(now - failed_at)} ago, has failed")
    if summary.failures_since_completed >= _REPEATEDLY:
        ago = "" if failed_at is None else f", the latest begun {span(now - failed_at)} ago"
        yield Concern(
            kind=Kind.FAILING, text=f"{summary.failures_since_completed} backups have failed since one completed{ago}"
        )
    if summary.running_since is not None:
        usual = None if summary.last_completed is None else summary.last_completed.duration
        longest = _STUCK_OTHERWISE if usual is None else max(_STUCK_AFTER_USUAL * usual, _STUCK_AT_LEAST)
        if read_at - summary.running_since > longest:
            took = "" if usual is None else f", the latest completed one took {span(usual)}"
            text = f"a backup has been running for {span(read_at - summary.running_since)}{took}"
            yield Concern(kind=Kind.STUCK, text=text)


def _of_sizes(summary: BackupSummary) -> Iterator[Concern]:
    for each in summary.kinds:
        # A snapshot holds the difference to the one before: only dumps compare.
        if each.kind is not BackupKind.DUMP or each.last_size_bytes is None or each.median_size_bytes is None:
            continue
        if each.last_size_bytes < _DROPPED_BELOW * each.median_size_bytes:
            yield Concern(kind=Kind.SIZE_DROPPED, text=_size_text(each, each.last_size_bytes, each.median_size_bytes))
        elif each.last_size_bytes > _JUMPED_ABOVE * each.median_size_bytes > 0:
            yield Concern(kind=Kind.SIZE_JUMPED, text=_size_text(each, each.last_size_bytes, each.median_size_bytes))


def _size_text(each: KindSummary, last: int, usual: float) -> str:
    return f"the latest {each.kind.value} has {size(last)}, {last / usual:.0%} of the usual {size(usual)}"


def _of_copies(addon: AddonState, summary: BackupSummary, read_at: datetime) -> Iterator[Concern]:
    if addon.is_paused:
        return
    limit = None if addon.age_limit is None else _COPY_LATE * addon.age_limit
    for destination_id, copies in summary.destinations.items():
        usual = None if copies.median_interval is None else _COPY_LATE * copies.median_interval
        allowed = max((each for each in (usual, limit) if each is not None), default=_COPY_OTHERWISE)
        if read_at - copies.last_completed_at > allowed:
            age = span(read_at - copies.last_completed_at)
            text = f"the latest copy at destination {destination_id} is {age} old, expected is {span(allowed)} at most"
            yield Concern(kind=Kind.COPY_OLD, text=text)


def _of_schedules(addon: AddonState, now: datetime) -> Iterator[Concern]:
    if addon.expectation is None or addon.is_paused:
        return
    is_new = addon.created_at is not None and now - addon.created_at <= _SETTLED_AFTER
    if not addon.expectation.schedules and not is_new:
        yield Concern(kind=Kind.UNSCHEDULED, text="no backup schedule: nothing backs it up by itself")
    for timetable, runs in addon.missed_runs():
        if runs:
            row = f"{timetable.interval.value} {timetable.kind.value}"
            text = f"the latest {counted(runs, f'{row} run')} brought no completed backup"
            yield Concern(kind=Kind.RUNS_MISSED, text=text.replace("the latest 1 ", "the latest "))


def _of_restores(addon: AddonState, now: datetime) -> Iterator[Concern]:
    if addon.restores is None:
        return
    last = addon.restores.last_completed_at
    is_tested = last is not None and now - last <= _RESTORE_WITHIN
    is_new = addon.created_at is not None and now - addon.created_at <= _RESTORE_WITHIN
    if not is_tested and not is_new:
        ago = "" if last is None else f": the latest was {span(now - last)} ago"
        yield Concern(kind=Kind.RESTORE_UNTESTED, text=f"no restore was completed in the last 90 days{ago}")


def _since(time: timedelta) -> str:
    return f" for {span(time)}" if time >= timedelta(minutes=1) else ""
