"""Which addons an entry selects, and what is a pattern of ids."""

from datetime import timedelta
from fnmatch import fnmatchcase

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from exporter.config import AddonEntry, CollectConfig, Config, ConfigError, parse, yaml_reader
from exporter.config.pattern import complaint_about, is_pattern, matches

EVERYTHING = AddonEntry(project="*", addon="*")
PATTERNS = st.text("*?[]!^-ab", max_size=10)
IDS = st.text("ab-!^", max_size=6)


def _read(entry: str, collect: str = "{}") -> Config:
    return parse(f"accounts: [{{token: t, addons: [{entry}]}}]\ncollect: {collect}\n", {})


@pytest.mark.parametrize(
    ("pattern", "selected", "others"),
    [
        ("shop", ["shop"], ["shop2", "Shop", "", "a-shop"]),
        ("*", ["shop", "", "a.b"], []),
        ("*-db", ["orders-db", "-db"], ["orders-db-2", "orders-DB"]),
        ("db-?", ["db-1"], ["db-", "db-12"]),
        ("db-[0-9ab]", ["db-7", "db-b"], ["db-c", "db-A"]),
        ("db-[!0-9]", ["db-x"], ["db-7"]),
        ("a.b*", ["a.b", "a.bc"], ["axb"]),
    ],
)
def test_a_pattern_matches_whole_ids_and_tells_upper_from_lower_case(
    pattern: str, selected: list[str], others: list[str]
) -> None:
    entry = AddonEntry(project=pattern, addon=pattern)
    assert [text for text in [*selected, *others] if entry.selects_project(text)] == selected
    assert [text for text in [*selected, *others] if entry.selects(text, text, None, ())] == selected


def test_an_entry_wants_its_project_as_well_as_its_addon() -> None:
    entry = AddonEntry(project="shop", addon="*-db")
    assert entry.selects("shop", "orders-db", "redis", ["x"])
    assert not entry.selects("blog", "orders-db", "redis", ["x"])
    assert not entry.selects("shop", "cache", "redis", ["x"])


def test_what_is_excluded_is_not_selected() -> None:
    entry = AddonEntry(project="*", addon="*", exclude=("*-preview", "cache"))
    assert [addon for addon in ("cache", "a-preview", "caches", "Cache") if entry.selects("p", addon, None, ())] == [
        "caches",
        "Cache",
    ]
    assert entry.selects_project("p")


def test_types_select_addons_of_one_of_them() -> None:
    entry = AddonEntry(project="*", addon="*", types=("postgresql", "mysql"))
    assert [kind for kind in ("mysql", "redis", "MySQL", None) if entry.selects("p", "a", kind, ())] == ["mysql"]


def test_tags_select_addons_with_one_of_them() -> None:
    entry = AddonEntry(project="*", addon="*", tags=("prod", "live"))
    found = [tags for tags in (["x", "live"], ["prod"], ["x"], []) if entry.selects("p", "a", None, tags)]
    assert found == [["x", "live"], ["prod"]]


def test_types_and_tags_select_from_literal_ids_too_so_they_need_a_listing() -> None:
    assert AddonEntry(project="shop", addon="orders-db").is_literal
    assert AddonEntry(project="shop", addon="orders-db", exclude=("other",)).is_literal
    for entry in (
        EVERYTHING,
        AddonEntry(project="shop", addon="*"),
        AddonEntry(project="[s]hop", addon="orders-db"),
        AddonEntry(project="shop", addon="orders-db", types=("redis",)),
        AddonEntry(project="shop", addon="orders-db", tags=("prod",)),
    ):
        assert not entry.is_literal
    assert not AddonEntry(project="shop", addon="db", types=("redis",)).selects("shop", "db", "mysql", ())


@given(PATTERNS, IDS)
def test_an_accepted_pattern_matches_as_fnmatch_does(pattern: str, text: str) -> None:
    assume(complaint_about(pattern) is None)
    assert matches(pattern, text) == fnmatchcase(text, pattern)


@given(st.text() | PATTERNS, st.text())
def test_any_text_is_a_pattern_or_has_a_complaint_and_matching_never_fails(pattern: str, text: str) -> None:
    assert is_pattern(pattern) or complaint_about(pattern) is None
    if complaint_about(pattern) is None:
        assert matches(pattern, text) in {True, False}
        assert is_pattern(pattern) or matches(pattern, pattern)


@given(st.lists(PATTERNS.filter(bool), min_size=1, max_size=4), IDS)
def test_an_exclude_that_is_refused_would_have_left_nothing(exclude: list[str], addon: str) -> None:
    entry = AddonEntry(project="p", addon="a*", exclude=tuple(exclude))
    try:
        _read(yaml.safe_dump({"project": "p", "addon": "a*", "exclude": exclude}, default_flow_style=True).strip())
    except ConfigError as error:
        refused = "excludes every addon" in str(error)
    else:
        refused = False
    assert not (refused and entry.selects("p", addon, None, ()))


@pytest.mark.parametrize("loader", [yaml_reader.LOADER, yaml.SafeLoader])
def test_a_pattern_without_quotes_gets_a_hint(loader: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_reader, "LOADER", loader)
    with pytest.raises(ConfigError, match=r"invalid YAML: .*; put a pattern in quotes, at column"):
        parse("project: *\naddon: x\n", {})


@pytest.mark.parametrize("written", ["off", "'off'", "false", "no"])
def test_discovery_can_be_off(written: str) -> None:
    config = _read("{project: '*', addon: '*'}", f"{{discovery: {written}}}")
    assert config.collect == CollectConfig(discovery=None)


def test_discovery_has_any_duration() -> None:
    assert _read("{project: a, addon: b}", "{discovery: 0}").collect.discovery == timedelta()
    assert _read("{project: a, addon: b}", "{discovery: 1ms}").collect.discovery == timedelta(milliseconds=1)
    assert _read("{project: a, addon: b}").collect.discovery == timedelta(minutes=10)


@pytest.mark.parametrize("written", ["true", "sometimes", "-1s", "", "10", "[10m]", "${UNSET}"])
def test_discovery_is_nothing_else(written: str) -> None:
    with pytest.raises(ConfigError, match=r"^collect\.discovery: "):
        parse(f"accounts: [{{token: t, addons: [{{project: a, addon: b}}]}}]\ncollect:\n  discovery: {written}\n", {})
