"""Which of Northflank's endpoints a path names."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote


class Endpoint(StrEnum):
    """The endpoints that the simulator answers."""

    LOGIN = "login"
    TEAMS = "teams"
    PROJECTS = "projects"
    PROJECT = "project"
    ADDONS = "addons"
    ADDON = "addon"
    BACKUPS = "backups"
    BACKUP = "backup"
    BACKUP_RESTORES = "backup-restores"
    SCHEDULES = "schedules"
    RESTORES = "restores"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An endpoint and the ids in its path."""

    endpoint: Endpoint
    team: str | None = None
    project: str = ""
    addon: str = ""
    backup: str = ""


_PREFIX = "/v1/"
_FIXED = {"/v1/login": Endpoint.LOGIN, "/v1/teams": Endpoint.TEAMS}

# The path below /v1 or /v1/teams/{team}, with None where an id stands.
_SHAPES: dict[tuple[str | None, ...], Endpoint] = {
    ("projects",): Endpoint.PROJECTS,
    ("projects", None): Endpoint.PROJECT,
    ("projects", None, "addons"): Endpoint.ADDONS,
    ("projects", None, "addons", None): Endpoint.ADDON,
    ("projects", None, "addons", None, "backups"): Endpoint.BACKUPS,
    ("projects", None, "addons", None, "backups", None): Endpoint.BACKUP,
    ("projects", None, "addons", None, "backups", None, "restores"): Endpoint.BACKUP_RESTORES,
    ("projects", None, "addons", None, "backup-schedules"): Endpoint.SCHEDULES,
    ("projects", None, "addons", None, "restores"): Endpoint.RESTORES,
}


def route_of(raw_path: str) -> Route | None:
    """Return the route of a path as it was sent, None for one that Northflank does not have."""
    if raw_path in _FIXED:
        return Route(endpoint=_FIXED[raw_path])
    if not raw_path.startswith(_PREFIX):
        return None
    # Split before decoding: an encoded slash belongs to an id.
    rest = [unquote(part) for part in raw_path.removeprefix(_PREFIX).split("/")]
    team = None
    if rest[0] == "teams" and len(rest) > 1:
        team, rest = rest[1], rest[2:]
    # Ids and words alternate: projects/{id}/addons/{id}/…
    shape = tuple(None if index % 2 else word for index, word in enumerate(rest))
    endpoint = _SHAPES.get(shape)
    ids = rest[1::2]
    if endpoint is None or team == "" or "" in ids:
        return None
    project, addon, backup = (*ids, "", "", "")[:3]
    return Route(endpoint=endpoint, team=team, project=project, addon=addon, backup=backup)
