"""`/probe`: one addon by its name, and nothing that is not watched."""

import gzip
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from exporter.model import AddonKey
from exporter.state import AddonState
from exporter.web.probe import AddonName
from tests.oracle import backup, read_addon, series
from tests.web.conftest import Open, Site

ORDERS = "/probe?project=shop&addon=orders-db"


def addon(account: str, project_id: str, addon_id: str) -> AddonState:
    return read_addon(backup("b", timedelta(hours=1)), key=AddonKey(account, project_id, addon_id))


async def test_an_addon_has_the_lines_that_it_has_among_all(opened: Open) -> None:
    site = await opened("/metrics", addon("acme", "shop", "orders-db"), addon("acme", "shop", "carts-db"))

    whole = await (await site.ask("/metrics")).text()
    probe = await site.ask(ORDERS)

    assert (probe.status, probe.headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    of_orders = [line for line in whole.splitlines() if 'addon_id="orders-db"' in line]
    lines = [line for line in (await probe.text()).splitlines() if not line.startswith("#")]
    assert lines == [*of_orders, "northflank_scrape_duration_seconds 0.75"]
    assert len(of_orders) > 20


async def test_nothing_of_the_exporter_is_shown(site: Site) -> None:
    whole, probe = await site.ask("/metrics"), await site.ask(ORDERS)

    for name in ("northflank_up", "northflank_exporter_", "northflank_api_", "northflank_poll_errors"):
        assert name not in await probe.text()
    assert "northflank_api_requests_total" in await whole.text()


async def test_format_encoding_and_names_are_chosen_as_for_the_metrics(site: Site) -> None:
    answer = await site.ask(
        f"{ORDERS}&name[]=northflank_addon_poll_success",
        Accept="application/openmetrics-text",
        Accept_Encoding="gzip",
    )

    assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept, Accept-Encoding")
    (family,) = parse_openmetrics(gzip.decompress(await answer.read()).decode())
    assert family.name == "northflank_addon_poll_success"


async def test_openmetrics_of_one_addon_can_be_read_strictly(site: Site) -> None:
    answer = await site.ask(ORDERS, Accept="application/openmetrics-text")

    assert len(list(parse_openmetrics(await answer.text()))) > 20


@pytest.mark.parametrize("account", ["", "&account=", "&account=acme"])
async def test_the_account_may_be_left_out_while_there_is_one(site: Site, account: str) -> None:
    assert (await site.ask(ORDERS + account)).status == 200
    assert site.watcher.probed == [AddonKey("acme", "shop", "orders-db")]


async def test_with_several_accounts_the_account_says_which_is_meant(opened: Open) -> None:
    site = await opened("/metrics", addon("acme", "shop", "orders-db"), addon("umbrella", "shop", "orders-db"))

    answer = await site.ask(f"{ORDERS}&account=umbrella")
    without = await site.ask(ORDERS)

    assert site.watcher.probed == [AddonKey("umbrella", "shop", "orders-db")]
    assert all('account="umbrella"' in name for name in series(await answer.text()) if "_addon_" in name)
    assert (without.status, await without.text()) == (400, "Which of several accounts?\n")


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("", "The parameter project is missing.\nThe parameter addon is missing.\n"),
        ("?project=shop", "The parameter addon is missing.\n"),
        ("?addon=orders-db", "The parameter project is missing.\n"),
        ("?project=&addon=orders-db", "The parameter project is empty.\n"),
        ("?project=shop&addon", "The parameter addon is empty.\n"),
        ("?project=shop&addon=a&addon=b&addon=b", "The parameter addon is given 3 times.\n"),
        ("?project=shop&addon=a&account=x&account=x", "The parameter account is given 2 times.\n"),
        ("?target=http://10.0.0.1/", "The parameter project is missing.\nThe parameter addon is missing.\n"),
    ],
)
async def test_parameters_that_name_no_addon_are_told_without_a_poll(site: Site, query: str, problems: str) -> None:
    answer = await site.ask(f"/probe{query}")

    assert (answer.status, answer.headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert await answer.text() == problems
    assert site.scrapes == 0


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("project=shop&addon=nothing", "project 'shop', addon 'nothing'"),
        ("project=*&addon=*", "project '*', addon '*'"),
        ("project=shop&addon=orders-db&account=other", "account 'other', project 'shop', addon 'orders-db'"),
        ("project=http://10.0.0.1/&addon=../../x", "project 'http://10.0.0.1/', addon '../../x'"),
        ("project=shop&addon=a%00%0A%1B", r"project 'shop', addon 'a\x00\n\x1b'"),
    ],
)
async def test_a_name_that_is_not_watched_is_not_found_without_a_poll(site: Site, query: str, told: str) -> None:
    answer = await site.ask(f"/probe?{query}")

    assert (answer.status, answer.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert await answer.text() == f"No such addon is watched: {told}.\n"
    assert site.scrapes == 0


async def test_names_are_taken_as_they_are(opened: Open) -> None:
    site = await opened("/metrics", addon("größe/team", "shop & co", "orders+db"))

    answer = await site.ask("/probe?account=gr%C3%B6%C3%9Fe%2Fteam&project=shop+%26%20co&addon=orders%2Bdb")

    assert answer.status == 200
    assert site.watcher.probed == [site.watcher.addons[0].key]


async def test_an_addon_whose_poll_failed_is_shown_all_the_same(opened: Open) -> None:
    unread = AddonState(key=AddonKey("acme", "shop", "orders-db"))
    site = await opened("/metrics", replace(unread, max_age=timedelta(hours=26)))

    answer = await site.ask(ORDERS)

    labels = 'account="acme",addon_id="orders-db",project_id="shop"'
    assert series(await answer.text()) == {
        f"northflank_addon_backup_max_age_seconds{{{labels}}}": 93600,
        f"northflank_addon_poll_success{{{labels}}}": 0,
        f'northflank_addon_poll_error_info{{{labels},reason="pending"}}': 1,
        "northflank_scrape_duration_seconds": 0.75,
    }


def test_a_name_that_was_left_out_is_not_told() -> None:
    assert str(AddonName(None, "shop", "orders-db")) == "project 'shop', addon 'orders-db'"
