"""docs/configuration.md: every key, with the default that counts and an example that is read; variables and flags."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.api_token import ApiToken
from exporter.config import Config, parse
from exporter.config.keys import ACCOUNT, ADDON, COLLECT, ROOT, SCRAPE
from exporter.hidden import Hidden
from exporter.webconfig import reader
from exporter.webconfig.tls import TLS_KEYS
from scripts.configuration_reference import EXAMPLE, KINDS, PAGE, default, described, written
from tests.certificates import make_certificate
from tests.process import ROOT as PROJECT
from tests.process import write_secret

TOKEN = "made-up"
STATED = {key: found[1] for key in KINDS if (found := re.fullmatch("`(.+)`", default(key)))}
_SAME_TOKEN = ApiToken.literal(Hidden(TOKEN))
PACKAGE = PROJECT / "exporter"


def read(key: str, value: object, folder: Path) -> Config:
    """Read a configuration in which a key has a value, and the others that are needed have one too."""
    entry: dict[str, Any] = {"project": "shop", "addon": "*"}
    account: dict[str, Any] = {"name": "acme", "addons": [entry]}
    root: dict[str, Any] = {"accounts": [account]}
    if key in ADDON:
        entry |= {key: value}
    elif key in ACCOUNT:
        account |= {key: value}
    elif key in ROOT:
        root |= {key: value}
    else:
        root |= {"collect" if key in COLLECT else "scrape": {key: value}}
    if key not in {"token", "token_file"}:
        account |= {"token": "${NORTHFLANK_API_TOKEN}"}
    config = parse(yaml.safe_dump(root), {"NORTHFLANK_API_TOKEN": TOKEN}, directory=folder)
    # Tokens do not compare.
    return replace(config, accounts=tuple(replace(each, token=_SAME_TOKEN) for each in config.accounts))


def test_what_is_generated_is_what_the_code_and_the_example_say() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert written(page) == page, "run make docs"


def test_every_key_is_told_once_and_only_keys_that_there_are() -> None:
    assert sorted(KINDS) == sorted([*ROOT, *ACCOUNT, *ADDON, *COLLECT, *SCRAPE])
    assert set(described()) == set(KINDS), f"{EXAMPLE.name} has a comment above each"


@pytest.mark.parametrize("key", [key for key in STATED if key != "timeout"])
def test_a_default_that_is_stated_is_what_counts_without_the_key(key: str, tmp_path: Path) -> None:
    without = read("name", "acme", tmp_path)

    assert read(key, yaml.safe_load(STATED[key]), tmp_path) == without


def test_the_defaults_of_all_durations_are_stated() -> None:
    assert STATED.keys() >= {*COLLECT, *SCRAPE, "api_url", "rate_limit_share"}


@pytest.mark.parametrize("key", [key for key in KINDS if key not in {*ROOT, "addons"}])
def test_an_example_of_a_key_is_read(key: str, tmp_path: Path) -> None:
    (value,) = yaml.safe_load(described()[key].example).values()
    if KINDS[key].type == "path":
        value = value.removeprefix("/")
        (tmp_path / value).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / value).write_bytes(make_certificate(tmp_path, "ca").certificate.read_bytes())
        if key == "token_file":
            write_secret(tmp_path / value, TOKEN)

    assert read(key, value, tmp_path).accounts


def test_every_variable_of_the_environment_that_is_read_is_told() -> None:
    page = PAGE.read_text(encoding="utf-8")
    code = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    read_here = set(re.findall(r'environ\.(?:get|pop)\(\s*"([A-Z_]+)"', code))
    read_here |= set(re.findall(r'"((?:LISTEN|NORTHFLANK)_[A-Z_]+)"', code))

    assert {"NO_COLOR", "COLUMNS", "LISTEN_FDS", "NORTHFLANK_API_TOKEN", "NORTHFLANK_API_URL"} <= read_here
    assert read_here == {name for name in read_here if f"`{name}`" in page}


def test_every_key_of_the_web_configuration_is_told() -> None:
    page = (PROJECT / "docs" / "web-configuration.md").read_text(encoding="utf-8")
    keys = {*TLS_KEYS, *reader._ROOT, *reader._HTTP, *reader._RATE_LIMIT}

    assert keys == {key for key in keys if re.search(rf"\b{key}\b", page)}
