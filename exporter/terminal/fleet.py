"""The verdict as a table: which columns there is room for, and what stands in them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from exporter.terminal.harmless import harmless
from exporter.terminal.screen import STYLES, Screen
from exporter.verdict import Row, Verdict
from exporter.wording import minute, size, span

NARROW = 60
"""On less than this there is no table: what belongs to an addon stands below it."""

_NONE = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column, shown on screens at least as wide as `since`; `cell` gives its lines.

    Where nothing is folded, `joint` is between them. A column that `may_fold` gives way where there is little room.
    """

    title: str
    cell: Callable[[Row, datetime], Sequence[str]]
    since: int = 0
    may_fold: bool = False
    is_number: bool = False
    joint: str = ", "


def fleet_table(verdict: Verdict, screen: Screen) -> RenderableType:
    """Show every addon, the worst first, and why it is thought to be so."""
    if screen.width < NARROW:
        return Group(*(part for row in verdict.rows for part in _block(row, row.now)))
    has_accounts = any(row.key.account for row in verdict.rows)
    columns = [
        column for column in _COLUMNS if column.since <= screen.width and (has_accounts or column is not _ACCOUNT)
    ]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(
            Text(column.title),
            no_wrap=not column.may_fold,
            overflow="fold",
            justify="right" if column.is_number else "left",
        )
    for row in verdict.rows:
        table.add_row(*(_text(column, row, row.now, screen) for column in columns))
    return table


def account_lines(verdict: Verdict) -> Iterator[RenderableType]:
    """Say what is the matter with whole accounts."""
    for each in verdict.accounts:
        account = f"account {harmless(each.account)}" if each.account else "the account"
        severity = each.concern.severity
        yield Text.assemble(
            (severity.name, STYLES[severity]), f"  {account}: {harmless(each.concern.text, 200)}", overflow="fold"
        )


def _why(row: Row, _: datetime) -> list[str]:
    return [harmless(concern.text, 200) for concern in row.concerns]


def _block(row: Row, now: datetime) -> Iterator[RenderableType]:
    name = f"{harmless(row.key.account)} " if row.key.account else ""
    yield Text.assemble((row.severity.name, STYLES[row.severity]), f" {name}{_addon(row)}", overflow="fold")
    for line in [f"completed {', '.join(_completed(row, now))}", *_why(row, now)]:
        yield Padding(Text(line, overflow="fold"), (0, 0, 0, 2))


def _text(column: _Column, row: Row, now: datetime, screen: Screen) -> Text:
    lines = column.cell(row, now)
    joint = "\n" if screen.is_terminal else column.joint
    return Text(joint.join(lines), style=STYLES[row.severity] if column is _STATUS else "", overflow="fold")


def _addon(row: Row) -> str:
    return f"{harmless(row.key.project_id)}/{harmless(row.key.addon_id)}"


def _completed(row: Row, _: datetime) -> list[str]:
    if row.last_completed_at is None or row.age is None:
        return ["unknown" if row.data_at is None else "never"]
    return [f"{span(row.age)} ago", minute(row.last_completed_at)]


def _limit(row: Row, _: datetime) -> list[str]:
    return [_NONE if row.age_limit is None else span(row.age_limit)]


def _last_status(row: Row, now: datetime) -> list[str]:
    if row.last_status is None or row.last_attempt_at is None:
        return [_NONE]
    return [row.last_status.value, f"{span(now - row.last_attempt_at)} ago"]


def _next_due(row: Row, now: datetime) -> list[str]:
    if row.is_paused:
        return ["paused"]
    return [_NONE] if row.next_due is None else [f"in {span(row.next_due - now)}", minute(row.next_due)]


def _missed(row: Row, _: datetime) -> list[str]:
    return [_NONE if row.missed_runs is None else str(row.missed_runs)]


def _size(row: Row, _: datetime) -> list[str]:
    return [_NONE if row.size_bytes is None else size(row.size_bytes)]


_STATUS = _Column(title="STATUS", cell=lambda row, _: [row.severity.name])
_ACCOUNT = _Column(title="ACCOUNT", cell=lambda row, _: [harmless(row.key.account)], may_fold=True)
_COLUMNS = (
    _STATUS,
    _ACCOUNT,
    _Column(title="ADDON", cell=lambda row, _: [_addon(row)], may_fold=True),
    _Column(title="TYPE", cell=lambda row, _: [harmless(row.type, 20) or _NONE], since=155),
    _Column(title="COMPLETED", cell=_completed),
    _Column(title="LIMIT", cell=_limit, since=90),
    _Column(title="LATEST", cell=_last_status, since=105),
    _Column(title="SIZE", cell=_size, since=120, is_number=True),
    _Column(title="NEXT DUE", cell=_next_due, since=140),
    _Column(title="MISSED", cell=_missed, since=165, is_number=True),
    _Column(title="WHY", cell=_why, may_fold=True, joint="; "),
)
