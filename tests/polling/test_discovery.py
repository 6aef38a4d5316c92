"""Which addons an account's entries watch, and what a listing that fails changes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest

from exporter.config import AddonEntry
from exporter.model import ListedAddon
from exporter.northflank import NorthflankError, Page, RequestDeferred
from exporter.northflank import errors as api
from exporter.polling import Discovery
from tests.polling.world import settled

Ids = dict[tuple[str, str], timedelta | None]


class Listings:
    """Projects and their addons, two to a page; what stands in `faults` fails instead."""

    def __init__(self, **projects: Sequence[str | ListedAddon]) -> None:
        self.projects = {name.replace("_", "-"): list(addons) for name, addons in projects.items()}
        self.faults: dict[str, Exception] = {}
        self.asked: list[str] = []
        self.errors = 0
        self.wait: Callable[[], Awaitable[object]] = settled

    async def projects_page(self, cursor: str) -> Page[str]:
        return self._page("projects", list(self.projects), cursor)

    async def addons_page(self, project_id: str, cursor: str) -> Page[ListedAddon]:
        await self.wait()
        addons = [
            addon if isinstance(addon, ListedAddon) else ListedAddon(id=addon)
            for addon in self.projects.get(project_id, [])
        ]
        return self._page(project_id, addons, cursor)

    def failed(self) -> None:
        self.errors += 1

    def _page(self, what: str, items: list, cursor: str) -> Page:  # type: ignore[type-arg]
        self.asked.append(f"{what}{cursor}")
        if what in self.faults:
            raise self.faults[what]
        start = int(cursor or 0)
        following = str(start + 2) if start + 2 < len(items) else ""
        return Page(items=tuple(items[start : start + 2]), rejected=0, cursor=following)


def discovery(listings: Listings, *entries: AddonEntry, interval: float | None = 600) -> Discovery:
    return Discovery(
        entries, source=listings, interval=interval, concurrency=4, on_error=listings.failed, fields={"account": "acme"}
    )


def entry(project: str, addon: str, **more: object) -> AddonEntry:
    return AddonEntry(project=project, addon=addon, **more)  # type: ignore[arg-type]


def always() -> bool:
    return True


async def resolved(listings: Listings, *entries: AddonEntry) -> list[str]:
    found = discovery(listings, *entries)
    if found.is_due(0):
        await found.run(0, always)
    return ["/".join(key) for key in found.watched()]


SHOP = {"shop": ["orders", "carts", "orders-preview", "Orders", "search"], "crm": ["main"], "shop_old": ["orders"]}


async def test_ids_need_no_listing() -> None:
    listings = Listings(**SHOP)
    assert await resolved(listings, entry("shop", "orders"), entry("gone", "db")) == ["shop/orders", "gone/db"]
    assert listings.asked == []


async def test_everything_is_found_across_pages() -> None:
    listings = Listings(**SHOP)
    assert sorted(await resolved(listings, entry("*", "*"))) == sorted(
        [*(f"shop/{addon}" for addon in SHOP["shop"]), "crm/main", "shop-old/orders"]
    )
    assert listings.asked[0] == "projects"
    assert sorted(listings.asked) == sorted(["projects", "projects2", "shop", "shop2", "shop4", "crm", "shop-old"])


async def test_a_project_that_is_named_is_listed_without_listing_projects() -> None:
    listings = Listings(**SHOP)
    assert await resolved(listings, entry("crm", "m*")) == ["crm/main"]
    assert listings.asked == ["crm"]


async def test_only_projects_that_can_matter_are_listed() -> None:
    listings = Listings(**SHOP)
    assert await resolved(listings, entry("shop*", "orders")) == ["shop/orders", "shop-old/orders"]
    assert "crm" not in listings.asked


async def test_patterns_tell_upper_from_lower_case_and_excludes_take_away() -> None:
    found = await resolved(Listings(**SHOP), entry("shop", "[oO]*", exclude=("*-preview",)))
    assert found == ["shop/orders", "shop/Orders"]


async def test_types_and_tags_select() -> None:
    listings = Listings(
        shop=[
            ListedAddon(id="a", type="postgresql", tags=("prod",)),
            ListedAddon(id="b", type="postgresql", tags=("staging",)),
            ListedAddon(id="c", type="redis", tags=("prod", "staging")),
            ListedAddon(id="d"),
        ]
    )
    assert await resolved(listings, entry("shop", "*", types=("postgresql", "mysql"))) == ["shop/a", "shop/b"]
    assert await resolved(listings, entry("shop", "*", tags=("prod",))) == ["shop/a", "shop/c"]
    assert await resolved(listings, entry("shop", "c", tags=("prod",), types=("redis",))) == ["shop/c"]


async def test_the_first_entry_that_matches_decides_the_limit() -> None:
    day, week = timedelta(days=1), timedelta(days=7)
    found = discovery(
        Listings(**SHOP),
        entry("shop", "orders", max_age=day),
        entry("shop", "carts", max_age="off"),
        entry("*", "*", max_age=week),
    )
    await found.run(0, always)
    limits = {"/".join(key): each.max_age for key, each in found.watched().items()}
    assert limits["shop/orders"] == day
    assert limits["shop/carts"] == "off"
    assert limits["crm/main"] == week


async def test_a_listing_is_due_again_after_the_interval() -> None:
    found = discovery(Listings(**SHOP), entry("*", "*"))
    assert found.is_due(0)
    await found.run(0, always)
    assert not found.is_due(599)
    assert found.is_due(600)


async def test_without_an_interval_patterns_are_resolved_once() -> None:
    found = discovery(Listings(**SHOP), entry("*", "*"), interval=None)
    await found.run(0, always)
    assert not found.is_due(10**9)


async def test_addons_come_and_go_with_good_listings() -> None:
    listings = Listings(shop=["a", "b"], crm=["main"])
    found = discovery(listings, entry("*", "*"))
    await found.run(0, always)
    listings.projects = {"shop": ["b", "c"], "new": ["db"]}
    await found.run(600, always)
    assert sorted(found.watched()) == [("new", "db"), ("shop", "b"), ("shop", "c")]


@pytest.mark.parametrize("fault", [api.ServerError(500), api.Forbidden(403), api.NotFound(404), api.RateLimited(429)])
async def test_a_listing_that_fails_loses_nobody_and_is_counted(fault: NorthflankError) -> None:
    listings = Listings(shop=["a", "b"], crm=["main"])
    found = discovery(listings, entry("*", "*"))
    await found.run(0, always)
    listings.projects = {"shop": [], "crm": ["main", "other"]}
    listings.faults = {"shop": fault}
    await found.run(600, always)
    assert sorted(found.watched()) == [("crm", "main"), ("crm", "other"), ("shop", "a"), ("shop", "b")]
    assert listings.errors == 1
    listings.faults = {"projects": fault, "shop": fault}
    await found.run(1200, always)
    assert len(found.watched()) == 4
    assert listings.errors == 3


@pytest.mark.parametrize("fault", [api.Unauthorized(401), api.HostUnreachable("down")])
async def test_what_is_the_accounts_matter_is_told_and_the_round_goes_on_later(fault: NorthflankError) -> None:
    listings = Listings(shop=["a"])
    listings.faults = {"projects": fault}
    found = discovery(listings, entry("*", "*"))
    with pytest.raises(type(fault)):
        await found.run(0, always)
    listings.faults = {}
    assert found.is_due(1)
    await found.run(1, always)
    assert list(found.watched()) == [("shop", "a")]


async def test_a_round_stopped_by_the_budget_goes_on_where_it_was() -> None:
    listings = Listings(**SHOP)
    found = discovery(listings, entry("*", "*"))
    now = 0.0
    while found.is_due(now):
        allowance = iter([True])
        await found.run(now, lambda allowance=allowance: next(allowance, False))  # type: ignore[misc]
        now += 1
        assert now < 20
    assert len(listings.asked) == len(set(listings.asked)) == 7
    assert len(found.watched()) == 7
    assert found.requests == 7


async def test_a_closed_window_costs_nothing() -> None:
    listings = Listings(shop=["a"])
    listings.faults = {"projects": RequestDeferred()}
    found = discovery(listings, entry("*", "*"))
    await found.run(0, always)
    assert listings.errors == 0
    listings.faults = {"shop": RequestDeferred()}
    await found.run(1, always)
    listings.faults = {}
    await found.run(2, always)
    assert list(found.watched()) == [("shop", "a")]


async def test_what_each_pattern_matched_is_counted() -> None:
    found = discovery(Listings(**SHOP), entry("shop", "orders"), entry("*", "orders"), entry("*", "nothing*"))
    await found.run(0, always)
    assert found.matches() == {("*", "orders"): 2, ("*", "nothing*"): 0}


async def test_a_pattern_that_matches_nothing_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    listings = Listings(shop=["a"])
    found = discovery(listings, entry("*", "b*"))
    for now in (0, 600):
        await found.run(now, always)
    assert [record.getMessage() for record in caplog.records] == ["A pattern matches nothing"]
    listings.projects["shop"].append("b")
    await found.run(1200, always)
    listings.projects["shop"].remove("b")
    await found.run(1800, always)
    assert len(caplog.records) == 2


async def test_a_failing_listing_is_told_once_and_so_is_its_recovery(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    listings = Listings(shop=["a"])
    found = discovery(listings, entry("*", "*"))
    listings.faults = {"shop": api.ServerError(500)}
    for now in (0, 1, 2):
        await found.run(now, always)
    listings.faults = {}
    await found.run(3, always)
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["Listing failed", "A pattern matches nothing", "Listing succeeds again"]


async def test_other_entries_are_resolved_by_what_is_known_and_listed_anew() -> None:
    listings = Listings(**SHOP)
    found = discovery(listings, entry("*", "orders"))
    await found.run(0, always)
    found.change([entry("shop", "c*")])
    assert list(found.watched()) == [("shop", "carts")]
    assert found.is_due(1)
    found.change([entry("shop", "carts")])
    assert not found.is_due(1)


async def test_a_literal_addon_is_described_where_its_project_is_listed() -> None:
    listings = Listings(shop=[ListedAddon(id="orders", name="Orders", type="postgresql")])
    found = discovery(listings, entry("shop", "orders"), entry("shop", "x*"))
    await found.run(0, always)
    info = found.watched()["shop", "orders"].info
    assert info is not None
    assert (info.name, info.type) == ("Orders", "postgresql")


async def test_projects_that_are_named_are_listed_though_projects_cannot_be() -> None:
    listings = Listings(**SHOP)
    listings.faults = {"projects": api.Forbidden(403)}
    assert await resolved(listings, entry("crm", "m*"), entry("sh*", "orders")) == ["crm/main"]
    assert listings.errors == 1


async def test_other_entries_may_come_in_the_middle_of_a_round() -> None:
    listings = Listings(**{f"p{number}": ["db"] for number in range(9)})
    found = discovery(listings, entry("p*", "*"))
    go_on = asyncio.Event()

    async def wait() -> None:
        if "p0" in listings.asked:  # The first one goes alone; then there are several at once.
            await go_on.wait()

    listings.wait = wait
    round_ = asyncio.create_task(found.run(0, always))
    await settled()
    found.change([entry("p1", "d*")])
    go_on.set()
    await round_
    while found.is_due(1):
        await found.run(1, always)
    assert list(found.watched()) == [("p1", "db")]
