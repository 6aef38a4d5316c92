"""Builds what a release consists of and tries it the way a stranger does: `make release-check`.

Into dist/ go the sdist, the wheel that is built from it, and the packed Helm chart; the image stays with the engine
that has built it.
"""

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import yaml
from helm_python import package

from exporter import __version__
from scripts.deployment import CHART

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
NAME = "northflank-backup-exporter"

_PATIENCE_SECONDS = 60.0
_NEWEST = re.compile(r"^## \[([^\]]+)\](?: - ([0-9]{4}-[0-9]{2}-[0-9]{2}))?$", re.MULTILINE)


class Unfit(Exception):
    """Something is not as it must be in a release; the text says what."""


def newest_entry(changelog: str) -> tuple[str, str | None]:
    """Give the version of the first entry of the changelog, or `Unreleased`, and its date if it has one."""
    found = _NEWEST.search(changelog)
    if found is None:
        raise Unfit("CHANGELOG.md has no entry")
    return found[1], found[2]


def disagreements(changelog: str) -> Iterator[str]:
    """Tell where another version stands than the package's, which is the one place for it; raises Unfit."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    if not chart["version"] == chart["appVersion"] == __version__:
        yield "Chart.yaml has another version: run make deploy"
    version, date = newest_entry(changelog)
    if version != __version__ or date is None:
        yield f"CHANGELOG.md does not begin with ## [{__version__}] and a date"


def built(folder: Path) -> tuple[Path, Path]:
    """Build the sdist, and the wheel from nothing but the sdist; gives both."""
    _run(sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", folder)
    (sdist,) = folder.glob("*.tar.gz")
    with tempfile.TemporaryDirectory() as unpacked:
        with tarfile.open(sdist) as archive:
            archive.extractall(unpacked, filter="data")
        (source,) = Path(unpacked).iterdir()
        _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=source)
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


def installed(wheel: Path, environment: Path) -> Path:
    """Install the wheel and what it needs into a new environment, all by hash; gives the program."""
    uv = Path(sys.executable).with_name("uv")
    _run(uv, "venv", "--quiet", "--python", sys.executable, environment)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    ours = environment / "wheel.txt"
    ours.write_text(f"{wheel.as_uri()} --hash=sha256:{digest}\n")
    install = (uv, "pip", "install", "--quiet", "--python", environment, "--require-hashes")
    _run(*install, "-r", ROOT / "requirements.txt")
    _run(*install, "--no-deps", "-r", ours)
    return environment / "bin" / NAME


def try_out(program: Path, folder: Path) -> None:
    """Ask for the version, check the example of a configuration, and scrape the demo; raises Unfit."""
    said = _run(program, "--version", cwd=folder)
    if f"version {__version__} " not in said:
        raise Unfit(f"--version says {said}")
    token = {"NORTHFLANK_API_TOKEN": "demo"}
    _run(program, "check", "--config.file", ROOT / "config.example.yaml", cwd=folder, **token)
    with subprocess.Popen(  # noqa: S603 - the program that was built
        [program, "demo", "--web.listen-address=127.0.0.1:0"],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as demo:
        try:
            _scrape(demo)
            demo.terminate()
            if demo.wait(_PATIENCE_SECONDS) != 0:
                raise Unfit(f"the demo ended with {demo.returncode}")
        finally:
            demo.kill()


def _scrape(demo: subprocess.Popen[str]) -> None:
    assert demo.stdout is not None  # noqa: S101 - it is a pipe
    address = next((found[1] for line in demo.stdout if (found := re.match(r"Metrics: (http://\S+)$", line))), None)
    if address is None:
        raise Unfit("the demo has ended")
    with urllib.request.urlopen(address, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310 - the demo's own address
        metrics = answer.read().decode()
    for sample in ("northflank_up 1.0", f'northflank_exporter_build_info{{python_version="{_python()}"'):
        if sample not in metrics:
            raise Unfit(f"the demo does not say {sample}")
    if f'version="{__version__}"}} 1.0' not in metrics:
        raise Unfit("the demo tells another version")


def _python() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _run(*words: str | Path, cwd: Path = ROOT, **variables: str) -> str:
    ran = subprocess.run(  # noqa: S603 - our own programs
        words, cwd=cwd, env={**_environment(), **variables}, capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise Unfit(f"{' '.join(map(str, words))}\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def _environment() -> dict[str, str]:
    """Give this process' environment without what makes this folder's code found instead of what is installed."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "NORTHFLANK_"))}


def _whole() -> None:
    """Do all of it; raises Unfit."""
    if problems := list(disagreements((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))):
        raise Unfit("\n".join(problems))
    DIST.mkdir(exist_ok=True)
    for old in DIST.iterdir():
        old.unlink()
    _, wheel = built(DIST)
    package(CHART, destination=DIST)
    with tempfile.TemporaryDirectory() as folder:
        try_out(installed(wheel, Path(folder) / "environment"), Path(folder))
    _run(ROOT / "scripts" / "build-image", f"{NAME}:{__version__}")


def main() -> int:
    """Build and try everything; gives the exit code."""
    try:
        _whole()
    except Unfit as error:
        sys.stderr.write(f"{error}\n")
        return 1
    files = "".join(f"  {path.name} ({path.stat().st_size:,} bytes)\n" for path in sorted(DIST.iterdir()))
    sys.stdout.write(
        f"{__version__} is fit for release. In {DIST.name}/:\n{files}And the image {NAME}:{__version__}.\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
