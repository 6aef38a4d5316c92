"""Reads the accounts: whose token, what it may spend, and how it reaches the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter.api_token import ApiToken
from exporter.config import keys, values
from exporter.config.addons import read_addons
from exporter.config.budget import Stake, refuse_contradictions
from exporter.config.files import read_ca_file, read_token_file
from exporter.config.model import DEFAULT_API_URL, DEFAULT_RATE_LIMIT_SHARE, AccountConfig, AddonEntry

if TYPE_CHECKING:
    from exporter.config.field import Field


def read_accounts(accounts: Field) -> tuple[AccountConfig, ...]:
    """Read the list; what is returned is complete only when no problem was noted."""
    items = accounts.items()
    taken: dict[str, Field] = {}
    stakes: list[Stake] = []
    found = []
    for item in items:
        fields = item.section(keys.ACCOUNT)
        if fields is not None:
            name = _read_name(item, fields, taken, required=len(items) > 1)
            stake = _read_stake(item, fields)
            stakes.append(stake)
            found.append(_read_account(item, fields, name, stake))
    refuse_contradictions(stakes)
    return tuple(account for account in found if account is not None)


def _read_name(item: Field, fields: dict[str, Field], taken: dict[str, Field], *, required: bool) -> str:
    if "name" not in fields:
        if required:
            item.refuse_missing("name", "is missing; with more than one account each needs a name of its own")
        return ""
    field = fields["name"]
    name = values.read_name(field)
    if name is None:
        return ""
    if name in taken:
        field.refuse(f"is the same name as {taken[name].path}")
    taken.setdefault(name, field)
    return name


def _read_stake(item: Field, fields: dict[str, Field]) -> Stake:
    field = fields.get("rate_limit_share")
    return Stake(
        account=item,
        field=field,
        share=DEFAULT_RATE_LIMIT_SHARE if field is None else values.read_share(field),
        group=values.read_or(fields, "rate_limit_group", values.read_name, ""),
        token=_read_token(item, fields),
    )


def _read_account(item: Field, fields: dict[str, Field], name: str, stake: Stake) -> AccountConfig | None:
    api_url = values.read_or(fields, "api_url", values.read_api_url, DEFAULT_API_URL)
    team = values.read_or(fields, "team", values.read_team, "")
    proxy_url = values.read_proxy_url(fields["proxy_url"]) if "proxy_url" in fields else None
    ca_file = read_ca_file(fields["ca_file"]) if "ca_file" in fields else None
    addons: tuple[AddonEntry, ...] = ()
    if "addons" in fields:
        addons = read_addons(fields["addons"])
    else:
        item.refuse_missing("addons", "is missing; list the addons to watch")
    if stake.token is None or stake.share is None:
        return None
    return AccountConfig(
        name=name,
        api_url=api_url,
        token=stake.token,
        team=team,
        rate_limit_share=stake.share,
        rate_limit_group=stake.group,
        proxy_url=proxy_url,
        ca_file=ca_file,
        addons=addons,
    )


def _read_token(item: Field, fields: dict[str, Field]) -> ApiToken | None:
    if "token" in fields and "token_file" in fields:
        item.refuse("has both token and token_file; keep one of the two")
    elif "token" in fields:
        return _token_from_text(fields["token"])
    elif "token_file" in fields:
        return read_token_file(fields["token_file"])
    else:
        item.refuse("has neither token nor token_file; give it one of the two")
    return None


def _token_from_text(field: Field) -> ApiToken | None:
    text = field.text(secret=True)
    if text is None:
        return None
    try:
        token = ApiToken.literal(text)
    except ValueError as error:
        field.refuse(f"is not usable: {error}")
        return None
    if not field.from_environment():
        field.warn_of_secret("the token", "${NORTHFLANK_API_TOKEN} or token_file would keep it out")
    return token
