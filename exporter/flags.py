"""The command line: which flags and commands there are, and what a flag's value must look like."""

import argparse
import platform
from pathlib import Path

from exporter import __version__, logs
from exporter.listen import ListenAddress
from exporter.serve import MAX_REQUESTS

PROGRAM = "northflank-backup-exporter"
DEFAULT_CONFIG_FILE = Path("config.yaml")
DEFAULT_ADDRESS = ListenAddress("", 10_087)
SIMULATOR_ADDRESS = ListenAddress("127.0.0.1", 10_088)
RESERVED_PATHS = frozenset({"/addon", "/probe", "/sd", "/-/healthy", "/-/ready", "/-/reload"})

WITHOUT_VALUE = frozenset(
    {
        "-h",
        "--help",
        "--version",
        "--web.enable-lifecycle",
        "--web.disable-exporter-metrics",
        "--web.systemd-socket",
    }
)
"""The flags before a command that are not followed by a value."""

_LONGEST_NUMBER = 9


def parser() -> argparse.ArgumentParser:
    """Make the parser of the whole command line."""
    root = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Prometheus exporter for the backups of Northflank addons. Without a command it serves.",
        allow_abbrev=False,
    )
    root.add_argument(
        "--version",
        action="version",
        version=f"{PROGRAM}, version {__version__} (Python {platform.python_version()})",
    )
    _add_global_flags(root)
    _add_serving_flags(_add_web_flags(root, addresses="listen_addresses"))
    root.set_defaults(
        config_file=None,
        log_level="info",
        log_format="logfmt",
        listen_addresses=[],
        command_listen_addresses=[],
        telemetry_path="/metrics",
        web_config_file=None,
    )
    _add_commands(root)
    return root


def _add_commands(parser: argparse.ArgumentParser) -> None:
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        description = text[0].upper() + text[1:]
        command = subparsers.add_parser(name, help=text, description=description, allow_abbrev=False)
        _add_global_flags(command)
        return command

    check = add("check", "read the configuration without the network; tell targets and expected requests")
    _add_web_config_flag(check)
    status = add("status", "poll everything once and tell how it fares; exit codes as of a Nagios plugin")
    status.add_argument("--json", dest="as_json", action="store_true", help="for programs (docs/status.md)")
    _add_forms(add("discover", "tell all that the token can see; as a configuration to paste, but on a terminal"))
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


def _add_forms(discover: argparse.ArgumentParser) -> None:
    discover.set_defaults(form=None)
    forms = discover.add_mutually_exclusive_group()
    for form, text in (
        ("yaml", "a configuration to paste; default where standard output is no terminal"),
        ("table", "default on a terminal"),
        ("json", "for programs (docs/status.md)"),
    ):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, help=text)


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


def _add_serving_flags(flags: argparse._ArgumentGroup) -> None:
    """Add what neither the demo nor the simulator takes."""
    _add_web_config_flag(flags)
    flags.add_argument(
        "--web.max-requests",
        dest="max_requests",
        type=_max_requests,
        default=MAX_REQUESTS,
        metavar="NUMBER",
        help=f"scrapes answered at once; 0 for no limit; default {MAX_REQUESTS}",
    )
    flags.add_argument(
        "--web.disable-exporter-metrics",
        dest="process_metrics",
        action="store_false",
        help="leave out the metrics of the process itself (process_*, python_*)",
    )
    flags.add_argument(
        "--web.systemd-socket",
        dest="systemd_socket",
        action="store_true",
        help="listen on the sockets that systemd passes, instead of addresses",
    )
    flags.add_argument(
        "--web.enable-lifecycle",
        dest="enable_lifecycle",
        action="store_true",
        help="let POST /-/reload read the configuration again, as SIGHUP does; not for demo and simulate",
    )


def _add_web_config_flag(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--web.config.file",
        dest="web_config_file",
        type=_path_if_any,
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="TLS, basic authentication and more, in the format of Prometheus' exporter-toolkit",
    )


def _add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=1, help="of the simulated world; default 1")


def _listen_address(text: str) -> ListenAddress:
    try:
        return ListenAddress.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _path_if_any(text: str) -> Path | None:
    return Path(text) if text else None


def _max_requests(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text)


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
