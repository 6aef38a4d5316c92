"""`make fuzz`: every target for some seconds; exit code 1 where one of them has found something."""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from fuzz.targets import TARGETS

FOLDER = Path(".fuzz")
"""Keeps what the fuzzer has learnt, so that the next run goes on from there; and what it has found."""

_LONGEST_INPUT = 4096  # bytes: whatever goes wrong, goes wrong with less
_LONGEST_RUN = 30  # seconds, for an input that never ends
_MOST_MEMORY = 1024  # MiB
_TAIL = 3000  # characters of the fuzzer's own report
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_-]{2,24}")


def main(arguments: list[str] | None = None) -> int:
    """Fuzz, or try one input again; returns the exit code."""
    options = _options(arguments)
    if options.replay:
        TARGETS[options.targets[0]].run(options.replay.read_bytes())
        sys.stdout.write("The properties hold for this input.\n")
        return 0
    if find_spec("atheris") is None:
        sys.stderr.write("atheris is not installed; `make fuzz` does that\n")
        return 2
    found = [name for name in options.targets if not _fuzz(name, options.seconds)]
    return 1 if found else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz", allow_abbrev=False)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"any of: {', '.join(TARGETS)}; all by default")
    parser.add_argument("--seconds", type=int, default=30, help="for each target")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="try one input, without the fuzzer")
    options = parser.parse_args(arguments)
    options.targets = options.targets or list(TARGETS)
    unknown = [name for name in options.targets if name not in TARGETS]
    if unknown:
        parser.error(f"no such target: {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    if options.replay and len(options.targets) != 1:
        parser.error("--replay wants the one target that the input is for")
    return options


def _fuzz(name: str, seconds: int) -> bool:
    """Run one target under the fuzzer; tell whether it has found nothing."""
    corpus, found = FOLDER / "corpus" / name, FOLDER / "found"
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    seeds = list(TARGETS[name].seeds())
    for seed in seeds:
        (corpus / sha256(seed).hexdigest()[:16]).write_bytes(seed)
    dictionary = FOLDER / f"{name}.dict"
    dictionary.write_text(_dictionary(seeds))
    command = [
        *(sys.executable, "-m", "fuzz.engine", name, str(corpus), f"-max_total_time={seconds}"),
        *(f"-max_len={_LONGEST_INPUT}", f"-timeout={_LONGEST_RUN}", f"-rss_limit_mb={_MOST_MEMORY}"),
        *(f"-dict={dictionary}", f"-artifact_prefix={found}/{name}-", "-print_final_stats=1"),
    ]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace")  # noqa: S603 - ours
    # The traceback goes to standard output, libFuzzer's own words to standard error.
    report = ended.stderr[-_TAIL:] + ended.stdout[-_TAIL:]
    if ended.returncode == 0:
        sys.stdout.write(f"{name:14} {_figures(report, seconds)}\n")
        sys.stdout.flush()
        return True
    sys.stdout.write(f"{report}\n{name}: ended with code {ended.returncode}, see above\n")
    for written in re.findall(r"Test unit written to (\S+)", report):
        sys.stdout.write(f"to try it once more: {sys.executable} -m fuzz --replay {written} {name}\n")
    sys.stdout.flush()
    return False


def _figures(report: str, seconds: int) -> str:
    """Condense libFuzzer's last words; coverage is its own measure, of use for comparing runs only."""
    runs = re.search(r"number_of_executed_units:\s*(\d+)", report)
    covered = re.findall(r" cov: (\d+) .*? corp: (\d+)", report)
    count = int(runs[1]) if runs else 0
    edges, inputs = covered[-1] if covered else ("?", "?")
    return f"{count:>9,} runs, {count / seconds:>7,.0f} a second, coverage {edges}, corpus {inputs}"


def _dictionary(seeds: Iterable[bytes]) -> str:
    """Give the words that stand in the seeds, for the fuzzer to put elsewhere."""
    words = {word.decode() for seed in seeds for word in _WORD.findall(seed)}
    return "".join(f'"{word}"\n' for word in sorted(words))


if __name__ == "__main__":
    sys.exit(main())
