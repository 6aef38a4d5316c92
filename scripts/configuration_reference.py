"""Writes the generated parts of docs/configuration.md: every key, every environment variable, every flag (`make docs`).

What a key means and an example of it stand in config.example.yaml, defaults in exporter/config/model.py, flags in
exporter/flags.py. Only types, and since when there is a key, are said here.
"""

import argparse
import dataclasses
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from exporter.config import DEFAULT_SCRAPE_TIMEOUT, AccountConfig, AddonEntry, CollectConfig, ScrapeConfig
from exporter.config.keys import ACCOUNT, ADDON, COLLECT, ROOT, SCRAPE
from exporter.flags import parser
from scripts.blocks import filled

ROOT_FOLDER = Path(__file__).parent.parent
EXAMPLE = ROOT_FOLDER / "config.example.yaml"
PAGE = ROOT_FOLDER / "docs" / "configuration.md"
NEEDED = "needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a key takes, and the version that brought it."""

    type: str
    since: str = "0.1.0"


KINDS: Mapping[str, Kind] = {
    key: Kind(type=text)
    for key, text in {
        "accounts": "list of accounts",
        "name": "text",
        "api_url": "URL, `http` or `https`",
        "token": "text",
        "token_file": "path",
        "team": 'id of a team, or `"*"`',
        "rate_limit_share": "number above 0, at most 1",
        "rate_limit_group": "text",
        "proxy_url": "URL, `http` or `https`",
        "ca_file": "path",
        "addons": "list of entries",
        "project": "id or pattern",
        "addon": "id or pattern",
        "max_age": "duration, or `off`",
        "exclude": "list of ids and patterns",
        "types": "list of texts",
        "tags": "list of texts",
        "collect": "section",
        "discovery": "duration, or `off`",
        "schedules": "duration above 0, or `off`",
        "schedules_timezone": "name of a time zone",
        "schedules_grace": "duration",
        "restores": "duration above 0, or `off`",
        "full_listing": "duration",
        "scrape": "section",
        "timeout": "duration",
        "timeout_offset": "duration",
        "request_timeout": "duration above 0",
        "concurrency": "whole number from 1 to 1000",
        "min_refresh_interval": "duration",
        "max_staleness": "duration",
    }.items()
}
"""Every key, as they follow each other in the page: no two sections have one of the same name."""

_OWNERS = ((AccountConfig, ACCOUNT), (AddonEntry, ADDON), (CollectConfig, COLLECT), (ScrapeConfig, SCRAPE))
_ONE_OF_TWO = {"token": "this or `token_file` is needed", "token_file": "this or `token` is needed"}
_KEY = re.compile(r"(?P<indent> *)(?:- )?(?P<commented># )?(?:- )?(?P<key>[a-z_]+):(?: (?P<value>\S.*))?")
_COMMENT = re.compile(r" *(?:- )?#(?: (?P<text>.*))?")


@dataclass(slots=True, kw_only=True)
class Described:
    """What config.example.yaml says of a key: paragraphs, and the line with the key itself."""

    meaning: str
    example: str


@dataclass(slots=True)
class _Reading:
    found: dict[str, Described] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def line(self, line: str) -> None:
        key = _KEY.fullmatch(line)
        comment = _COMMENT.fullmatch(line)
        if key and key["key"] in KINDS:
            # Further entries of a list show a key again, without a word of it.
            if self.said:
                shown = key["key"] + ":" + (f" {key['value']}" if key["value"] else "")
                self.found.setdefault(key["key"], Described(meaning="\n".join(self.said), example=shown))
            self.said = []
        elif comment:
            self.said.append(comment["text"] or "")
        else:
            self.said = []


def described() -> dict[str, Described]:
    """Read what config.example.yaml says of each key: the comment above it."""
    reading = _Reading()
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        reading.line(line)
    return reading.found


def default(key: str) -> str:
    """Give what counts where the key is left out, as it would be written; "" for nothing, else NEEDED or words."""
    if key in ROOT:
        return NEEDED if key == "accounts" else ""
    if key in _ONE_OF_TWO:
        return _ONE_OF_TWO[key]
    (owner,) = (owner for owner, keys in _OWNERS if key in keys)
    (declared,) = (each for each in dataclasses.fields(owner) if each.name == key)
    if declared.default is MISSING:
        return NEEDED
    if owner is CollectConfig and declared.default is None:
        return "`off`"
    value = DEFAULT_SCRAPE_TIMEOUT if key == "timeout" else declared.default
    return f"`{written_value(value)}`" if value not in ("", None, ()) else ""


def written_value(value: object) -> str:
    """Write a value as it is written in a configuration."""
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, ZoneInfo):
        return value.key
    return str(value)


def _duration(value: timedelta) -> str:
    for unit, size in (("h", timedelta(hours=1)), ("m", timedelta(minutes=1)), ("s", timedelta(seconds=1))):
        if not value % size and (value or unit == "s"):
            return f"{value // size}{unit}"
    return f"{value // timedelta(milliseconds=1)}ms"


def keys() -> str:
    """Give a section for each key."""
    told = described()
    return "\n\n".join(_key(key, kind, told[key]) for key, kind in KINDS.items())


def _key(key: str, kind: Kind, told: Described) -> str:
    level = "###" if key in ROOT else "####"
    fallback = default(key)
    stated = f"default {fallback}" if fallback.startswith("`") else fallback
    facts = " · ".join(part for part in (kind.type, stated, f"since {kind.since}") if part)
    example = "" if told.example.endswith(":") else f"\n\n```yaml\n{told.example}\n```"
    return f"{level} `{key}`\n\n{facts}\n\n{told.meaning}{example}"


def flags() -> str:
    """Give a table of every flag, and of the commands that take it."""
    root = parser()
    found: dict[str, tuple[argparse.Action, list[str]]] = {}
    for command, owner in (("", root), *_commands(root)):
        for action in _options(owner):
            name = action.option_strings[-1]
            found.setdefault(name, (action, []))[1].append(command)
    rows = [_flag(name, action, commands) for name, (action, commands) in found.items()]
    return "\n".join(["| flag | of | meaning |", "|---|---|---|", *rows])


def _commands(root: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in root._actions:  # noqa: SLF001 - argparse has no other way to ask a parser for what it takes
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - the same
            yield from action.choices.items()


def _options(owner: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    return (action for action in owner._actions if action.option_strings)  # noqa: SLF001 - the same


def _flag(name: str, action: argparse.Action, commands: list[str]) -> str:
    everywhere = {"", *(command for command, _ in _commands(parser()))}
    of = "all" if set(commands) == everywhere else ", ".join(f"`{each}`" if each else "serving" for each in commands)
    value = "" if action.nargs == 0 else f"={action.metavar or action.dest.removeprefix('log_').upper()}"
    meaning = (action.help or "").replace("*", r"\*")
    if action.choices:
        meaning = f"one of {', '.join(f'`{each}`' for each in action.choices)}; {meaning}"
    return f"| `{name}{value}` | {of} | {meaning} |"


def written(page: str) -> str:
    """Give the page with what the code and the example say."""
    return filled(filled(page, "keys", keys()), "flags", flags())


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: keys and flags written\n")
