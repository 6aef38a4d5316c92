"""All addons together: who comes first, what a row tells, and the verdict in one sentence."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from exporter.model import AddonKey, BackupKind, BackupStatus, FailureReason, ListedAddon
from exporter.state import AccountState, AddonState
from exporter.verdict import Kind, Severity, Verdict, judge, row_of
from tests.builders import NOW, ago, backup, failed
from tests.verdict.cases import CASES, FRESH, OLD, daily, expecting, read


def account(name: str = "acme", **fields: Any) -> AccountState:  # noqa: ANN401 - any field of any type
    return replace(AccountState(name=name, addons=1, scrape_addons={}, refresh_cycle=timedelta(0)), **fields)


def named(addon_id: str, state: AddonState, *, account: str = "acme") -> AddonState:
    return replace(state, key=AddonKey(account, "shop", addon_id))


def verdict(*addons: AddonState, accounts: Iterable[AccountState] = ()) -> Verdict:
    return judge(addons, accounts or [account()], now=NOW)


UNREAD = AddonState(key=AddonKey("acme", "shop", "x"))
UNREADABLE = UNREAD.failed(FailureReason.TIMEOUT, at=0.0, duration=timedelta(seconds=1))
NEAR = read(backup(created_at=ago(hours=24)))


def test_the_worst_comes_first() -> None:
    older = read(backup(created_at=ago(days=9)))
    addons = {
        "z-well": read(FRESH),
        "y-well": read(FRESH),
        "near": NEAR,
        "unread": UNREAD,
        "unreadable": UNREADABLE,
        "failed": read(FRESH, failed(created_at=ago(hours=2))),
        "b-old": read(OLD),
        "a-older": older,
        "never": read(),
    }
    judged = verdict(*(named(name, state) for name, state in addons.items()))

    assert [row.key.addon_id for row in judged.rows] == [
        "never", "a-older", "b-old", "failed", "unreadable", "unread", "near", "y-well", "z-well",
    ]  # fmt: skip
    assert judged.severity is Severity.CRITICAL
    assert [judged.count(severity) for severity in Severity] == [3, 2, 0, 4]


@pytest.mark.parametrize(
    ("addons", "sentence", "severity"),
    [
        ([], "no addon is watched", Severity.UNKNOWN),
        ([read(FRESH)], "none of 1 addon needs attention", Severity.OK),
        ([read(OLD)], "1 of 1 addon needs attention", Severity.CRITICAL),
        ([read(OLD), read(), read(FRESH)], "2 of 3 addons need attention", Severity.CRITICAL),
        ([NEAR, read(FRESH)], "none of 2 addons needs attention; 1 is near its limit", Severity.OK),
        ([NEAR, NEAR], "none of 2 addons needs attention; 2 are near their limit", Severity.OK),
        ([read(FRESH, failed(created_at=ago(hours=1)))], "1 of 1 addon needs attention", Severity.CRITICAL),
        (
            [read(FRESH), UNREADABLE],
            "none of 2 addons is known to need attention; 1 could not be read",
            Severity.UNKNOWN,
        ),
        (
            [read(OLD), UNREADABLE, UNREAD, UNREAD],
            "1 of 4 addons needs attention; 1 could not be read; 2 are not read yet",
            Severity.CRITICAL,
        ),
    ],
)
def test_the_verdict_is_a_sentence(addons: list[AddonState], sentence: str, severity: Severity) -> None:
    judged = verdict(*(named(f"addon-{number}", state) for number, state in enumerate(addons)))

    assert (judged.sentence, judged.severity) == (sentence, severity)


def test_what_was_not_read_is_never_ok() -> None:
    for reason in FailureReason:
        before = read(FRESH)
        for state in (UNREAD, before):
            row = row_of(state.failed(reason, at=0.0, duration=None), now=NOW)
            assert (row.severity, row.error) == (Severity.UNKNOWN, reason)


@pytest.mark.parametrize(
    ("fields", "kind", "text", "said"),
    [
        ({"is_up": False, "is_listed": False}, Kind.UNREACHABLE,
         "Northflank gave no good answer: is the API reachable, is the token accepted?",
         "not every account could be read"),
        ({"is_up": False, "failure": FailureReason.UNAUTHORIZED}, Kind.UNREACHABLE, "Northflank rejects the token",
         "not every account could be read"),
        ({"is_up": False, "failure": FailureReason.CONNECTION}, Kind.UNREACHABLE,
         "Northflank cannot be reached: there is no connection to the API", "not every account could be read"),
        ({"is_up": False, "failure": FailureReason.SERVER_ERROR}, Kind.UNREACHABLE,
         "Northflank gave no good answer: is the API reachable, is the token accepted?",
         "not every account could be read"),
        ({"is_up": True, "is_listed": False}, Kind.UNLISTED,
         "not everything could be listed, so there may be addons that nobody watches",
         "not everything is listed"),
        ({"is_up": None, "is_listed": False}, Kind.UNLISTED, "its addons are not listed yet",
         "not everything is listed"),
        ({"token_expires_at": NOW + timedelta(days=13)}, Kind.TOKEN_EXPIRING, "the token expires in 13 d",
         "a token expires soon"),
        ({"token_expires_at": ago(hours=3)}, Kind.TOKEN_EXPIRING, "the token has expired 3 h ago",
         "a token expires soon"),
    ],
)  # fmt: skip
def test_the_account_is_judged_too(fields: dict[str, Any], kind: Kind, text: str, said: str) -> None:
    judged = verdict(read(FRESH), accounts=[account(), account("other", **fields)])

    (found,) = judged.accounts
    assert (found.account, found.concern.kind, found.concern.text) == ("other", kind, text)
    assert judged.sentence == f"none of 1 addon needs attention; {said}"
    assert judged.severity is kind.severity


@pytest.mark.parametrize("fields", [{"is_up": False}, {"is_listed": False}, {"is_up": None, "is_listed": False}])
def test_where_addons_could_not_be_listed_nobody_says_that_there_is_none(fields: dict[str, Any]) -> None:
    assert verdict(accounts=[account(**fields)]).sentence.startswith("no addon is known; not every")


def test_a_token_that_is_good_for_long_is_no_concern() -> None:
    assert verdict(read(FRESH), accounts=[account(token_expires_at=NOW + timedelta(days=15))]).accounts == ()


def test_data_is_not_stale_while_the_fleet_takes_so_long_to_read() -> None:
    state = read(FRESH, data_at=ago(hours=1))

    assert verdict(state).count(Severity.WARNING) == 1
    assert verdict(state, accounts=[account(refresh_cycle=timedelta(minutes=20))]).count(Severity.WARNING) == 0


def test_an_addon_is_judged_by_the_clock_that_has_dated_its_backups() -> None:
    addons = [named("x", read(FRESH), account=name) for name in ("acme", "other")]

    judged = judge(addons, [], now=NOW + timedelta(days=3), times={"acme": NOW})

    by_account = {row.key.account: row for row in judged.rows}
    assert (by_account["acme"].severity, by_account["other"].severity) == (Severity.OK, Severity.WARNING)
    assert (by_account["acme"].now, by_account["other"].now) == (NOW, NOW + timedelta(days=3))


def test_a_row_tells_what_is_known() -> None:
    about = ListedAddon(id="x", name="Orders", type="postgresql", status="running")
    newest = failed(created_at=ago(hours=2))
    row = row_of(read(OLD, newest, data_at=ago(minutes=5), info=about, expectation=daily()), now=NOW)

    assert (row.name, row.type, row.is_paused) == ("Orders", "postgresql", False)
    assert (row.last_completed_at, row.age, row.age_limit) == (
        OLD.completed_at,
        timedelta(hours=31),
        timedelta(hours=26),
    )
    assert (row.last_status, row.last_attempt_at) == (BackupStatus.FAILED, newest.created_at)
    assert (row.size_bytes, row.sizes) == (1000, (1000,))
    assert (row.next_due, row.missed_runs) == (ago(hours=-14), 1)
    assert (row.data_at, row.data_age, row.error) == (ago(minutes=5), timedelta(minutes=5), None)
    assert row.part_of_limit == pytest.approx(31 / 26)


def test_a_row_tells_nothing_that_is_not_known() -> None:
    row = row_of(UNREAD, now=NOW)

    assert row.is_paused is None
    assert (row.name, row.type, row.last_completed_at, row.age, row.last_status, row.size_bytes) == (
        "",
        "",
        None,
        None,
        None,
        None,
    )
    assert (row.next_due, row.missed_runs, row.data_age, row.part_of_limit, row.sizes) == (None, None, None, None, ())


def test_nothing_is_due_of_an_addon_that_is_paused() -> None:
    paused = read(FRESH, expectation=daily(), info=ListedAddon(id="x", status="paused"))

    assert row_of(paused, now=NOW).next_due is None
    assert row_of(paused, now=NOW).missed_runs == 0


def test_without_schedules_nothing_is_missed() -> None:
    row = row_of(read(FRESH, expectation=expecting()), now=NOW)

    assert (row.next_due, row.missed_runs) == (None, 0)


def test_recent_sizes_are_of_the_kind_that_the_latest_backup_has() -> None:
    row = row_of(
        read(
            backup(size_bytes=2, created_at=ago(hours=1)),
            backup(size_bytes=1, created_at=ago(hours=9)),
            backup(size_bytes=99, created_at=ago(hours=3), kind=BackupKind.SNAPSHOT),
            backup(size_bytes=98, created_at=ago(minutes=20), kind=BackupKind.IMPORT),
            failed(created_at=ago(minutes=2)),
        ),
        now=NOW,
    )

    assert row.sizes == (1, 2)


def test_every_concern_has_a_case() -> None:
    of_addons = {concern.kind for case in CASES for concern in row_of(case.state, now=NOW).concerns}

    assert of_addons == set(Kind) - {Kind.TOKEN_EXPIRING, Kind.UNREACHABLE, Kind.UNLISTED}
