"""How often a long list is read to its end, who pays for that, and what a poll of one costs otherwise."""

from dataclasses import replace
from datetime import timedelta

import pytest

from exporter.model import Backup, BackupStatus, FailureReason
from exporter.northflank import Page, PageRequest
from exporter.northflank import errors as api
from exporter.poll_log import Reading
from exporter.polling import Freshness
from exporter.state import AddonState
from tests.builders import NOW
from tests.polling.lists import List, listed
from tests.polling.virtual import Fleet
from tests.polling.world import World, newest_of, told

HOUR = timedelta(hours=1)
ALL = ["db", "db/2", "db/3"]


def paged(made: List) -> list[Page[Backup]]:
    """Give the pages of a list as a source gives them, which counts them from 1."""
    pages: list[Page[Backup]] = []
    cursor = ""
    while not pages or cursor:
        page = made.page(PageRequest(cursor=cursor))
        assert page is not None
        cursor = page.cursor
        pages.append(replace(page, cursor=cursor and str(len(pages) + 2)))
    return pages


async def knowing(made: List, **freshness: timedelta) -> World:
    """Give a world in which a list is known well enough not to be read whole again."""
    world = World(["db"], freshness=Freshness(**freshness))
    world.clock.advance(seconds=made.now.timestamp() - world.clock().timestamp())
    for _ in range(2):
        await world.scrape(db=paged(made))
        assert world.source.asked == ALL
    return world


def held(state: AddonState) -> int:
    return sum(state.summary.counts.values()) if state.summary else 0


def running(state: AddonState) -> bool:
    return state.summary is not None and state.summary.running_since is not None


async def test_a_refresh_of_a_long_list_costs_one_request_and_shows_what_is_new() -> None:
    made = listed(250)
    world = await knowing(made)
    for number in range(251, 256):
        world.clock.advance(minutes=60)
        made.now += HOUR
        made.begin()
        assert await world.scrape(db=paged(made)) == {"polled": 1}
        assert world.source.asked == ["db"]
        assert newest_of(world["db"]) == made.shown()[0]
        assert held(world["db"]) == number
        assert world["db"].data_at == world["db"].as_of == world.clock()


async def test_a_first_page_that_is_the_same_is_all_that_is_asked_for() -> None:
    made = listed(250)
    world = await knowing(made)
    before = world["db"].summary
    world.clock.advance(minutes=1)
    await world.scrape(db=paged(made))
    assert world.source.asked == ["db"]
    assert world["db"].summary is before
    assert world["db"].data_at == world.clock()


async def test_what_has_expired_leaves_with_the_next_full_listing() -> None:
    made = listed(250)
    world = await knowing(made)
    del made.backups[made.shown()[-1].identity]
    made.begin()
    await world.scrape(db=paged(made))
    assert held(world["db"]) == 251
    world.clock.advance(hours=7)
    asked: list[str] = []
    for _ in range(10):
        world.clock.advance(minutes=1)
        await world.scrape(db=paged(made))
        asked += world.source.asked
    assert asked.count("db/3") == 1
    assert held(world["db"]) == 250


async def test_the_log_tells_how_far_each_poll_had_to_read() -> None:
    made = listed(250)
    world = await knowing(made)
    await world.scrape(db=paged(made))
    made.begin()
    await world.scrape(db=paged(made))
    await world.scrape(db=api.ServerError(500))

    assert [(each.result, each.requests, each.backups) for each in world["db"].polls.entries()] == [
        (FailureReason.SERVER_ERROR, 1, None),
        (Reading.NEWEST, 1, 251),
        (Reading.UNCHANGED, 1, 250),
        (Reading.WHOLE, 3, 250),
        (Reading.WHOLE, 3, 250),
    ]


async def test_the_log_tells_which_addons_of_a_condemned_account_were_asked() -> None:
    world = World(["a", "b"])
    await world.scrape(a=api.Unauthorized(401), b=api.Unauthorized(401))

    logged = {name: [(each.result, each.requests) for each in world[name].polls.entries()] for name in ("a", "b")}
    assert sorted(logged.values()) == [[(FailureReason.UNAUTHORIZED, requests)] for requests in (0, 1)]


async def test_lists_are_always_read_whole_where_one_wants_that() -> None:
    made = listed(250)
    world = await knowing(made, full_listing=timedelta(0))
    for _ in range(3):
        await world.scrape(db=paged(made))
        assert world.source.asked == ALL
    assert world.poller.agenda.cycle_requests == 3


async def test_a_reading_that_fails_half_way_leaves_what_is_known() -> None:
    made = listed(250)
    world = await knowing(made)
    before = world["db"].known
    await world.scrape(db=api.ServerError(500))
    assert world["db"].known == before
    made.begin()
    await world.scrape(db=paged(made))
    assert world.source.asked == ["db"]
    assert held(world["db"]) == 251


async def test_a_reading_stopped_half_way_goes_on_where_it_was() -> None:
    made = listed(250)
    older = made.shown()[150]
    made.backups[older.identity] = older._replace(status=BackupStatus.IN_PROGRESS)
    world = await knowing(made)
    made.backups[older.identity] = older
    window = told(100, 20, 3600)  # nothing left but what is others'
    world.source.rate_limit = window
    world.clock.advance(minutes=1)
    await world.scrape(db=paged(made))
    begun = world.clock()
    assert world.source.asked == ["db"]
    assert running(world["db"])
    world.source.rate_limit = None
    world.clock.advance(hours=1)
    while world["db"].as_of != begun:
        world.clock.advance(minutes=1)
        await world.scrape(db=paged(made))
        assert world.source.asked in ([], ["db/2"])
    assert not running(world["db"])
    assert world["db"].as_of == begun
    assert world["db"].data_at == world.clock()


async def test_a_reading_stopped_half_way_long_ago_begins_anew() -> None:
    made = listed(250)
    older = made.shown()[150]
    made.backups[older.identity] = older._replace(status=BackupStatus.IN_PROGRESS)
    world = await knowing(made)
    world.source.rate_limit = told(100, 20, 3600)  # nothing left but what is others'
    world.clock.advance(minutes=1)
    await world.scrape(db=paged(made))
    assert world.source.asked == ["db"]
    # Then nobody scrapes for a while.
    world.source.rate_limit = None
    world.clock.advance(hours=7)
    made.now = world.clock()
    made.begin()
    while world["db"].data_at != world.clock():
        world.clock.advance(minutes=1)
        await world.scrape(db=paged(made))
    assert newest_of(world["db"]) == made.shown()[0], "what the first page said so long ago counts no more"


async def test_a_list_that_must_be_read_to_its_end_after_all_need_not_wait() -> None:
    made = listed(1500)
    world = World(["db"])
    world.clock.advance(seconds=made.now.timestamp() - NOW.timestamp())
    for _ in range(2):
        await world.scrape(db=paged(made))
    world.clock.advance(hours=3)  # past the first window, in which requests need not come free
    for _ in range(30):
        world.clock.advance(minutes=1)
        await world.scrape(db=paged(made))
    made.begin(late=9 * HOUR)
    world.clock.advance(minutes=1)
    await world.scrape(db=paged(made))
    assert len(world.source.asked) == 16
    assert held(world["db"]) == 1501


async def test_what_is_known_is_gone_with_the_data_that_it_belongs_to() -> None:
    made = listed(250)
    world = await knowing(made, max_staleness=HOUR)
    for _ in range(2):
        world.clock.advance(minutes=61)
        await world.scrape(db=api.ServerError(500))
    assert world["db"].summary is None
    world.clock.advance(minutes=1)
    await world.scrape(db=paged(made))
    assert world.source.asked == ALL
    assert held(world["db"]) == 250


async def test_before_it_says_that_backups_are_lacking_a_list_is_read_whole_once() -> None:
    made = listed(250)
    world = await knowing(made, full_listing=100 * HOUR)
    world.store.replace(replace(world["db"], max_age=2 * HOUR))
    asked = []
    for _ in range(6):
        world.clock.advance(minutes=61)
        await world.scrape(db=paged(made))
        asked.append(len(world.source.asked))
    assert asked == [1, 1, 1, 3, 1, 1], "at the third time it is too old"
    made.now = world.clock()
    made.begin()
    asked.clear()
    for _ in range(6):
        await world.scrape(db=paged(made))
        asked.append(len(world.source.asked))
        world.clock.advance(minutes=61)
    assert asked == [1, 1, 1, 1, 3, 1]


async def test_a_list_on_one_page_is_proof_enough() -> None:
    world = World(["db"])
    world.store.replace(replace(world["db"], max_age=2 * HOUR))
    made = listed(50)
    world.clock.advance(seconds=made.now.timestamp() - NOW.timestamp())
    for _ in range(4):
        await world.scrape(db=paged(made))
        assert world.source.asked == ["db"]
        assert not world["db"].wants_proof
        world.clock.advance(minutes=61)


@pytest.mark.parametrize(("addons", "pages"), [(5, 15), (60, 15), (100, 5)])
async def test_many_long_lists_are_as_fresh_as_one_request_each_permits(addons: int, pages: int) -> None:
    fleet = Fleet(addons, pages=pages, is_newest_first=True)
    twice = 2 * addons * pages / 800 * 3600
    await fleet.run(twice + 3600, every=300, others=150)
    fleet.measure()
    await fleet.run(18 * 3600, every=300, others=150)
    now = fleet.clock.monotonic()
    known = [fleet.store[key].known for key in fleet.keys]
    # 15 % of the requests are for full listings: where they do not suffice for one every six hours, it is less often.
    interval = max(6 * 3600, addons * pages / (0.15 * 800) * 3600)
    assert max(now - each.read_whole_at for each in known if each) <= 1.2 * interval
    assert fleet.worst_age() <= max(1.5 * addons / (0.85 * 800) * 3600, 600)
    assert fleet.server.refusals == 0
    assert max(fleet.server.spent) <= 800


async def test_what_long_lists_cost_is_known_when_they_were_read_twice() -> None:
    made = listed(250)
    world = World(["db"])
    world.clock.advance(seconds=made.now.timestamp() - NOW.timestamp())
    told: list[tuple[bool, int]] = []
    for _ in range(3):
        await world.scrape(db=paged(made))
        told.append((world.poller.agenda.is_complete, world.poller.agenda.cycle_requests))
    assert told == [(False, 3), (True, 2), (True, 2)], "one, and a little for full listings"


async def test_the_cycle_counts_full_listings_by_how_often_they_come() -> None:
    fleet = Fleet(8, pages=15, is_newest_first=True)
    await fleet.run(3600, every=60)
    # 120 pages every six hours, out of 4,800 requests.
    assert fleet.poller.agenda.cycle_requests == 9
    assert fleet.budget.full_part(120, timedelta(hours=6)) == pytest.approx(0.025, rel=0.01)
    assert fleet.budget.full_part(10_000, timedelta(hours=6)) == 0.15
