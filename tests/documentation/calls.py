"""Whether what a stand-in was called with is a call that the real program understands, about things that there are."""

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from scripts.deployment import CHART, MANIFEST
from tests.process import ROOT

OURS = "northflank-backup-exporter"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PORTS = {found: f"{found}:{found}" for found in re.findall(r"^EXPOSE (\S+)$", DOCKERFILE, re.MULTILINE)}


class _Strict(argparse.ArgumentParser):
    """A parser that fails the test, and does not end it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog=prog, allow_abbrev=False, add_help=False)

    def error(self, message: str) -> None:  # type: ignore[override]
        raise AssertionError(f"{self.prog}: {message}")

    def flags(self, *names: str) -> "_Strict":
        for name in names:
            self.add_argument(name, action="store_true")
        return self

    def values(self, *names: str) -> "_Strict":
        for name in names:
            self.add_argument(name, action="append", default=[])
        return self


def _docker(words: list[str], folder: Path) -> None:
    kind, *rest = words
    match kind:
        case "build":
            built = _Strict("docker build").values("-t", "--build-arg").parse_args([*rest[:-1]])
            assert rest[-1] == "."
            assert (folder / "Dockerfile").is_file()
            assert set(built.t) <= {OURS}
        case "compose":
            assert rest == ["up"]
            assert yaml.safe_load((folder / "compose.yaml").read_text())["services"]
        case "kill":
            assert rest == ["--signal", "HUP", OURS]
        case "exec":
            assert rest == [OURS, OURS, "status"]
        case _:
            assert kind == "run"
            _docker_run(rest, folder)


def _docker_run(words: list[str], folder: Path) -> None:
    parser = _Strict("docker run").flags("-d", "--rm", "--read-only")
    parser.values("--name", "--restart", "-p", "--cap-drop", "--security-opt", "-e", "-v", "--entrypoint")
    parser.add_argument("image")
    parser.add_argument("command", nargs="*")
    run = parser.parse_args(words)
    (workdir,) = re.findall(r"^WORKDIR (/etc/\S+)$", DOCKERFILE, re.MULTILINE)

    assert run.image == OURS
    assert set(run.p) <= set(PORTS.values())
    assert set(run.e) <= {"NORTHFLANK_API_TOKEN"}
    for volume in run.v:
        assert volume == f"./config.yaml:{workdir}/config.yaml:ro"
        assert (folder / "config.yaml").is_file()
    for argument in run.command:
        assert run.entrypoint == ["cat"]
        assert argument in DOCKERFILE or argument.rpartition("/")[2] in DOCKERFILE


def _kubectl(words: list[str], folder: Path) -> None:
    parser = _Strict("kubectl").values("--namespace", "--from-literal", "-f")
    parser.add_argument("words", nargs="+")
    called = parser.parse_intermixed_args(words)
    match called.words:
        case ["create", "secret", "generic", _]:
            assert [each.partition("=")[0] for each in called.from_literal] == ["token"]
        case ["apply"]:
            (file,) = called.f
            assert (folder / file).resolve() == MANIFEST.resolve()
        case ["rollout", "restart", "deployment", name]:
            made = list(yaml.safe_load_all(MANIFEST.read_text()))
            assert name in {each["metadata"]["name"] for each in made if each["kind"] == "Deployment"}
        case ["exec", deployment, program, "status"]:
            assert (deployment, program) == (f"deployment/{OURS}", OURS)
        case _:
            raise AssertionError(called)


def _helm(words: list[str], folder: Path) -> None:
    parser = _Strict("helm").flags("--install").values("--namespace", "--values")
    parser.add_argument("words", nargs="+")
    called = parser.parse_intermixed_args(words)
    upgrade, release, chart = called.words
    assert (upgrade, release, called.install) == ("upgrade", OURS, True)
    assert (folder / chart).resolve() == CHART.resolve()
    # tests/deploy/test_installation.py renders it with these values.
    assert called.values == ["values.yaml"]


def _pip(words: list[str], folder: Path) -> None:
    install, *rest = words
    called = _Strict("pip").flags("--require-hashes", "--no-deps").values("-r")
    called.add_argument("what", nargs="*")
    options = called.parse_args(rest)
    assert install == "install"
    assert all((folder / name).is_file() for name in options.r)
    assert options.what or options.r
    assert set(options.what) <= {".", f"{OURS}[fast]"}
    assert (folder / "pyproject.toml").is_file()


def _systemctl(words: list[str], _: Path) -> None:
    assert (ROOT / "deploy" / "systemd" / f"{OURS}.service").is_file()
    assert words in (["daemon-reload"], ["enable", "--now", OURS], ["reload", OURS], ["security", OURS])


def _python(words: list[str], folder: Path) -> None:
    assert words[:2] == ["-m", "venv"]
    assert (folder / words[2] / "bin" / "pip").is_file()


def _htpasswd(words: list[str], _: Path) -> None:
    assert words == ["-nBC", "10", ""]


CHECKS: Mapping[str, Callable[[list[str], Path], None]] = {
    "docker": _docker,
    "kubectl": _kubectl,
    "helm": _helm,
    "pip": _pip,
    "systemctl": _systemctl,
    "systemd-analyze": _systemctl,
    "python3": _python,
    "htpasswd": _htpasswd,
}
"""For each stand-in, what fails for a call that would not do what is said."""
