"""Which addon a request asks for. Pure; it takes names only, so nothing can be reached that is not configured."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Self

PARAMETERS = ("account", "project", "addon")
REQUIRED = ("project", "addon")


class BadParameters(Exception):
    """A request that does not name an addon; the text has every problem, one a line."""


class AddonName(NamedTuple):
    """How a request names an addon; `account` is None where it is left out."""

    account: str | None
    project_id: str
    addon_id: str

    @classmethod
    def of(cls, parameters: Mapping[str, Sequence[str]]) -> Self:
        """Read the values that were given for each of `PARAMETERS`; raises BadParameters."""
        problems = [problem for name in PARAMETERS for problem in _problems(name, parameters[name])]
        if problems:
            raise BadParameters("\n".join(problems))
        account, project, addon = ("".join(parameters[name]) for name in PARAMETERS)
        return cls(account or None, project, addon)

    def __str__(self) -> str:
        # As literals: what somebody else wrote stays on one line.
        named = zip(PARAMETERS, self, strict=True)
        return ", ".join(f"{name} {value!r}" for name, value in named if value is not None)


def _problems(name: str, values: Sequence[str]) -> Iterator[str]:
    if len(values) > 1:
        yield f"The parameter {name} is given {len(values)} times."
    elif name in REQUIRED and not values:
        yield f"The parameter {name} is missing."
    elif name in REQUIRED and not values[0]:
        yield f"The parameter {name} is empty."
