"""Whole days of scrapes in seconds: no 429, never more than our share, and data as fresh as that permits."""

from math import ceil

import pytest

from exporter.model import Backup, BackupStatus
from tests.builders import backup
from tests.polling.virtual import Fleet, Server

HOUR = 3600
OTHERS = 150
"""Requests per hour of the account's other users: less than the part that they are left, so that ours counts."""


@pytest.mark.parametrize("prometheus", [1, 2])
@pytest.mark.parametrize("every", [15, 60])
@pytest.mark.parametrize("pages", [1, 3, 15])
@pytest.mark.parametrize("addons", [5, 50, 300, 2000])
async def test_a_fleet_of_any_size_is_as_fresh_as_the_limit_permits(
    addons: int, pages: int, every: int, prometheus: int
) -> None:
    fleet = Fleet(addons, pages=pages)
    offsets = [0.0, every * 0.4][:prometheus]
    optimum = addons * pages / 800 * HOUR
    await fleet.run(HOUR, every=every, offsets=offsets, others=OTHERS)
    fleet.measure()
    hours = 23 if addons <= 300 else 6
    await fleet.run(max(hours * HOUR, 1.25 * optimum), every=every, offsets=offsets, others=OTHERS)
    assert fleet.server.refusals == 0
    assert max(fleet.server.spent) <= 800
    assert fleet.worst_age() <= max(1.5 * optimum, 2 * every)
    if addons * pages > 800:
        assert min(fleet.server.spent[1:]) >= 760, "the share is used where there is so much to read"
    assert all(fleet.store[key].summary for key in fleet.keys), "nobody starves"


@pytest.mark.parametrize("others", [300, 600, 950])
async def test_others_who_take_more_than_their_part_cause_us_no_429(others: int) -> None:
    fleet = Fleet(100)
    await fleet.run(24 * HOUR, every=60, offsets=[0.0, 24.0], others=others)
    assert fleet.server.refusals == 0
    assert max(fleet.server.spent[2:]) < 710


async def test_a_burst_of_others_that_takes_everything_is_waited_out() -> None:
    fleet = Fleet(50)
    await fleet.run(HOUR / 2, every=15)
    fleet.server.exhaust(fleet.clock.monotonic())
    await fleet.run(2 * HOUR, every=15)
    # Nobody told us; one request found out.
    assert fleet.server.refusals <= 1
    assert all(fleet.store[key].failure is None for key in fleet.keys)


@pytest.mark.parametrize(("addons", "every"), [(5, 60), (10, 60), (300, 60), (300, 15), (2000, 60)])
async def test_the_end_of_a_backup_in_flight_is_seen_soon(addons: int, every: int) -> None:
    fleet = Fleet(addons)
    clock = fleet.clock
    running = backup(status=BackupStatus.IN_PROGRESS, created_at=clock(), completed_at=None)
    done_at = 4.3 * HOUR

    def newest() -> Backup:
        return running if clock.monotonic() < done_at else backup(created_at=running.created_at)

    fleet.client.newest["db-3"] = newest
    await fleet.run(done_at, every=every, others=OTHERS)
    key = fleet.keys[3]
    seen_running = fleet.store[key].summary
    assert seen_running is not None
    assert seen_running.running_since is not None
    await fleet.run(2 * every, every=every, others=OTHERS)
    summary = fleet.store[key].summary
    assert summary is not None
    assert summary.running_since is None


async def test_many_backups_in_flight_do_not_make_the_others_old() -> None:
    fleet = Fleet(300)
    running = backup(status=BackupStatus.IN_PROGRESS, completed_at=None)
    for number in range(270):
        fleet.client.newest[f"db-{number}"] = lambda: running._replace(created_at=fleet.clock())
    await fleet.run(HOUR, every=60)
    fleet.measure()
    await fleet.run(6 * HOUR, every=60)
    assert fleet.worst_age() <= 1.5 * 300 / 800 * HOUR


async def test_a_prometheus_that_comes_back_reads_everything_once_and_no_more() -> None:
    fleet = Fleet(40)
    await fleet.run(5 * HOUR, every=60)
    fleet.clock.advance(seconds=3.5 * HOUR)
    before = fleet.server.ours_ever
    await fleet.run(60, every=60)
    await fleet.run(60, every=60)
    assert 40 <= fleet.server.ours_ever - before <= 40 + ceil(2 * 800 / 60)


async def test_a_raised_limit_is_used() -> None:
    fleet = Fleet(300, server=Server(limit=5000))
    await fleet.run(2 * HOUR, every=60)
    fleet.measure()
    await fleet.run(2 * HOUR, every=60)
    assert fleet.worst_age() <= 1.5 * 300 / 4000 * HOUR


async def test_a_limit_that_is_cut_is_kept() -> None:
    fleet = Fleet(300)
    await fleet.run(2.5 * HOUR, every=60)
    fleet.server.limit = 400
    fleet.server.spent.clear()
    await fleet.run(5 * HOUR, every=60)
    assert max(fleet.server.spent[1:]) <= 320
    assert fleet.server.refusals <= 1
