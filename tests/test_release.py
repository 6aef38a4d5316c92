"""What a release consists of: one version, files that are whole, and a program that works where nothing else is."""

import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

import exporter
from scripts.release_check import Unfit, built, disagreements, installed, newest_entry, try_out
from tests.process import ROOT

CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
DATED = f"## [{exporter.__version__}] - 2026-01-02\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build sdist and wheel."""
    return built(tmp_path_factory.mktemp("dist"))


def test_the_changelog_begins_with_what_comes_next_or_with_this_version() -> None:
    version, _ = newest_entry(CHANGELOG)

    assert version in {"Unreleased", exporter.__version__}
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", exporter.__version__)


def test_a_release_has_its_own_dated_entry_and_one_version_everywhere() -> None:
    assert list(disagreements(DATED)) == []


@pytest.mark.parametrize(
    "changelog",
    ["## [Unreleased]\n\n" + DATED, "## [9.9.9] - 2026-01-02\n" + DATED, f"## [{exporter.__version__}]\n"],
)
def test_no_release_is_made_of_what_the_changelog_does_not_tell(changelog: str) -> None:
    assert len(list(disagreements(changelog))) == 1


def test_an_empty_changelog_is_no_changelog() -> None:
    with pytest.raises(Unfit):
        newest_entry("# Changelog\n")


def test_the_sdist_is_the_whole_project(files: tuple[Path, Path]) -> None:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("what belongs to the project only git can tell")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tracked = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    with tarfile.open(files[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {name for name in tracked if not name.startswith(".ci/")} <= names
    assert not any(part in name.split("/") for name in names for part in (".venv", ".tools", "node_modules", ".git"))


def test_the_wheel_that_comes_of_the_sdist_holds_the_whole_package_and_nothing_else(files: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(files[1]) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = archive.read(f"northflank_backup_exporter-{exporter.__version__}.dist-info/METADATA").decode()

    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "exporter").rglob("*.py")}
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "exporter" / "pages" / "templates").iterdir()}
    assert names == modules | pages | {"exporter/py.typed"}
    assert "exporter/pages/templates/page.css" in pages
    assert f"\nVersion: {exporter.__version__}\n" in metadata


def test_the_wheel_works_where_nothing_else_is_installed(files: tuple[Path, Path], tmp_path: Path) -> None:
    try_out(installed(files[1], tmp_path / "environment"), tmp_path)
