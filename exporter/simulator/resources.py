"""What each endpoint answers: one object, or a list that is written page by page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from exporter.simulator import render
from exporter.simulator.behaviour import Behaviour, ListOrder
from exporter.simulator.chance import draws
from exporter.simulator.nouns import Addon, Backup, Restore
from exporter.simulator.render import JsonObject
from exporter.simulator.routes import Endpoint, Route
from exporter.simulator.world import UnknownResourceError, World

_Item = TypeVar("_Item")
_Dated = TypeVar("_Dated", Backup, Restore)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A list; `write` returns the items from one index up to another."""

    key: str
    length: int
    write: Callable[[int, int], list[JsonObject]]
    is_paginated: bool = True


def resource_of(world: World, route: Route, at: datetime, behaviour: Behaviour) -> JsonObject | Collection:
    """Return what the route names at the moment; UnknownResourceError where there is nothing."""
    if route.team is not None and route.team not in {team.id for team in world.teams}:
        raise UnknownResourceError(f"team {route.team}")
    match route.endpoint:
        case Endpoint.LOGIN:
            return {}
        case Endpoint.TEAMS:
            return _collection("teams", world.teams, render.render_team)
        case Endpoint.PROJECTS:
            return _collection("projects", world.projects, render.render_project)
        case Endpoint.PROJECT:
            return render.render_project_details(world.project(route.project), world.addons(route.project))
        case Endpoint.ADDONS:
            return _collection("addons", world.addons(route.project), _addon_writer(world, at))
        case _:
            return _of_addon(world, route, at, behaviour)


def _of_addon(world: World, route: Route, at: datetime, behaviour: Behaviour) -> JsonObject | Collection:
    project, addon = route.project, route.addon
    match route.endpoint:
        case Endpoint.ADDON:
            status = world.addon_status(project, addon, at)
            return render.render_addon_details(world.addon(project, addon), status, behaviour)
        case Endpoint.BACKUPS:
            backups = _in_order(world.backups(project, addon, at), behaviour.order, world.seed)
            return _collection("backups", backups, lambda backup: render.render_backup(backup, behaviour))
        case Endpoint.SCHEDULES:
            return _collection(
                "schedules",
                world.schedules(project, addon),
                lambda schedule: render.render_schedule(schedule, behaviour),
                is_paginated=behaviour.schedules_paginated,
            )
        case Endpoint.RESTORES:
            restores = _in_order(world.restores(project, addon, at), behaviour.order, world.seed)
            return _collection("restores", restores, lambda restore: render.render_restore(restore, behaviour))
        case _:
            return _of_backup(world, route, at, behaviour)


def _of_backup(world: World, route: Route, at: datetime, behaviour: Behaviour) -> JsonObject | Collection:
    backup = world.backup(route.project, route.addon, route.backup, at)
    restores = tuple(
        restore for restore in world.restores(route.project, route.addon, at) if restore.backup_id == backup.id
    )
    if route.endpoint is Endpoint.BACKUP:
        return render.render_backup_details(backup, restores, behaviour)
    return _collection(
        "restores",
        _in_order(restores, behaviour.order, world.seed),
        lambda restore: render.render_restore_of_backup(restore, behaviour),
    )


def _collection(
    key: str, items: Sequence[_Item], write: Callable[[_Item], JsonObject], *, is_paginated: bool = True
) -> Collection:
    return Collection(
        key=key,
        length=len(items),
        write=lambda start, stop: [write(item) for item in items[start:stop]],
        is_paginated=is_paginated,
    )


def _addon_writer(world: World, at: datetime) -> Callable[[Addon], JsonObject]:
    def write(addon: Addon) -> JsonObject:
        return render.render_addon(addon, world.addon_status(addon.project_id, addon.id, at))

    return write


def _in_order(oldest_first: Sequence[_Dated], order: ListOrder, seed: int) -> Sequence[_Dated]:
    match order:
        case ListOrder.OLDEST_FIRST:
            return oldest_first
        case ListOrder.NEWEST_FIRST:
            return oldest_first[::-1]
        case ListOrder.SHUFFLED:
            # The same item keeps its place among the others while the list changes around it.
            return sorted(oldest_first, key=lambda item: draws(seed, "order", item.id))
