"""What a configuration's text and file may look like, beyond the examples in data/config."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from exporter.config import Config, ConfigError, Problem, load, parse, yaml_reader
from exporter.config.yaml_reader import MAX_DEPTH

SECRET = "nf-made-up-secret-0123456789abcdef0123456789abcdef"
ADDONS = "addons: [{project: shop, addon: orders-db}]"


def _account(*lines: str, environ: dict[str, str] | None = None) -> Config:
    text = f"accounts:\n  - {ADDONS}\n" + "".join(f"    {line}\n" for line in lines)
    return parse(text, environ or {})


def _problems(text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, environ or {})
    return [str(problem) for problem in caught.value.problems]


def test_a_problem_reads_as_its_path_its_message_and_its_line() -> None:
    assert str(Problem(path="scrape.timeout", message="is wrong", line=3)) == "scrape.timeout: is wrong (line 3)"
    assert str(Problem(path="", message="is empty")) == "is empty"


def test_problems_come_in_the_order_of_the_file() -> None:
    second, first, whole = (Problem(path=str(line), message="", line=line) for line in (7, 2, None))
    assert ConfigError([second, first, whole]).problems == (whole, first, second)


def test_a_missing_file_is_one_clear_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "config.yaml", {})
    assert str(caught.value) == f"cannot read {tmp_path}/config.yaml: No such file or directory"


def test_a_directory_is_one_clear_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Is a directory"):
        load(tmp_path, {})


def test_an_endless_file_is_not_read_to_its_end() -> None:
    with pytest.raises(ConfigError, match="cannot read /dev/zero: larger than 16 MiB"):
        load(Path("/dev/zero"), {})


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(f"\ufeffaccounts:\r\n- {ADDONS}\r\n  token: ${{TOKEN}}\r\n".encode())
    assert load(path, {"TOKEN": SECRET}).accounts[0].token.reveal() == SECRET


def test_a_literal_token_works_with_a_warning_that_does_not_show_it() -> None:
    config = _account(f"token: {SECRET}")
    assert config.accounts[0].token.reveal() == SECRET
    assert "\n".join(config.warnings) == (
        "accounts[0].token: the token stands in the file; "
        "${NORTHFLANK_API_TOKEN} or token_file would keep it out (line 3)"
    )
    assert SECRET not in repr(config)


@pytest.mark.parametrize(
    ("mode", "others"),
    [
        (0o600, ""),
        (0o640, ""),
        (0o644, ", which can be read by every user of this machine"),
        (0o666, ", which can be changed by other users"),
    ],
)
def test_a_file_with_a_secret_in_it_tells_what_others_may_do_with_it(mode: int, others: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"accounts:\n- {ADDONS}\n  token: {SECRET}\n  proxy_url: http://user:{SECRET}@proxy\n")
    path.chmod(mode)
    warnings = load(path, {}).warnings
    token = f"accounts[0].token: the token stands in the file{others}; ${{NORTHFLANK_API_TOKEN}} or token_file"
    proxy = f"accounts[0].proxy_url: the proxy's password stands in the file{others}; chmod 600"
    assert [warning.startswith(start) for warning, start in zip(warnings, (token, proxy), strict=False)] == (
        [True, True] if others else [True]
    )
    assert SECRET not in "".join(warnings)


def test_a_file_without_a_secret_in_it_may_be_read_by_everybody(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f'accounts:\n- {ADDONS}\n  token: "${{TOKEN}}"\n  proxy_url: "${{PROXY}}"\n')
    path.chmod(0o644)
    assert load(path, {"TOKEN": SECRET, "PROXY": f"http://user:{SECRET}@proxy"}).warnings == ()


def test_a_token_from_the_environment_is_taken_as_it_is_and_loses_surrounding_whitespace() -> None:
    config = _account("token: a${TOKEN}", environ={"TOKEN": "$${X}${Y}\n"})
    assert config.accounts[0].token.reveal() == "a$${X}${Y}"
    assert config.warnings == ()


def test_a_dollar_without_a_brace_is_itself_and_an_escaped_reference_is_literal() -> None:
    config = _account("token: $NAME$$-$${NAME}$", environ={"NAME": "x"})
    assert config.accounts[0].token.reveal() == "$NAME$$-${NAME}$"


def test_a_relative_token_file_counts_from_the_configuration_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f" {SECRET}\n")
    (tmp_path / "config.yaml").write_text(f"accounts:\n- {ADDONS}\n  token_file: token\n")
    assert load(tmp_path / "config.yaml", {}).accounts[0].token.reveal() == SECRET


def test_a_token_under_the_key_of_the_file_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"accounts:\n- {ADDONS}\n  token_file: {SECRET}\n", {}, directory=tmp_path)
    assert str(caught.value) == (
        f"accounts[0].token_file: cannot read this file in {tmp_path}: No such file or directory (line 3)"
    )


def test_a_token_given_through_the_environment_to_the_wrong_key_is_not_shown() -> None:
    reference = '"${TOKEN} x"'
    text = (
        f"accounts:\n- name: {reference}\n  api_url: {reference}\n  token_file: {reference}\n"
        f"  addons: [{{project: {reference}, addon: {reference}, max_age: {reference}}}]\n"
        f"scrape: {{request_timeout: {reference}, concurrency: {reference}}}\n"
    )
    problems = _problems(text, {"TOKEN": SECRET})
    assert len(problems) == 7
    assert SECRET not in "\n".join(problems)


@pytest.mark.parametrize(
    "text",
    [
        f"token: {SECRET}: x",
        f'token: "{SECRET}',
        f'token: "{SECRET}\\q"',
        f"token: !{SECRET}!x y",
        f"token: !<{SECRET}",
        f"token: *{SECRET}",
        f"token: &{SECRET} [*{SECRET}]",
        f"%TAG !{SECRET}! x\n%TAG !{SECRET}! x\n---\n",
        f"%YAML {SECRET}\n---\n",
        f"- {SECRET}\n{SECRET}",
        f"token: @{SECRET}",
        'token: "\\UFFFFFFFF"',
    ],
)
@pytest.mark.parametrize("loader", [yaml_reader.LOADER, yaml.SafeLoader])
def test_a_syntax_error_shows_nothing_of_the_file(text: str, loader: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_reader, "LOADER", loader)
    assert SECRET not in "\n".join(_problems(text))


def test_without_libyaml_a_syntax_error_still_names_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_reader, "LOADER", yaml.SafeLoader)
    assert _problems("a: b: c") == ["invalid YAML, at column 5 (line 1)"]
    assert _account("token: ${T}", environ={"T": SECRET}).accounts[0].token.reveal() == SECRET


def test_text_that_cannot_be_encoded_is_invalid() -> None:
    assert _problems("a:\n  \ud800") == ["invalid YAML: contains a control character (line 2)"]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "&a [" * 100 + "*a",
    ],
)
def test_deep_nesting_is_refused_at_once(text: str) -> None:
    assert _problems(text)[0].endswith(f"nested more than {MAX_DEPTH} levels deep (line 1)")


@pytest.mark.parametrize(("text", "line"), [("accounts: [", 1), ("# first\raccounts: {", 2), ("accounts:\n- {a: b", 2)])
def test_an_error_at_the_end_of_a_text_without_a_line_end_is_on_its_last_line(text: str, line: int) -> None:
    (problem,) = _problems(text)
    assert problem.startswith("invalid YAML: ")
    assert problem.endswith(f", at the end of the file (line {line})")


def test_merging_the_same_large_mapping_again_and_again_is_refused() -> None:
    large = ", ".join(f"k{index}: 1" for index in range(1000))
    problems = _problems(f"a: &a {{{large}}}\nb:\n" + "- {<<: [*a, *a]}\n" * 10_000)
    assert len(problems) == 1
    assert "more than 1,000,000 values, aliases written out" in problems[0]


def test_own_keys_win_over_merged_ones_and_earlier_merged_ones_over_later() -> None:
    text = (
        "accounts:\n- token: ${T}\n  addons:\n"
        "  - &one {project: one, addon: one, max_age: 1h}\n"
        "  - &two {project: two, addon: two, max_age: off}\n"
        "  - {<<: [*one, *two], addon: own}\n"
    )
    addon = parse(text, {"T": SECRET}).accounts[0].addons[2]
    assert (addon.project, addon.addon, addon.max_age) == ("one", "own", timedelta(hours=1))


def test_the_same_addon_under_two_accounts_is_no_mistake() -> None:
    entry = "token: ${T}, addons: [{project: shop, addon: orders-db}]".replace("${T}", '"${T}"')
    config = parse(f"accounts: [{{name: a, {entry}}}, {{name: b, {entry}}}]", {"T": SECRET})
    assert [account.name for account in config.accounts] == ["a", "b"]


@pytest.mark.parametrize("written", ["0", "0s", "0h0m", "'0'", '"${ZERO}"'])
def test_a_limit_of_nothing_is_a_limit(written: str) -> None:
    entry = f"{{project: shop, addon: orders-db, max_age: {written}}}"
    config = parse(f"accounts:\n- token: ${{T}}\n  addons: [{entry}]\n", {"T": SECRET, "ZERO": "0s"})
    assert config.accounts[0].addons[0].max_age == timedelta(0)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://api.northflank.com///", "https://api.northflank.com"),
        ("HTTPS://API.northflank.com", "HTTPS://API.northflank.com"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://[::1]:10088/a/v1/b", "http://[::1]:10088/a/v1/b"),
        ("http://proxy_1/v11", "http://proxy_1/v11"),
        ("http://255.255.255.255", "http://255.255.255.255"),
        ("http://1.2.3.4.example", "http://1.2.3.4.example"),
        ("http://[::ffff:1.2.3.4]", "http://[::ffff:1.2.3.4]"),
    ],
)
def test_an_api_url_is_kept_without_its_last_slash(written: str, read: str) -> None:
    assert _account("token: ${T}", f"api_url: {written}", environ={"T": "x"}).accounts[0].api_url == read
