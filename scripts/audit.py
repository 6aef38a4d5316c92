"""Asks OSV what is known against the pinned packages, and never calls "nothing heard" good.

Exit codes: 0 where every package was looked up and nothing is known against any; 1 where something is; 3 where OSV
could not be asked about every package, so that nobody knows. (2 is a wrong command line.)
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from scripts.locked import REQUIREMENTS, ROOT, locked

USED = (REQUIREMENTS, ROOT / "requirements-build.txt")
"""What users get and what builds it; developers' tools are neither."""

CLEAN, FOUND, UNKNOWN = 0, 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is known: a line for each vulnerability, and the packages that were looked up."""

    vulnerabilities: tuple[str, ...]
    looked_up: frozenset[str]


def findings(report: str) -> Findings:
    """Read pip-audit's JSON; raise ValueError for what is none, as when it could not ask."""
    packages: list[Mapping[str, Any]] = [item for item in json.loads(report)["dependencies"] if "vulns" in item]
    return Findings(
        vulnerabilities=tuple(_line(package, one) for package in packages for one in package["vulns"]),
        looked_up=frozenset(canonicalize_name(package["name"]) for package in packages),
    )


def _line(package: Mapping[str, Any], vulnerability: Mapping[str, Any]) -> str:
    names = ", ".join([vulnerability["id"], *vulnerability["aliases"]])
    fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
    return f"{package['name']} {package['version']}: {names}; fixed in {fixed}"


def audit(files: Iterable[Path], flags: Iterable[str]) -> int:
    """Run pip-audit over requirements files and say what came of it; gives the exit code."""
    files = tuple(files)
    names = {name for file in files for name in locked(file)}
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv", "--format", "json"]
    command += ["--progress-spinner", "off", "--disable-pip", *flags]
    for file in files:
        command += ["--requirement", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    try:
        found = findings(done.stdout)
    except ValueError:
        found = Findings(vulnerabilities=(), looked_up=frozenset())
    for line in found.vulnerabilities:
        sys.stdout.write(f"{line}\n")
    missing = sorted(names - found.looked_up)
    # Of an answer that pip-audit does not understand it only warns.
    warnings = [line for line in done.stderr.splitlines() if line.startswith("WARNING")]
    if missing:
        why = done.stderr.strip().rpartition("\n")[2]
        sys.stdout.write(f"NOT AUDITED, nothing was learnt of {len(missing)} packages: {', '.join(missing)}\n{why}\n")
    elif warnings:
        sys.stdout.write("\n".join(["NOT AUDITED, some answers were not understood:", *warnings, ""]))
    if found.vulnerabilities:
        return FOUND
    if missing or warnings:
        return UNKNOWN
    sys.stdout.write(f"{len(names)} packages were looked up; nothing is known against any of them\n")
    return CLEAN


def main() -> None:
    """Audit what users get, or the files that are named."""
    parser = argparse.ArgumentParser(
        prog="audit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path, default=USED, help="requirements files")
    parser.add_argument("--osv-url", help="another address of OSV's query API, such as a mirror's")
    arguments = parser.parse_args()
    flags = ["--osv-url", arguments.osv_url] if arguments.osv_url else []
    sys.exit(audit(arguments.files, flags))


if __name__ == "__main__":
    main()
