"""What watching an account is said to cost, by `check` and in the log."""

from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest

from exporter.api_token import ApiToken
from exporter.config import AccountConfig, AddonEntry, CollectConfig, Config
from exporter.forecast import Outlook, forecast, outlooks, smallest_max_age

DAY = timedelta(hours=26)


def account(name: str, *addons: str, token: str = "", share: float = 0.8, max_age: timedelta = DAY) -> AccountConfig:
    entries = tuple(
        AddonEntry(project=project, addon=addon, max_age=max_age)
        for project, addon in (each.split("/") for each in addons)
    )
    secret = ApiToken.literal(token or f"very-secret-{name}")
    return AccountConfig(name=name, token=secret, rate_limit_share=share, addons=entries)


def many(count: int) -> list[str]:
    return [f"shop/db-{number}" for number in range(count)]


def lines(*accounts: AccountConfig) -> list[str]:
    return list(forecast(Config(accounts=accounts)))


def outlook(
    cycle: timedelta, *, addons: int = 20, requests: int = 30, max_age: timedelta | None = None, shared: str = ""
) -> Outlook:
    return Outlook(
        account="acme",
        addons=addons,
        requests=requests,
        cycle=cycle,
        shared_with=tuple(shared.split()),
        max_age=max_age,
    )


def test_an_outlook_tells_requests_rate_and_freshness() -> None:
    assert str(outlook(timedelta(minutes=3))) == (
        "20 addons, about 30 requests per refresh; at 600 requests per hour each addon is re-read about every 3 minutes"
    )


def test_an_outlook_of_one_is_told_in_the_singular() -> None:
    assert str(outlook(timedelta(seconds=1), addons=1, requests=1)) == (
        "1 addon, about 1 request per refresh; at 3600 requests per hour each addon is re-read about every 1 second"
    )


def test_an_outlook_names_who_shares_the_budget() -> None:
    told = str(outlook(timedelta(minutes=3), shared="beta gamma"))
    assert told.startswith("20 addons, about 30 requests per refresh together with beta, gamma; at 600 ")


@pytest.mark.parametrize(
    ("cycle", "about"),
    [
        (timedelta(0), "1 second"),
        (timedelta(milliseconds=1400), "1 second"),
        (timedelta(seconds=4.5), "4 seconds"),
        (timedelta(seconds=119), "119 seconds"),
        (timedelta(minutes=2), "2 minutes"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=6.6), "7 days"),
    ],
)
def test_a_time_is_told_in_the_unit_that_reads_well(cycle: timedelta, about: str) -> None:
    assert str(outlook(cycle)).endswith(f" each addon is re-read about every {about}")


@pytest.mark.parametrize("max_age", [timedelta(hours=4), timedelta(days=30), None])
def test_data_that_is_fresh_enough_needs_no_warning(max_age: timedelta | None) -> None:
    assert outlook(timedelta(hours=1), max_age=max_age).warning is None


def test_data_that_is_older_than_a_quarter_of_the_limit_is_warned_of() -> None:
    warning = outlook(timedelta(hours=2), max_age=timedelta(hours=8) - timedelta(seconds=1)).warning
    assert warning == (
        "data may be 2 hours old, more than a quarter of the smallest max_age (8 hours): watch fewer addons, "
        "give the exporter a larger rate_limit_share, or ask Northflank for a higher limit"
    )


@pytest.mark.parametrize(
    ("ages", "smallest"),
    [
        ([], None),
        ([None, "off"], None),
        ([DAY, timedelta(hours=1), "off", None, timedelta(days=2)], timedelta(hours=1)),
        ([timedelta(0), DAY], timedelta(0)),
    ],
)
def test_the_smallest_limit_is_found(ages: list[timedelta | Literal["off"] | None], smallest: timedelta | None) -> None:
    entries = [AddonEntry(project="shop", addon="orders-db", max_age=age) for age in ages]
    assert smallest_max_age(entries) == smallest


def test_before_the_first_request_each_addon_is_expected_to_cost_one() -> None:
    (told,) = outlooks(Config(accounts=(account("acme", *many(15)),)))
    assert told == Outlook(
        account="acme", addons=15, requests=15, cycle=timedelta(hours=15 / 800), shared_with=(), max_age=DAY
    )


def test_a_smaller_share_makes_the_round_longer() -> None:
    (told,) = outlooks(Config(accounts=(account("acme", *many(10), share=0.1),)))
    assert told.cycle == timedelta(minutes=6)


def test_accounts_with_one_token_share_one_budget() -> None:
    accounts = (
        account("acme", *many(10), token="same"),
        account("beta", "crm/main", max_age=timedelta(hours=1)),
        account("gamma", *many(30), token="same", max_age=timedelta(hours=2)),
    )
    first, alone, second = outlooks(Config(accounts=accounts))
    assert [each.account for each in (first, alone, second)] == ["acme", "beta", "gamma"]
    assert first == replace(first, addons=10, requests=40, cycle=timedelta(minutes=3), shared_with=("gamma",))
    assert second == replace(second, addons=30, requests=40, cycle=timedelta(minutes=3), shared_with=("acme",))
    assert (alone.requests, alone.shared_with) == (1, ())
    assert [each.max_age for each in (first, alone, second)] == [DAY, timedelta(hours=1), timedelta(hours=2)]


def test_every_target_is_listed_below_its_account() -> None:
    told = lines(account("acme", "shop/orders-db", "shop/carts-db"), account("beta", "crm/main"))

    assert [line for line in told if line.startswith("  ")] == ["  shop/orders-db", "  shop/carts-db", "  crm/main"]
    assert told[0].startswith("account acme: 2 addons, ")
    assert told[3].startswith("account beta: 1 addon, ")


def test_expected_requests_stand_against_the_limit() -> None:
    first, *_ = lines(account("acme", *many(15)))

    assert first == (
        "account acme: 15 addons, about 15 requests per refresh; at 800 requests per hour each addon is re-read "
        "about every 68 seconds (if each takes one request, of 1000 per hour that the API allows; "
        "a list of more than 100 backups takes more every 6 hours)"
    )


def test_what_a_long_list_costs_besides_is_said_in_words() -> None:
    watched = Config(accounts=(account("acme", "shop/orders-db"),), collect=CollectConfig(full_listing=timedelta(0)))
    assert next(forecast(watched)).endswith("; a list of more than 100 backups always takes more)")


def test_a_warning_stands_below_its_account() -> None:
    told = lines(account("acme", *many(400), max_age=timedelta(hours=1)), account("beta", "crm/main"))

    assert told[1].startswith("account acme: warning: data may be 30 minutes old, ")
    assert [line for line in told if "warning" in line] == told[1:2]


def test_an_account_without_a_name_is_told_as_such() -> None:
    assert lines(account("", "shop/orders-db"))[0].startswith("account (unnamed): 1 addon, about 1 request per ")


def test_the_token_is_not_told() -> None:
    assert "very-secret" not in "\n".join(lines(account("acme", "shop/orders-db"), account("beta", "crm/main")))
