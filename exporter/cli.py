"""From words to a command, and from every foreseen error to one clear line and an exit code."""

import argparse
import asyncio
import logging
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from exporter import __version__, commands, logs
from exporter.config import ConfigError
from exporter.listen import ListenAddress
from exporter.output import CannotWrite
from exporter.serve import CannotListen

log = logging.getLogger(__name__)

PROGRAM = "northflank-backup-exporter"
DEFAULT_CONFIG_FILE = Path("config.yaml")
DEFAULT_ADDRESS = ListenAddress("", 10_087)
SIMULATOR_ADDRESS = ListenAddress("127.0.0.1", 10_088)
RESERVED_PATHS = frozenset({"/probe", "/sd", "/-/healthy", "/-/ready", "/-/reload"})

USAGE_ERROR = 2
USAGE_ERROR_OF_COMMAND = {"check": commands.FAILURE}
"""Exit codes of wrong usage, where they differ."""

WITHOUT_VALUE = frozenset({"-h", "--help", "--version", "--web.enable-lifecycle"})
"""The flags before a command that are not followed by a value."""

NO_CONFIGURATION = (
    f"no configuration: give --config.file=FILE, or put {DEFAULT_CONFIG_FILE} into this folder (config.example.yaml "
    "shows how), or set NORTHFLANK_API_TOKEN to watch everything that this token can see"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the words name; gives the exit code of the process."""
    words = sys.argv[1:] if arguments is None else arguments
    parser = _parser()
    options = _parsed(parser, words)
    logs.configure(level=options.log_level, form=options.log_format, stream=sys.stderr)
    try:
        return _run(options)
    except commands.MissingConfiguration:
        text = f"{parser.format_usage()}{PROGRAM}: error: {NO_CONFIGURATION}\n"
        parser.exit(_usage_error(options.command), text)
    except ConfigError as error:
        for problem in error.problems:
            log.error("Bad configuration", extra={"problem": problem})  # noqa: TRY400 - the same
        return USAGE_ERROR
    except (CannotListen, CannotWrite) as error:
        log.error("Failed", extra={"err": error})  # noqa: TRY400 - foreseen: a traceback would hide it
    except (KeyboardInterrupt, asyncio.CancelledError):
        log.error("Interrupted")  # noqa: TRY400 - the same
    return commands.FAILURE


def _parsed(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    try:
        options = parser.parse_args(words)
        if options.command == "simulate" and len(_addresses(options, SIMULATOR_ADDRESS)) > 1:
            parser.error("simulate listens on one address only")
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
            return commands.check(_config_file(options))
        case "discover":
            return asyncio.run(commands.discover(commands.read_config(_config_file(options))))
        case "once":
            config = commands.read_config(_config_file(options))
            return asyncio.run(commands.once(config, options.output))
        case "simulate" | "demo":
            return _run_simulated(options)
        case _:
            path, addresses = _config_file(options), _addresses(options, DEFAULT_ADDRESS)
            serve = commands.serve(path, addresses, options.telemetry_path, enable_lifecycle=options.enable_lifecycle)
            return asyncio.run(serve)


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
    return DEFAULT_CONFIG_FILE if DEFAULT_CONFIG_FILE.exists() else None


def _addresses(options: argparse.Namespace, default: ListenAddress) -> list[ListenAddress]:
    """Give the addresses named before and behind the command."""
    return [*options.listen_addresses, *options.command_listen_addresses] or [default]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Prometheus exporter for the backups of Northflank addons. Without a command it serves.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"{PROGRAM}, version {__version__} (Python {platform.python_version()})",
    )
    _add_global_flags(parser)
    _add_web_flags(parser, addresses="listen_addresses").add_argument(
        "--web.enable-lifecycle",
        dest="enable_lifecycle",
        action="store_true",
        help="let POST /-/reload read the configuration again, as SIGHUP does; not for demo and simulate",
    )
    parser.set_defaults(
        config_file=None,
        log_level="info",
        log_format="logfmt",
        listen_addresses=[],
        command_listen_addresses=[],
        telemetry_path="/metrics",
    )
    _add_commands(parser)
    return parser


def _add_commands(parser: argparse.ArgumentParser) -> None:
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        description = text[0].upper() + text[1:]
        command = subparsers.add_parser(name, help=text, description=description, allow_abbrev=False)
        _add_global_flags(command)
        return command

    add("check", "read the configuration without the network; tell targets and expected requests")
    add("discover", "write all that the token can see as a configuration to paste")
    once = add("once", "poll everything once and write the metrics to standard output or a file")
    once.add_argument("--output", type=Path, metavar="FILE", help="for node_exporter's textfile collector")
    demo = add("demo", "run a simulated Northflank API and the exporter reading it")
    _add_web_flags(demo, addresses="command_listen_addresses")
    _add_seed(demo)
    simulate = add("simulate", "run the simulated Northflank API alone")
    simulate.add_argument(
        "--web.listen-address",
        dest="command_listen_addresses",
        type=_listen_address,
        action="append",
        default=argparse.SUPPRESS,
        metavar="HOST:PORT",
        help=f"default {SIMULATOR_ADDRESS}",
    )
    simulate.add_argument("--token", default="demo", help="the only token it accepts; default demo")
    simulate.add_argument("--speed", type=_speed, default=1.0, help="how fast its time passes; default 1")
    _add_seed(simulate)


def _add_global_flags(parser: argparse.ArgumentParser) -> None:
    """Add what stands before or behind a command; the defaults are the main parser's."""
    flags = parser.add_argument_group("global flags")
    flags.add_argument(
        "--config.file",
        dest="config_file",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help=f"default {DEFAULT_CONFIG_FILE}, if it exists",
    )
    flags.add_argument(
        "--log.level",
        dest="log_level",
        choices=logs.LEVELS,
        default=argparse.SUPPRESS,
        help="default info",
    )
    flags.add_argument(
        "--log.format",
        dest="log_format",
        choices=logs.FORMATS,
        default=argparse.SUPPRESS,
        help="default logfmt",
    )


def _add_web_flags(parser: argparse.ArgumentParser, *, addresses: str) -> argparse._ArgumentGroup:
    """Add the flags for serving; with one destination, addresses behind the command would replace those before it."""
    flags = parser.add_argument_group("serving")
    flags.add_argument(
        "--web.listen-address",
        dest=addresses,
        type=_listen_address,
        action="append",
        default=argparse.SUPPRESS,
        metavar="HOST:PORT",
        help=f"repeatable; default {DEFAULT_ADDRESS}",
    )
    flags.add_argument(
        "--web.telemetry-path",
        dest="telemetry_path",
        type=_telemetry_path,
        default=argparse.SUPPRESS,
        metavar="PATH",
        help="default /metrics",
    )
    return flags


def _add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=1, help="of the simulated world; default 1")


def _listen_address(text: str) -> ListenAddress:
    try:
        return ListenAddress.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _telemetry_path(text: str) -> str:
    if not text.startswith("/") or not text.isprintable() or set(text) & set(" {}?#%") or text in RESERVED_PATHS:
        raise argparse.ArgumentTypeError(f"{text!r} is no plain path such as /metrics, or is taken")
    return text


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return speed
