"""What each command does once its words are understood; each gives the exit code."""

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from exporter.app import Exporter
from exporter.config import Config, ConfigError, load
from exporter.forecast import forecast
from exporter.listen import ListenAddress
from exporter.output import reserved, write_output
from exporter.serve import bound, cancelling_signals, serving, stop_signals

log = logging.getLogger(__name__)

GOOD = 0
FAILURE = 1


def read_config(path: Path) -> Config:
    """Read the configuration and show its warnings; raises ConfigError."""
    config = load(path, os.environ)
    for warning in config.warnings:
        log.warning(warning)
    return config


async def serve(config: Config, addresses: Sequence[ListenAddress], telemetry_path: str) -> int:
    """Serve the metrics until a signal; raises CannotListen."""
    with stop_signals() as stop, bound(addresses) as sockets:
        async with Exporter(config) as exporter, serving(exporter, sockets, telemetry_path=telemetry_path):
            exporter.tell_forecast()
            await stop.wait()
    return GOOD


def check(path: Path) -> int:
    """Tell what a configuration watches and what that will cost, or all that is wrong; without the network."""
    try:
        lines = [f"{path}: good", *forecast(read_config(path))]
        code = GOOD
    except ConfigError as error:
        lines = [f"{path}: {problem}" for problem in error.problems]
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
    return FAILURE if unread else GOOD
