"""The chart: what it makes is what Kubernetes, Prometheus, Grafana and the exporter accept."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from helm_python import Chart, lint
from helm_python.errors import HelmValuesError

import exporter
from scripts.deployment import CHART
from tests.deploy.chart import VARIANTS, Object, containers, is_selected, objects, of_kind, texts
from tests.deploy.kubernetes import validate, violations
from tests.machine import program
from tests.process import ROOT

EVERYTHING = VARIANTS["everything on"]
ERROR = 3
"""The severity of what helm finds."""

every_variant = pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)


@every_variant
def test_helm_finds_nothing_to_complain_of(values: Object) -> None:
    report = lint(CHART, values, strict=True)

    assert report["errors"] == []
    assert [each["error"] for each in report["messages"]] == ["icon is recommended"]


@every_variant
def test_every_object_is_what_its_schema_says(values: Object) -> None:
    made = objects(values)

    for each in made:
        validate(each)
    assert len({(each["kind"], each["metadata"]["name"]) for each in made}) == len(made)


@every_variant
def test_the_pod_may_run_where_security_is_restricted(values: Object) -> None:
    deployment = of_kind("Deployment", objects(values))

    assert list(violations(deployment)) == []
    assert all(each["securityContext"]["readOnlyRootFilesystem"] for each in containers(deployment))


@pytest.mark.parametrize(
    "values",
    [
        {"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}},
        {"securityContext": {"capabilities": {"drop": ["NET_RAW"]}}},
        {"securityContext": {"allowPrivilegeEscalation": True}},
        {"securityContext": {"privileged": True}},
        {"podSecurityContext": {"runAsNonRoot": False}},
        {"podSecurityContext": {"runAsUser": 0}},
        {"podSecurityContext": {"seccompProfile": {"type": "Unconfined"}}},
        {"extraVolumes": [{"name": "host", "hostPath": {"path": "/"}}]},
    ],
)
def test_whoever_gives_the_pod_more_rights_notices_that_it_is_restricted_no_more(values: Object) -> None:
    assert len(list(violations(of_kind("Deployment", objects(values))))) == 1


@every_variant
def test_what_the_pod_mounts_is_made_by_the_chart_or_by_whom_the_values_name(values: Object) -> None:
    made = objects(values)
    pod = of_kind("Deployment", made)["spec"]["template"]["spec"]
    by_chart = {(each["kind"], each["metadata"]["name"]) for each in made}
    by_others = {("ConfigMap", "my-config"), ("Secret", "my-tokens"), ("Secret", "my-web"), ("Secret", "tls")}
    by_others |= {("Secret", "northflank-api-token")} if "tokens" not in values else set()

    wanted = {("ConfigMap", each["configMap"]["name"]) for each in pod["volumes"] if "configMap" in each}
    wanted |= {("Secret", each["secret"]["secretName"]) for each in pod["volumes"] if "secret" in each}
    assert len(wanted) == len(pod["volumes"])
    assert wanted <= by_chart | by_others
    assert {each["metadata"]["name"] for each in made if each["kind"] == "Secret"} <= {name for _, name in wanted}
    for container in containers(of_kind("Deployment", made)):
        assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}


@every_variant
def test_selectors_find_the_pod_and_the_service_and_nothing_of_another_release(values: Object) -> None:
    made, others = objects(values), objects(values, name="another")
    pod, service = of_kind("Deployment", made)["spec"]["template"], of_kind("Service", made)
    foreign = of_kind("Deployment", others)["spec"]["template"]
    selectors = [of_kind("Deployment", made)["spec"]["selector"]["matchLabels"], service["spec"]["selector"]]
    selectors += [each["spec"]["podSelector"]["matchLabels"] for each in made if each["kind"] == "NetworkPolicy"]

    for selector in selectors:
        assert is_selected(selector, pod["metadata"]["labels"])
        assert not is_selected(selector, foreign["metadata"]["labels"])
    for monitor in (each for each in made if each["kind"] == "ServiceMonitor"):
        selector = monitor["spec"]["selector"]["matchLabels"]
        assert is_selected(selector, service["metadata"]["labels"])
        assert not is_selected(selector, of_kind("Service", others)["metadata"]["labels"])
        assert {each["port"] for each in monitor["spec"]["endpoints"]} == {
            each["name"] for each in service["spec"]["ports"]
        }


def test_the_groups_of_the_rules_are_the_projects(tmp_path: Path) -> None:
    groups = of_kind("PrometheusRule", objects(EVERYTHING))["spec"]["groups"]

    files = sorted((ROOT / "prometheus" / "rules").glob("*.yaml"))
    assert groups == [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": groups}))
    promtool = program("promtool", origin="scripts/fetch-tools")
    checked = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_each_dashboard_is_the_projects_in_an_object_that_kubectl_can_apply() -> None:
    made = [each for each in objects(EVERYTHING) if "grafana_dashboard" in each["metadata"]["labels"]]
    held = {name: text for each in made for name, text in each["data"].items()}

    files = (ROOT / "grafana" / "dashboards").glob("*.json")
    assert held == {path.name: path.read_text().rstrip("\n") for path in files}
    for each in made:
        assert each["metadata"]["namespace"] == "grafana"
        # kubectl keeps the whole object in an annotation of at most 256 KiB.
        assert sum(map(len, each["data"].values())) < 200_000


def test_neither_rules_nor_dashboards_nor_a_monitor_are_made_for_who_has_no_use_for_them() -> None:
    kinds = {each["kind"] for each in objects({})}

    assert kinds == {"ConfigMap", "Deployment", "NetworkPolicy", "Service", "ServiceAccount"}


def test_a_change_of_the_configuration_restarts_the_pod_and_a_change_of_a_token_does_not() -> None:
    def template(values: Object) -> Any:  # noqa: ANN401 - compared only
        return of_kind("Deployment", objects(values))["spec"]["template"]

    def watching(project: str) -> Object:
        accounts = [{"token_file": "/run/secrets/northflank/token", "addons": [{"project": project, "addon": "*"}]}]
        return {"config": {"accounts": accounts}}

    assert template(watching("shop")) != template(watching("analytics"))
    assert template({"tokens": {"token": "one"}}) == template({"tokens": {"token": "other"}})


def test_there_is_never_a_second_process_that_spends_the_same_requests() -> None:
    spec = of_kind("Deployment", objects({}))["spec"]

    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}


def test_the_pod_reaches_names_and_https_and_what_the_values_add() -> None:
    def reached(values: Object) -> set[int]:
        egress = of_kind("NetworkPolicy", objects(values))["spec"]["egress"]
        return {port["port"] for rule in egress for port in rule["ports"]}

    assert reached({}) == {53, 5353, 443}
    assert reached(EVERYTHING) == {53, 5353, 443, 3128}


def test_nobody_is_given_rights_in_the_cluster() -> None:
    made = objects({})

    assert of_kind("ServiceAccount", made)["automountServiceAccountToken"] is False
    assert of_kind("Deployment", made)["spec"]["template"]["spec"]["automountServiceAccountToken"] is False
    assert not [each for each in made if "Role" in each["kind"]]


def test_the_notes_name_the_address_and_the_secret_that_is_wanted() -> None:
    notes = texts({})["NOTES.txt"]

    assert "http://backups-northflank-backup-exporter.monitoring.svc:10087/metrics" in notes
    assert "create secret generic northflank-api-token" in notes
    assert "create secret" not in texts({"tokens": {"token": "x"}})["NOTES.txt"]


@pytest.mark.parametrize("name", ["northflank-backup-exporter", "a" * 53, "x-" * 26 + "x"])
def test_whatever_a_release_is_called_its_objects_have_names_that_fit(name: str) -> None:
    for each in objects(EVERYTHING, name=name):
        validate(each)
        assert len(each["metadata"]["name"]) <= 63
        assert not each["metadata"]["name"].endswith("-")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"replicas": 2}, "'replicas' not allowed"),
        ({"image": {"name": "x"}}, "'name' not allowed"),
        ({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy"),
        ({"existingSecret": ""}, "/existingSecret"),
        ({"existingSecret": "No_Name"}, "/existingSecret"),
        ({"tokens": {"token": ""}}, "/tokens/token"),
        ({"tokens": {"a/b": "x"}}, "'a/b' not allowed"),
        ({"config": {"accounts": []}}, "/config/accounts"),
        ({"config": {"account": []}}, "'account' not allowed"),
        ({"config": None}, "config"),
        ({"web": {"config": {"basic_auth": {}}}}, "'basic_auth' not allowed"),
        ({"web": {"enableLifecycle": "yes"}}, "/web/enableLifecycle"),
        ({"log": {"level": "loud"}}, "/log/level"),
        ({"extraArgs": ["--log.level", "debug"]}, "/extraArgs/1"),
        ({"service": {"port": 0}}, "/service/port"),
        ({"serviceMonitor": {"interval": "1 minute"}}, "/serviceMonitor/interval"),
        ({"podAnnotations": {"prometheus.io/scrape": True}}, "/podAnnotations"),
        ({"fullnameOverride": "1.2"}, "/fullnameOverride"),
        ({"resources": {"limit": {}}}, "'limit' not allowed"),
    ],
)
def test_values_that_mean_nothing_are_refused_by_name(values: Object, problem: str) -> None:
    with Chart.load(CHART) as chart, pytest.raises(HelmValuesError) as refusal:
        chart.render(values)

    assert problem in str(refusal.value)
    assert any(each["severity"] == ERROR for each in lint(CHART, values)["messages"])


def test_every_value_is_explained_by_the_schema_and_tried_here() -> None:
    with Chart.load(CHART) as chart:
        values, schema = chart.values, chart.schema
    tried = {key for variant in VARIANTS.values() for key in variant}

    assert schema is not None
    assert values.keys() == schema["properties"].keys() - {"global"}
    assert values.keys() - tried == {"securityContext", "resources", "terminationGracePeriodSeconds"}


def test_the_image_is_of_the_charts_own_version() -> None:
    (container,) = containers(of_kind("Deployment", objects({})))

    assert container["image"] == f"northflank-backup-exporter:{exporter.__version__}"
