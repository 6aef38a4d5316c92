"""Properties of the configuration: any text is one, or a list of problems that have places and keep secrets."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from exporter.config import AccountConfig, AddonEntry, Config, ConfigError, parse, parse_duration
from exporter.northflank.token import expiry
from fuzz.bounds import bounded
from fuzz.draw import Draw
from fuzz.yaml_texts import MARK, bomb, damaged, entries_of_entries, problems_have_places

_FOLDER = Path("/nonexistent")
_WITHOUT_LINE = (("", "the file is empty"), ("accounts", "is missing"))
_MILLISECONDS = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_LONGEST = (2**63 - 1) // 1_000_000  # milliseconds: Prometheus counts nanoseconds in 64 bits
_LONGEST_TEXT = 100
SECRET = f"{MARK}0123456789abcdefghijklmnopqrstuvwxyzABCDEF"
EXAMPLE = f"""scrape:
  request_timeout: 8s
  concurrency: 4
  timeout: 10s
  max_staleness: 6h
collect:
  discovery: 10m
  schedules: 6h
  schedules_timezone: Europe/Berlin
  schedules_grace: 1h
  restores: off
  full_listing: 1d12h
accounts:
  - name: acme
    api_url: https://api.northflank.com
    rate_limit_share: 0.5
    rate_limit_group: acme
    team: acme
    proxy_url: http://user:{SECRET}@proxy:3128
    token: {SECRET}
    addons: &addons
      - project: shop
        addon: orders-db
        max_age: 26h
      - project: "*"
        addon: "*-[a-z]"
        exclude: ["*-preview"]
        types: [postgresql]
        tags: [prod]
  - name: other
    rate_limit_share: 0.5
    token: ${{TOKEN}}
    addons: *addons
"""
ENVIRON: Mapping[str, str] = {"TOKEN": SECRET}


def text_is_a_configuration_or_problems(text: str, environ: Mapping[str, str]) -> None:
    """Any text is a configuration that can be run, or problems that have places; and reading takes little time."""
    with bounded(text):
        try:
            config = parse(text, environ, directory=_FOLDER)
        except ConfigError as error:
            problems_have_places(error.problems, text, _WITHOUT_LINE)
            return
    _config_can_be_run(config)
    assert repr(parse(text, environ, directory=_FOLDER)) == repr(config)


def secrets_are_not_told(text: str, environ: Mapping[str, str]) -> None:
    """Nothing that a user or a log could be shown holds a secret, whatever is wrong beside it."""
    said = everything_said(text, environ)
    assert MARK not in said, said


def everything_said(text: str, environ: Mapping[str, str]) -> str:
    """Return all that a user or a log could be shown after reading the text."""
    try:
        config = parse(text, environ, directory=_FOLDER)
    except ConfigError as error:
        return f"{error}\n{error!r}\n{error.problems!r}\n{error.__context__!r}\n{error.__cause__!r}"
    return "\n".join(config.warnings) + repr([account.token for account in config.accounts])


def a_bomb_is_defused(levels: int, width: int, *, is_list: bool) -> None:
    """A few aliases of aliases are refused or read in little time, whatever they would be written out."""
    text_is_a_configuration_or_problems(bomb(levels, width, is_list=is_list), {})


def entries_of_entries_are_defused(width: int) -> None:
    """Accounts that repeat addons that repeat exclusions are refused or read in little time."""
    text_is_a_configuration_or_problems(entries_of_entries(width), {})


def duration_is_the_sum_of_its_parts(text: str) -> None:
    """A text is a duration where it is parts, from the longest unit to the shortest, and then it is their sum."""
    expected, said = _duration_of(text), ""
    try:
        duration = parse_duration(text)
    except ValueError as error:
        duration = None
        said = str(error)
    if duration is None:
        assert said.isprintable()
        assert expected is None or expected > _LONGEST or len(text) > _LONGEST_TEXT
    else:
        assert duration == timedelta(milliseconds=expected or 0)
        assert expected is not None


def _duration_of(text: str) -> int | None:
    """Read a duration piece by piece; milliseconds."""
    if text == "0":
        return 0
    total, rest, units = 0, text, list(_MILLISECONDS)
    while rest:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        after = rest[digits:].lstrip("ywdhms")
        unit = rest[digits : len(rest) - len(after)]
        if not 0 < digits < 100 or unit not in units:  # noqa: PLR2004 - longer than any duration
            return None
        total += int(rest[:digits]) * _MILLISECONDS[unit]
        units, rest = units[units.index(unit) + 1 :], after
    return total if text else None


def _config_can_be_run(config: Config) -> None:
    assert config.accounts
    names = [account.name for account in config.accounts]
    assert len(set(names)) == len(names)
    assert all(names) or len(names) == 1
    assert all(warning.isprintable() for warning in config.warnings)
    for account in config.accounts:
        _account_can_be_run(account)
    scrape, collect = config.scrape, config.collect
    assert scrape.request_timeout > timedelta(0)
    assert 1 <= scrape.concurrency <= 1000  # noqa: PLR2004 - as documented
    others = (scrape.timeout, scrape.timeout_offset, scrape.min_refresh_interval, scrape.max_staleness)
    assert all(each is None or each >= timedelta(0) for each in (*others, collect.schedules_grace, collect.discovery))
    assert all(each is None or each > timedelta(0) for each in (collect.schedules, collect.restores))
    assert collect.full_listing >= timedelta(0)


def _account_can_be_run(account: AccountConfig) -> None:
    token = account.token.reveal()
    assert token
    assert all("!" <= character <= "~" for character in token)
    expiry(token)
    assert account.name.isprintable()
    assert account.api_url.startswith(("http://", "https://"))
    assert not account.api_url.endswith("/")
    assert account.proxy_url is None or account.proxy_url.startswith(("http://", "https://"))
    assert 0 < account.rate_limit_share <= 1
    assert account.addons
    for entry in account.addons:
        _entry_can_be_used(entry)
    assert len(set(account.addons)) == len(account.addons)


def _entry_can_be_used(entry: AddonEntry) -> None:
    for text in (entry.project, entry.addon, *entry.exclude):
        assert text not in {"", ".", ".."}
        assert text.isprintable()
        assert "/" not in text
        assert " " not in text
    assert entry.max_age is None or entry.max_age == "off" or entry.max_age >= timedelta(0)
    assert entry.selects(entry.project, entry.addon, next(iter(entry.types), None), entry.tags) in {True, False}
    if entry.is_literal:
        assert entry.selects(entry.project, entry.addon, None, ())


def run(data: bytes) -> None:
    """Try any text, the example damaged, a bomb or a duration."""
    draw = Draw(data)
    match draw.integer(5):
        case 0:
            text_is_a_configuration_or_problems(draw.rest().decode("utf-8", "replace"), ENVIRON)
        case 1 | 2:
            text = damaged(EXAMPLE, draw)
            text_is_a_configuration_or_problems(text, ENVIRON)
            if text.count(MARK) == EXAMPLE.count(MARK):
                secrets_are_not_told(text, ENVIRON)
        case 3:
            a_bomb_is_defused(draw.integer(40), draw.integer(40), is_list=draw.pick((True, False)))
            entries_of_entries_are_defused(draw.pick((1, 2, 10, 30, 200)))
        case _:
            duration_is_the_sum_of_its_parts(draw.rest_as_text())


def seeds() -> Iterator[bytes]:
    """Give the example, whole and damaged, bombs and durations."""
    yield b"\0" + EXAMPLE.encode()
    yield b"\0accounts: [{token: abc, addons: [{project: shop, addon: '*'}]}]"
    yield b"\0a: &a {x: 1}\nb: {<<: *a, y: [*a, !!str 2]}\n"
    yield b"\1\2\0\x10\4\0\3\1\1\0\2\2"
    yield b"\3\7\x0a\0\4"
    yield b"\3\6\x0b\1"
    yield b"\0041d12h30m500ms"
