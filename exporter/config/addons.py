"""Reads which addons an account watches: ids, patterns, and what narrows them down."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from exporter.config import keys, values
from exporter.config.model import AddonEntry
from exporter.config.pattern import is_pattern, matches

if TYPE_CHECKING:
    from exporter.config.field import Field

_Meaning: TypeAlias = tuple[str, str, frozenset[str], frozenset[str], frozenset[str]]


def read_addons(addons: Field) -> tuple[AddonEntry, ...]:
    """Read the list; what is returned is complete only when no problem was noted."""
    first: dict[_Meaning, Field] = {}
    found = []
    for item in addons.items():
        entry = _read_addon(item)
        if entry is None:
            continue
        meaning = _meaning(entry)
        if meaning in first:
            narrowed = any(meaning[2:])
            same = "project, addon, exclude, types and tags" if narrowed else "project and addon"
            item.refuse(f"the same {same} as {first[meaning].path}")
        first.setdefault(meaning, item)
        found.append(entry)
    return tuple(found)


def _meaning(entry: AddonEntry) -> _Meaning:
    """Return what two entries have in common that select the same, however they are written."""
    # A single addon is not excluded: that was refused.
    exclude = frozenset(entry.exclude if is_pattern(entry.addon) else ())
    return entry.project, entry.addon, exclude, frozenset(entry.types), frozenset(entry.tags)


def _read_addon(item: Field) -> AddonEntry | None:
    fields = item.section(keys.ADDON)
    if fields is None:
        return None
    project = _read_id(item, fields, "project")
    addon = _read_id(item, fields, "addon")
    exclude = values.read_list(fields["exclude"], values.read_id_or_pattern) if "exclude" in fields else ()
    types = values.read_list(fields["types"], values.read_type) if "types" in fields else ()
    tags = values.read_list(fields["tags"], values.read_name) if "tags" in fields else ()
    max_age = values.read_max_age(fields["max_age"]) if "max_age" in fields else None
    if addon is not None and any(_covers(pattern, addon) for pattern in exclude or ()):
        fields["exclude"].refuse("excludes every addon of this entry")
    if project is None or addon is None or exclude is None or types is None or tags is None:
        return None
    return AddonEntry(project=project, addon=addon, exclude=exclude, types=types, tags=tags, max_age=max_age)


def _covers(exclude: str, addon: str) -> bool:
    """Tell whether nothing that the addon's id or pattern means can be left; no is also for what is hard to say."""
    return exclude == addon or not exclude.strip("*") or (not is_pattern(addon) and matches(exclude, addon))


def _read_id(item: Field, fields: dict[str, Field], key: str) -> str | None:
    if key not in fields:
        item.refuse_missing(key, f'is missing; give the {key}\'s id, or a pattern such as "*"')
        return None
    return values.read_id_or_pattern(fields[key])
