"""Links lead somewhere, configurations that are shown are read, and queries ask for metrics that there are."""

import os
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from exporter.config import parse
from exporter.config.keys import ROOT as CONFIGURATION
from exporter.webconfig import reader
from tests.catalogue import exported, queryable
from tests.certificates import make_certificate
from tests.documentation.pages import PAGES, Block, anchors, blocks, read, without_blocks
from tests.machine import program
from tests.process import ROOT, TOKEN, write_secret
from tests.prometheus.reading import promtool, selectors

LINKS = [
    (page, target)
    for page in PAGES
    for target in re.findall(r"\]\(([^)\s]+)\)", without_blocks(page))
    if not re.match(r"https?://", target)
]
YAML = list(blocks("yaml"))
KEYS_OF_HELM = {"image", "config", "serviceMonitor"}
LONGEST_README = 300


@pytest.mark.parametrize(("page", "target"), LINKS, ids=os.path.basename)
def test_a_link_leads_to_a_file_and_a_heading_that_there_are(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    linked = (page.parent / path).resolve() if path else page

    assert linked.exists()
    assert linked.is_relative_to(ROOT)
    if anchor:
        assert anchor in anchors(linked)


def test_every_page_is_linked_from_the_first_one() -> None:
    linked = {(page.parent / target.partition("#")[0]).resolve() for page, target in LINKS if page.name == "README.md"}

    assert {page for page in PAGES if page.parent.name == "docs"} <= linked


def test_the_first_page_can_be_read_at_once() -> None:
    assert len(read(ROOT / "README.md").splitlines()) <= LONGEST_README


@pytest.mark.parametrize("block", YAML, ids=str)
def test_yaml_that_is_shown_is_what_the_program_it_is_for_reads(block: Block, tmp_path: Path) -> None:
    shown = yaml.safe_load(block.text)
    keys = set(shown)
    if keys <= {"scrape_configs", "rule_files"}:
        _read_by_prometheus(block, tmp_path)
    elif keys <= reader._ROOT:
        made = make_certificate(tmp_path, "server")
        made.certificate.rename(tmp_path / "server.crt")
        assert reader.parse(block.text, tmp_path / "web.yml").users
    elif keys <= set(CONFIGURATION):
        _read_by_the_exporter(block, tmp_path)
    elif block.page.name == "configuration.md":
        assert len(keys) == 1, "the example of a key, which test_configuration.py reads"
    else:
        assert keys >= KEYS_OF_HELM, "values of the chart, which tests/deploy/test_installation.py renders"


def _read_by_prometheus(block: Block, folder: Path) -> None:
    program("promtool", origin="the Debian package prometheus")
    (folder / "rules").mkdir()
    (folder / "rules" / "alerts.yaml").write_text((ROOT / "prometheus" / "rules" / "alerts.yaml").read_text())
    (folder / "ca.pem").write_bytes(make_certificate(folder, "ca").certificate.read_bytes())
    (folder / "prometheus.yml").write_text(block.text.replace("/run/secrets/", f"{folder}/"))
    write_secret(folder / "exporter", "password")
    checked = promtool("check", "config", folder / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def _read_by_the_exporter(block: Block, folder: Path) -> None:
    text = re.sub(r"token_file: \S*?([\w-]+)(?=\s)", r"token_file: \1", block.text)
    for name in re.findall(r"token_file: (\S+)", text):
        write_secret(folder / name, f"{TOKEN}-of-{name}")
    if "accounts" not in yaml.safe_load(text):
        text += "\naccounts: [{token: '${NORTHFLANK_API_TOKEN}', addons: [{project: shop, addon: '*'}]}]\n"
    assert parse(text, {"NORTHFLANK_API_TOKEN": TOKEN}, directory=folder).accounts


@pytest.mark.parametrize("block", list(blocks("promql")), ids=str)
def test_a_query_asks_for_what_there_is(block: Block) -> None:
    for selector in selectors(block.text):
        assert {matcher.name for matcher in selector.matchers.matchers} <= queryable()[selector.name or ""]


@pytest.mark.parametrize("block", list(blocks("metrics")), ids=str)
def test_a_sample_that_is_shown_has_labels_that_there_are(block: Block) -> None:
    for family in text_string_to_metric_families(block.text):
        for sample in family.samples:
            assert set(sample.labels) <= exported()[sample.name]


def test_every_metric_that_is_named_is_exported() -> None:
    names = {name for page in PAGES for name in re.findall(r"\bnorthflank_[a-z_]+[a-z]\b", read(page))}
    known = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exported()} | set(exported())

    assert {name for name in names if name not in known and not name.endswith("_")} == set()
