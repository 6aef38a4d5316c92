"""What the templates make of values that are easily taken for none."""

from dataclasses import replace
from datetime import timedelta

import pytest

from exporter.model import AddonKey, FailureReason
from exporter.pages import Frame, Query, addon_page, fleet_page
from exporter.poll_log import PollEntry
from tests.builders import NOW, backup
from tests.pages.fleet import account, addon, dumps, snapshot, unread

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


def test_an_addons_backups_are_judged_by_the_clock_that_dated_them() -> None:
    known = replace(snapshot([addon("a", *dumps(3))], now=NOW + timedelta(hours=40)), times={"": NOW})
    page = addon_page(known, known.addons[0].key, FRAME)

    assert "Nothing is the matter" in page


@pytest.mark.parametrize(
    ("hours", "status", "how"),
    [(3, "running", "within"), (23, "running", "near"), (50, "running", "over"), (50, "paused", "")],
)
def test_an_age_is_drawn_beside_its_limit_unless_none_counts(hours: int, status: str, how: str) -> None:
    page = fleet_page(snapshot([addon("a", *dumps(hours), status=status)]), Query(), FRAME)

    assert f'<span class="main {how}">' in page
    assert (f'<svg class="gauge {how}"' in page) == bool(how)


def test_what_nobody_has_read_is_unknown_and_not_never() -> None:
    pages = [fleet_page(snapshot([each]), Query(), FRAME) for each in (unread("a"), addon("a"))]

    assert [(">unknown</span>" in page, ">never</span>" in page) for page in pages] == [(True, False), (False, True)]


def test_a_poll_that_never_was_for_its_accounts_sake_says_so() -> None:
    asked, not_asked = (
        unread("a").logged(PollEntry(NOW, FailureReason.TIMEOUT, timedelta(0), requests, None)) for requests in (1, 0)
    )
    pages = [addon_page(snapshot([each]), each.key, FRAME) for each in (asked, not_asked)]

    assert ["its account could not be read" in page for page in pages] == [False, True]


def test_how_to_be_scraped_is_told_as_it_was_asked() -> None:
    frames = FRAME, replace(FRAME, scheme="https"), replace(FRAME, telemetry_path="/backups")
    pages = [fleet_page(snapshot([], asked_at=None), Query(), frame) for frame in frames]

    assert ["    scheme: https\n    static_configs:" in page for page in pages] == [False, True, False]
    assert ["    metrics_path: /backups\n" in page for page in pages] == [False, False, True]
