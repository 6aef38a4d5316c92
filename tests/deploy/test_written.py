"""What deploy/ repeats of the rest of the project is what `make deploy` writes."""

import yaml

import exporter
from scripts.deployment import CHART, MANIFEST, chart_yaml, copies, manifest
from tests.deploy.kubernetes import validate, violations


def test_the_chart_has_the_projects_rules_and_dashboards_and_no_others() -> None:
    expected = {copy: source.read_bytes() for source, copy in copies()}
    there = {path for folder in ("rules", "dashboards") for path in (CHART / folder).iterdir()}

    assert {path.suffix for path in expected} == {".yaml", ".json"}
    assert {path: path.read_bytes() for path in there} == expected, "run make deploy"


def test_the_chart_has_the_exporters_version() -> None:
    text = (CHART / "Chart.yaml").read_text()

    assert chart_yaml(text) == text, "run make deploy"
    assert yaml.safe_load(text)["version"] == yaml.safe_load(text)["appVersion"] == exporter.__version__


def test_the_plain_manifest_is_what_the_chart_makes_by_default() -> None:
    assert MANIFEST.read_text() == manifest(), "run make deploy"


def test_the_plain_manifest_can_be_applied_to_any_namespace() -> None:
    documents = list(yaml.safe_load_all(MANIFEST.read_text()))

    for each in documents:
        validate(each)
        assert "namespace" not in each["metadata"]
        assert each["kind"] != "Deployment" or not list(violations(each))
    assert {each["kind"] for each in documents} == {
        *("ConfigMap", "Deployment", "NetworkPolicy", "Service", "ServiceAccount")
    }
