"""Which addons the fleet's page shows, and in which order, as its address says. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Self
from urllib.parse import urlencode

from exporter.model import AddonKey

ATTENTION = "attention"
"""The state of all addons that need somebody, beside the words of the severities."""

_LONGEST = 200
_MOST_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of the page; empty is everything, the worst first.

    `find` is in one of the addon's texts; `state`, `account`, `project` and `type` are its own. `sort` names a column,
    with a minus in front for the other direction. Pages are counted from 1.
    """

    find: str = ""
    state: str = ""
    account: str = ""
    project: str = ""
    type: str = ""
    sort: str = ""
    page: int = 1

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """Read it from an address; what makes no sense there is left out."""
        words = {name: parameters.get(name, "") for name in _WORDS}
        # The others are compared with names, which may be long and may begin with a space.
        words["find"] = words["find"].strip()[:_LONGEST]
        page = parameters.get("page", "")
        is_number = page.isascii() and page.isdigit() and len(page) <= _MOST_DIGITS
        return cls(**words, page=max(int(page), 1) if is_number else 1)

    def with_(self, *, page: int = 1, **words: str) -> "Query":
        """Give the same but for some changes, and its first page unless another one is named."""
        return replace(self, page=page, **words)

    @property
    def column(self) -> str:
        """The column that it sorts by, empty for the usual order."""
        return self.sort.removeprefix("-")

    @property
    def is_turned(self) -> bool:
        """Whether it sorts the other way round."""
        return self.sort.startswith("-")

    @property
    def unfiltered(self) -> "Query":
        """The same order of all addons."""
        return Query(sort=self.sort)

    @property
    def is_filtered(self) -> bool:
        """Whether it leaves addons out."""
        return self != replace(self.unfiltered, page=self.page)

    @property
    def url(self) -> str:
        """Give the address that asks for it, always the same one."""
        asked = [(name, value) for name in _WORDS if (value := getattr(self, name))]
        if self.page > 1:
            asked.append(("page", str(self.page)))
        return f"/?{urlencode(asked)}" if asked else "/"


_WORDS = tuple(field.name for field in fields(Query) if field.name != "page")


def addon_url(key: AddonKey) -> str:
    """Give the address of an addon's own page."""
    named = {"account": key.account, "project": key.project_id, "addon": key.addon_id}
    return f"/addon?{urlencode({name: value for name, value in named.items() if value})}"
