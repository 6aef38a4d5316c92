"""What the exporter would have known of the demo account's addons at any moment of the past."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from unittest.mock import patch
from zoneinfo import ZoneInfo

from exporter.expectation import Expectation
from exporter.model import AddonKey, Backup, FailureReason, ListedAddon
from exporter.northflank.wire import parse_backup
from exporter.northflank.wire_addons import parse_addon, parse_addons_page
from exporter.northflank.wire_schedules import parse_restores_page, parse_schedules_page
from exporter.simulator import World, history
from exporter.simulator.behaviour import Behaviour
from exporter.simulator.course import Course, scheduled_course
from exporter.simulator.nouns import Addon, AddonStatus, BackupType, Schedule
from exporter.simulator.nouns import Backup as SimulatedBackup
from exporter.simulator.plan import AddonPlan
from exporter.simulator.render import (
    render_addon,
    render_addon_details,
    render_backup,
    render_restore,
    render_schedule,
)
from exporter.state import AddonState
from exporter.summary import BackupSummary, summarise, summarise_restores

_BEHAVIOUR = Behaviour()
_SHOP_LIMIT = timedelta(hours=26)  # as in the demo: one project with a limit of its own
_GRACE = timedelta(hours=1)
_PAGE = 100
_FULL_LISTING = timedelta(hours=6)


@dataclass(slots=True)
class Reader:
    """Reads one addon again and again; remembers what does not change between two readings.

    `requests` is how many the latest one took: one, and as many as there are pages where the list was read whole.
    """

    world: World
    addon: Addon
    state: AddonState = field(init=False)
    requests: int = 1
    _read: dict[tuple[str, str], Backup] = field(default_factory=dict)
    _summary: tuple[object, BackupSummary, int] | None = None
    _read_whole_at: datetime | None = None

    def __post_init__(self) -> None:
        body = _data("schedules", [render_schedule(each, _BEHAVIOUR) for each in self._schedules()])
        schedules = parse_schedules_page(body).items
        status = self.world.addon_status(self.addon.project_id, self.addon.id, self.world.start)
        details = json.dumps({"data": render_addon_details(self.addon, status, _BEHAVIOUR)}).encode()
        self.state = AddonState(
            key=AddonKey("", self.addon.project_id, self.addon.id),
            max_age=_SHOP_LIMIT if self.addon.project_id == "shop" else None,
            created_at=parse_addon(details, self.addon.id).created_at,
            expectation=Expectation.of(schedules, zone=ZoneInfo("UTC"), grace=_GRACE),
        )

    def succeed(self, at: datetime, *, took: timedelta) -> int:
        """Read all there is at that moment; gives how many requests its backups took."""
        listing = self.world.listing(self.addon.project_id, self.addon.id, at)
        if self._summary is None or self._summary[0] is not listing:
            backups = [self._backup(each) for each in listing.backups]
            self._summary = listing, summarise(backups), max(1, -(-len(backups) // _PAGE))
            restores = _data("restores", [render_restore(each, _BEHAVIOUR) for each in listing.restores])
            self.state = replace(self.state, restores=summarise_restores(parse_restores_page(restores).items))
        _, summary, pages = self._summary
        is_whole = self._read_whole_at is None or at - self._read_whole_at >= _FULL_LISTING
        self._read_whole_at = at if is_whole else self._read_whole_at
        self.requests = pages if is_whole else 1
        state = self.state.listed(self._info(listing.status), max_age=self.state.max_age, now=at)
        self.state = state.polled(summary, data_at=at, duration=took, as_of=at - took)
        return self.requests

    def fail(self, at: datetime, reason: FailureReason, *, took: timedelta) -> None:
        """Try to read it, in vain."""
        self.state = self.state.failed(reason, at=at.timestamp(), duration=took)

    def _backup(self, simulated: SimulatedBackup) -> Backup:
        key = simulated.id, simulated.status
        known = self._read.get(key)
        if known is None:
            known = parse_backup(json.loads(json.dumps(render_backup(simulated, _BEHAVIOUR))))
            if known is None:
                raise ValueError(f"{simulated.id} cannot be read")
            self._read[key] = known
        return known

    def _info(self, status: AddonStatus) -> ListedAddon:
        (info,) = parse_addons_page(_data("addons", [render_addon(self.addon, status)])).items
        return info

    def _schedules(self) -> tuple[Schedule, ...]:
        return self.world.schedules(self.addon.project_id, self.addon.id)


def readers(world: World) -> list[Reader]:
    """Begin to read every addon of the world."""
    return [Reader(world, addon) for project in world.projects for addon in world.addons(project.id)]


@contextmanager
def remembered_courses() -> Iterator[None]:
    """Work out the life of each simulated backup once: a week asks for each of them a thousand times."""
    plans: dict[int, AddonPlan] = {}

    @cache
    def of(plan: int, seed: int, due: datetime, backup_type: BackupType, retention: timedelta) -> Course:
        return scheduled_course(plans[plan], seed, due=due, backup_type=backup_type, retention=retention)

    def remembered(
        plan: AddonPlan, seed: int, *, due: datetime, backup_type: BackupType, retention: timedelta
    ) -> Course:
        plans.setdefault(id(plan), plan)
        return of(id(plan), seed, due, backup_type, retention)

    with patch.object(history, "scheduled_course", remembered):
        yield


def _data(key: str, items: list[dict[str, object]]) -> bytes:
    return json.dumps({"data": {key: items}}).encode()
