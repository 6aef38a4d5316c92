from datetime import datetime, timedelta

import pytest

from exporter.simulator import World
from exporter.simulator.nouns import BackupStatus


@pytest.mark.parametrize("backups", [0, 1, 100, 101, 1500])
def test_each_addon_has_exactly_as_many_completed_backups_for_half_an_hour(now: datetime, backups: int) -> None:
    world = World.uniform(addons=5, backups=backups, seed=3, now=now)
    for addon in world.addons("project-1"):
        listing = world.listing("project-1", addon.id, now)
        assert len(listing.backups) == backups
        assert {backup.status for backup in listing.backups} <= {BackupStatus.COMPLETED}
        assert listing.valid_until > now + timedelta(minutes=30)


def test_addons_are_numbered_and_spread_over_the_projects(now: datetime) -> None:
    world = World.uniform(addons=5, backups=1, seed=3, now=now, projects=2)
    assert [project.id for project in world.projects] == ["project-1", "project-2"]
    assert [addon.id for addon in world.addons("project-1")] == ["addon-0001", "addon-0003", "addon-0005"]
    assert [addon.id for addon in world.addons("project-2")] == ["addon-0002", "addon-0004"]


def test_the_seed_decides_the_sizes(now: datetime) -> None:
    sizes = {
        World.uniform(addons=1, backups=1, seed=seed, now=now).backups("project-1", "addon-0001", now)[0].size_bytes
        for seed in (1, 1, 2)
    }
    assert len(sizes) == 2
