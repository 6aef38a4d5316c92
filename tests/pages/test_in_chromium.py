"""The pages as people see and use them."""

import json
import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from exporter.model import AddonKey, FailureReason
from exporter.pages.query import addon_url
from exporter.poll_log import PollEntry, Reading
from tests.builders import NOW, ago, backup, schedule
from tests.pages.conftest import Visit, visiting
from tests.pages.fleet import Shown, account, addon, dumps, fleet, snapshot, unread

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORST_FIRST = ["queue", "carts-db", "search-db", "lost-db", "cache", "crm-db", "catalog-db", "sessions"]
PHONE = {"viewport": {"width": 320, "height": 780}}
CARTS = addon_url(AddonKey("", "shop", "carts-db"))

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "a\u202egnp.exe",
    "x" * 200,
    "👩‍💻🐘",
    "</style></title><svg onload=alert(3)>",
    "{{ 7 * 7 }}",
)  # fmt: skip


async def test_the_page_tells_at_a_glance_what_is_wrong_since_when_and_why(visit: Visit) -> None:
    page = await visit.go()

    await expect(page).to_have_title("3 of 8 addons need attention · Northflank backups")
    await expect(page.get_by_role("heading", level=1)).to_have_text("3 of 8 addons need attention")
    assert await visit.addons() == WORST_FIRST
    row = page.locator("tbody", has=page.get_by_role("rowheader", name="carts-db"))
    for text in (
        "Critical",
        "3 d 3 h ago",
        "limit 26 h",
        "2026-03-07 08:10 UTC",
        "failed",
        "4.7 GiB",
        "in 14 h",
        "2026-03-11 02:00 UTC",
        "40 s",
        "No completed backup for 3 d 3 h, limit 26 h.",
        "3 backups have failed since one completed, the latest begun 4 h ago.",
    ):
        await expect(row).to_contain_text(text)
    spark = row.get_by_role("img")
    assert "The latest 18 sizes: from 4.7 GiB to 4.7 GiB" in (await spark.get_attribute("aria-label") or "")
    await expect(row.get_by_role("link", name="What to do").first).to_have_attribute(
        "href", re.compile("/docs/runbooks.md#northflankbackuptooold$")
    )
    budget = page.get_by_role("table", name="API budget")
    await expect(budget).to_contain_text("734 of 1000")
    await expect(budget).to_contain_text("in 20 min")
    for name, target in (("Metrics", "/metrics"), ("Service discovery", "/sd"), ("Health", "/-/healthy")):
        await expect(page.get_by_role("link", name=name)).to_have_attribute("href", target)


async def test_columns_sort_by_a_click_and_tell_so(visit: Visit) -> None:
    page = await visit.go()
    await page.get_by_role("columnheader", name="Addon", exact=True).get_by_role("link").click()
    assert await visit.addons() == sorted(WORST_FIRST)
    await expect(page.get_by_role("columnheader", name="Addon", exact=True)).to_have_attribute("aria-sort", "ascending")

    await page.get_by_role("columnheader", name="Addon", exact=True).get_by_role("link").click()
    assert await visit.addons() == sorted(WORST_FIRST, reverse=True)
    await expect(page.get_by_role("columnheader", name="Addon", exact=True)).to_have_attribute(
        "aria-sort", "descending"
    )
    assert page.url.endswith("/?sort=-addon")


async def test_a_form_and_links_choose_addons_without_javascript(browser: Browser) -> None:
    async with visiting(browser, Shown(snapshot(fleet())), java_script_enabled=False) as visit:
        page = await visit.go()
        await page.get_by_label("Project").select_option("intranet")
        await page.get_by_role("button", name="Show").click()
        assert await visit.addons() == ["queue", "lost-db", "cache", "crm-db"]
        await page.get_by_role("columnheader", name="Addon", exact=True).get_by_role("link").click()
        await page.get_by_label("Find").fill("db")
        await page.get_by_label("Find").press("Enter")
        assert await visit.addons() == ["crm-db", "lost-db"]
        await expect(page.get_by_text("2 that match", exact=False)).to_be_visible()
        await page.get_by_role("link", name="Unknown 1").click()
        assert await visit.addons() == ["lost-db"]
        await page.get_by_role("link", name="Show all 8").click()
        assert await visit.addons() == sorted(WORST_FIRST)
        assert await page.get_by_role("link", name="Reload").is_visible()
        assert await page.get_by_role("button", name="Pause").count() == 0


async def test_an_addons_page_shows_its_backups_schedules_and_last_polls(visit: Visit) -> None:
    page = await visit.go()
    await page.get_by_role("link", name="carts-db").click()

    await expect(page).to_have_title("Critical: shop/carts-db · Northflank backups")
    await expect(page.get_by_role("heading", level=1)).to_have_text("carts-db")
    await expect(page.get_by_role("img", name="18 completed, 3 failed, 0 others")).to_be_visible()
    assert await page.locator(".timeline .mark").count() == 21
    schedules = page.get_by_role("table", name="Schedules")
    for text in ("daily dump", "at 02:00", "10 h ago", "in 14 h", "7 d"):
        await expect(schedules).to_contain_text(text)
    await expect(page.get_by_role("table", name="polls")).to_contain_text("read to its end")
    await expect(page.get_by_role("table", name="polls")).to_contain_text("300 ms")
    assert await page.get_by_role("table", name="The latest backups").locator("tbody tr").count() == 21
    await page.get_by_role("link", name="All addons").click()
    assert await visit.addons() == WORST_FIRST


async def _violations(visit: Visit, axe: str) -> list[str]:
    await visit.page.evaluate(axe)
    found = await visit.page.evaluate("async () => (await axe.run()).violations")
    return [json.dumps([each["id"], each["impact"], [node["html"] for node in each["nodes"][:3]]]) for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_axe_finds_nothing_to_complain_of(browser: Browser, axe: str, scheme: str, width: int) -> None:
    shown = Shown(snapshot(fleet(), account(token_expires_at=NOW + timedelta(days=2))))
    window = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    async with visiting(browser, shown, **window) as visit:
        for path in ("/", "/?find=nothing+like+that", CARTS):
            await visit.go(path)
            assert await _violations(visit, axe) == [], path
        shown.snapshot = snapshot([], account(is_up=None, rate_limit=None), asked_at=None)
        await visit.go("/")
        assert await _violations(visit, axe) == []


async def test_it_is_dark_where_one_wants_that(browser: Browser) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        async with visiting(browser, Shown(snapshot(fleet())), color_scheme=scheme) as visit:
            page = await visit.go()
            grounds[scheme] = await page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert grounds == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 22, 28)"}


_OVERFLOWING = """() => [...document.querySelectorAll('main *')].filter((each) => {
  const box = each.getBoundingClientRect();
  const edge = each.closest('.plain tr')?.getBoundingClientRect().right ?? innerWidth;
  return box.width > 1 && box.right > edge + 0.5 && !each.closest('svg, pre, .sr, thead');
}).map((each) => each.outerHTML.slice(0, 80))"""


_SCROLLING = """() => [...document.querySelectorAll('.table')].filter((each) => each.scrollWidth > each.clientWidth)
  .map((each) => each.getAttribute('aria-labelledby'))"""


@pytest.mark.parametrize("path", ["/", CARTS])
async def test_nothing_sticks_out_on_a_phone(browser: Browser, path: str) -> None:
    addons = [*fleet(), addon("x" * 200, *dumps(3), project="p" * 100, title="t" * 150, type_="y" * 100)]
    longest = PollEntry(at=NOW, result=Reading.NEWEST, duration=timedelta(seconds=1), requests=2, backups=500)
    async with visiting(browser, Shown(snapshot([each.logged(longest) for each in addons])), **PHONE) as visit:
        page = await visit.go(path)
        assert await page.evaluate("document.documentElement.scrollWidth") == 320
        assert await page.evaluate(_SCROLLING) == []
        assert await page.evaluate(_OVERFLOWING) == []
        if path == "/":
            await expect(page.locator("tbody").first.get_by_role("link").first).to_be_in_viewport()
            await page.get_by_text("Find, filter, order").click()
            await page.get_by_label("Order").select_option("addon")
            await page.get_by_role("button", name="Show").click()
            assert (await visit.addons())[0] == "cache"


async def test_whatever_things_are_called_they_are_only_text(browser: Browser) -> None:
    addons = [
        addon(
            name,
            *dumps(3),
            backup(id=name),
            project=name,
            account=HOSTILE[0],
            type_=name,
            title=f"{name}!",
            tags=(name,),
        )
        for name in HOSTILE
    ]
    unreadable = unread("evil", account=HOSTILE[1]).failed(FailureReason.TIMEOUT, at=0.0, duration=timedelta(seconds=1))
    shown = Shown(snapshot([*addons, unreadable], account(HOSTILE[0]), account(HOSTILE[1], is_up=False)))
    async with visiting(browser, shown) as visit:
        page = await visit.go("/?sort=%22%3E%3Cscript%3Ealert(9)%3C/script%3E")
        assert await page.locator("main script, main img, main iframe").count() == 0
        assert await page.evaluate("document.documentElement.scrollWidth") == 1280
        names = await visit.addons()
        assert set(names) == {*HOSTILE, "evil"} - {HOSTILE[2]} | {"a\\u202egnp.exe"}
        for name in HOSTILE:
            await visit.go(addon_url(AddonKey(HOSTILE[0], name, name)))
            await expect(page.get_by_role("heading", level=1)).to_have_text(name.replace("\u202e", "\\u202e"))
            assert await page.locator("main script, main img, main iframe").count() == 0
            assert await page.evaluate("document.documentElement.scrollWidth") == 1280
        await visit.go("/?find=%22%3E%3Cscript%3Ealert(9)%3C/script%3E")
        await expect(page.get_by_label("Find")).to_have_value('"><script>alert(9)</script>')


async def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit: Visit) -> None:
    page = await visit.go()
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("#content")).to_be_focused()
    head = page.get_by_role("columnheader", name="Size").get_by_role("link")
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await head.evaluate("each => each === document.activeElement"):
            break
    await expect(head).to_be_focused()
    assert await head.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("columnheader", name="Size")).to_have_attribute("aria-sort", "descending")


async def test_it_reads_itself_again_but_not_while_somebody_uses_it(browser: Browser) -> None:
    shown = Shown(snapshot(fleet()))
    async with visiting(browser, shown) as visit:
        await visit.page.clock.install()
        page = await visit.go("/?sort=addon")
        headline = page.get_by_role("heading", level=1)
        shown.snapshot = snapshot(fleet()[:1])
        await page.get_by_label("Find").focus()
        await page.clock.run_for(120_000)
        await expect(headline).to_have_text("3 of 8 addons need attention")
        await expect(page.locator("#refresh")).to_contain_text("Waits while the page is in use")
        await page.get_by_role("columnheader", name="Addon", exact=True).get_by_role("link").focus()
        await page.clock.run_for(31_000)
        await expect(headline).to_have_text("None of 1 addon needs attention")
        await expect(page).to_have_title("None of 1 addon needs attention · Northflank backups")
        await expect(page.get_by_role("columnheader", name="Addon", exact=True).get_by_role("link")).to_be_focused()
        await expect(page.get_by_role("status")).to_contain_text("None of 1 addon needs attention")
        await page.get_by_role("button", name="Pause").click()
        shown.snapshot = snapshot(fleet())
        await page.clock.run_for(120_000)
        await expect(headline).to_have_text("None of 1 addon needs attention")
        await page.get_by_role("button", name="Go on").click()
        await page.clock.run_for(40_000)
        await expect(headline).to_have_text("3 of 8 addons need attention")


async def test_it_says_so_when_the_exporter_answers_no_more(browser: Browser) -> None:
    async with visiting(browser, Shown(snapshot(fleet()))) as visit:
        await visit.page.clock.install()
        page = await visit.go()
        await page.route("**/*", lambda route: route.abort())
        await page.clock.run_for(31_000)
        await expect(page.locator("#refresh")).to_contain_text("The exporter has not answered for 3")
        # Who reads at the beginning of a long page is to see it, too, and who hears it.
        await expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
        await expect(page.locator("#refresh")).to_be_in_viewport(ratio=1)
        await expect(page.get_by_role("status")).to_contain_text("The exporter has not answered for 3")
        await page.clock.run_for(180_000)
        await expect(page.locator("#refresh")).to_contain_text("has not answered for 3 minutes")
        await expect(page.get_by_role("heading", level=1)).to_have_text("3 of 8 addons need attention")
        await page.unroute("**/*")
        await page.clock.run_for(15_000)
        await expect(page.locator("#refresh")).to_contain_text("Read again every 30 seconds")
        await expect(page.locator("#refresh")).not_to_be_in_viewport()
        assert len(visit.trouble) > 0, "the browser's own words about it"
        visit.trouble.clear()


async def test_what_one_is_at_and_what_one_has_written_stay_when_it_is_read_again(browser: Browser) -> None:
    shown = Shown(snapshot(fleet()))
    async with visiting(browser, shown) as visit:
        await visit.page.clock.install()
        page = await visit.go()
        await page.get_by_label("Find").fill("not sent yet")
        await page.get_by_label("State", exact=True).select_option("unknown")
        places = (
            page.get_by_role("link", name="search-db"),
            page.get_by_role("link", name="What to do about: the latest dump"),
            page.get_by_role("region", name="worst first"),
        )
        for number, place in enumerate(places):
            await place.focus()
            shown.snapshot = snapshot([*fleet(), *[addon(f"never-{each}") for each in range(number + 1)]])
            await page.clock.run_for(40_000)
            await expect(page.get_by_role("heading", level=1)).to_have_text(
                f"{4 + number} of {9 + number} addons need attention"
            )
            await expect(place).to_be_focused()
        await expect(page.get_by_label("Find")).to_have_value("not sent yet")
        await expect(page.get_by_label("State", exact=True)).to_have_value("unknown")
        await places[0].focus()
        shown.snapshot = snapshot(fleet()[:1])
        await page.clock.run_for(40_000)
        await expect(page.locator("#content")).to_be_focused()


@pytest.mark.parametrize("name", [" begins with a space", "x" * 300, "a\u202egnp.exe", "a  b"])
async def test_an_addon_is_found_by_the_type_that_the_form_offers(browser: Browser, name: str) -> None:
    async with visiting(browser, Shown(snapshot([addon("this", type_=name), addon("other")]))) as visit:
        page = await visit.go()
        await page.get_by_label("Type").select_option(index=2 if name > "postgresql" else 1)
        await page.get_by_role("button", name="Show").click()
        assert await visit.addons() == ["this"]


async def test_before_the_first_scrape_it_tells_how_to_be_scraped(browser: Browser) -> None:
    async with visiting(browser, Shown(snapshot([], account(is_up=None, rate_limit=None), asked_at=None))) as visit:
        page = await visit.go()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was read yet")
        await expect(page.locator("pre")).to_contain_text(f'targets: ["{visit.url.removeprefix("http://")}"]')
        await expect(page.get_by_role("heading", name="No scrape has come yet")).to_be_visible()


async def test_it_says_so_when_nobody_scrapes_any_more(browser: Browser) -> None:
    async with visiting(browser, Shown(snapshot(fleet(), asked_at=ago(hours=2)))) as visit:
        for path in ("/", CARTS):
            page = await visit.go(path)
            await expect(page.get_by_text("Nobody has asked for metrics for 2 h.")).to_be_visible()


async def test_many_addons_are_paged(browser: Browser) -> None:
    daily = schedule(created_at=ago(days=3))
    addons = [addon(f"db-{number:03}", *dumps(3), schedules=[daily]) for number in range(250)]
    async with visiting(browser, Shown(snapshot(addons))) as visit:
        page = await visit.go("/?sort=addon")
        await page.get_by_role("link", name="Next", exact=True).click()
        assert [(await visit.addons())[place] for place in (0, -1)] == ["db-100", "db-199"]
        await page.get_by_role("link", name="Previous").click()
        assert (await visit.addons())[0] == "db-000"
