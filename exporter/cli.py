"""From words to a command, and from every foreseen error to one clear line and an exit code."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from exporter import commands, logs
from exporter.config import ConfigError
from exporter.flags import DEFAULT_ADDRESS, DEFAULT_CONFIG_FILE, PROGRAM, SIMULATOR_ADDRESS, WITHOUT_VALUE, parser
from exporter.listen import ListenAddress
from exporter.output import CannotWrite
from exporter.serve import CannotListen

log = logging.getLogger(__name__)

USAGE_ERROR = 2
UNKNOWN = 3
USAGE_ERROR_OF_COMMAND = {"check": commands.FAILURE, "status": UNKNOWN}
"""Exit codes of wrong usage, where they differ."""

FAILURE_OF_COMMAND = {"status": UNKNOWN}
"""Exit codes of what goes wrong otherwise: to monitoring systems 1 would be a warning about backups."""

NO_CONFIGURATION = (
    f"no configuration: give --config.file=FILE, or put {DEFAULT_CONFIG_FILE} into this folder (config.example.yaml "
    "shows how), or set NORTHFLANK_API_TOKEN to watch everything that this token can see"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the words name; gives the exit code of the process."""
    words = sys.argv[1:] if arguments is None else arguments
    command_line = parser()
    options = _parsed(command_line, words)
    logs.configure(level=options.log_level, form=options.log_format, stream=sys.stderr)
    try:
        return _run(options)
    except commands.MissingConfiguration:
        text = f"{command_line.format_usage()}{PROGRAM}: error: {NO_CONFIGURATION}\n"
        command_line.exit(_usage_error(options.command), text)
    except ConfigError as error:
        for problem in error.problems:
            file = {} if error.file is None else {"file": error.file}
            log.error("Bad configuration", extra={**file, "problem": problem})  # noqa: TRY400 - the same
        return _usage_error(options.command)
    except (CannotListen, CannotWrite) as error:
        log.error("Failed", extra={"err": error})  # noqa: TRY400 - foreseen: a traceback would hide it
    except (KeyboardInterrupt, asyncio.CancelledError):
        log.error("Interrupted")  # noqa: TRY400 - the same
    except Exception:
        log.exception("Ended by an unexpected error, a fault of the exporter")
    return FAILURE_OF_COMMAND.get(options.command, commands.FAILURE)


def _parsed(command_line: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    try:
        options = command_line.parse_args(words)
        if options.command == "simulate" and len(_addresses(options, SIMULATOR_ADDRESS)) > 1:
            command_line.error("simulate listens on one address only")
    except SystemExit as leaving:
        # What is wrong has been said.
        raise (SystemExit(_usage_error(_command_in(words))) if leaving.code == USAGE_ERROR else leaving) from None
    return options


def _command_in(words: Sequence[str]) -> str | None:
    """Find the command in words that may make no sense otherwise."""
    waiting = iter(words)
    for word in waiting:
        if not word.startswith("-"):
            return word
        if "=" not in word and word not in WITHOUT_VALUE:
            next(waiting, None)
    return None


def _usage_error(command: str | None) -> int:
    return USAGE_ERROR_OF_COMMAND.get(command or "", USAGE_ERROR)


def _run(options: argparse.Namespace) -> int:
    match options.command:
        case "check":
            return commands.check(_config_file(options), options.web_config_file)
        case "status" | "discover":
            return _run_overview(options)
        case "once":
            config = commands.read_config(_config_file(options))
            return asyncio.run(commands.once(config, options.output))
        case "simulate" | "demo":
            return _run_simulated(options)
        case _:
            return asyncio.run(commands.serve(_config_file(options), _web_options(options)))


def _web_options(options: argparse.Namespace) -> commands.WebOptions:
    return commands.WebOptions(
        addresses=[] if options.systemd_socket else _addresses(options, DEFAULT_ADDRESS),
        telemetry_path=options.telemetry_path,
        config_file=options.web_config_file,
        max_requests=options.max_requests,
        enable_lifecycle=options.enable_lifecycle,
        process_metrics=options.process_metrics,
    )


def _run_overview(options: argparse.Namespace) -> int:
    from exporter import overview  # noqa: PLC0415 - serving starts faster without what terminals want

    config = commands.read_config(_config_file(options))
    if options.command == "status":
        return asyncio.run(overview.status(config, as_json=options.as_json))
    form = None if options.form is None else overview.Form(options.form)
    return asyncio.run(overview.discover(config, form))


def _run_simulated(options: argparse.Namespace) -> int:
    from exporter import demo  # noqa: PLC0415 - serving starts faster without the simulator

    if options.command == "demo":
        addresses = _addresses(options, DEFAULT_ADDRESS)
        return asyncio.run(demo.demo(addresses, options.telemetry_path, seed=options.seed))
    (address,) = _addresses(options, SIMULATOR_ADDRESS)
    return asyncio.run(demo.simulate(address, token=options.token, seed=options.seed, speed=options.speed))


def _config_file(options: argparse.Namespace) -> Path | None:
    if options.config_file is not None:
        return Path(options.config_file)
    return DEFAULT_CONFIG_FILE if DEFAULT_CONFIG_FILE.exists() and not _is_output(DEFAULT_CONFIG_FILE) else None


def _is_output(path: Path) -> bool:
    """Tell whether the shell has just emptied the file for what is written, as in `discover > config.yaml`."""
    try:
        return os.path.samestat(path.stat(), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError, AttributeError):
        return False  # There is no standard output, or it is none of a file.


def _addresses(options: argparse.Namespace, default: ListenAddress) -> list[ListenAddress]:
    """Give the addresses named before and behind the command."""
    return [*options.listen_addresses, *options.command_listen_addresses] or [default]
