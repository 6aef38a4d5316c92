"""From bodies to the ids of teams and projects, and to the addons that exist. Pure.

Facts from northflank.com/docs/v1/api. Only an addon's id is needed; whatever else is missing or odd stays empty.
"""

from collections.abc import Mapping
from typing import Any

from exporter.model import AddonDetails, ListedAddon
from exporter.northflank.body import Page, mapping, parse_data, parse_page, parse_time, path_segment, text


def parse_teams_page(body: bytes | bytearray) -> Page[str]:
    """Read the ids on one page of `GET /v1/teams`; raises MalformedBody where it holds no list of teams."""
    return parse_page(body, "teams", _id)


def parse_projects_page(body: bytes | bytearray) -> Page[str]:
    """Read the ids on one page of `GET …/projects`; raises MalformedBody where it holds no list of projects."""
    return parse_page(body, "projects", _id)


def parse_addons_page(body: bytes | bytearray) -> Page[ListedAddon]:
    """Read one page of `GET …/addons`; raises MalformedBody where it holds no list of addons."""
    return parse_page(body, "addons", _addon)


def parse_addon(body: bytes | bytearray, addon_id: str) -> AddonDetails:
    """Read `GET …/addons/{id}` of this id; raises MalformedBody where the body holds no addon at all."""
    fields = parse_data(body)
    info = _described(addon_id, fields)
    says_something = info != ListedAddon(id=addon_id)
    return AddonDetails(info=info if says_something else None, created_at=parse_time(fields.get("createdAt")))


def _id(raw: object) -> str | None:
    return path_segment(mapping(raw).get("id")) or None


def _addon(raw: object) -> ListedAddon | None:
    fields = mapping(raw)
    addon_id = path_segment(fields.get("id"))
    return _described(addon_id, fields) if addon_id else None


def _described(addon_id: str, fields: Mapping[str, Any]) -> ListedAddon:
    return ListedAddon(
        id=addon_id,
        name=text(fields.get("name")),
        type=text(mapping(fields.get("spec")).get("type")),
        status=text(fields.get("status")),
        tags=_tags(fields.get("tags")),
    )


def _tags(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list):
        return ()
    return tuple(sorted({tag for each in raw if (tag := text(each))}))
