"""A believable Northflank account: a pure function of its seed, its start and the moment asked about."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Self

from exporter.simulator.demo import demo_plans, demo_projects
from exporter.simulator.history import Listing, listing_at, status_at
from exporter.simulator.nouns import Addon, AddonStatus, Backup, Project, Restore, Schedule, Team
from exporter.simulator.plan import AddonPlan
from exporter.simulator.uniform import uniform_plans, uniform_projects

_TEAM = Team(id="acme", name="Acme")

# Only pages of one listing are asked for in a row, and a listing of thousands of backups is not small.
_REMEMBERED_LISTINGS = 64


class UnknownResourceError(LookupError):
    """The world has no such team, project, addon or backup."""


class World:
    """Projects and their addons, whose backups come about as time passes.

    Every method answers for the moment `at`, any moment, in any order; remembering the latest listings is only
    about speed. `changes` counts how often addons have been added, removed or healed.
    """

    def __init__(
        self,
        *,
        seed: int,
        start: datetime,
        projects: Iterable[Project],
        plans: Iterable[AddonPlan],
        teams: Iterable[Team] = (_TEAM,),
    ) -> None:
        self.seed = seed
        self.start = start
        self.teams = tuple(teams)
        self.projects = tuple(projects)
        self._plans: dict[str, dict[str, AddonPlan]] = {project.id: {} for project in self.projects}
        for plan in plans:
            self._plans[plan.addon.project_id][plan.addon.id] = plan
        self._listings: dict[tuple[str, str], Listing] = {}
        self.changes = 0

    @classmethod
    def demo(cls, seed: int, now: datetime) -> Self:
        """Return a small company's account in which everything worth watching for happens."""
        start = now.astimezone(UTC)
        return cls(seed=seed, start=start, projects=demo_projects(), plans=demo_plans(start))

    @classmethod
    def uniform(cls, *, addons: int, backups: int, seed: int, now: datetime, projects: int = 1) -> Self:
        """Return many addons that each hold `backups` completed daily dumps, the latest within a day."""
        start = now.astimezone(UTC)
        plans = uniform_plans(addons=addons, backups=backups, projects=projects, seed=seed, start=start)
        return cls(seed=seed, start=start, projects=uniform_projects(projects), plans=plans)

    def project(self, project_id: str) -> Project:
        """Return one project; UnknownResourceError without it."""
        for project in self.projects:
            if project.id == project_id:
                return project
        raise UnknownResourceError(f"project {project_id}")

    def addons(self, project_id: str) -> tuple[Addon, ...]:
        """Return the addons of a project; UnknownResourceError without it."""
        return tuple(plan.addon for plan in self._plans_of(project_id).values())

    def addon(self, project_id: str, addon_id: str) -> Addon:
        """Return one addon; UnknownResourceError without it."""
        return self._plan(project_id, addon_id).addon

    def add(self, plan: AddonPlan) -> None:
        """Let there be one more addon, as somebody who creates it; UnknownResourceError without its project."""
        self._plans_of(plan.addon.project_id)[plan.addon.id] = plan
        self.changes += 1

    def remove(self, project_id: str, addon_id: str) -> AddonPlan:
        """Let an addon be gone, as somebody who deletes it; gives what would bring it back."""
        plan = self._plan(project_id, addon_id)
        del self._plans[project_id][addon_id]
        self._listings.pop((project_id, addon_id), None)
        self.changes += 1
        return plan

    def heal(self, project_id: str, addon_id: str, at: datetime) -> None:
        """Let all be well with an addon from this moment on, as somebody who puts it right and backs it up by hand."""
        # The API writes milliseconds, so nothing begins between two of them.
        moment = at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
        self._plans_of(project_id)[addon_id] = replace(self._plan(project_id, addon_id), healed_at=moment)
        self._listings.pop((project_id, addon_id), None)
        self.changes += 1

    def schedules(self, project_id: str, addon_id: str) -> tuple[Schedule, ...]:
        """Return the backup schedules of an addon."""
        return self._plan(project_id, addon_id).schedules

    def listing(self, project_id: str, addon_id: str, at: datetime) -> Listing:
        """Return all that changes about an addon, and until when it stays so."""
        plan = self._plan(project_id, addon_id)
        key = (project_id, addon_id)
        listing = self._listings.pop(key, None)
        if listing is None or not listing.holds_at(at):
            listing = listing_at(plan, self.seed, at.astimezone(UTC))
        while len(self._listings) >= _REMEMBERED_LISTINGS:
            del self._listings[next(iter(self._listings))]
        self._listings[key] = listing
        return listing

    def backups(self, project_id: str, addon_id: str, at: datetime) -> tuple[Backup, ...]:
        """Return the backups of an addon, oldest first."""
        return self.listing(project_id, addon_id, at).backups

    def backup(self, project_id: str, addon_id: str, backup_id: str, at: datetime) -> Backup:
        """Return one backup; UnknownResourceError before it exists and once it has expired."""
        for backup in self.backups(project_id, addon_id, at):
            if backup.id == backup_id:
                return backup
        raise UnknownResourceError(f"backup {backup_id}")

    def restores(self, project_id: str, addon_id: str, at: datetime) -> tuple[Restore, ...]:
        """Return the restores of an addon, oldest first."""
        return self.listing(project_id, addon_id, at).restores

    def addon_status(self, project_id: str, addon_id: str, at: datetime) -> AddonStatus:
        """Return what the addon is doing."""
        return status_at(self._plan(project_id, addon_id), self.seed, at.astimezone(UTC))

    def _plan(self, project_id: str, addon_id: str) -> AddonPlan:
        plan = self._plans_of(project_id).get(addon_id)
        if plan is None:
            raise UnknownResourceError(f"addon {addon_id}")
        return plan

    def _plans_of(self, project_id: str) -> dict[str, AddonPlan]:
        plans = self._plans.get(project_id)
        if plans is None:
            raise UnknownResourceError(f"project {project_id}")
        return plans
