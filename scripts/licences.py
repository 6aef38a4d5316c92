"""Tells under which licences the packages that users get stand, and refuses those that were not agreed to."""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from scripts.locked import REQUIREMENTS, locked

ALLOWED = frozenset({"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "PSF-2.0"})
"""SPDX's names of the licences that what users get may have: all ask for no more than a notice."""

OPTIONAL = ("isal",)
"""What the extras of pyproject.toml bring, beside what requirements.txt pins."""

_MEANT = {"Apache 2.0": "Apache-2.0"}
"""What packages write that is no name of SPDX's, where it leaves no doubt."""

_CLASSIFIERS = {"License :: OSI Approved :: MIT License": "MIT"}
"""What packages say that say it nowhere else; many a classifier means more than one licence, and stands not here."""

_READ = {"jinja2": "BSD-3-Clause"}
"""What somebody has read in the licence of a package that names it by such a classifier only."""

_WORD = re.compile(r"[^\s()]+")


class NotAllowed(Exception):
    """A package whose licence is none of those allowed, or whose texts are missing; the message names it."""


def licence(package: Distribution) -> str:
    """Give a package's licence as an SPDX expression of allowed ones; raise NotAllowed.

    Where an expression leaves a choice, each of the choices must be allowed; exceptions (`WITH`) never are.
    """
    by_classifier = [_CLASSIFIERS[each] for each in stated(package, "Classifier") if each in _CLASSIFIERS]
    stands = stated(package, "License-Expression") or stated(package, "License") or by_classifier
    said = stands[0] if stands else _READ.get(package.name.lower(), "nothing")
    expression = _MEANT.get(said, said)
    # The lone words are those of an expression; what is no expression has others.
    names = set(_WORD.findall(expression)) - {"AND", "OR"}
    if not names or not names <= ALLOWED:
        shown = said.partition("\n")[0]
        raise NotAllowed(f"{package.name}: its metadata names {shown!r} as its licence, which is not allowed")
    if not any(_has_text(package, name) for name in stated(package, "License-File") or ["LICENSE"]):
        raise NotAllowed(f"{package.name}: it comes without the text of its licence")
    return expression


def stated(package: Distribution, field: str) -> list[str]:
    """Give what a package's metadata states in a field, which may stand there several times, empty, or not at all."""
    return [text for text in package.metadata.get_all(field) or () if text]


def _has_text(package: Distribution, name: str) -> bool:
    # Where they stand since PEP 639, and where they stood before.
    return any(package.read_text(place) for place in (f"licenses/{name}", name))


def main() -> None:
    """Print the licence of each package that users get; end with 1 where one is not allowed or not installed."""
    wrong = False
    for name in (*locked(REQUIREMENTS), *OPTIONAL):
        try:
            sys.stdout.write(f"{name}: {licence(distribution(name))}\n")
        except PackageNotFoundError:
            sys.stdout.write(f"{name}: is not installed here\n")
            wrong = True
        except NotAllowed as error:
            sys.stdout.write(f"{error}\n")
            wrong = True
    sys.exit(int(wrong))


if __name__ == "__main__":
    main()
