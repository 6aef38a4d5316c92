"""Reads what `make lock` pins: requirements files in which every package has one version and hashes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
REQUIREMENTS = ROOT / "requirements.txt"

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_CONTINUED = re.compile(r"\\\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A package that is installed in this version, from a file with one of these SHA-256, and in no other."""

    name: str
    version: str
    hashes: frozenset[str]


def locked(requirements: Path) -> dict[str, Locked]:
    """Give what a requirements file pins for this interpreter, by normalized name.

    Raise ValueError for a package without a version or hashes: pip would refuse it, too.
    """
    return {package.name: package for package in _read(requirements.read_text(encoding="utf-8"))}


def _read(text: str) -> Iterator[Locked]:
    for line in _CONTINUED.sub(" ", text).splitlines():
        wanted = line.partition("--hash")[0].strip()
        if not wanted or wanted.startswith("#"):
            continue
        requirement = Requirement(wanted)
        versions = [specifier.version for specifier in requirement.specifier if specifier.operator == "=="]
        hashes = frozenset(_HASH.findall(line))
        if len(versions) != 1 or not hashes:
            raise ValueError(f"{requirement.name} is not pinned to one version and its hashes")
        if requirement.marker is None or requirement.marker.evaluate():
            yield Locked(name=canonicalize_name(requirement.name), version=versions[0], hashes=hashes)
