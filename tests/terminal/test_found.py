"""The table of what tokens see."""

from exporter.discovered import FoundAccount
from exporter.model import ListedAddon
from exporter.terminal.found import found_table
from exporter.terminal.screen import Screen, rendered


def lines(found: dict[str, FoundAccount], screen: Screen) -> list[str]:
    return rendered(found_table(found, screen), screen=screen).decode().splitlines()


QUEUE = ListedAddon(id="queue", type="rabbitmq", name="\x1b[2J[red]\n日本", status="paused", tags=("a", "b"))


def test_each_addon_stands_with_its_account_whatever_it_is_called() -> None:
    found = {
        "acme/x": FoundAccount(projects={"shop": [QUEUE, ListedAddon(id="orders-db")]}),
        "empty": FoundAccount(projects={}),
    }

    assert lines(found, Screen()) == [
        "ACCOUNT  PROJECT  ADDON      TYPE      STATUS  NAME                  TAGS",
        r"acme/x   shop     queue      rabbitmq  paused  \x1b[2J[red]\x0a日本  a, b",
        "acme/x   shop     orders-db  -         -       -                     -",
    ]


def test_little_room_is_for_what_an_addon_is() -> None:
    titles = lines({"": FoundAccount(projects={"shop": [QUEUE]})}, Screen(width=80, is_terminal=True))[0]

    assert titles.split() == ["PROJECT", "ADDON", "TYPE", "STATUS", "NAME"]
