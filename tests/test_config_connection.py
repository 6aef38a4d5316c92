"""How an account reaches the API: through a proxy, trusting other certificates, without any file at all."""

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config import AddonEntry, Config, ConfigError, from_environment, load, parse

SECRET = "made-up-secret"
CERTIFICATE = Path(__file__).parent / "data" / "config" / "good" / "ca.pem"
ENTRY = "token: t, addons: [{project: shop, addon: orders-db}]"


def _parse(line: str, environ: dict[str, str] | None = None) -> Config:
    return parse(f"accounts: [{{{ENTRY}, {line}}}]", environ or {})


def _shown(read: Callable[[], Config | None]) -> str:
    """Return all that a log could hold after reading: the configuration, or what is wrong and its traceback."""
    try:
        return repr(read())
    except ConfigError as error:
        return f"{error.problems!r}\n{''.join(traceback.format_exception(error))}"


@pytest.mark.parametrize("url", ["http://proxy", "https://user:made-up-secret@proxy.example:3128", "http://u@[::1]:1"])
def test_a_proxy_is_kept_as_it_is_and_shown_nowhere(url: str) -> None:
    config = _parse('proxy_url: "${PROXY}"', {"PROXY": f"{url}/"})
    assert config.accounts[0].proxy_url == url
    assert "proxy_url" not in repr(config)
    assert SECRET not in f"{config!r} {config.accounts[0]} {config.warnings}"


@given(st.text("/?#@%:[] \nab\ud800\u2100", max_size=8), st.text("/?#@%:[] \nab", max_size=8))
def test_a_password_of_a_proxy_is_never_shown_whatever_is_around_it(before: str, after: str) -> None:
    environ = {"PROXY": f"http://{before}{SECRET}{after}"}
    assert SECRET not in _shown(lambda: _parse('proxy_url: "${PROXY}"', environ))


def test_certificates_count_from_the_configuration_file(tmp_path: Path) -> None:
    (tmp_path / "corp.pem").write_bytes(CERTIFICATE.read_bytes())
    (tmp_path / "config.yaml").write_text(f"accounts: [{{{ENTRY}, ca_file: corp.pem}}]")
    assert load(tmp_path / "config.yaml", {}).accounts[0].ca_file == tmp_path / "corp.pem"


def test_several_certificates_with_words_between_them_are_a_good_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("# ours\n" + CERTIFICATE.read_text() * 2 + "\n# end\n")
    assert _parse(f"ca_file: {tmp_path}/ca.pem").accounts[0].ca_file == tmp_path / "ca.pem"


def test_a_pipe_of_certificates_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ca.pem")
    with pytest.raises(ConfigError, match=r"ca\.pem: not a regular file"):
        _parse(f"ca_file: {tmp_path}/ca.pem")


def test_a_token_under_the_key_of_the_certificates_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"accounts: [{{{ENTRY}, ca_file: {SECRET}}}]", {}, directory=tmp_path)
    assert str(caught.value) == (
        f"accounts[0].ca_file: cannot read this file in {tmp_path}: No such file or directory (line 1)"
    )


def test_a_token_in_the_environment_watches_all_that_it_can_see() -> None:
    config = from_environment({"NORTHFLANK_API_TOKEN": f" {SECRET}\n"})
    assert config is not None
    account = config.accounts[0]
    assert account.token.reveal() == SECRET
    assert (account.name, account.api_url) == ("", "https://api.northflank.com")
    assert account.addons == (AddonEntry(project="*", addon="*"),)
    assert config == Config(accounts=(account,))


def test_the_api_can_be_elsewhere() -> None:
    config = from_environment({"NORTHFLANK_API_TOKEN": SECRET, "NORTHFLANK_API_URL": "http://127.0.0.1:10088/"})
    assert config is not None
    assert config.accounts[0].api_url == "http://127.0.0.1:10088"


def test_a_variable_that_is_set_to_nothing_is_not_set() -> None:
    assert from_environment({}) is None
    assert from_environment({"NORTHFLANK_API_TOKEN": "", "NORTHFLANK_API_URL": "nonsense"}) is None
    config = from_environment({"NORTHFLANK_API_TOKEN": SECRET, "NORTHFLANK_API_URL": ""})
    assert config is not None
    assert config.accounts[0].api_url == "https://api.northflank.com"


def test_variables_that_cannot_be_used_are_named_all_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        from_environment({"NORTHFLANK_API_TOKEN": "made up", "NORTHFLANK_API_URL": f"ftp://{SECRET}"})
    assert str(caught.value) == (
        "NORTHFLANK_API_TOKEN: is not usable: contains spaces, control characters or characters outside ASCII\n"
        "NORTHFLANK_API_URL: must begin with https:// or http://"
    )


def test_a_token_of_nothing_but_spaces_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match=r"^NORTHFLANK_API_TOKEN: is not usable: empty$"):
        from_environment({"NORTHFLANK_API_TOKEN": " \n"})


@given(st.text(), st.text())
def test_the_environment_is_a_configuration_or_problems_that_show_no_token(before: str, after: str) -> None:
    environ = {"NORTHFLANK_API_TOKEN": f"{before}{SECRET}{after}", "NORTHFLANK_API_URL": after}
    assert SECRET not in _shown(lambda: from_environment(environ))
