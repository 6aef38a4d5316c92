"""What the templates make of values that are easily taken for none."""

from dataclasses import replace
from datetime import timedelta

from exporter.model import AddonKey
from exporter.pages import Frame, Query, addon_page, fleet_page
from tests.builders import NOW, backup
from tests.pages.fleet import account, addon, snapshot

FRAME = Frame(nonce="n", version="1.2.3", telemetry_path="/metrics", host="localhost", scheme="http")


def test_a_backup_that_holds_nothing_is_not_one_whose_size_nobody_knows() -> None:
    sizes = {"empty": 0, "unknown": None}
    pages = {
        name: addon_page(snapshot([addon(name, backup(size_bytes=size))]), AddonKey("", "shop", name), FRAME)
        for name, size in sizes.items()
    }

    assert {name: page.count('data-of="Size" class="number">0 B<') for name, page in pages.items()} == {
        "empty": 1,
        "unknown": 0,
    }
    assert {name: page.count("UTC, 0 B</title>") for name, page in pages.items()} == {"empty": 1, "unknown": 0}


def test_when_a_limit_is_reset_is_told_by_the_clock_that_said_so() -> None:
    ahead = snapshot([], account("acme"), now=NOW + timedelta(hours=2))
    page = fleet_page(replace(ahead, times={"acme": NOW}), Query(), FRAME)

    assert '<td role="cell" data-of="Reset">in 20 min</td>' in page
    assert "before the reset" not in page


def test_how_to_be_scraped_is_told_as_it_was_asked() -> None:
    pages = [
        fleet_page(snapshot([], asked_at=None), Query(), replace(FRAME, scheme=scheme)) for scheme in ("http", "https")
    ]

    assert ["    scheme: https\n    static_configs:" in page for page in pages] == [False, True]
