"""What the exporter knows: one frozen value per addon, replaced whole, never edited."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from exporter.expectation import Expectation
from exporter.model import AddonKey, FailureReason, ListedAddon, RateLimit
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
    was. `requests` is how many requests the latest good poll took, and what the next one is expected to take. `info`
    is what a list of addons says of it, None where it stands in none; `created_at` is when Northflank made it.
    `as_of` is the moment from which on the list may lack something: it was being read. `expectation` and `restores`
    are None until they were read, `paused_until` is when the addon was last seen paused.
    """

    key: AddonKey
    max_age: timedelta | Literal["off"] | None = None
    summary: BackupSummary | None = None
    data_at: datetime | None = None
    as_of: datetime | None = None
    failure: FailureReason | None = FailureReason.PENDING
    failing_since: datetime | None = None
    poll_duration: timedelta | None = None
    requests: int = 1
    info: ListedAddon | None = None
    created_at: datetime | None = None
    expectation: Expectation | None = None
    restores: RestoreSummary | None = None
    paused_until: datetime | None = None

    def polled(
        self,
        summary: BackupSummary,
        *,
        data_at: datetime,
        duration: timedelta,
        requests: int,
        as_of: datetime | None = None,
    ) -> "AddonState":
        """Give the state after a poll that read the whole list, beginning at `as_of`."""
        return replace(
            self,
            summary=summary,
            data_at=data_at,
            as_of=as_of or data_at,
            failure=None,
            failing_since=None,
            poll_duration=duration,
            requests=requests,
        )

    def listed(
        self, info: ListedAddon | None, *, max_age: timedelta | Literal["off"] | None, now: datetime
    ) -> "AddonState":
        """Give the state of an addon that is watched with this limit and looks so in a list."""
        is_paused = info is not None and info.is_paused
        return replace(self, max_age=max_age, info=info, paused_until=now if is_paused else self.paused_until)

    def failed(self, reason: FailureReason, *, at: datetime, duration: timedelta | None) -> "AddonState":
        """Give the state after a poll that gave no data; the last good data stays.

        Without a duration nobody asked for this addon: what failed is its account's matter.
        """
        return replace(
            self,
            failure=reason,
            failing_since=self.failing_since or at,
            poll_duration=self.poll_duration if duration is None else duration,
        )

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
        due = None if self.expectation is None else self.expectation.next_due(now)
        if self.expectation is None or due is None or (self.info is not None and self.info.is_paused):
            return None
        last = self.summary.last_completed
        usual = (None if last is None else last.duration) or timedelta(0)
        begins = (due + STARTS_WITHIN - now).total_seconds()
        return begins, begins + (self.expectation.grace + usual).total_seconds()

    def is_stale(self, now: datetime, max_staleness: timedelta) -> bool:
        """Whether polls have failed for so long that the last good data should no longer be shown."""
        has_data = self.summary is not None
        return has_data and self.failing_since is not None and now - self.failing_since >= max_staleness

    def without_data(self) -> "AddonState":
        """Give the state that shows no backups."""
        return replace(self, summary=None, data_at=None, as_of=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """Everything known of one account, at the end of a scrape.

    `is_up` is None before the first request; `scrape_addons` counts this scrape's addons by result; `is_listed` tells
    whether every listing that its patterns need was good.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExporterState:
    """What is known of this process, at the end of a scrape."""

    version: str
    python_version: str
    scrape_duration: timedelta
    config_loaded_at: datetime
    is_reload_good: bool = True


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
