"""The fuzzer's targets stay runnable, and what they find can be tried again."""

import hashlib
import inspect
import random
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import fuzz
from fuzz.__main__ import main
from fuzz.bounds import bounded
from fuzz.draw import Draw
from fuzz.targets import TARGETS, Target

ROOT = Path(fuzz.__file__).parent.parent
every_target = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)


def mutations(seed: bytes, count: int) -> Iterator[bytes]:
    """Give some of the inputs that a fuzzer makes of one, always the same."""
    chance = random.Random(hashlib.sha256(seed).digest())
    for _ in range(count):
        changed = bytearray(seed)
        for _ in range(chance.randrange(1, 5)):
            place, size = chance.randrange(len(changed) + 1), chance.randrange(4)
            changed[place : place + size] = chance.randbytes(chance.randrange(5))
        yield bytes(changed)


@every_target
def test_every_property_holds_for_what_the_fuzzer_begins_with(target: Target) -> None:
    for seed in (b"", *target.seeds()):
        target.run(seed)
        for mutation in mutations(seed, 10):
            target.run(mutation)


@every_target
def test_what_the_fuzzer_begins_with_comes_to_different_properties(target: Target) -> None:
    """A seed that the target cannot make anything of would leave the fuzzer to find everything by itself."""
    reached: set[str] = set()

    def note(frame: object, event: str, _argument: object) -> None:
        code = getattr(frame, "f_code", None)
        if event == "call" and code is not None and code.co_filename.startswith(str(ROOT / "fuzz")):
            reached.add(code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        for seed in target.seeds():
            target.run(seed)
    finally:
        sys.setprofile(before)
    tried = {name for name in target.attempt.__code__.co_names if inspect.isfunction(_public(target).get(name))}
    assert tried
    assert tried <= reached


def _public(target: Target) -> dict[str, object]:
    module = sys.modules[target.attempt.__module__]
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}


def test_a_warning_is_a_finding() -> None:
    def warn(_data: bytes) -> None:
        warnings.warn("nobody would see this", FutureWarning, stacklevel=1)

    with pytest.raises(FutureWarning):
        Target(warn, lambda: iter([b""])).run(b"")


def test_taking_too_long_is_a_finding() -> None:
    with pytest.raises(AssertionError, match="s of the processor"), bounded("a sum", allowed=0):
        sum(range(1_000_000))


def test_bytes_that_are_used_up_are_the_first_choice() -> None:
    draw = Draw(b"\1\2ab")
    assert (draw.pick("xyz"), draw.integer(1000), draw.rest_as_text()) == ("y", (2 * 256 + ord("a")) % 1000, "b")
    assert (draw.pick("xyz"), draw.integer(1000), draw.piece(9), draw.rest_as_text()) == ("x", 0, b"", "")


def test_an_input_can_be_tried_again_without_the_fuzzer(tmp_path: Path) -> None:
    tried = tmp_path / "listen-crash"
    tried.write_bytes(b"[::1]:10087")
    command = [sys.executable, "-m", "fuzz", "--replay", str(tried), "listen"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert (ended.returncode, ended.stdout) == (0, "The properties hold for this input.\n")


def test_an_input_that_breaks_a_property_does_so_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_data: bytes) -> None:
        raise AssertionError("broken")

    tried = tmp_path / "listen-crash"
    tried.write_bytes(b"x")
    monkeypatch.setattr("fuzz.__main__.TARGETS", {"listen": Target(refuse, lambda: iter([b""]))})
    with pytest.raises(AssertionError, match="broken"):
        main(["--replay", str(tried), "listen"])


def test_without_the_fuzzer_it_says_where_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("fuzz.__main__.find_spec", lambda _name: None)
    assert main([]) == 2
    assert "`make fuzz`" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["nothing"], ["--replay", "x"], ["--replay", "x", "wire", "listen"]])
def test_a_target_that_does_not_exist_is_wrong_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
