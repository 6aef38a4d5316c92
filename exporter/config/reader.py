"""Reads a configuration file, or its text, into a Config."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from exporter.api_token import exposure
from exporter.config import keys, values
from exporter.config.account import read_accounts
from exporter.config.field import Field, Reading
from exporter.config.model import AccountConfig, CollectConfig, Config, ConfigError, Problem, ScrapeConfig
from exporter.config.yaml_reader import read_tree
from exporter.config.yaml_tree import Scalar, Section
from exporter.hidden import Hidden, HiddenBytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta
    from typing import Literal, TypeAlias

    _Interval: TypeAlias = timedelta | Literal["off"] | None

SIZE_LIMIT = 16 * 1024 * 1024
"""Bytes of a file; fifty thousand addons take a third of it."""


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Read a file; raise ConfigError with every problem, also where the file itself cannot be read."""
    try:
        with path.open("rb") as file:
            raw = HiddenBytes(file.read(SIZE_LIMIT + 1))
            exposed = exposure(file.fileno())
    except OSError as error:
        raise _file_error(f"cannot read {path}: {error.strerror}") from None
    if len(raw) > SIZE_LIMIT:
        raise _file_error(f"cannot read {path}: larger than 16 MiB")
    return parse(Hidden(_decoded(path, raw)), environ, directory=path.parent, exposed=exposed)


def parse(text: str, environ: Mapping[str, str], *, directory: Path = Path(), exposed: str = "") -> Config:
    """Read a text; relative paths count from the directory. Raise ConfigError with every problem.

    `exposed` says what others may do with the file that the text comes from.
    """
    root, problems = read_tree(text)
    if root is None:
        raise ConfigError(problems or [_EMPTY])
    reading = Reading(environ=environ, directory=directory, exposed=exposed, problems=problems, warnings=[])
    config = Config(accounts=())
    if isinstance(root, Section):
        fields = Field(reading=reading, path="", node=root, line=root.line).section(keys.ROOT) or {}
        config = _read_root(reading, fields)
    elif isinstance(root, Scalar) and not root.text:
        problems.append(_EMPTY)
    else:
        message = f"the file must be a mapping that begins with accounts:, not {root.kind}"
        problems.append(Problem(path="", message=message, line=root.line))
    if problems:
        raise ConfigError(problems)
    return config


_EMPTY = Problem(path="", message="the file is empty; it must at least list accounts")


def _decoded(path: Path, raw: bytes) -> str:
    try:
        # Editors on Windows begin a text file with a byte order mark.
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    # Outside the handler: the error carries the whole file, and would stay with the new one as its context.
    raise _file_error(f"cannot read {path}: not UTF-8 text", line)


def _file_error(message: str, line: int | None = None) -> ConfigError:
    return ConfigError([Problem(path="", message=message, line=line)])


def _read_root(reading: Reading, fields: Mapping[str, Field]) -> Config:
    accounts: tuple[AccountConfig, ...] = ()
    if "accounts" in fields:
        accounts = read_accounts(fields["accounts"])
    else:
        reading.problems.append(Problem(path="accounts", message="is missing; list at least one account"))
    return Config(
        accounts=accounts,
        collect=_read_collect(fields["collect"]) if "collect" in fields else CollectConfig(),
        scrape=_read_scrape(fields["scrape"]) if "scrape" in fields else ScrapeConfig(),
        warnings=tuple(reading.warnings),
    )


def _read_collect(collect: Field) -> CollectConfig:
    fields = collect.section(keys.COLLECT) or {}
    defaults = CollectConfig()

    def interval(key: str, read: Callable[[Field], _Interval], default: timedelta | None) -> timedelta | None:
        value = read(fields[key]) if key in fields else default
        return None if value == "off" else value

    return CollectConfig(
        discovery=interval("discovery", values.read_discovery, defaults.discovery),
        schedules=interval("schedules", values.read_interval, defaults.schedules),
        schedules_timezone=values.read_or(
            fields, "schedules_timezone", values.read_timezone, defaults.schedules_timezone
        ),
        schedules_grace=values.read_or(fields, "schedules_grace", values.read_duration, defaults.schedules_grace),
        restores=interval("restores", values.read_interval, defaults.restores),
        full_listing=values.read_or(fields, "full_listing", values.read_full_listing, defaults.full_listing),
    )


def _read_scrape(scrape: Field) -> ScrapeConfig:
    fields = scrape.section(keys.SCRAPE) or {}
    defaults = ScrapeConfig()

    def duration(key: str, default: timedelta) -> timedelta:
        return values.read_or(fields, key, values.read_duration, default)

    return ScrapeConfig(
        request_timeout=values.read_or(
            fields, "request_timeout", values.read_positive_duration, defaults.request_timeout
        ),
        concurrency=values.read_or(fields, "concurrency", values.read_concurrency, defaults.concurrency),
        timeout=values.read_duration(fields["timeout"]) if "timeout" in fields else None,
        timeout_offset=duration("timeout_offset", defaults.timeout_offset),
        min_refresh_interval=duration("min_refresh_interval", defaults.min_refresh_interval),
        max_staleness=duration("max_staleness", defaults.max_staleness),
    )
