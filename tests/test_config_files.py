"""The configurations in data/config: the good ones load, the bad ones say exactly what is wrong."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from exporter.config import ALL_TEAMS, AddonEntry, CollectConfig, Config, ConfigError, ScrapeConfig, load
from exporter.config.keys import ACCOUNT, ADDON, COLLECT, ROOT, SCRAPE

DATA = Path(__file__).parent / "data" / "config"
EXAMPLE = Path(__file__).parent.parent / "config.example.yaml"
ENVIRON = {
    "NORTHFLANK_API_TOKEN": "made-up-secret-of-the-environment",
    "ADDON": "orders-db",
    "CONCURRENCY": "64",
    "EMPTY": "",
    "MAX_AGE": "90m",
    "NEGATIVE": "-1",
    "NEWLINE": "\n",
    "PROJECT": "blog",
    "SHARE": "0.5",
    "ZONE": "Europe/Berlin",
}
BAD = sorted(path.name for path in (DATA / "bad").glob("*.yaml"))


@pytest.mark.parametrize("name", BAD)
def test_a_bad_configuration_is_refused_with_exactly_these_problems(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DATA / "bad")
    expected = Path(name).with_suffix(".txt").read_text(encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(Path(name), ENVIRON)
    assert f"{caught.value}\n" == expected
    assert "made-up" not in repr(caught.value.problems)


def test_every_bad_configuration_has_its_expected_problems_and_no_file_is_left_over() -> None:
    expected = {path.stem for path in (DATA / "bad").glob("*.txt")}
    assert expected == {Path(name).stem for name in BAD}
    assert len(BAD) >= 20


def _good(name: str) -> Config:
    return load(DATA / "good" / name, ENVIRON)


def test_everything_that_can_be_configured_is_read() -> None:
    config = _good("everything.yaml")
    acme, other = config.accounts
    assert [(account.rate_limit_share, account.rate_limit_group) for account in config.accounts] == [
        (0.5, "blog & Söhne"),
        (0.5, "blog & Söhne"),
    ]
    assert (acme.name, acme.api_url) == ("acme", "http://127.0.0.1:10088/prefix")
    assert acme.token.reveal() == "made-up-secret-of-the-environment"
    assert (acme.team, acme.ca_file) == ("acme-prod", DATA / "good" / "ca.pem")
    assert acme.proxy_url == "HTTPS://user:made-up-secret-of-the-environment@[::1]:3128"
    assert acme.addons == (
        AddonEntry(project="shop", addon="orders-db", max_age=timedelta(hours=36)),
        AddonEntry(project="shop", addon="carts-db", max_age=timedelta(hours=36)),
        AddonEntry(project="shop", addon="sessions", max_age="off"),
        AddonEntry(project="shop", addon="cache", max_age="off"),
        AddonEntry(project="shop", addon="queue", max_age="off"),
        AddonEntry(project="shop", addon="search", max_age=timedelta(minutes=90)),
        AddonEntry(project="123", addon="no"),
        AddonEntry(project="2024-01-01", addon="="),
    )
    assert (other.name, other.api_url) == ("Größe ${NORTHFLANK_API_TOKEN}", "https://api.northflank.com")
    assert other.token.reveal() == "made-up-token-of-a-file"
    assert (other.team, other.proxy_url, other.ca_file) == (ALL_TEAMS, "http://proxy", None)
    assert other.addons == (
        AddonEntry(project="blog", addon="blog-db"),
        AddonEntry(project="*", addon="*"),
        AddonEntry(project="*", addon="*", exclude=("*-preview",), types=("postgresql", "My SQL"), tags=("1", "prod")),
        AddonEntry(project="sh[a-oq]p", addon="?[!0-9]*", exclude=("blog-db", "[x]*")),
        AddonEntry(project="shop", addon="orders-db", tags=("prod",), max_age="off"),
        AddonEntry(project="shop", addon="orders-db", types=("redis",)),
        AddonEntry(project="shop", addon="orders-db", exclude=("other",)),
    )
    assert config.collect == CollectConfig(
        discovery=timedelta(hours=1),
        schedules=timedelta(minutes=90),
        schedules_timezone=ZoneInfo("Europe/Berlin"),
        schedules_grace=timedelta(),
        restores=timedelta(minutes=90),
        full_listing=timedelta(hours=3),
    )
    assert config.scrape == ScrapeConfig(
        request_timeout=timedelta(seconds=60.5),
        concurrency=64,
        timeout=timedelta(minutes=90),
        timeout_offset=timedelta(),
        min_refresh_interval=timedelta(),
        max_staleness=timedelta(minutes=90),
    )
    assert config.warnings == ()


def test_what_is_left_out_has_its_default() -> None:
    config = _good("minimal.yaml")
    assert [(account.name, account.api_url) for account in config.accounts] == [("", "https://api.northflank.com")]
    assert [(account.rate_limit_share, account.rate_limit_group) for account in config.accounts] == [(0.8, "")]
    assert [(account.team, account.proxy_url, account.ca_file) for account in config.accounts] == [("", None, None)]
    assert config.collect == CollectConfig()
    assert config.scrape == ScrapeConfig(
        request_timeout=timedelta(seconds=8),
        concurrency=16,
        timeout=None,
        timeout_offset=timedelta(milliseconds=500),
        min_refresh_interval=timedelta(),
        max_staleness=timedelta(hours=6),
    )


def test_the_example_loads_without_a_warning() -> None:
    config = load(EXAMPLE, {"NORTHFLANK_API_TOKEN": "made-up-token"})
    assert config.warnings == ()
    assert len(config.accounts) == 1
    assert (config.collect, config.scrape) == (CollectConfig(), ScrapeConfig())


@pytest.mark.parametrize("keys", [ROOT, ACCOUNT, ADDON, COLLECT, SCRAPE])
def test_the_example_shows_every_key(keys: tuple[str, ...]) -> None:
    words = {line.strip(" #-").partition(":")[0] for line in EXAMPLE.read_text(encoding="utf-8").splitlines()}
    assert words >= set(keys)
