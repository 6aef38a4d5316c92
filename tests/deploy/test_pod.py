"""The process that the chart starts: the real exporter, with the Pod's files, arguments and probes."""

from pathlib import Path

import pytest
from helm_python import values_from_yaml

from exporter.simulator import Simulator
from tests.certificates import make_certificate
from tests.deploy.chart import VARIANTS, Object, containers, objects, of_kind
from tests.deploy.pod import laid_out, started
from tests.process import TOKEN, get, run, running

USERS = {"basic_auth_users": {"carol": "$2y$10$qRTBuFoULoYNA7AQ/F3ck.trZBPyjV64.oA4ZsSBCIWvXuvQlQTuu"}}
TLS = {"tls_server_config": {"cert_file": "/run/secrets/tls/server.pem", "key_file": "/run/secrets/tls/server.key"}}
ONE_ADDON = [{"project": "shop", "addon": "orders-db"}]
CONFIG = "etc/northflank-backup-exporter/config.yaml"


def watching(simulator: Simulator) -> Object:
    account = {"api_url": simulator.url, "token_file": "/run/secrets/northflank/token", "addons": ONE_ADDON}
    return {"tokens": {"token": TOKEN}, "config": {"accounts": [account]}}


async def test_it_serves_what_it_is_configured_to_watch_and_answers_its_probes(
    tmp_path: Path, simulator: Simulator
) -> None:
    values = watching(simulator)
    (container,) = containers(of_kind("Deployment", objects(values)))
    async with started(values, tmp_path) as command:
        url = await command.url()

        for probe in ("livenessProbe", "readinessProbe"):
            assert (await get(url + container[probe]["httpGet"]["path"]))[0] == 200
        assert "northflank_up 1.0" in (await get(url + "/metrics"))[1]


@pytest.mark.parametrize("web", [USERS, TLS, {**USERS, **TLS}], ids=["password", "TLS", "both"])
async def test_its_probes_need_no_password_and_no_certificate(
    web: Object, tmp_path: Path, simulator: Simulator
) -> None:
    (tmp_path / "run" / "secrets" / "tls").mkdir(parents=True)
    make_certificate(tmp_path / "run" / "secrets" / "tls", "server", "DNS:localhost")
    values = {**watching(simulator), "web": {"config": web}}
    (container,) = containers(of_kind("Deployment", objects(values)))
    async with started(values, tmp_path) as command:
        address = (await command.url()).removeprefix("http://")

        for probe in ("livenessProbe", "readinessProbe"):
            python, *words = container[probe]["exec"]["command"]
            assert (python, words[0]) == ("python", "-m")
            async with running(*words[2:], address, cwd=tmp_path, module=words[1]) as asking:
                assert (await asking.end()).code == 0


@pytest.mark.parametrize("name", ["everything on", "default"])
async def test_the_configuration_is_one_that_the_exporter_accepts(name: str, tmp_path: Path) -> None:
    values = VARIANTS[name]
    laid_out(objects(values | {"tokens": values.get("tokens", {"token": TOKEN})}), tmp_path)

    checked = await run("check", "--config.file", tmp_path / CONFIG, cwd=tmp_path)

    assert checked.code == 0, checked.stdout
    assert "*/*" in checked.stdout


async def test_words_that_helm_reads_as_something_else_mean_the_same_to_the_exporter(tmp_path: Path) -> None:
    values = values_from_yaml("""
        tokens: {token: demo}
        config:
          accounts:
            - token_file: /run/secrets/northflank/token
              addons:
                - {project: "123", addon: "no", max_age: off}
          collect: {restores: off, discovery: 0}
          scrape: {min_refresh_interval: 0}
    """)
    laid_out(objects(values), tmp_path)

    checked = await run("check", "--config.file", tmp_path / CONFIG, cwd=tmp_path)

    assert checked.code == 0, checked.stdout
    assert "123/no" in checked.stdout
