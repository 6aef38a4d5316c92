"""The image, built from the Dockerfile and run as anybody with a root that cannot be written to."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

import exporter
from tests.container import Container, Image, buildah, running, skip_where_nothing_can_be_isolated, storage
from tests.process import PATIENCE_SECONDS, ROOT

NAME = "localhost/northflank-backup-exporter:test"
GET = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=20).read().decode())"
SIMULATED = {"NORTHFLANK_API_URL": "http://127.0.0.1:10088", "NORTHFLANK_API_TOKEN": "demo"}
STOPS_WITHIN_SECONDS = 10.0
"""How long Docker waits before it kills."""


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    skip_where_nothing_can_be_isolated()
    if not shutil.which("buildah") and not shutil.which("apt-get"):
        pytest.skip("there is neither buildah nor apt-get to install it")
    command = [str(ROOT / "scripts" / "build-image"), NAME]
    built = subprocess.run(
        command, env={**storage(), "ENGINE": "buildah"}, capture_output=True, text=True, check=False, cwd="/"
    )
    assert built.returncode == 0, built.stdout + built.stderr
    container = buildah("from", "--pull-never", NAME)
    try:
        yield Image.mounted(NAME, container)
    finally:
        buildah("rm", container)


async def scraped(container: Container) -> str:
    code, metrics = await container.run("python", "-c", GET, "http://127.0.0.1:10087/metrics")
    assert code == 0, metrics + container.log
    return metrics


async def test_anybody_can_run_it_with_a_root_that_cannot_be_written_to(image: Image, tmp_path: Path) -> None:
    async with running(image, tmp_path / "log", **SIMULATED) as container:
        await container.listening()
        healthy = image.config["Healthcheck"]["Test"]
        assert healthy[0] == "CMD"

        assert await container.run(*healthy[1:]) == (0, "")
        assert "northflank_up 0.0" in await scraped(container)
        async with container.beside("northflank-backup-exporter", "simulate"):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while "northflank_up 1.0" not in (metrics := await scraped(container)):
                    pass
        assert 'northflank_addon_backups{addon_id="orders-db",project_id="shop"' in metrics
        assert await container.run("id", "-u") == (0, "12345\n")
        code, refused = await container.run("touch", "/tmp/anything")  # noqa: S108 - which must not be possible
        assert (code, "Read-only file system" in refused) == (1, True)

        code, seconds = await container.stop()
    assert code == 0, container.log
    assert seconds < STOPS_WITHIN_SECONDS
    assert "Traceback" not in container.log


async def test_a_container_in_which_nothing_listens_is_ill(image: Image, tmp_path: Path) -> None:
    elsewhere = ["--web.listen-address=127.0.0.1:10099"]
    async with running(image, tmp_path / "log", elsewhere, **SIMULATED) as container:
        await container.listening()
        code, reason = await container.run(*image.config["Healthcheck"]["Test"][1:])

    assert code == 1
    assert "Connection refused" in reason


def test_it_tells_engines_who_runs_it_how_and_which_version_it_is(image: Image) -> None:
    user, _, group = image.config["User"].partition(":")

    assert int(user) > 0
    assert int(group) > 0
    assert image.config["Entrypoint"] == ["northflank-backup-exporter"]
    assert not image.config["Cmd"]
    assert list(image.config["ExposedPorts"]) == ["10087/tcp"]
    assert image.config["Labels"]["org.opencontainers.image.version"] == exporter.__version__
    assert image.config["Labels"]["org.opencontainers.image.title"] == "northflank-backup-exporter"


def test_it_has_neither_tests_nor_a_package_manager_for_python_of_its_own(image: Image) -> None:
    files = {path.name for path in (image.root / "opt" / "exporter").rglob("*")}

    assert "exporter" in files
    assert not files & {"pip", "hatchling", "pytest", "tests"}


def test_its_bill_of_materials_names_what_is_installed_in_it(image: Image) -> None:
    text = (image.root / "opt" / "exporter" / "sbom.cdx.json").read_text()
    (libraries,) = (image.root / "opt" / "exporter" / "lib").glob("python*/site-packages")

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    named = {component["name"]: component["version"] for component in bill["components"]}
    inside = {canonicalize_name(one.name): one.version for one in distributions(path=[str(libraries)])}
    assert named == {name: version for name, version in inside.items() if name != "northflank-backup-exporter"}
    assert bill["metadata"]["component"]["version"] == exporter.__version__


def test_what_it_adds_to_its_base_is_as_large_as_is_said(image: Image) -> None:
    text = " ".join((ROOT / "README.md").read_text().split())
    (said,) = re.findall(r"The image adds ([0-9]+) MB to `python:3\.13-slim`", text)
    added = [path for path in (image.root / "opt" / "exporter").rglob("*") if path.is_file() and not path.is_symlink()]

    assert sum(path.stat().st_size for path in added) / 1e6 == pytest.approx(int(said), rel=0.1)


def test_the_dockerfile_is_as_hadolint_wants_it() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    linted = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)

    assert linted.returncode == 0, linted.stdout
