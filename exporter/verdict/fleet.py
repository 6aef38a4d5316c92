"""All addons together: a row of facts for each, the worst first, and the verdict in one sentence. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from exporter.model import AddonKey, BackupStatus, FailureReason
from exporter.state import AccountState, AddonState
from exporter.summary import BackupSummary
from exporter.verdict.addon import concerns_of
from exporter.verdict.concern import Concern, Kind, Severity
from exporter.wording import counted, span

EXPIRES_WITHIN = timedelta(days=14)

_UNREACHABLE: Mapping[FailureReason | None, str] = MappingProxyType(
    {
        FailureReason.UNAUTHORIZED: "Northflank rejects the token",
        FailureReason.CONNECTION: "Northflank cannot be reached: there is no connection to the API",
        FailureReason.TIMEOUT: "Northflank does not answer in time",
        None: "Northflank gave no good answer: is the API reachable, is the token accepted?",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What there is to tell of an addon; None where it is not known, or where there is none.

    `now` is the moment by the clock that has dated its backups: ages and what is due count from there. `age_limit` is
    how old the latest completed backup may become, `last_status` and `last_attempt_at` are of the newest
    backup of any status. `sizes` are those of the latest completed backups of the same kind, oldest first, in bytes.
    `missed_runs` are those of all its schedules; of an addon that is paused none is due. `error` is why the latest poll
    gave no data.
    """

    key: AddonKey
    now: datetime
    name: str
    type: str
    is_paused: bool | None
    concerns: tuple[Concern, ...]
    last_completed_at: datetime | None
    age: timedelta | None
    age_limit: timedelta | None
    last_status: BackupStatus | None
    last_attempt_at: datetime | None
    size_bytes: int | None
    sizes: tuple[int, ...]
    next_due: datetime | None
    missed_runs: int | None
    data_at: datetime | None
    data_age: timedelta | None
    error: FailureReason | None

    @property
    def severity(self) -> Severity:
        """How grave the gravest concern is."""
        return max((concern.severity for concern in self.concerns), default=Severity.OK)

    @property
    def part_of_limit(self) -> float | None:
        """How old the latest completed backup is, as a part of its limit."""
        return None if self.age is None or not self.age_limit else self.age / self.age_limit


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountConcern:
    """What is the matter with a whole account."""

    account: str
    concern: Concern


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How the fleet fares at `now`; `rows` and `accounts` have the worst first."""

    now: datetime
    rows: tuple[Row, ...]
    accounts: tuple[AccountConcern, ...]

    @property
    def severity(self) -> Severity:
        """How grave the gravest concern is; where nothing is watched, that is unknown."""
        of_accounts = [each.concern.severity for each in self.accounts]
        return max([row.severity for row in self.rows] + of_accounts, default=Severity.UNKNOWN)

    def count(self, severity: Severity) -> int:
        """Count the addons that are so and no worse."""
        return sum(row.severity is severity for row in self.rows)

    def counted(self, kind: Kind) -> int:
        """Count the addons that have such a concern."""
        return sum(any(concern.kind is kind for concern in row.concerns) for row in self.rows)

    @property
    def needing_attention(self) -> int:
        """How many addons need somebody."""
        return sum(row.severity.needs_attention for row in self.rows)

    @property
    def _is_blind(self) -> bool:
        # That there is none, nobody can tell then.
        return any(each.concern.kind in {Kind.UNREACHABLE, Kind.UNLISTED} for each in self.accounts)

    @property
    def sentence(self) -> str:
        """Say how many addons need attention, and what else one must know to believe it."""
        return "; ".join(self.clauses())

    def clauses(self) -> Iterator[str]:
        """Give the parts of the sentence, of which the first one can stand alone."""
        number, addons = self.needing_attention, counted(len(self.rows), "addon")
        if not self.rows:
            yield f"no addon is {'known' if self._is_blind else 'watched'}"
        elif number:
            yield f"{number} of {addons} need{'s' if number == 1 else ''} attention"
        elif self.count(Severity.OK) == len(self.rows):
            yield f"none of {addons} needs attention"
        else:
            yield f"none of {addons} is known to need attention"
        if unread := self.counted(Kind.UNREADABLE):
            yield f"{unread} could not be read"
        if pending := self.counted(Kind.PENDING):
            yield f"{pending} {'is' if pending == 1 else 'are'} not read yet"
        if near := self.counted(Kind.NEAR_LIMIT):
            yield f"{near} {'is' if near == 1 else 'are'} near {'its' if near == 1 else 'their'} limit"
        if any(each.concern.kind is Kind.UNREACHABLE for each in self.accounts):
            yield "not every account could be read"
        if any(each.concern.kind is Kind.UNLISTED for each in self.accounts):
            yield "not everything is listed"
        if any(each.concern.kind is Kind.TOKEN_EXPIRING for each in self.accounts):
            yield "a token expires soon"


def judge(
    addons: Iterable[AddonState],
    accounts: Iterable[AccountState],
    *,
    now: datetime,
    times: Mapping[str, datetime] = MappingProxyType({}),
) -> Verdict:
    """Judge what is known of addons and accounts at a moment.

    `times` is what the time is then by the clock of each account's API, which has dated its backups; `now` counts for
    the others.
    """
    known = tuple(accounts)
    cycles = {account.name: account.refresh_cycle for account in known}
    rows = [
        row_of(addon, now=times.get(addon.key.account, now), cycle=cycles.get(addon.key.account, timedelta(0)))
        for addon in addons
    ]
    concerns = [
        AccountConcern(account=account.name, concern=concern)
        for account in known
        for concern in account_concerns(account, now=now)
    ]
    return Verdict(
        now=now,
        rows=tuple(sorted(rows, key=_worst_first)),
        accounts=tuple(sorted(concerns, key=lambda each: (each.concern.kind.place, each.account))),
    )


def row_of(addon: AddonState, *, now: datetime, cycle: timedelta = timedelta(0)) -> Row:
    """Say what there is to tell of one addon; `cycle` is how long reading every addon once takes."""
    summary, about, expectation = addon.summary, addon.about, addon.expectation
    last = None if summary is None else summary.last_completed
    newest = None if summary is None else summary.last_attempt
    return Row(
        key=addon.key,
        now=now,
        name="" if about is None else about.name,
        type="" if about is None else about.type,
        is_paused=None if about is None else about.is_paused,
        concerns=concerns_of(addon, now=now, cycle=cycle),
        last_completed_at=None if last is None else last.completion_time,
        age=None if last is None else max(now - last.completion_time, timedelta(0)),
        age_limit=addon.age_limit,
        last_status=None if newest is None else newest.status,
        last_attempt_at=None if newest is None else newest.created_at,
        size_bytes=None if last is None else last.size_bytes,
        sizes=_recent_sizes(summary),
        next_due=None if expectation is None or addon.is_paused else expectation.next_due(now),
        missed_runs=None if expectation is None or summary is None else sum(runs for _, runs in addon.missed_runs()),
        data_at=addon.data_at,
        data_age=None if addon.data_at is None else max(now - addon.data_at, timedelta(0)),
        error=addon.failure,
    )


def _recent_sizes(summary: BackupSummary | None) -> tuple[int, ...]:
    """Give sizes that compare: a snapshot holds the difference to the one before, a dump everything."""
    if summary is None or summary.last_completed is None:
        return ()
    kind = summary.last_completed.kind
    return next((each.recent_sizes for each in summary.kinds if each.kind is kind), ())


def account_concerns(account: AccountState, *, now: datetime) -> tuple[Concern, ...]:
    """Say what is the matter with an account as a whole, the gravest first."""
    found = []
    if account.token_expires_at is not None and account.token_expires_at - now < EXPIRES_WITHIN:
        left = account.token_expires_at - now
        when = f"expires in {span(left)}" if left > timedelta(0) else f"has expired {span(-left)} ago"
        found.append(Concern(kind=Kind.TOKEN_EXPIRING, text=f"the token {when}"))
    if account.is_up is False:
        found.append(Concern(kind=Kind.UNREACHABLE, text=_UNREACHABLE.get(account.failure, _UNREACHABLE[None])))
    elif not account.is_listed:
        text = (
            "its addons are not listed yet"
            if account.is_up is None
            else "not everything could be listed, so there may be addons that nobody watches"
        )
        found.append(Concern(kind=Kind.UNLISTED, text=text))
    return tuple(found)


def _worst_first(row: Row) -> tuple[int, int, float, AddonKey]:
    gravest = row.concerns[0].kind.place if row.concerns else len(Kind)
    return -row.severity, gravest, -(row.part_of_limit or 0.0), row.key
