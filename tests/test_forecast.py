"""What `check` tells of a good configuration."""

from datetime import timedelta

from exporter.api_token import ApiToken
from exporter.config import AccountConfig, AddonEntry, Config
from exporter.forecast import forecast


def account(name: str, *addons: str) -> AccountConfig:
    entries = tuple(
        AddonEntry(project=project, addon=addon, max_age=timedelta(hours=26))
        for project, addon in (each.split("/") for each in addons)
    )
    return AccountConfig(name=name, token=ApiToken.literal("very-secret"), addons=entries)


def lines(*accounts: AccountConfig) -> list[str]:
    return list(forecast(Config(accounts=accounts)))


def test_every_target_is_listed_below_its_account() -> None:
    told = lines(account("acme", "shop/orders-db", "shop/carts-db"), account("beta", "crm/main"))

    assert [line for line in told if line.startswith("  ")] == ["  shop/orders-db", "  shop/carts-db", "  crm/main"]
    assert told[0].startswith("account acme: 2 addons, ")
    assert told[3].startswith("account beta: 1 addon, ")


def test_expected_requests_stand_against_the_limit() -> None:
    told = lines(account("acme", *(f"shop/db-{number}" for number in range(15))))

    assert "at least 15 requests per scrape" in told[0]
    assert "900 requests per hour when scraped every minute" in told[0]
    assert "of the 1000 that the API allows" in told[0]


def test_an_account_without_a_name_is_told_as_such() -> None:
    assert lines(account("", "shop/orders-db"))[0].startswith("account (unnamed): 1 addon, at least 1 request per ")


def test_the_token_is_not_told() -> None:
    assert "very-secret" not in "\n".join(lines(account("acme", "shop/orders-db")))
