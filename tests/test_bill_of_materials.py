"""The bill of materials: what pip really installed, described in a way that CycloneDX accepts."""

import hashlib
import json
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from scripts.bill_of_materials import EXPORTER, bill_of_materials
from scripts.locked import REQUIREMENTS, locked
from tests.process import ROOT


def valid(text: str) -> dict[str, Any]:
    """Give what a bill says, once CycloneDX' own schema has accepted it."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill: dict[str, Any] = json.loads(text)
    return bill


def licences(component: dict[str, Any]) -> list[str]:
    return [one.get("expression") or one["license"]["id"] for one in component["licenses"]]


def needs(bill: dict[str, Any]) -> dict[str, list[str]]:
    return {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}


def test_what_is_pinned_is_described_with_version_hash_and_licence() -> None:
    pinned = locked(REQUIREMENTS)
    packages = [distribution(name) for name in (EXPORTER, *pinned)]
    installed_from = {name: min(package.hashes) for name, package in pinned.items()}

    bill = valid(JsonV1Dot6(bill_of_materials(packages, pinned, installed_from)).output_as_string())

    described = {one["name"]: (one["version"], one["hashes"][0]["content"]) for one in bill["components"]}
    assert described == {name: (one.version, installed_from[name]) for name, one in pinned.items()}
    assert all(licences(component) for component in bill["components"])
    assert bill["metadata"]["component"]["name"] == EXPORTER
    assert [name.partition("@")[0] for name in needs(bill)[EXPORTER]] == [
        f"pkg:pypi/{name}" for name in ("aiohttp", "bcrypt", "jinja2", "prometheus-client", "pyyaml", "rich", "tzdata")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """An environment, what pip said when it filled it, and what was pinned."""

    environment: Path
    report: Path
    requirements: Path

    def bill(self) -> tuple[int, str, str]:
        """Run the command as the image's build does; gives exit code, standard output and standard error."""
        files = (self.environment, self.report, "--requirements", self.requirements)
        command = (sys.executable, "-W", "error", "-m", "scripts.bill_of_materials", *map(str, files))
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout, ran.stderr


def wheel(folder: Path, name: str, *metadata: str) -> Path:
    """Write a package with nothing in it but what it says of itself, and its licence."""
    path = folder / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    lines = ("Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", "License-File: LICENSE", *metadata)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{info}/METADATA", "\n".join(lines) + "\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/licenses/LICENSE", "You may.\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let pip install two pinned packages and, beside them, one that stands for the exporter."""
    folder = tmp_path_factory.mktemp("filled")
    (wheels := folder / "wheels").mkdir()
    wheel(wheels, EXPORTER, "License-Expression: Apache-2.0", "Requires-Dist: Some_Thing")
    needed = 'Requires-Dist: other; python_version > "3"', 'Requires-Dist: absent; extra == "more"'
    pins = {
        "some-thing": wheel(wheels, "Some-Thing", "License-Expression: MIT AND PSF-2.0", "Summary: A thing", *needed),
        "other": wheel(wheels, "other", "License: Apache 2.0"),
    }
    (pinned := folder / "pinned").write_text(
        "".join(f"{name}==1.0 --hash=sha256:{sha256(file)}\n" for name, file in pins.items())
    )
    venv.create(folder / "environment", with_pip=False)
    pip = (sys.executable, "-m", "pip", "--python", str(folder / "environment" / "bin" / "python"), "install")
    offline = ("--no-index", "--find-links", str(wheels), "--disable-pip-version-check")
    hashed = ("--require-hashes", "--report", str(folder / "report"), "-r", str(pinned))
    for rest in (hashed, ("--no-deps", EXPORTER)):
        subprocess.run([*pip, *offline, *rest], check=True, capture_output=True)
    return folder


@pytest.fixture
def installed(filled: Path, tmp_path: Path) -> Installed:
    """Give a copy of that, to be spoilt."""
    folder = shutil.copytree(filled, tmp_path / "copy", symlinks=True)
    return Installed(environment=folder / "environment", report=folder / "report", requirements=folder / "pinned")


def test_the_bill_names_what_pip_installed_from_which_file(installed: Installed, filled: Path) -> None:
    code, out, err = installed.bill()
    assert (code, err) == (0, "")

    bill = valid(out)
    other, thing = bill["components"]
    assert (other["purl"], licences(other)) == ("pkg:pypi/other@1.0", ["Apache-2.0"])
    assert (thing["purl"], licences(thing)) == ("pkg:pypi/some-thing@1.0", ["MIT AND PSF-2.0"])
    file = filled / "wheels" / "Some_Thing-1.0-py3-none-any.whl"
    assert thing["hashes"] == [{"alg": "SHA-256", "content": sha256(file)}]
    assert thing["description"] == "A thing"
    assert bill["metadata"]["component"]["version"] == "1.0"
    assert needs(bill) == {EXPORTER: [thing["purl"]], thing["purl"]: [other["purl"]], other["purl"]: []}


def add_an_unpinned_package(installed: Installed) -> str:
    text = installed.requirements.read_text()
    installed.requirements.write_text(text.partition("other")[0])
    return "other is installed but not pinned"


def pin_another_file(installed: Installed) -> str:
    start, _, end = installed.requirements.read_text().partition("other==1.0 --hash=sha256:")
    installed.requirements.write_text(f"{start}other==1.0 --hash=sha256:{'0' * len(end.strip())}\n")
    return "other 1.0 is installed from a file that is not pinned"


def pin_one_more(installed: Installed) -> str:
    installed.requirements.write_text(f"{installed.requirements.read_text()}more==1 --hash=sha256:{'0' * 64}\n")
    return "more is not installed"


def take_the_licence_away(installed: Installed) -> str:
    (metadata,) = installed.environment.rglob("other-1.0.dist-info/METADATA")
    metadata.write_text(metadata.read_text().replace("License: Apache 2.0", "License: Mine"))
    return "other: its metadata names 'Mine' as its licence, which is not allowed"


@pytest.mark.parametrize(
    "spoil",
    [add_an_unpinned_package, pin_another_file, pin_one_more, take_the_licence_away],
    ids=lambda it: it.__name__,
)
def test_what_is_not_as_pinned_or_not_allowed_is_no_bill(
    spoil: Callable[[Installed], str], installed: Installed
) -> None:
    reason = spoil(installed)
    assert installed.bill() == (1, "", f"{reason}\n")
