"""The configuration of those who have none: a token in the environment, and all that it can see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter.api_token import ApiToken
from exporter.config.model import DEFAULT_API_URL, AccountConfig, AddonEntry, Config, ConfigError, Problem
from exporter.config.urls import checked_api_url
from exporter.hidden import Hidden

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN_VARIABLE = "NORTHFLANK_API_TOKEN"  # noqa: S105 - the name of a variable
API_URL_VARIABLE = "NORTHFLANK_API_URL"


def from_environment(environ: Mapping[str, str]) -> Config | None:
    """Watch every addon of NORTHFLANK_API_TOKEN, at NORTHFLANK_API_URL where that is set.

    Return None without a token, and raise ConfigError, which names the variables, where they cannot be used.
    A variable that is set to nothing counts as not set.
    """
    text = Hidden(environ.get(TOKEN_VARIABLE, ""))
    if not text:
        return None
    problems = []
    token, api_url = None, DEFAULT_API_URL
    try:
        token = ApiToken.literal(text)
    except ValueError as error:
        problems.append(Problem(path=TOKEN_VARIABLE, message=f"is not usable: {error}"))
    try:
        api_url = checked_api_url(environ.get(API_URL_VARIABLE) or DEFAULT_API_URL)
    except ValueError as error:
        problems.append(Problem(path=API_URL_VARIABLE, message=str(error)))
    if token is None or problems:
        raise ConfigError(problems)
    everything = AddonEntry(project="*", addon="*")
    return Config(accounts=(AccountConfig(api_url=api_url, token=token, addons=(everything,)),))
