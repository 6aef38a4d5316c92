"""What each command does once its words are understood; each gives the exit code."""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.app import Exporter
from exporter.config import Config, ConfigError, from_environment, load
from exporter.forecast import forecast
from exporter.hidden import HiddenMapping
from exporter.listen import ListenAddress
from exporter.output import reserved, write_output
from exporter.reload import Reloading, hangups, reloading_on
from exporter.serve import bound, cancelling_signals, passed_by_systemd, serving, stop_signals

if TYPE_CHECKING:
    from exporter.web.protection import Protection

log = logging.getLogger(__name__)

GOOD = 0
FAILURE = 1


class MissingConfiguration(Exception):
    """Neither a file was named, nor is there one where it is looked for, nor a token in the environment."""


def read_config(path: Path | None) -> Config:
    """Read the configuration, without a file from the environment, and show its warnings.

    Raises ConfigError or MissingConfiguration.
    """
    environ = HiddenMapping(os.environ)
    config = from_environment(environ) if path is None else load(path, environ)
    if config is None:
        raise MissingConfiguration
    for warning in config.warnings:
        log.warning(warning)
    return config


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """How to serve, by the flags; without addresses on the sockets that systemd passes.

    `config_file` is the web configuration. With `enable_lifecycle` a request may reload, too.
    """

    addresses: Sequence[ListenAddress]
    telemetry_path: str
    config_file: Path | None
    max_requests: int
    enable_lifecycle: bool
    process_metrics: bool


async def serve(path: Path | None, options: WebOptions) -> int:
    """Serve the metrics until a signal; SIGHUP reloads. Raises ConfigError, MissingConfiguration or CannotListen."""
    config, web_config = read_config(path), options.config_file
    protection = None if web_config is None else _protection(web_config)
    listening = bound(options.addresses) if options.addresses else passed_by_systemd()
    with stop_signals() as stop, hangups() as hangup, listening as sockets:
        async with Exporter(config, process_metrics=options.process_metrics) as exporter:
            reload = Reloading(partial(_reload, exporter, path))
            served = serving(
                exporter,
                sockets,
                telemetry_path=options.telemetry_path,
                reload=reload if options.enable_lifecycle else None,
                max_requests=options.max_requests,
                protection=protection,
            )
            async with served, reloading_on(hangup, reload):
                exporter.tell_forecast()
                await stop.wait()
    return GOOD


async def _reload(exporter: Exporter, path: Path | None) -> Sequence[str]:
    """Let the exporter watch what the configuration says now; gives what is wrong with it, which changes nothing."""
    try:
        # A large file takes a while, during which scrapes go on.
        await exporter.apply(await asyncio.to_thread(read_config, path))
    except ConfigError as error:
        problems = [str(problem) for problem in error.problems]
    except Exception:
        # What is watched goes on being watched: nobody is helped by an exporter that ends.
        log.exception("Unexpected error while reloading")
        problems = ["an unexpected error, which the log shows"]
    else:
        return []
    exporter.reload_failed()
    return problems


def _protection(web_config: Path) -> "Protection":
    from exporter.web.protection import Protection  # noqa: PLC0415 - who has no such file starts faster without

    return Protection(web_config)


def check(path: Path | None, web_config: Path | None) -> int:
    """Tell what a configuration watches and what that will cost, or all that is wrong; without the network."""
    source = "environment" if path is None else str(path)
    lines, code = [], GOOD
    try:
        lines = [f"{source}: good", *forecast(read_config(path))]
    except ConfigError as error:
        lines = [f"{source}: {problem}" for problem in error.problems]
        code = FAILURE
    if web_config is not None:
        try:
            _protection(web_config)
            lines.append(f"{web_config}: good")
        except ConfigError as error:
            lines += [f"{web_config}: {problem}" for problem in error.problems]
            code = FAILURE
    write_output("\n".join([*lines, ""]).encode())
    return code


async def once(config: Config, output: Path | None) -> int:
    """Poll everything once and write the exposition to standard output or to a file; raises CannotWrite."""
    with cancelling_signals():
        if output is None:
            return await _write_once(config, write_output)
        with reserved(output) as write:
            return await _write_once(config, write)


async def _write_once(config: Config, write: Callable[[bytes], object]) -> int:
    async with Exporter(config, for_file=True) as exporter:
        snapshot = await exporter.scrape()
    write(b"".join(exporter.exposition.text(snapshot)))
    unread = sum(1 for addon in snapshot.addons if addon.failure is not None)
    if unread:
        log.error("Not every addon could be read", extra={"unread": unread, "addons": len(snapshot.addons)})
    unlisted = [account.name for account in snapshot.accounts if not account.is_listed]
    if unlisted:
        log.error("Not everything could be listed", extra={"accounts": ",".join(unlisted) or "(unnamed)"})
    return FAILURE if unread or unlisted else GOOD
