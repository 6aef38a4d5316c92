"""The committed dashboards: what is written by the code, and what all of them have."""

import re
from collections.abc import Iterator

import pytest
import yaml

from dashboards import limits
from dashboards.boards import FOLDER, files
from dashboards.limits import MINUTE
from tests.process import ROOT

from .reading import Json, boards, panels, variables

BOARDS = pytest.mark.parametrize("board", boards(), ids=lambda board: str(board["uid"]))


def test_the_committed_files_are_what_the_code_writes() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert committed == files(), "run make dashboards"


def test_there_are_three_with_uids_that_stay() -> None:
    assert [board["uid"] for board in boards()] == ["northflank-addon", "northflank-exporter", "northflank-overview"]
    assert sum(len(panels(board)) for board in boards()) >= 30


@BOARDS
def test_links_lead_to_the_others_and_keep_time_and_variables(board: Json) -> None:
    (link,) = board["links"]
    assert (link["type"], link["keepTime"], link["includeVars"]) == ("dashboards", True, True)
    assert set(link["tags"]) <= set(board["tags"])
    assert "placement" not in link


@BOARDS
def test_it_is_read_only_and_of_a_recent_schema(board: Json) -> None:
    assert board["editable"] is False
    assert board["schemaVersion"] >= 41
    assert board["templating"]["list"][0]["current"]["value"] == "default"


@BOARDS
def test_every_panel_says_what_it_is_and_what_to_do(board: Json) -> None:
    for panel in panels(board):
        what, *to_do = panel["description"].split("\n\n")
        assert what.endswith(".")
        assert to_do, f"{panel['title']}: what should one do?"
        assert panel["fieldConfig"]["defaults"]["noValue"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"]


@BOARDS
def test_panels_have_their_own_ids_and_queries_theirs(board: Json) -> None:
    numbers = [panel["id"] for panel in board["panels"]]
    assert sorted(set(numbers)) == numbers
    for panel in panels(board):
        names = [query["refId"] for query in panel["targets"]]
        assert len(set(names)) == len(names)


@BOARDS
def test_panels_fill_the_page_without_covering_each_other(board: Json) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        cells = set(_cells(panel["gridPos"]))
        assert not cells & taken, panel["title"]
        taken |= cells
    width = 24
    assert {x for x, _ in taken} == set(range(width))
    # A row of panels that ends early looks like one that was forgotten.
    heights = {y: sum(1 for x, at in taken if at == y) for _, y in taken}
    assert {y for y, filled in heights.items() if filled != width} == set()


def _cells(place: Json) -> Iterator[tuple[int, int]]:
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            yield x, y


@BOARDS
def test_variables_follow_from_each_other(board: Json) -> None:
    names = [each["name"] for each in variables(board)]
    for place, each in enumerate(variables(board)[1:], start=1):
        asked = set(re.findall(r"\$(\w+)", each["query"]))
        assert asked <= set(names[:place])
        assert set(names[1:place]) - asked <= {"addon_type"}, f"{each['name']} does not follow from all before it"
        assert each["datasource"]["uid"] == "${datasource}"


@BOARDS
def test_an_account_without_a_name_is_among_all_of_them(board: Json) -> None:
    (account,) = (each for each in variables(board) if each["name"] == "account")
    assert account["allValue"] == ".*"
    assert account["current"]["value"] == ["$__all"]


def test_failed_backups_and_firing_alerts_are_marked() -> None:
    marks = {board["uid"]: [mark["name"] for mark in board["annotations"]["list"]] for board in boards()}
    assert marks == {
        "northflank-addon": ["Failed backups", "Firing alerts"],
        "northflank-exporter": ["Firing alerts"],
        "northflank-overview": ["Failed backups", "Firing alerts"],
    }


def test_the_provisioning_finds_the_dashboards_and_the_data_source() -> None:
    folder = ROOT / "grafana" / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources" / "prometheus.yaml").read_text())["datasources"]
    (provider,) = yaml.safe_load((folder / "dashboards" / "northflank.yaml").read_text())["providers"]
    assert (source["type"], source["isDefault"]) == ("prometheus", True)
    # With a shorter one, Grafana would take rates over fewer than four scrapes.
    assert source["jsonData"]["timeInterval"] == f"{MINUTE // 60}m"
    assert provider["allowUiUpdates"] is False
    assert limits.DAY == 24 * 60 * MINUTE
