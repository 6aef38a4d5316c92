"""compose.yaml: valid, and about files, images and addresses that exist."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.process import ROOT

FILE = ROOT / "compose.yaml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text())["services"]
OURS = {name for name, service in SERVICES.items() if "build" in service}


def addresses() -> Iterator[str]:
    """Give every address (host:port) that a program in a container is told."""
    yield urlsplit(SERVICES["northflank-exporter"]["environment"]["NORTHFLANK_API_URL"]).netloc
    scraping = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())
    for holder in (*scraping["scrape_configs"], *scraping["alerting"]["alertmanagers"]):
        for configuration in holder["static_configs"]:
            yield from configuration["targets"]
    for path in (ROOT / "grafana" / "provisioning" / "datasources").iterdir():
        for datasource in yaml.safe_load(path.read_text())["datasources"]:
            yield urlsplit(datasource["url"]).netloc


def listening(name: str) -> set[str]:
    """Give the ports at which a service listens within its network."""
    text = " ".join([*SERVICES[name].get("ports", []), *SERVICES[name].get("command", [])])
    return set(re.findall(r":([0-9]+)\b", text))


def test_it_is_what_compose_accepts() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


def test_what_programs_are_told_of_each_other_names_services_and_where_they_listen() -> None:
    found = set(addresses())

    assert {address.partition(":")[0] for address in found} >= {"simulator", "northflank-exporter", "prometheus"}
    for address in found:
        name, _, port = address.partition(":")
        assert port in listening(name), address


@pytest.mark.parametrize("name", SERVICES)
def test_everything_mounted_exists_and_is_read_only(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source, _, mode = mount.split(":")
        assert source.startswith("./")
        assert (ROOT / source).exists()
        assert mode == "ro"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_says_when_it_is_well_and_waits_for_those_it_needs(name: str) -> None:
    service = SERVICES[name]

    assert service["healthcheck"].get("test") or "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()
    for needed, how in service.get("depends_on", {}).items():
        assert needed in SERVICES
        assert how == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", SERVICES)
def test_only_this_machine_can_reach_a_service(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - OURS))
def test_an_image_of_others_is_pinned_to_a_version(name: str) -> None:
    assert re.fullmatch(r"[a-z]+/[a-z]+:v?[0-9]+\.[0-9]+\.[0-9]+", SERVICES[name]["image"])


def test_grafana_finds_the_dashboards_where_its_provisioning_looks_for_them() -> None:
    mounts = dict(mount.split(":")[:2] for mount in SERVICES["grafana"]["volumes"])
    (path,) = (ROOT / "grafana" / "provisioning" / "dashboards").iterdir()
    (provider,) = yaml.safe_load(path.read_text())["providers"]

    assert mounts["./grafana/dashboards"] == provider["options"]["path"]


def test_the_exporter_finds_its_configuration_where_it_looks_for_it() -> None:
    mounts = dict(mount.split(":")[:2] for mount in SERVICES["northflank-exporter"]["volumes"])
    (workdir,) = re.findall(r"^WORKDIR (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[-1:]

    assert mounts["./demo/config.yaml"] == str(Path(workdir) / "config.yaml")
