"""What is read besides backups comes in its turn, again in time, and harms nothing when it fails."""

from dataclasses import replace
from datetime import timedelta

import pytest

from exporter.expectation import Expectation
from exporter.model import AddonDetails, AddonKey, Backup, BackupStatus, ListedAddon, Restore, Schedule
from exporter.northflank import Page, RequestDeferred
from exporter.northflank import errors as api
from exporter.polling.extras import Collection, Errand, Extras, Subject
from exporter.state import AddonState, StateStore
from exporter.summary import summarise
from tests.builders import NOW, ago, backup, schedule
from tests.fake_api import Clock
from tests.polling.virtual import Fleet

HOUR = timedelta(hours=1)
NIGHTLY = schedule()


class Besides:
    """The errands of one account's addons, and what their source says."""

    def __init__(self, *names: str, collection: Collection = Collection(schedules=HOUR)) -> None:  # noqa: B008 - frozen
        self.clock = Clock()
        self.outcome: Exception | None = None
        self.asked: list[str] = []
        self.pages = 1
        self.store = StateStore(on_replace=lambda _: None, on_remove=lambda _: None)
        self.info: ListedAddon | None = None
        self.extras = Extras(collection, source=self, store=self.store, now=lambda: NOW, monotonic=self.clock.monotonic)
        for name in names:
            state = AddonState(key=key(name), created_at=NOW, info=ListedAddon(id=name))
            self.store.replace(state)
            self.extras.add(state)

    async def addon(self, _project_id: str, addon_id: str) -> AddonDetails:
        self._note(addon_id)
        return AddonDetails(info=self.info, created_at=NOW)

    async def schedules_page(self, _project_id: str, addon_id: str, cursor: str) -> Page[Schedule]:
        self._note(f"{addon_id}/schedules{cursor}")
        number = int(cursor or "1")
        following = str(number + 1) if number < self.pages else ""
        return Page(items=(replace(NIGHTLY, id=str(number)),), rejected=0, cursor=following)

    async def restores_page(self, _project_id: str, addon_id: str, _cursor: str) -> Page[Restore]:
        self._note(f"{addon_id}/restores")
        restore = Restore(id="1", status=BackupStatus.COMPLETED, completed_at=NOW)
        return Page(items=(restore,), rejected=0, cursor="")

    def _note(self, asked: str) -> None:
        self.asked.append(asked)
        if self.outcome is not None:
            raise self.outcome

    def read_backups(self, name: str, *backups: Backup) -> None:
        state = self.store[key(name)].polled(summarise(backups or [backup()]), data_at=NOW, duration=HOUR)
        self.store.replace(state)
        self.extras.reconsider(state)

    def due(self, most: int = 100) -> list[str]:
        return [f"{errand.addon.addon_id}/{errand.subject}" for errand in self.extras.due(most)]

    async def run(self, requests: int = 100) -> None:
        """Run what is due, with so many requests for each errand after its first."""
        for errand in self.extras.due(100):
            left = iter(range(requests))
            await self.extras.run(errand, lambda left=left: next(left, None) is not None)  # type: ignore[misc]


def key(name: str) -> AddonKey:
    return AddonKey("acme", "shop", name)


async def test_nothing_is_read_before_the_backups() -> None:
    besides = Besides("a", "b")
    assert besides.due() == []
    besides.read_backups("b")
    assert besides.due() == ["b/schedules"]
    await besides.run()
    expectation = besides.store[key("b")].expectation
    assert expectation is not None
    assert expectation.schedules == 1


async def test_it_is_read_again_when_its_time_has_come() -> None:
    besides = Besides("a")
    besides.read_backups("a")
    await besides.run()
    besides.clock.advance(minutes=59)
    assert besides.due() == []
    besides.clock.advance(minutes=1)
    assert besides.due() == ["a/schedules"]


async def test_schedules_never_read_come_before_those_that_are_read_again() -> None:
    besides = Besides("a", "b", "c", collection=Collection(schedules=HOUR, restores=HOUR))
    for name in "abc":
        besides.read_backups(name)
    state = besides.store[key("a")]
    besides.store.replace(replace(state, expectation=Expectation.of([], zone=Collection().zone, grace=HOUR)))
    assert besides.due() == ["b/schedules", "c/schedules", "a/schedules", "a/restores", "b/restores", "c/restores"]
    assert besides.due(3) == ["b/schedules", "c/schedules", "a/schedules"]
    await besides.run()
    restores = besides.store[key("c")].restores
    assert restores is not None
    assert restores.last_completed_at == NOW


async def test_whether_an_addon_without_backups_is_paused_comes_before_everything_else() -> None:
    besides = Besides()
    for name in "abcd":
        info = ListedAddon(id=name) if name == "d" else None
        state = AddonState(key=key(name), max_age=2 * HOUR, info=info)
        besides.store.replace(state)
        besides.extras.add(state)
    besides.read_backups("a")
    besides.read_backups("b", backup(created_at=ago(hours=3)))
    for name in "cd":
        besides.read_backups(name, backup(status=BackupStatus.FAILED))
    schedules = ["a/schedules", "b/schedules", "c/schedules", "d/details", "d/schedules"]
    assert besides.due() == ["b/details", "c/details", *schedules, "a/details"]


async def test_a_list_that_stopped_half_way_goes_on_there_and_first() -> None:
    besides = Besides("a", "b")
    besides.pages = 3
    besides.read_backups("b")
    await besides.run(requests=1)
    assert besides.asked == ["b/schedules", "b/schedules2"]
    assert besides.store[key("b")].expectation is None
    besides.read_backups("a")
    assert besides.due() == ["b/schedules", "a/schedules"]
    await besides.run()
    assert besides.asked[2:4] == ["b/schedules3", "a/schedules"]
    expectation = besides.store[key("b")].expectation
    assert expectation is not None
    assert expectation.schedules == 3


@pytest.mark.parametrize(
    ("failure", "minutes"),
    [
        (api.Forbidden(403), 60),
        (api.NotFound(404), 60),
        (api.ServerError(500), 10),
        (api.RequestTimeout("slow"), 10),
        (api.HostUnreachable("gone"), 10),
        (RequestDeferred(), 10),
        (ZeroDivisionError("ours"), 10),
    ],
)
async def test_a_failure_changes_nothing_and_is_tried_again_later(failure: Exception, minutes: float) -> None:
    besides = Besides("a")
    besides.read_backups("a")
    await besides.run()
    besides.clock.advance(minutes=60)
    before = besides.store[key("a")]
    besides.outcome = failure
    await besides.run()
    assert besides.store[key("a")] is before
    besides.clock.advance(minutes=minutes - 0.1)
    assert besides.due() == []
    besides.clock.advance(minutes=0.1)
    assert besides.due() == ["a/schedules"]


def unlisted(max_age: timedelta | None = None) -> Besides:
    """Give the errands of an addon that stands in no list."""
    besides = Besides(collection=Collection())
    state = AddonState(key=key("a"), max_age=max_age)
    besides.store.replace(state)
    besides.extras.add(state)
    return besides


async def test_details_are_read_once() -> None:
    besides = unlisted()
    besides.read_backups("a")
    besides.outcome = api.NotFound(404)
    await besides.run()
    besides.clock.advance(minutes=10)
    besides.outcome = None
    await besides.run()
    assert besides.store[key("a")].created_at == NOW
    besides.clock.advance(days=9)
    besides.read_backups("a")
    assert besides.due() == []


async def test_whether_an_addon_is_paused_is_asked_again_while_it_lacks_backups() -> None:
    besides = unlisted(max_age=HOUR)
    besides.info = ListedAddon(id="a", status="running")
    besides.read_backups("a")
    await besides.run()
    # What is too old may be so because somebody has paused the addon since.
    besides.read_backups("a", backup(created_at=ago(hours=3)))
    assert besides.due() == []
    besides.clock.advance(minutes=10)
    assert besides.due() == ["a/details"]
    besides.info = ListedAddon(id="a", status="paused")
    await besides.run()
    state = besides.store[key("a")]
    assert state.is_paused
    assert state.paused_until == NOW
    # While it is, one looks again in time: it may run and back up again.
    besides.read_backups("a")
    besides.info = ListedAddon(id="a", status="running")
    besides.clock.advance(minutes=10)
    await besides.run()
    assert not besides.store[key("a")].is_paused
    besides.read_backups("a")
    besides.clock.advance(days=9)
    assert besides.due() == []


async def test_a_list_tells_by_itself_which_addons_are_paused() -> None:
    besides = Besides("a", collection=Collection())
    besides.read_backups("a", backup(status=BackupStatus.FAILED))
    besides.clock.advance(days=9)
    assert besides.due() == []


async def test_an_addon_that_leaves_is_forgotten_even_while_it_is_read() -> None:
    besides = Besides("a", "b")
    for name in "ab":
        besides.read_backups(name)
    besides.extras.remove(key("a"))
    assert besides.due() == ["b/schedules"]
    errand = Errand(key("b"), Subject.SCHEDULES)
    besides.pages = 2

    def leave() -> bool:
        besides.extras.remove(key("b"))
        besides.store.remove(key("b"))
        return True

    await besides.extras.run(errand, leave)
    assert key("b") not in besides.store


async def test_a_database_whose_backup_is_due_is_read_sooner() -> None:
    fleet = Fleet(300)
    expectation = Expectation.of([schedule(hours=(15,), minutes=(30,))], zone=Collection().zone, grace=HOUR)
    for chosen in fleet.keys[:60:6]:
        fleet.store.replace(replace(fleet.store[chosen], expectation=expectation))
    # NOW is noon; each is read about every 23 minutes.
    await fleet.run(3.5 * 3600 + 60, every=60)
    await fleet.run(6 * 60, every=60)
    for chosen in fleet.keys[:60:6]:
        read_at = fleet.store[chosen].data_at
        assert read_at is not None
        assert read_at >= NOW + timedelta(hours=3, minutes=31)
