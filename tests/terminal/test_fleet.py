"""The table of a fleet: aligned whatever things are called, folded where there is little room."""

from dataclasses import replace

import pytest
from rich.cells import cell_len

from exporter.model import AddonKey, ListedAddon
from exporter.terminal.fleet import account_lines, fleet_table
from exporter.terminal.screen import Screen, rendered
from exporter.verdict import Verdict, judge
from tests.builders import NOW
from tests.oracle import account_state
from tests.verdict.cases import CASES, FRESH, OLD, read

HOSTILE = (
    "plain",
    "\x1b[31mred\x1b[0m",
    "two\nlines",
    "[bold red]markup[/]",
    ":warning:",
    "\u202egnp.exe",
    "日本語データベース",
    "👍🏽 thumbs",
    "e\u0301tude",
    "x" * 300,
)


def lines(verdict: Verdict, screen: Screen | None = None) -> list[str]:
    shown = screen or Screen()
    return rendered(fleet_table(verdict, shown), screen=shown).decode().splitlines()


def terminal(width: int) -> Screen:
    return Screen(width=width, is_terminal=True)


def named(*names: str) -> Verdict:
    states = [
        replace(read(OLD, info=ListedAddon(id=name, type=name, status="running")), key=AddonKey(name, name, name))
        for name in names
    ]
    return judge(states, [], now=NOW)


def position(line: str, text: str) -> int:
    """Give the column on the screen where a text begins."""
    return cell_len(line[: line.index(text)])


def test_one_line_is_one_addon_where_nobody_looks() -> None:
    title, *rows = lines(judge([case.state for case in CASES], [account_state()], now=NOW))

    assert title.split() == [
        "STATUS", "ACCOUNT", "ADDON", "TYPE", "COMPLETED", "LIMIT", "LATEST", "SIZE", "NEXT", "DUE", "MISSED", "WHY",
    ]  # fmt: skip
    assert len(rows) == len(CASES)
    (old,) = (row for row in rows if " shop/old " in row)
    assert old.split("  ")[0] == "CRITICAL"
    assert " 31 h ago, 2026-03-09 05:00Z " in old
    assert old.endswith("no completed backup for 31 h, limit 26 h")


@pytest.mark.parametrize("name", HOSTILE)
def test_columns_stay_aligned_whatever_things_are_called(name: str) -> None:
    title, *rows = lines(named("plain", name))

    assert len(rows) == 2
    assert {position(row, "31 h ago") for row in rows} == {position(title, "COMPLETED")}
    assert {position(row, "no completed") for row in rows} == {position(title, "WHY")}
    assert not any(each in row for row in rows for each in "\x1b\u202e")


@pytest.mark.parametrize("width", [20, 30, 59, 60, 80, 100, 120, 140, 160, 200])
def test_nothing_is_wider_than_the_screen_and_nothing_is_lost(width: int) -> None:
    shown = lines(named("shop", *HOSTILE[1:-1]), terminal(width))

    assert max(map(cell_len, shown)) <= width
    text = "".join("".join(shown).split())
    assert text.count("CRITICAL") == len(HOSTILE) - 1
    assert text.count("2026-03-09") == len(HOSTILE) - 1


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (80, "STATUS ADDON COMPLETED WHY"),
        (90, "STATUS ADDON COMPLETED LIMIT WHY"),
        (120, "STATUS ADDON COMPLETED LIMIT LATEST SIZE WHY"),
        (165, "STATUS ADDON TYPE COMPLETED LIMIT LATEST SIZE NEXT DUE MISSED WHY"),
    ],
)
def test_there_are_as_many_columns_as_there_is_room_for(width: int, titles: str) -> None:
    unnamed = [replace(read(OLD), key=AddonKey("", "shop", "orders-db"))]

    assert lines(judge(unnamed, [], now=NOW), terminal(width))[0].split() == titles.split()


def test_eighty_columns_are_enough_to_read() -> None:
    chosen = [case.state for case in CASES if str(case) in {"old", "well"}]
    unnamed = [replace(state, key=state.key._replace(account="")) for state in chosen]

    assert lines(judge(unnamed, [], now=NOW), terminal(80)) == [
        "STATUS    ADDON      COMPLETED          WHY",
        "CRITICAL  shop/old   31 h ago           no completed backup for 31 h, limit 26 h",
        "                     2026-03-09 05:00Z",
        "OK        shop/well  2 h 50 min ago",
        "                     2026-03-10 09:10Z",
    ]


def test_on_a_narrow_screen_things_stand_below_each_other() -> None:
    old = replace(read(OLD), key=AddonKey("acme", "shop", "old"))

    assert lines(judge([old], [], now=NOW), terminal(40)) == [
        "CRITICAL acme shop/old",
        "  completed 31 h ago, 2026-03-09 05:00Z",
        "  no completed backup for 31 h, limit 26",
        "  h",
    ]


def test_colours_tell_how_grave_it_is() -> None:
    screen = Screen(width=80, is_terminal=True, is_coloured=True)
    text = "\n".join(lines(judge([read(FRESH), read(OLD)], [], now=NOW), screen))

    assert "\x1b[1;31mCRITICAL" in text
    assert "\x1b[32mOK" in text


def test_accounts_are_told_of_by_name() -> None:
    accounts = [replace(account_state(name), is_up=True, is_listed=False) for name in ("", "a\x1b[1m")]
    text = rendered(*account_lines(judge([], accounts, now=NOW)), screen=Screen()).decode()

    why = "not everything could be listed, so there may be addons that nobody watches"
    assert text.splitlines() == [f"UNKNOWN  the account: {why}", rf"UNKNOWN  account a\x1b[1m: {why}"]
