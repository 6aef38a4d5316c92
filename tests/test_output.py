"""Files that are whole or not there."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from exporter.output import CannotWrite, reserved


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_appears_whole_when_it_is_written(tmp_path: Path) -> None:
    target = tmp_path / "northflank.prom"

    with reserved(target) as write:
        assert not target.exists()
        write(b"northflank_up 1\n")
        assert target.read_bytes() == b"northflank_up 1\n"

    assert names(tmp_path) == ["northflank.prom"]


def test_until_then_the_old_content_stays(tmp_path: Path) -> None:
    target = tmp_path / "northflank.prom"
    target.write_text("old")

    with reserved(target) as write:
        assert target.read_text() == "old"
        write(b"new")

    assert target.read_text() == "new"


def test_what_stands_there_meanwhile_is_nothing_that_node_exporter_reads(tmp_path: Path) -> None:
    with reserved(tmp_path / "northflank.prom"):
        (temporary,) = names(tmp_path)

    assert not temporary.endswith(".prom")
    assert names(tmp_path) == []


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_everybody_may_read_it_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with reserved(tmp_path / "out") as write:
            write(b"")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o644


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, failure: type[BaseException]) -> None:
    target = tmp_path / "northflank.prom"
    target.write_text("old")

    with pytest.raises(failure), reserved(target):
        raise failure

    assert target.read_text() == "old"
    assert names(tmp_path) == ["northflank.prom"]


def test_a_folder_that_vanishes_is_told_with_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    target = folder / "northflank.prom"

    with reserved(target) as write:
        shutil.rmtree(folder)
        with pytest.raises(CannotWrite, match=f"^cannot write {target}: No such file or directory$"):
            write(b"new")


@pytest.mark.parametrize("kind", ["folder", "pipe", "missing/file", "file/below"])
def test_where_no_file_can_be_it_is_said_at_once(tmp_path: Path, kind: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    before = names(tmp_path)

    with pytest.raises(CannotWrite, match=f"^cannot write {tmp_path / kind}: "), reserved(tmp_path / kind):
        pytest.fail("nothing was found to be wrong")

    assert names(tmp_path) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_said_at_once(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(CannotWrite, match="Permission denied"), reserved(tmp_path / "out"):
        pytest.fail("nothing was found to be wrong")
