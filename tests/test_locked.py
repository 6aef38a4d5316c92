"""What the requirements files pin."""

from pathlib import Path

import pytest

from scripts.locked import ROOT, locked

A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-build.txt", "requirements-dev.txt"])
def test_every_package_has_one_version_and_hashes(name: str) -> None:
    assert locked(ROOT / name)


def test_a_package_is_known_by_its_normalized_name_with_all_its_hashes(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(
        f"# by hand\nSome_Thing==1.2 ; python_version >= '3' \\\n    --hash=sha256:{A} \\\n    --hash=sha256:{B}\n"
        f"    # via nobody\nold==1 ; python_version < '3' --hash=sha256:{A}\n"
    )
    (package,) = locked(file).values()
    assert (package.name, package.version, package.hashes) == ("some-thing", "1.2", frozenset({A, B}))


@pytest.mark.parametrize("line", ["thing", f"thing>=1 --hash=sha256:{A}", "thing==1", "thing==1 --hash=md5:1"])
def test_what_is_not_pinned_is_an_error(line: str, tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"{line}\n")
    with pytest.raises(ValueError, match=r"^thing is not pinned"):
        locked(file)
