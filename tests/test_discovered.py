"""What was found, as a configuration: the project's own reader takes it, and watches exactly that."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import Config, ConfigError, parse
from exporter.discovered import FoundAccount, as_yaml
from exporter.model import ListedAddon

ENVIRON = {"NORTHFLANK_API_TOKEN": "made-up-secret", "OTHER": "another-made-up-secret"}


def found(projects: Mapping[str, list[str]], **fields: str) -> FoundAccount:
    return FoundAccount(
        projects={project: [ListedAddon(id=addon) for addon in addons] for project, addons in projects.items()},
        **fields,
    )


def read(accounts: Mapping[str, FoundAccount], directory: Path = Path()) -> Config:
    return parse(as_yaml(accounts), ENVIRON, directory=directory)


def entries(config: Config) -> list[tuple[str, str]]:
    return [(entry.project, entry.addon) for account in config.accounts for entry in account.addons]


def test_the_whole_text() -> None:
    shop = [
        ListedAddon(id="orders-db", name="Orders DB", type="postgresql", status="running", tags=("prod",)),
        ListedAddon(id="123", type="redis"),
        ListedAddon(id="carts", name="Carts # 1"),
    ]
    acme = FoundAccount(projects={"shop": shop, "no": [ListedAddon(id="ä db")]}, token_file="/run/secrets/northflank")
    other = FoundAccount(
        projects={"no": [ListedAddon(id="wiki")]},
        team="2024-01-01",
        api_url="https://nf.example",
        token_variable="OTHER",
    )
    assert as_yaml({"acme": acme, "other": other, "empty": found({"shop": []})}) == (
        "accounts:\n"
        "  - name: acme\n"
        "    token_file: /run/secrets/northflank\n"
        "    addons:\n"
        "      - project: shop\n"
        "        addon: orders-db  # postgresql, Orders DB\n"
        "      - project: shop\n"
        '        addon: "123"  # redis\n'
        "      - project: shop\n"
        "        addon: carts  # Carts # 1\n"
        '# an id with spaces cannot be watched: project "no", addon "ä db"\n'
        "  - name: other\n"
        '    api_url: "https://nf.example"\n'
        "    token: ${OTHER}\n"
        '    team: "2024-01-01"\n'
        "    addons:\n"
        '      - project: "no"\n'
        "        addon: wiki\n"
        "# account empty: no addon that can be watched was found\n"
    )


def test_a_single_account_needs_no_name() -> None:
    config = read({"": found({"shop": ["orders-db"]})})
    (account,) = config.accounts
    assert (account.name, account.team, account.token.reveal()) == ("", "", "made-up-secret")
    assert entries(config) == [("shop", "orders-db")]
    assert config.warnings == ()


def test_a_token_from_a_file_stays_in_it(tmp_path: Path) -> None:
    secret = tmp_path / "to ken: # ${x} ☃"
    secret.write_text("made-up-secret-of-a-file")
    account = found({"shop": ["orders-db"]}, token_file=str(secret))
    assert read({"": account}).accounts[0].token.reveal() == "made-up-secret-of-a-file"


ODD = [
    "123",
    "no",
    "NO",
    "y",
    "null",
    "~",
    "2024-01-01",
    "1e3",
    "0x1F",
    "1:30",
    "07",
    ".5",
    "-",
    "- a",
    "-a",
    "!x",
    "&x",
]
ODD += ["*x", "x*", "a?b", "a[b", "[", "]", "a[b]c", "{", "#", "a#b", "a:", "a:b", "'", '"', "\\", "\\n", "@", "`", "%"]
ODD += ["|", ">", "<<", "=", "...", "---", "${HOME}", "$${x}", "$", "${", "ä", "日本", "🍳", "e\u0301", "\u202ftoo"]
USABLE = [odd for odd in ODD if odd.isprintable() and " " not in odd]


@pytest.mark.parametrize("odd", USABLE)
def test_an_odd_id_stays_what_it_is(odd: str) -> None:
    (entry,) = read({"": found({odd: [odd]}, team="no")}).accounts[0].addons
    assert entry.selects(odd, odd, None, ())
    assert not entry.selects(odd, f"{odd}x", None, ())
    if not set(odd) & set("*?["):
        assert (entry.project, entry.addon, entry.is_literal) == (odd, odd, True)


def test_odd_texts_of_an_account_stay_what_they_are() -> None:
    names = ["on", "1", "a: b", "${x}", "🍳 #1", '"']
    config = read({name: found({"shop": ["db"]}, team=team) for name, team in zip(names, USABLE, strict=False)})
    assert [(account.name, account.team) for account in config.accounts] == list(zip(names, USABLE, strict=False))


def test_an_addon_that_was_found_twice_stands_there_once() -> None:
    assert entries(read({"": found({"shop": ["db", "db"]})})) == [("shop", "db")]


def test_an_account_without_addons_is_no_entry() -> None:
    config = read({"a": found({"shop": []}), "b": found({"shop": ["db"]}), "c": found({"a b": ["db"]})})
    assert [account.name for account in config.accounts] == ["b"]


@pytest.mark.parametrize("accounts", [{}, {"": found({})}, {"a": found({"shop": []})}, {"": found({"a b": ["c"]})}])
def test_nothing_found_is_no_configuration(accounts: Mapping[str, FoundAccount]) -> None:
    text = as_yaml(accounts)
    assert all(line.startswith("#") for line in text.splitlines())
    with pytest.raises(ConfigError):
        parse(text, ENVIRON)


def test_names_and_types_cannot_leave_their_comment() -> None:
    lines = "\n\r\x85\u2028\u2029\0\x1b[31m\ud800"
    addon = ListedAddon(id="db", name=f"Orders{lines}      - evil: yes", type=f"{lines}redis{lines}")
    text = as_yaml({"": FoundAccount(projects={"shop": [addon]})})
    assert "addon: db  # [31mredis[31m, Orders[31m      - evil: yes\n" in text
    assert all(character.isprintable() or character == "\n" for character in text)


texts = st.text(st.characters(codec=None), max_size=8)
ids = texts.filter(lambda text: text.isprintable() and text not in {"", ".", ".."} and not set(text) & set("/ "))
addons = st.builds(ListedAddon, id=ids, name=texts, type=texts)


@given(st.dictionaries(ids, st.lists(addons, max_size=3), max_size=3), st.sampled_from(["", "acme", "123"]))
def test_whatever_was_found_is_watched_and_nothing_else(projects: dict[str, list[ListedAddon]], name: str) -> None:
    keys = {(project, addon.id) for project, addons in projects.items() for addon in addons}
    if not keys:
        return
    (account,) = read({name: FoundAccount(projects=projects, team=name)}).accounts
    assert (account.name, account.team) == (name, name)
    assert len(account.addons) == len(keys)
    for entry in account.addons:
        assert len([key for key in keys if entry.selects(*key, None, ())]) == 1
    assert all(any(entry.selects(*key, None, ()) for entry in account.addons) for key in keys)
