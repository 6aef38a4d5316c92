"""What the templates make of values that are easily taken for none."""

from exporter.model import AddonKey
from exporter.pages import Frame, addon_page
from tests.builders import backup
from tests.pages.fleet import addon, snapshot

FRAME = Frame(nonce="n", version="1.2.3", telemetry_path="/metrics", host="localhost")


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
