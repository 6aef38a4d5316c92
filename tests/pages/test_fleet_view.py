"""What the page of the fleet chooses to show, and in which order."""

from dataclasses import replace
from datetime import timedelta

import pytest

from exporter.model import AddonKey, FailureReason
from exporter.pages.columns import COLUMNS, Column
from exporter.pages.fleet import PAGE_LENGTH, FleetView, fleet_view
from exporter.pages.query import Query
from exporter.summary import summarise_restores
from exporter.verdict import Severity
from tests.builders import NOW, ago
from tests.pages.fleet import account, addon, dumps, fleet, snapshot, unread

WORST_FIRST = ["queue", "carts-db", "search-db", "lost-db", "cache", "crm-db", "catalog-db", "sessions"]


def view(**asked: str) -> FleetView:
    return fleet_view(snapshot(fleet()), Query.of(asked))


def shown(**asked: str) -> list[str]:
    return [row.key.addon_id for row in view(**asked).rows]


def test_the_verdict_comes_first_and_the_worst_addon_after_it() -> None:
    told = view()

    assert told.headline == "3 of 8 addons need attention"
    assert told.more == ("1 could not be read", "1 is near its limit")
    assert told.severity is Severity.CRITICAL
    assert shown() == WORST_FIRST
    assert [(each.title, each.count) for each in told.states] == [
        ("Critical", 2),
        ("Warning", 1),
        ("Unknown", 1),
        ("OK", 4),
    ]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"state": "critical"}, ["queue", "carts-db"]),
        ({"state": "attention"}, ["queue", "carts-db", "search-db"]),
        ({"state": "unknown"}, ["lost-db"]),
        ({"project": "intranet"}, ["queue", "lost-db", "cache", "crm-db"]),
        ({"type": "redis"}, ["cache", "sessions"]),
        ({"find": "CATALOG db"}, ["catalog-db"]),
        ({"find": "have failed"}, ["carts-db"]),
        ({"find": "forbidden"}, ["lost-db"]),
        ({"find": "db", "type": "mysql"}, ["catalog-db"]),
        ({"state": "nonsense"}, []),
        ({"account": "other"}, []),
    ],
)
def test_addons_are_chosen_by_what_they_are_and_what_is_told_of_them(asked: dict[str, str], names: list[str]) -> None:
    told = view(**asked)

    assert [row.key.addon_id for row in told.rows] == names
    assert (told.matching, told.addons) == (len(names), 8)
    assert told.headline == "3 of 8 addons need attention", "the verdict is of all"


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("addon", "cache", "sessions"),
        ("-addon", "sessions", "cache"),
        ("project", "queue", "sessions"),
        ("type", "search-db", "lost-db"),
        ("completed", "queue", "lost-db"),
        ("-completed", "sessions", "lost-db"),
        ("size", "carts-db", "lost-db"),
        ("status", "search-db", "lost-db"),
        ("missed", "carts-db", "sessions"),
        ("due", "carts-db", "sessions"),
        ("data", "queue", "lost-db"),
        ("error", "lost-db", "sessions"),
        ("-state", "cache", "carts-db"),
        ("nonsense", "queue", "sessions"),
    ],
)
def test_a_column_sorts_in_both_directions_and_what_is_not_known_comes_last(sort: str, first: str, last: str) -> None:
    names = shown(sort=sort)

    assert (names[0], names[-1]) == (first, last)
    assert sorted(names) == sorted(WORST_FIRST)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_a_head_leads_to_its_order_and_then_to_the_other_one(column: Column) -> None:
    name, known = column.name, snapshot([addon("db", *dumps(3), account="acme")], account("acme"))
    first = fleet_view(known, Query(sort="" if name == "state" else name))
    (head,) = (each for each in first.heads if each.column.name == name)
    (other,) = (each for each in fleet_view(known, Query(sort=f"-{name}")).heads if each.column.name == name)

    assert head.url == f"/?sort=-{name}"
    assert {head.aria_sort, other.aria_sort} == {"ascending", "descending"}
    assert other.url == ("/" if name == "state" else f"/?sort={name}")
    assert [each.aria_sort for each in first.heads if each is not head] == [""] * (len(first.heads) - 1)


def test_the_form_offers_every_order_and_keeps_the_one_that_is_chosen() -> None:
    offered = {order.value: order.title for order in view(sort="-size").orders}

    assert list(offered) == [
        "",
        *(column.name for column in COLUMNS if column.name not in {"state", "account"}),
        "-size",
    ]
    assert (offered["size"], offered["due"]) == ("size, descending", "next due")
    assert "-size" not in [order.value for order in view(sort="size").orders]


def test_a_state_is_chosen_and_left_again_by_the_same_link() -> None:
    critical = view(find="db").states[0]
    chosen = view(find="db", state="critical").states[0]

    assert (critical.url, critical.is_chosen) == ("/?find=db&state=critical", False)
    assert (chosen.url, chosen.is_chosen) == ("/?find=db", True)


@pytest.mark.parametrize(
    "others",
    [{}, {"project": "intranet"}, {"find": "db"}, {"type": "redis", "sort": "addon"}, {"find": "nothing such"}],
)
@pytest.mark.parametrize("state", ["", "critical"])
def test_a_state_counts_what_its_link_leads_to(others: dict[str, str], state: str) -> None:
    for choice in view(**others, state=state).states:
        assert choice.count == view(**others, state=choice.value).matching


def test_what_the_table_does_not_tell_is_not_found() -> None:
    untested = replace(addon("orders-db", *dumps(3)), restores=summarise_restores([]))
    (row,) = fleet_view(snapshot([untested]), Query()).rows

    assert "restore" in row.concerns[0].text
    assert fleet_view(snapshot([untested]), Query(find="restore")).rows == []
    assert fleet_view(snapshot([unread("new-db")]), Query(find="pending")).matching == 1, "its error is told"


def test_many_addons_are_on_several_pages() -> None:
    many = snapshot([addon(f"db-{number:04}", *dumps(3)) for number in range(2 * PAGE_LENGTH + 1)])

    def page(number: int) -> FleetView:
        return fleet_view(many, Query(sort="addon", page=number))

    assert [(page(number).first, page(number).last) for number in (1, 2, 3)] == [(1, 100), (101, 200), (201, 201)]
    assert [row.key.addon_id for row in page(3).rows] == ["db-0200"]
    assert (page(1).previous_url, page(1).next_url) == ("", "/?sort=addon&page=2")
    assert (page(2).previous_url, page(2).next_url) == ("/?sort=addon", "/?sort=addon&page=3")
    assert page(3).next_url == ""
    assert page(999).last == 201, "beyond the end stands the last one"
    assert fleet_view(many, Query(page=2)).first == 101, "where the worst come first, too"


def test_before_the_first_scrape_nothing_is_said_to_be_well() -> None:
    for addons in ([], [unread("orders-db")]):
        told = fleet_view(snapshot(addons, account(is_up=None, rate_limit=None), asked_at=None), Query())

        assert told.severity is Severity.UNKNOWN
        assert told.headline == "Nothing was read yet"


def test_while_addons_are_not_read_yet_nothing_is_said_to_be_well() -> None:
    told = fleet_view(snapshot([unread("orders-db"), addon("well", *dumps(3))]), Query())

    assert told.severity is Severity.UNKNOWN
    assert (told.headline, told.more) == (
        "None of 2 addons is known to need attention",
        ("1 is not read yet",),
    )


def test_accounts_have_a_column_where_they_have_names() -> None:
    addons = [addon("a", *dumps(3), account="acme"), addon("a", *dumps(3), account="umbrella")]
    told = fleet_view(snapshot(addons, account("acme"), account("umbrella", is_up=False)), Query(account="umbrella"))

    assert told.account_names == ["acme", "umbrella"]
    assert [row.key for row in told.rows] == [AddonKey("umbrella", "shop", "a")]
    assert "account" in [head.column.name for head in told.heads]
    assert "account" in [order.value for order in told.orders]
    assert [(each.account, each.concern.severity) for each in told.account_concerns] == [("umbrella", Severity.UNKNOWN)]


def test_the_oldest_data_is_told() -> None:
    addons = [addon("new", *dumps(3)), addon("old", *dumps(3), read_at=ago(hours=2)), unread("none")]

    assert fleet_view(snapshot(addons), Query()).oldest == timedelta(hours=2)
    assert fleet_view(snapshot([unread("none")]), Query()).oldest is None


def test_a_failure_does_not_hide_behind_what_was_read_before() -> None:
    state = fleet()[0].failed(FailureReason.TIMEOUT, at=0.0, duration=timedelta(seconds=8))
    told = fleet_view(snapshot([state]), Query())

    assert told.severity is Severity.UNKNOWN
    assert told.rows[0].error is FailureReason.TIMEOUT


def test_each_accounts_addons_are_judged_by_the_clock_that_dated_their_backups() -> None:
    addons = [addon("a", *dumps(25), account="acme"), addon("a", *dumps(25), account="umbrella")]
    known = snapshot(addons, account("acme"), account("umbrella"))
    told = fleet_view(replace(known, times={"umbrella": NOW + timedelta(hours=2)}), Query(sort="account"))

    assert [(row.key.account, row.age) for row in told.rows] == [
        ("acme", timedelta(hours=24, minutes=50)),
        ("umbrella", timedelta(hours=26, minutes=50)),
    ]
