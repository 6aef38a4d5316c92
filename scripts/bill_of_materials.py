"""Writes the bill of materials of an environment that holds the exporter, as CycloneDX JSON on standard output.

It names the exporter and every package beside it: version, the SHA-256 of the file that was installed, licence, and
what needs what. It refuses (exit code 1, the reason on standard error) what is installed but not pinned, comes from a
file with another hash, or has a licence that is not allowed.
"""

import argparse
import json
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.contrib.this.builders import this_component
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License, LicenseAcknowledgement
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.licences import NotAllowed, licence, stated
from scripts.locked import REQUIREMENTS, Locked, locked

EXPORTER = "northflank-backup-exporter"


class NotAsPinned(Exception):
    """What is installed is not what is pinned; the message names the package."""


def bill_of_materials(
    packages: Iterable[Distribution], pinned: Mapping[str, Locked], installed_from: Mapping[str, str]
) -> Bom:
    """Describe packages, the exporter among them.

    `installed_from` gives each one's SHA-256 by its normalized name. Raise NotAsPinned and NotAllowed.
    """
    by_name: dict[str, Distribution] = {canonicalize_name(package.name): package for package in packages}
    if missing := {EXPORTER, *pinned} - by_name.keys():
        raise NotAsPinned(f"{min(missing)} is not installed")
    root = Component(
        name=EXPORTER,
        version=by_name[EXPORTER].version,
        type=ComponentType.APPLICATION,
        bom_ref=EXPORTER,
        licenses=[_licence(by_name[EXPORTER])],
    )
    others = sorted(by_name.keys() - {EXPORTER})
    components: dict[str, Component] = {EXPORTER: root}
    for name in others:
        components[name] = _component(by_name[name], pinned.get(name), installed_from.get(name))
    bom = Bom(components=[components[name] for name in others])
    bom.metadata.component = root
    bom.metadata.tools.components.add(this_component())
    for name, component in components.items():
        needed = sorted(set(_needs(by_name[name])) & components.keys())
        bom.register_dependency(component, [components[other] for other in needed])
    return bom


def _component(package: Distribution, pinned: Locked | None, sha256: str | None) -> Component:
    name = canonicalize_name(package.name)
    if pinned is None:
        raise NotAsPinned(f"{name} is installed but not pinned")
    if package.version != pinned.version or sha256 not in pinned.hashes:
        raise NotAsPinned(f"{name} {package.version} is installed from a file that is not pinned")
    url = PackageURL(type="pypi", name=name, version=package.version)
    return Component(
        name=name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=url.to_string(),
        purl=url,
        description=next(iter(stated(package, "Summary")), None),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)],
        licenses=[_licence(package)],
    )


def _licence(package: Distribution) -> License:
    return LicenseFactory().make_from_string(licence(package), license_acknowledgement=LicenseAcknowledgement.DECLARED)


def _needs(package: Distribution) -> Iterator[str]:
    for text in package.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


def sha256_of_installed(report: str) -> dict[str, str]:
    """Read a report of `pip install --report`: the SHA-256 of each file that was installed, by normalized name."""
    return {
        canonicalize_name(item["metadata"]["name"]): item["download_info"]["archive_info"]["hashes"]["sha256"]
        for item in json.loads(report)["install"]
    }


def packages_in(environment: Path) -> Iterable[Distribution]:
    """Give what is installed in a virtual environment of this interpreter's version."""
    places = {"base": str(environment), "platbase": str(environment)}
    return distributions(path=[sysconfig.get_path("purelib", "venv", places)])


def main() -> None:
    """Write the bill of the environment, or what is wrong with it."""
    parser = argparse.ArgumentParser(prog="bill_of_materials", description=__doc__)
    parser.add_argument("environment", type=Path, help="folder of the virtual environment")
    parser.add_argument("report", type=Path, help="what pip wrote (--report) when it installed the requirements there")
    parser.add_argument("--requirements", type=Path, default=REQUIREMENTS, help="what is pinned")
    arguments = parser.parse_args()
    try:
        bom = bill_of_materials(
            packages_in(arguments.environment),
            locked(arguments.requirements),
            sha256_of_installed(arguments.report.read_text(encoding="utf-8")),
        )
    except (NotAsPinned, NotAllowed) as error:
        sys.exit(str(error))
    sys.stdout.write(JsonV1Dot6(bom).output_as_string(indent=2) + "\n")


if __name__ == "__main__":
    main()
