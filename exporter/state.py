"""What the exporter knows: one frozen value per addon, replaced whole, never edited."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from exporter.expectation import Expectation
from exporter.known import KnownList
from exporter.model import AddonDetails, AddonKey, FailureReason, ListedAddon, RateLimit
from exporter.poll_log import PollEntry, PollLog, Reading
from exporter.schedule import Timetable
from exporter.summary import IN_FLIGHT_FOR, BackupSummary, RestoreSummary

STARTS_WITHIN = timedelta(minutes=1)
"""So long after it is due a backup is in the list: to look sooner would be too soon."""


class ScrapeResult(StrEnum):
    """What a scrape did for an addon."""

    POLLED = "polled"
    DEFERRED = "deferred"
    LATE = "late"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonState:
    """Everything known of one watched addon.

    `summary` and `data_at` are of the latest good poll: a failed one leaves them as they are, for a while. `failure`
    and `poll_duration` are of the latest finished poll, `failing_since` is when the first failed one since a good one
    was, in seconds of a clock that never goes back; all other times are by the clock of the API. `known` is of the list
    that `summary` condenses. `info` is what a list of addons says of it, None where it stands in none; `details` is
    what was said of it alone, and `created_at` is when Northflank made it.
    `wants_proof` tells that backups are lacking by a list that was not read to its end since.
    `as_of` is the moment from which on the list may lack something: it was being read. `expectation` and `restores`
    are None until they were read, `paused_until` is when the addon was last seen paused. `polls` tells what became of
    the last polls.
    """

    key: AddonKey
    max_age: timedelta | Literal["off"] | None = None
    summary: BackupSummary | None = None
    data_at: datetime | None = None
    as_of: datetime | None = None
    failure: FailureReason | None = FailureReason.PENDING
    failing_since: float | None = None
    poll_duration: timedelta | None = None
    known: KnownList | None = None
    wants_proof: bool = False
    info: ListedAddon | None = None
    details: ListedAddon | None = None
    created_at: datetime | None = None
    expectation: Expectation | None = None
    restores: RestoreSummary | None = None
    paused_until: datetime | None = None
    polls: PollLog = field(default=PollLog(), repr=False)
    _missed_runs: list[list[tuple[Timetable, int]]] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def about(self) -> ListedAddon | None:
        """What the addon is: by the latest list where it stands in one."""
        return self.info or self.details

    @property
    def is_paused(self) -> bool:
        """Whether it is known that somebody has paused it."""
        return self.about is not None and bool(self.about.is_paused)

    @property
    def age_limit(self) -> timedelta | None:
        """How old the latest completed backup may become: as configured, else as the schedules tell."""
        if isinstance(self.max_age, timedelta):
            return self.max_age
        # "off" is a decision, None is none.
        return None if self.max_age or self.expectation is None else self.expectation.max_age

    @property
    def is_overdue(self) -> bool:
        """Whether there was no backup, or too old a one, when the list was read."""
        if self.summary is None or self.as_of is None:
            return False
        last, limit = self.summary.last_completed, self.age_limit
        return last is None or (limit is not None and self.as_of - last.completion_time > limit)

    @property
    def lacks_backups(self) -> bool:
        """Whether there was none, too old a one, or a run without one when the list was read."""
        return self.is_overdue or any(runs for _, runs in self.missed_runs())

    def missed_runs(self) -> list[tuple[Timetable, int]]:
        """Count by the moment when the list was read: what has become due since then, it cannot tell."""
        # Asked for by whoever writes, judges and shows the state, and the same until another one replaces it.
        if not self._missed_runs:
            self._missed_runs.append(self._counted_missed_runs())
        return self._missed_runs[0]

    def _counted_missed_runs(self) -> list[tuple[Timetable, int]]:
        if self.expectation is None or self.summary is None or self.as_of is None:
            return []
        paused_until = self.as_of if self.is_paused else self.paused_until
        return self.expectation.missed_runs(self.summary, as_of=self.as_of, paused_until=paused_until)

    def polled(
        self,
        summary: BackupSummary,
        *,
        data_at: datetime,
        duration: timedelta,
        known: KnownList | None = None,
        is_whole: bool = True,
        as_of: datetime | None = None,
        reading: Reading = Reading.WHOLE,
        requests: int = 1,
    ) -> "AddonState":
        """Give the state after a good poll, which began at `as_of`; `is_whole` tells whether it read to the end.

        `reading` is how far it had to read this time.
        """
        backups = sum(summary.counts.values())
        entry = PollEntry(at=data_at, result=reading, duration=duration, requests=requests, backups=backups)
        state = replace(
            self,
            summary=summary,
            known=known,
            data_at=data_at,
            as_of=as_of or data_at,
            failure=None,
            failing_since=None,
            poll_duration=duration,
            wants_proof=False,
            polls=self.polls.with_poll(entry),
        )
        # Before anybody is woken by it: what was only remembered might have been wrong.
        if not is_whole and state.lacks_backups and (self.wants_proof or not self.lacks_backups):
            return replace(state, wants_proof=True)
        return state

    def listed(
        self, info: ListedAddon | None, *, max_age: timedelta | Literal["off"] | None, now: datetime
    ) -> "AddonState":
        """Give the state of an addon that is watched with this limit and looks so in a list."""
        return _seen(replace(self, max_age=max_age, info=info), now)

    def described(self, details: AddonDetails, *, now: datetime) -> "AddonState":
        """Give the state of an addon of which this was said."""
        state = replace(self, details=details.info, created_at=details.created_at or self.created_at)
        return _seen(state, now)

    def failed(self, reason: FailureReason, *, at: float, duration: timedelta | None) -> "AddonState":
        """Give the state after a poll that gave no data; the last good data stays.

        Without a duration nobody asked for this addon: what failed is its account's matter.
        """
        return replace(
            self,
            failure=reason,
            failing_since=at if self.failing_since is None else self.failing_since,
            poll_duration=self.poll_duration if duration is None else duration,
        )

    def logged(self, entry: PollEntry) -> "AddonState":
        """Give the state that remembers a poll which gave no data; a good one is remembered with what it gave."""
        return replace(self, polls=self.polls.with_poll(entry))

    def pardoned(self, before: "AddonState") -> "AddonState":
        """Give the state once what failed for its account's sake counts no longer, but only what failed before."""
        failure = FailureReason.PENDING if before.failure is None and self.summary is None else before.failure
        return replace(self, failure=failure, failing_since=before.failing_since)

    def urgent(self, now: datetime) -> tuple[float, float] | None:
        """Say in how many seconds the list is about to change, and until when that lasts; None where nobody knows.

        A backup that is in flight ends soon, and one that is due begins soon. An addon that is paused backs up nothing.
        """
        if self.summary is None:
            return None
        if self.summary.is_about_to_change(now):
            return 0.0, IN_FLIGHT_FOR.total_seconds()
        newest = self.summary.last_attempt
        # What became due a moment ago is not in the list yet, unless something that began since then is.
        since = now - STARTS_WITHIN if newest is None else min(max(newest.created_at, now - STARTS_WITHIN), now)
        due = None if self.expectation is None else self.expectation.next_due(since)
        if self.expectation is None or due is None or self.is_paused:
            return None
        last = self.summary.last_completed
        usual = (None if last is None else last.duration) or timedelta(0)
        begins = (due + STARTS_WITHIN - now).total_seconds()
        return begins, begins + (self.expectation.grace + usual).total_seconds()

    def is_stale(self, now: float, max_staleness: timedelta) -> bool:
        """Whether polls have failed for so long that the last good data should no longer be shown."""
        has_data = self.summary is not None
        return has_data and self.failing_since is not None and now - self.failing_since >= max_staleness.total_seconds()

    def without_data(self) -> "AddonState":
        """Give the state that shows no backups."""
        known = None if self.known is None else self.known.forgotten()
        return replace(self, summary=None, known=known, data_at=None, as_of=None)


def _seen(state: AddonState, now: datetime) -> AddonState:
    return replace(state, paused_until=now) if state.is_paused else state


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """Everything known of one account, at the end of a scrape.

    `is_up` is None before the first request; `scrape_addons` counts this scrape's addons by result; `is_listed` tells
    whether every listing that its patterns need was good; `failure` is why nothing of it can be read, while that is so.
    """

    name: str
    addons: int
    scrape_addons: Mapping[ScrapeResult, int]
    refresh_cycle: timedelta
    is_up: bool | None = None
    rate_limit: RateLimit | None = None
    clock_skew: timedelta | None = None
    token_expires_at: datetime | None = None
    pattern_addons: Mapping[tuple[str, str], int] = field(default_factory=dict)
    is_listed: bool = True
    failure: FailureReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingProgress:
    """How far reading has come: addons whose latest poll has ended, of all that are watched; requests sent so far."""

    read: int
    addons: int
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExporterState:
    """What is known of this process, at the end of a scrape.

    `asked_at` is when metrics were last asked for, None before the first time.
    """

    version: str
    python_version: str
    scrape_duration: timedelta
    config_loaded_at: datetime
    is_reload_good: bool = True
    asked_at: datetime | None = None


class StateStore:
    """The latest state of every watched addon; `on_replace` hears of each new one, `on_remove` of those that leave."""

    def __init__(self, *, on_replace: Callable[[AddonState], None], on_remove: Callable[[AddonKey], None]) -> None:
        self._states: dict[AddonKey, AddonState] = {}
        self._on_replace = on_replace
        self._on_remove = on_remove

    def __getitem__(self, key: AddonKey) -> AddonState:
        return self._states[key]

    def get(self, key: AddonKey) -> AddonState | None:
        """Give an addon's state, None where it is not watched."""
        return self._states.get(key)

    def __contains__(self, key: AddonKey) -> bool:
        return key in self._states

    def replace(self, state: AddonState) -> None:
        """Let this state be the addon's from now on."""
        # Whoever hears of it may refuse it.
        self._on_replace(state)
        self._states[state.key] = state

    def remove(self, key: AddonKey) -> None:
        """Forget an addon that is watched no more."""
        del self._states[key]
        self._on_remove(key)

    def all(self) -> tuple[AddonState, ...]:
        """Every addon's state, in the order in which they came to be watched."""
        return tuple(self._states.values())
