"""What a user installs."""

import subprocess
import sys
import zipfile
from pathlib import Path

import exporter

ROOT = Path(exporter.__file__).parents[1]


def test_the_wheel_holds_the_whole_package_and_says_that_it_is_typed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)

    (wheel,) = tmp_path.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "exporter").rglob("*.py")}
    assert names == modules | {"exporter/py.typed"}
