"""docs/installation.md: what it tells to type and to write works."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from exporter.simulator import Simulator
from scripts.deployment import CHART, MANIFEST
from tests.deploy.chart import Object, containers, objects, of_kind
from tests.deploy.kubernetes import validate
from tests.deploy.pod import started
from tests.deploy.unit import CONFIG, ExecStart
from tests.documentation.commands import BLOCKS, typed
from tests.process import ANY_ADDRESS, ROOT, TOKEN, get, running

PAGE = ROOT / "docs" / "installation.md"
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL))
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def commands(section: str) -> list[str]:
    """Give what a section tells to type, each in one line."""
    return [step.text for block in BLOCKS if block.page == PAGE and block.heading == section for step in typed(block)]


def shown(section: str) -> Object:
    """Give the YAML that a section shows."""
    (block,) = re.findall(r"```yaml\n(.*?)```", SECTIONS[section], re.DOTALL)
    values: Object = yaml.safe_load(block)
    return values


def test_every_way_of_the_table_has_its_section() -> None:
    linked = re.findall(r"^\| \[(.+?)\]\(#(.+?)\)", PAGE.read_text(), re.MULTILINE)

    assert [title for title, _ in linked] == list(SECTIONS)
    assert all(anchor == title.lower().replace(" ", "-") for title, anchor in linked)


def test_the_container_finds_what_is_mounted_and_listens_where_is_said() -> None:
    (run,) = (command for command in commands("Container") if command.startswith("docker run "))
    words = shlex.split(run)
    (workdir,) = re.findall(r"^WORKDIR (/etc/\S+)$", DOCKERFILE, re.MULTILINE)
    (port,) = re.findall(r"^EXPOSE (\S+)$", DOCKERFILE, re.MULTILINE)

    assert f"./config.yaml:{workdir}/config.yaml:ro" in words
    assert f"{port}:{port}" in words


@pytest.mark.parametrize("section", ["Helm", "Plain manifest"])
def test_the_secret_that_is_made_is_the_one_that_is_mounted(section: str) -> None:
    made = objects(shown("Helm")) if section == "Helm" else list(yaml.safe_load_all(MANIFEST.read_text()))
    volumes = of_kind("Deployment", made)["spec"]["template"]["spec"]["volumes"]
    (wanted,) = (each["secret"]["secretName"] for each in volumes if "secret" in each)
    create, install = commands(section)

    assert f"create secret generic {wanted} --from-literal=token=" in create
    assert str((CHART if section == "Helm" else MANIFEST).relative_to(ROOT)) in install


async def test_the_values_that_are_shown_make_an_exporter_that_watches(tmp_path: Path, simulator: Simulator) -> None:
    values = shown("Helm")
    for each in objects(values):
        validate(each)
    (container,) = containers(of_kind("Deployment", objects(values)))
    assert container["image"].startswith("images.example/northflank-backup-exporter:")

    values["config"]["accounts"][0]["api_url"] = simulator.url
    async with started({**values, "tokens": {"token": TOKEN}}, tmp_path) as command:
        assert "northflank_up 1.0" in (await get(await command.url() + "/metrics"))[1]


def type_below(folder: Path, command: str) -> None:
    """Run a command that must touch nothing outside the folder."""
    outside = [word for word in shlex.split(command) if word.startswith("/") and not word.startswith(f"{folder}/")]
    assert set(outside) <= {"/dev/stdin"}
    environment = {"NORTHFLANK_API_TOKEN": TOKEN, "PATH": "/usr/bin:/bin"}
    subprocess.run(["bash", "-euc", command], cwd=folder, check=True, env=environment)


async def test_the_files_that_are_installed_for_systemd_are_those_that_the_service_wants(
    tmp_path: Path, simulator: Simulator
) -> None:
    config = shown("systemd")
    config["accounts"][0]["api_url"] = simulator.url
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    typed = [command.replace("sudo ", "").replace(" /etc/", f" {tmp_path}/etc/") for command in commands("systemd")]
    installing = [command for command in typed if "install -" in command and "pip" not in command]
    assert len(installing) == 3
    for command in installing:
        type_below(tmp_path, command)

    (unit,) = (tmp_path / "etc/systemd/system").iterdir()
    start = ExecStart.of(unit)
    token = tmp_path / start.credential.lstrip("/")
    assert token.stat().st_mode & 0o777 == 0o600
    assert f"{typed[0].rsplit(' ', 1)[1]}/bin/northflank-backup-exporter" == start.program
    words = [word.replace(CONFIG, f"{tmp_path}{CONFIG}") for word in start.words]
    environment = {"CREDENTIALS_DIRECTORY": str(token.parent)}
    async with running(*words, ANY_ADDRESS, cwd=tmp_path, environment=environment) as service:
        assert "northflank_up 1.0" in (await get(await service.url() + "/metrics"))[1]
