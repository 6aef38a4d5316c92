"""`/sd`: the watched addons, as Prometheus' HTTP service discovery wants them."""

import gzip
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from exporter.model import AddonKey, ListedAddon
from exporter.state import AddonState
from exporter.web.discovery import target_groups
from tests.web.conftest import Open, Site

ORDERS = AddonState(
    key=AddonKey("acme", "shop", "orders-db"),
    info=ListedAddon(id="orders-db", name='Orders "DB" ü', type="postgresql", status="running", tags=("prod", "eu")),
)


async def test_every_addon_is_a_target_with_its_labels(opened: Open) -> None:
    site = await opened("/metrics", ORDERS)

    answer = await site.ask("/sd")

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert await answer.json() == [
        {
            "targets": ["shop/orders-db"],
            "labels": {
                "__param_account": "acme",
                "__param_project": "shop",
                "__param_addon": "orders-db",
                "__meta_northflank_account": "acme",
                "__meta_northflank_project_id": "shop",
                "__meta_northflank_project": "shop",
                "__meta_northflank_addon_id": "orders-db",
                "__meta_northflank_addon": "orders-db",
                "__meta_northflank_addon_name": 'Orders "DB" ü',
                "__meta_northflank_type": "postgresql",
                "__meta_northflank_tags": ",eu,prod,",
            },
        }
    ]


async def test_what_is_not_known_is_an_empty_text_and_an_unnamed_account_no_parameter(opened: Open) -> None:
    site = await opened("/metrics", AddonState(key=AddonKey("", "shop", "orders-db")))

    ((group),) = await (await site.ask("/sd")).json()

    assert "__param_account" not in group["labels"]
    empty = {name.removeprefix("__meta_northflank_") for name, text in group["labels"].items() if not text}
    assert empty == {"account", "addon_name", "type", "tags"}


async def test_an_addon_without_tags_has_none(opened: Open) -> None:
    site = await opened("/metrics", replace(ORDERS, info=ListedAddon(id="orders-db")))

    ((group),) = await (await site.ask("/sd")).json()

    assert group["labels"]["__meta_northflank_tags"] == ""


async def test_targets_keep_their_order_and_are_asked_for_once(opened: Open) -> None:
    keys = [AddonKey("acme", "shop", name) for name in ("zebra", "ant", "monkey")]
    site = await opened("/metrics", *(AddonState(key=key) for key in keys))

    groups = await (await site.ask("/sd")).json()

    assert [group["targets"] for group in groups] == [["shop/zebra"], ["shop/ant"], ["shop/monkey"]]
    assert site.watcher.asked == [("targets", None)]
    assert site.watcher.probed == []


async def test_without_addons_the_list_is_empty(site: Site) -> None:
    site.watcher.addons = ()

    assert await (await site.ask("/sd")).text() == "[]"


async def test_the_list_is_compressed_only_where_it_is_asked_for(site: Site) -> None:
    plain, packed = await site.ask("/sd"), await site.ask("/sd", Accept_Encoding="gzip")

    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(await packed.read())) == await plain.json()


@pytest.mark.parametrize(("said", "time"), [("60", timedelta(minutes=1)), ("often", None)])
async def test_prometheus_waits_until_its_next_refresh(site: Site, said: str, time: timedelta | None) -> None:
    await site.ask("/sd", X_Prometheus_Refresh_Interval_Seconds=said)

    assert site.watcher.asked == [("targets", time)]


@pytest.mark.parametrize("number", [0, 1, 1_200])
def test_no_chunk_grows_with_the_addons(number: int) -> None:
    addons = [replace(ORDERS, key=AddonKey("acme", "shop", f"db-{place}")) for place in range(number)]

    chunks = list(target_groups(addons))

    assert max(map(len, chunks)) < 1_000
    assert [group["targets"] for group in json.loads(b"".join(chunks))] == [
        [f"shop/db-{each}"] for each in range(number)
    ]
