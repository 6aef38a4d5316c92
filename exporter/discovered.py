"""What was found, written as a configuration that watches it: to be pasted, and then given its limits. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from exporter.model import ListedAddon

_PLAIN = re.compile(r"/?[A-Za-z][A-Za-z0-9_-]*(/[A-Za-z0-9_.-]+)*")
_MEANS_SOMETHING_ELSE = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Words that YAML, or an older reader of it, takes for something other than text."""

_WILDCARD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAccount:
    """What one token sees: the addons of each project, by the project's id.

    The token itself is not here: it stands in `token_file` or, where that is empty, in the environment as
    `token_variable`. `team` and `api_url` are as a configuration has them, empty where it needs none.
    """

    projects: Mapping[str, Iterable[ListedAddon]]
    token_file: str = ""
    token_variable: str = "NORTHFLANK_API_TOKEN"  # noqa: S105 - the name of a variable
    team: str = ""
    api_url: str = ""


def as_yaml(accounts: Mapping[str, FoundAccount]) -> str:
    """Write the addons of these accounts, by the accounts' names, as a whole configuration.

    What cannot stand in one becomes a comment: an id with spaces, an account without any addon. Where that leaves
    nothing, there are comments only, and they are no configuration.
    """
    blocks = [list(_account(name, account)) for name, account in accounts.items()]
    is_any = any(not line.startswith("#") for lines in blocks for line in lines)
    return "\n".join([*(["accounts:"] if is_any else []), *(line for lines in blocks for line in lines), ""])


def _account(name: str, account: FoundAccount) -> Iterator[str]:
    entries = [line for project, addons in account.projects.items() for line in _entries(project, addons)]
    if all(line.startswith("#") for line in entries):
        yield f"# {f'account {_comment(name)}' if name else 'the account'}: no addon that can be watched was found"
        yield from entries
        return
    yield from _beginning_with_a_dash(_keys(name, account))
    yield "    addons:"
    yield from entries


def _keys(name: str, account: FoundAccount) -> Iterator[str]:
    if name:
        yield f"name: {_text(name)}"
    if account.api_url:
        yield f"api_url: {_text(account.api_url)}"
    if account.token_file:
        yield f"token_file: {_text(account.token_file)}"
    else:
        yield f"token: ${{{account.token_variable}}}"
    if account.team:
        yield f"team: {_text(account.team)}"


def _beginning_with_a_dash(keys: Iterable[str]) -> Iterator[str]:
    for number, key in enumerate(keys):
        yield f"    {key}" if number else f"  - {key}"


def _entries(project_id: str, addons: Iterable[ListedAddon]) -> Iterator[str]:
    # Once each: a configuration that names an addon twice is refused.
    for addon in {addon.id: addon for addon in addons}.values():
        if " " in project_id or " " in addon.id:
            yield f"# an id with spaces cannot be watched: project {_quoted(project_id)}, addon {_quoted(addon.id)}"
            continue
        yield f"      - project: {_id(project_id)}"
        yield f"        addon: {_id(addon.id)}{_remark(addon)}"


def _remark(addon: ListedAddon) -> str:
    remark = ", ".join(part for part in (_comment(addon.type), _comment(addon.name)) if part)
    return f"  # {remark}" if remark else ""


def _comment(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip()


def _id(text: str) -> str:
    """Write an id; one that would be taken for a pattern becomes the pattern that means this id alone."""
    return _text(_WILDCARD.sub(lambda found: f"[{found[0]}]", text))


def _text(text: str) -> str:
    """Write a value that is read as this very text."""
    if _PLAIN.fullmatch(text) and text.lower() not in _MEANS_SOMETHING_ELSE:
        return text
    # $${ is a literal ${, which would otherwise ask for a variable of the environment.
    return _quoted(text.replace("${", "$${"))


def _quoted(text: str) -> str:
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
