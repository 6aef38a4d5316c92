"""Reads the accounts: whose token, and which addons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exporter.api_token import ApiToken, TokenUnreadable
from exporter.config import keys, values
from exporter.config.budget import Stake, refuse_contradictions
from exporter.config.model import DEFAULT_API_URL, DEFAULT_RATE_LIMIT_SHARE, AccountConfig, AddonEntry
from exporter.config.scalars import printable

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
    addons: tuple[AddonEntry, ...] = ()
    if "addons" in fields:
        addons = _read_addons(fields["addons"])
    else:
        item.refuse_missing("addons", "is missing; list the addons to watch")
    if stake.token is None or stake.share is None:
        return None
    return AccountConfig(
        name=name,
        api_url=api_url,
        token=stake.token,
        rate_limit_share=stake.share,
        rate_limit_group=stake.group,
        addons=addons,
    )


def _read_token(item: Field, fields: dict[str, Field]) -> ApiToken | None:
    if "token" in fields and "token_file" in fields:
        item.refuse("has both token and token_file; keep one of the two")
    elif "token" in fields:
        return _token_from_text(fields["token"])
    elif "token_file" in fields:
        return _token_from_file(fields["token_file"])
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
        field.warn("the token stands in the file; ${NORTHFLANK_API_TOKEN} or token_file would keep it out")
    return token


def _token_from_file(field: Field) -> ApiToken | None:
    text = field.text(secret=True)
    if text is None:
        return None
    token = ApiToken.from_file(field.reading.directory / text)
    try:
        token.reveal()
    except TokenUnreadable as error:
        field.refuse(f"cannot read {_shown_file(field, text)}: {error.reason}")
        return None
    return token


def _shown_file(field: Field, text: str) -> str:
    if field.from_environment():
        return f"the file named by {field.shown()}"
    if text.startswith(("/", "./", "../")):
        return printable(text)
    # Without a slash it may be the token itself, put under the wrong key.
    return f"this file in {field.reading.directory.absolute()}"


def _read_addons(addons: Field) -> tuple[AddonEntry, ...]:
    first: dict[tuple[str, str], Field] = {}
    found = []
    for item in addons.items():
        entry = _read_addon(item)
        if entry is None:
            continue
        key = entry.project, entry.addon
        if key in first:
            item.refuse(f"the same project and addon as {first[key].path}")
        first.setdefault(key, item)
        found.append(entry)
    return tuple(found)


def _read_addon(item: Field) -> AddonEntry | None:
    fields = item.section(keys.ADDON)
    if fields is None:
        return None
    project = _read_id(item, fields, "project")
    addon = _read_id(item, fields, "addon")
    max_age = values.read_max_age(fields["max_age"]) if "max_age" in fields else None
    if project is None or addon is None:
        return None
    return AddonEntry(project=project, addon=addon, max_age=max_age)


def _read_id(item: Field, fields: dict[str, Field], key: str) -> str | None:
    if key not in fields:
        item.refuse_missing(key, f"is missing; give the {key}'s id")
        return None
    return values.read_id(fields[key], of=key)
