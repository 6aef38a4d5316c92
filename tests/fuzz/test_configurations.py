"""The fuzzer's properties of both configurations, tried with texts that hypothesis makes up."""

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from exporter import config
from exporter import webconfig as web
from exporter.config import ConfigError
from fuzz import configuration, webconfig
from fuzz.draw import Draw
from fuzz.yaml_texts import MARK, damaged, each_value_replaced
from tests.test_config_properties import structures

noise = st.sampled_from(
    ["", " ", "\n", "\n  ", "- ", ": ", ":", "{", "}", "[", "]", ",", "'", '"', "&a ", "*a", "#"]
) | st.text(max_size=5)
yaml_texts = (
    st.text() | st.lists(noise).map("".join) | structures.map(lambda whole: yaml.safe_dump(whole, allow_unicode=True))
)
edits = st.binary(min_size=1, max_size=40)


@given(yaml_texts)
@example("accounts: [")
@example("\x85\u2028a: &a *a")
def test_any_text_is_a_configuration_or_problems_with_places(text: str) -> None:
    configuration.text_is_a_configuration_or_problems(text, configuration.ENVIRON)
    webconfig.text_is_a_web_configuration_or_problems(text)


@given(edits)
def test_a_damaged_configuration_is_one_or_problems_with_places(edit: bytes) -> None:
    text = damaged(configuration.EXAMPLE, Draw(edit))
    configuration.text_is_a_configuration_or_problems(text, configuration.ENVIRON)
    if text.count(MARK) == configuration.EXAMPLE.count(MARK):
        configuration.secrets_are_not_told(text, configuration.ENVIRON)


@given(edits)
def test_a_damaged_web_configuration_is_one_or_problems_with_places(edit: bytes) -> None:
    text = damaged(webconfig.EXAMPLE, Draw(edit))
    webconfig.text_is_a_web_configuration_or_problems(text)
    if text.count(MARK) == webconfig.EXAMPLE.count(MARK):
        webconfig.secrets_are_not_told(text)


def test_any_value_of_a_configuration_may_be_anything() -> None:
    for text in each_value_replaced(configuration.EXAMPLE):
        configuration.text_is_a_configuration_or_problems(text, configuration.ENVIRON)
        configuration.secrets_are_not_told(text, configuration.ENVIRON)


def test_any_value_of_a_web_configuration_may_be_anything() -> None:
    for text in each_value_replaced(webconfig.EXAMPLE):
        webconfig.text_is_a_web_configuration_or_problems(text)
        webconfig.problems_tell_no_secret(text)


@pytest.mark.parametrize("line", range(webconfig.EXAMPLE.count("\n")))
def test_a_web_configuration_without_one_of_its_lines_still_wants_a_password(line: int) -> None:
    webconfig.a_missing_line_never_opens_the_door(webconfig.EXAMPLE, line)


@pytest.mark.parametrize("is_list", [True, False])
@pytest.mark.parametrize(("levels", "width"), [(5, 10), (9, 10), (19, 2), (60, 2), (3, 200), (300, 300)])
def test_aliases_of_aliases_take_little_time(levels: int, width: int, is_list: bool) -> None:  # noqa: FBT001 - a table
    configuration.a_bomb_is_defused(levels, width, is_list=is_list)
    webconfig.a_bomb_is_defused(levels, width, is_list=is_list)


@pytest.mark.parametrize("width", [1, 30, 160])
def test_entries_that_aliases_repeat_take_little_time(width: int) -> None:
    configuration.entries_of_entries_are_defused(width)


def test_what_a_key_was_meant_to_be_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """To compare keys is slow, and aliases repeat a mistake half a million times."""
    compared: list[str] = []

    def compare(key: str, *_keys: object, **_options: object) -> list[str]:
        compared.append(key)
        return []

    monkeypatch.setattr("exporter.config.field.get_close_matches", compare)
    text = f"accounts: [{{addons: &a [{{projecx: 1, adon: 2}}]}}{', {addons: *a}' * 99}]"
    with pytest.raises(ConfigError):
        config.parse(text, {})
    assert compared == ["projecx", "adon"]


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "- " * 100_000, "? " * 100_000, "{a: " * 100_000, "a: " + "1:" * 100_000, "'" + "\\" * 100_000],
    ids=lambda text: text[:4],
)
def test_deep_or_long_texts_take_little_time(text: str) -> None:
    configuration.text_is_a_configuration_or_problems(text, {})
    webconfig.text_is_a_web_configuration_or_problems(text)


units = st.sampled_from(["y", "w", "d", "h", "m", "s", "ms", "", " ", "x"])
durations = st.lists(
    st.tuples(st.sampled_from(["", "0", "1", "007", "300", "9" * 20, "٣"]), units).map("".join), max_size=5
)


@given(durations.map("".join) | st.text())
def test_a_duration_is_the_sum_of_its_parts(text: str) -> None:
    configuration.duration_is_the_sum_of_its_parts(text)


def test_the_examples_can_be_read() -> None:
    assert MARK in configuration.EXAMPLE
    assert config.parse(configuration.EXAMPLE, configuration.ENVIRON).accounts
    assert web.parse(webconfig.EXAMPLE, webconfig.PATH).users
