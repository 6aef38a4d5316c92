"""The words of the command line, and what the command says of wrong ones."""

import json
import platform
from pathlib import Path

import pytest

from exporter import __version__, cli, flags
from exporter.listen import ListenAddress
from exporter.simulator import Simulator
from tests.process import ANY_ADDRESS, run, running, write_config

GOOD_CONFIG = "accounts:\n  - token: literal\n    addons:\n      - {project: shop, addon: orders-db}\n"
BAD_CONFIG = "accounts:\n  - token: x\n    addons: []\n    colour: red\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, "http://127.0.0.1:9", ["shop/orders-db"])


def usage_error(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    """Give the last line that a wrong command line leaves on standard error."""
    with pytest.raises(SystemExit) as leaving:
        cli.main(arguments)
    assert leaving.value.code == code
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("usage: northflank-backup-exporter ")
    return output.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--web.listen-address=10087"], "'10087' has no port (examples: :10087, 127.0.0.1:10087, [::1]:10087)"),
        (["--web.listen-address=:99999"], "':99999': the port is no number from 0 to 65535"),
        (["--web.listen-address", "::1:10087"], "an IPv6 address wants brackets: [::1]:10087"),
        (["--web.listen-address"], "expected one argument"),
        (["demo", "--web.listen-address=x"], "'x' has no port"),
        (["simulate", "--web.listen-address=x"], "'x' has no port"),
        (["--web.telemetry-path=metrics"], "'metrics' is no plain path such as /metrics"),
        (["--web.telemetry-path=/{name}"], "'/{name}' is no plain path"),
        (["--web.telemetry-path=/a?b"], "'/a?b' is no plain path"),
        (["--web.telemetry-path=/-/healthy"], "'/-/healthy' is no plain path such as /metrics, or is taken"),
        (["--web.telemetry-path=/sd"], "'/sd' is no plain path such as /metrics, or is taken"),
        (["--web.telemetry-path=/probe"], "'/probe' is no plain path such as /metrics, or is taken"),
        (["--web.telemetry-path=/-/reload"], "'/-/reload' is no plain path such as /metrics, or is taken"),
        (["--web.telemetry-path=/addon"], "'/addon' is no plain path such as /metrics, or is taken"),
        (["--web.enable-lifecycle=yes"], "ignored explicit argument 'yes'"),
        (["demo", "--web.enable-lifecycle"], "unrecognized arguments: --web.enable-lifecycle"),
        (["--log.level=loud"], "invalid choice: 'loud'"),
        (["--log.format=xml"], "invalid choice: 'xml'"),
        (["once", "--log.level=loud"], "invalid choice: 'loud'"),
        (["--config.file", "check", "--log.level=loud"], "invalid choice: 'loud'"),
        (["simulate", "--speed=0"], "'0' is no number above 0"),
        (["simulate", "--speed=nan"], "'nan' is no number above 0"),
        (["simulate", "--speed=inf"], "'inf' is no number above 0"),
        (["simulate", "--speed=fast"], "'fast' is no number above 0"),
        (["demo", "--seed=x"], "invalid int value: 'x'"),
        (["restore"], "invalid choice: 'restore'"),
        (["once", "check"], "unrecognized arguments: check"),
        (["discover", "--json", "--yaml"], "argument --yaml: not allowed with argument --json"),
        (["--config=x"], "unrecognized arguments: --config=x"),
        (["--web.listen-address=:1", "simulate", "--web.listen-address=:2"], "simulate listens on one address only"),
        (["simulate", "--web.listen-address=:1", "--web.listen-address=:2"], "simulate listens on one address only"),
    ],
)
def test_wrong_usage_names_the_problem(capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str) -> None:
    assert problem in usage_error(capsys, *arguments)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["check", "extra"], "unrecognized arguments: extra"),
        (["check", "--output=x"], "unrecognized arguments: --output=x"),
        (["check", "--log.level=loud"], "invalid choice: 'loud'"),
        (["--log.level=loud", "check"], "invalid choice: 'loud'"),
        (["--log.level", "loud", "check"], "invalid choice: 'loud'"),
        (["--nonsense=x", "check"], "unrecognized arguments: --nonsense=x"),
        (["--web.enable-lifecycle", "check", "extra"], "unrecognized arguments: extra"),
        (["check", "--config.file"], "expected one argument"),
    ],
)
def test_under_check_wrong_usage_is_a_failure(
    capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert problem in usage_error(capsys, *arguments, code=1)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["status", "extra"], "unrecognized arguments: extra"),
        (["status", "--yaml"], "unrecognized arguments: --yaml"),
        (["--log.level", "loud", "status"], "invalid choice: 'loud'"),
    ],
)
def test_under_status_wrong_usage_is_what_nagios_calls_unknown(
    capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert problem in usage_error(capsys, *arguments, code=3)


def test_what_nobody_foresaw_is_no_warning_about_backups(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("exporter.commands.read_config", fail)
    # Which else would take away pytest's handlers for all tests to come.
    monkeypatch.setattr("exporter.logs.configure", lambda **_: None)

    assert cli.main(["status"]) == 3
    assert "ZeroDivisionError" in caplog.text
    assert cli.main(["once"]) == 1


@pytest.mark.parametrize("words", [["check", "--help"], ["--help", "check"], ["--version", "check", "extra"]])
@pytest.mark.usefixtures("capsys")
def test_help_is_no_wrong_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        cli.main(words)

    assert leaving.value.code == 0


def test_without_an_address_each_command_has_its_own() -> None:
    assert str(flags.DEFAULT_ADDRESS) == ":10087"
    assert str(flags.SIMULATOR_ADDRESS) == "127.0.0.1:10088"


@pytest.mark.parametrize(
    ("words", "addresses"),
    [
        ([], []),
        (["simulate"], []),
        (["--web.listen-address=:1"], [1]),
        (["--web.listen-address=:1", "simulate"], [1]),
        (["simulate", "--web.listen-address=:1"], [1]),
        (["--web.listen-address=:1", "--web.listen-address=:2", "demo", "--web.listen-address=:3"], [1, 2, 3]),
    ],
)
def test_no_address_is_forgotten(words: list[str], addresses: list[int]) -> None:
    default = ListenAddress("", 9)
    options = cli._parsed(flags.parser(), words)
    assert cli._addresses(options, default) == ([ListenAddress("", port) for port in addresses] or [default])


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        cli.main(["--version"])

    assert leaving.value.code == 0
    told = f"northflank-backup-exporter, version {__version__} (Python {platform.python_version()})\n"
    assert capsys.readouterr() == (told, "")


@pytest.mark.parametrize("command", [[], ["check"], ["once"], ["status"], ["discover"], ["demo"], ["simulate"]])
def test_help_tells_of_every_flag(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        cli.main([*command, "--help"])

    text = capsys.readouterr().out
    assert leaving.value.code == 0
    assert all(flag in text for flag in ("--config.file", "--log.level", "--log.format"))
    serves = command in ([], ["demo"], ["simulate"])
    assert ("--web.listen-address" in text) == serves
    # Wrapped lines may have parted them.
    assert ("imulated Northflank API" in " ".join(text.split())) == serves


@pytest.mark.parametrize(
    "words",
    [
        ["--config.file", "watch.yaml", "check"],
        ["--config.file=watch.yaml", "check"],
        ["check", "--config.file", "watch.yaml"],
        ["check", "--config.file=watch.yaml"],
        ["--config.file=missing.yaml", "check", "--config.file=watch.yaml"],
    ],
)
@pytest.mark.usefixtures("config")
async def test_global_flags_stand_before_or_behind_the_command(tmp_path: Path, words: list[str]) -> None:
    ended = await run(*words, cwd=tmp_path)

    assert (ended.code, ended.stderr) == (0, "")
    assert ended.stdout.startswith("watch.yaml: good\n")


async def test_a_configuration_in_this_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(GOOD_CONFIG)

    ended = await run("check", cwd=tmp_path)

    assert ended.code == 0
    assert ended.stdout.startswith("config.yaml: good\n")


@pytest.mark.parametrize(("command", "code"), [((), 2), (("once",), 2), (("check",), 1), (("status",), 3)])
async def test_without_a_configuration_the_way_out_is_named(
    tmp_path: Path, command: tuple[str, ...], code: int
) -> None:
    ended = await run(*command, cwd=tmp_path)

    assert ended.code == code
    assert ended.stdout == ""
    problem = ended.stderr.splitlines()[-1]
    assert problem.startswith("northflank-backup-exporter: error: no configuration: ")
    assert "--config.file=FILE" in problem
    assert "config.yaml" in problem


@pytest.mark.parametrize(("command", "code"), [((), 2), (("once",), 2), (("status",), 3)])
async def test_a_bad_configuration_is_told_with_every_problem(
    tmp_path: Path, command: tuple[str, ...], code: int
) -> None:
    (tmp_path / "config.yaml").write_text(BAD_CONFIG)

    ended = await run(*command, cwd=tmp_path)

    assert (ended.code, ended.stdout) == (code, "")
    problems = [line for line in ended.stderr.splitlines() if 'level=error msg="Bad configuration" problem=' in line]
    assert len(problems) == 2
    assert "accounts[0].addons: " in problems[0]
    assert "accounts[0].colour: " in problems[1]


async def test_check_tells_every_problem_on_standard_output(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(BAD_CONFIG)

    ended = await run("check", cwd=tmp_path)

    assert ended.code == 1
    first, second = ended.stdout.splitlines()
    assert first.startswith("config.yaml: accounts[0].addons: ")
    assert first.endswith("(line 3)")
    assert second.startswith("config.yaml: accounts[0].colour: ")
    assert second.endswith("(line 4)")


async def test_check_uses_no_network(tmp_path: Path, simulator: Simulator) -> None:
    path = write_config(tmp_path, simulator.url, ["shop/orders-db", "shop/carts-db"], name="acme")

    ended = await run("check", "--config.file", path, cwd=tmp_path)

    assert ended.code == 0
    assert "account acme: 2 addons" in ended.stdout
    assert "  shop/carts-db\n" in ended.stdout
    assert simulator.request_count == 0


async def test_a_configuration_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    ended = await run("--config.file=missing.yaml", cwd=tmp_path)

    assert ended.code == 2
    (line,) = ended.stderr.splitlines()
    assert 'problem="cannot read missing.yaml: No such file or directory"' in line


async def test_an_unreadable_token_file_is_one_line(tmp_path: Path, config: Path) -> None:
    (tmp_path / "token").unlink()

    ended = await run("--config.file", config, ANY_ADDRESS, cwd=tmp_path)

    assert ended.code == 2
    (line,) = ended.stderr.splitlines()
    assert "accounts[0].token_file: " in line
    assert "No such file or directory" in line


async def test_json_logs_are_json(tmp_path: Path, config: Path) -> None:
    async with running("--log.format=json", "--config.file", config, ANY_ADDRESS, cwd=tmp_path) as command:
        line = json.loads(await command.logged("Listening"))

        assert {"level": "info", "msg": "Listening"}.items() <= line.items()
        assert line["address"].startswith("127.0.0.1:")
        assert set(line) == {"ts", "level", "msg", "address"}


@pytest.mark.parametrize(("level", "words"), [("warn", ["warn"]), ("error", [])])
async def test_the_level_hides_what_matters_less(tmp_path: Path, level: str, words: list[str]) -> None:
    (tmp_path / "config.yaml").write_text(GOOD_CONFIG)

    ended = await run("check", f"--log.level={level}", cwd=tmp_path)

    assert ended.code == 0
    assert [line.split("level=")[1].split()[0] for line in ended.stderr.splitlines()] == words
    assert "literal" not in ended.stdout + ended.stderr
