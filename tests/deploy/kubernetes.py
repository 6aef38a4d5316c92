"""What Kubernetes demands: its own schemas, the operator's, and Pod Security's profile "restricted"."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]

from tests.deploy.chart import Object, containers

VERSIONS = ("1.25", kubernetes_validate.latest_version())
"""The oldest that the chart is for, and the newest that the schemas know."""

_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_DURATION = {"type": "string", "pattern": r"^([0-9]+(ms|[smhd]))+$"}
_SECRET_KEY = {
    "type": "object",
    "required": ["name", "key"],
    "additionalProperties": False,
    "properties": {"name": {"type": "string"}, "key": {"type": "string"}},
}
_ENDPOINT = {
    "type": "object",
    "required": ["port"],
    "additionalProperties": False,
    "properties": {
        "port": {"type": "string"},
        "path": {"type": "string", "pattern": "^/"},
        "interval": _DURATION,
        "scrapeTimeout": _DURATION,
        "scheme": {"enum": ["http", "https"]},
        "tlsConfig": {"type": "object"},
        "basicAuth": {"type": "object", "properties": {"username": _SECRET_KEY, "password": _SECRET_KEY}},
        "relabelings": {"type": "array", "items": {"type": "object"}},
        "metricRelabelings": {"type": "array", "items": {"type": "object"}},
    },
}
_SPECS = {
    "ServiceMonitor": {
        "type": "object",
        "required": ["selector", "endpoints"],
        "additionalProperties": False,
        "properties": {
            "selector": {"type": "object", "required": ["matchLabels"], "properties": {"matchLabels": _TEXTS}},
            "endpoints": {"type": "array", "minItems": 1, "items": _ENDPOINT},
        },
    },
    # What is in the groups, promtool tells.
    "PrometheusRule": {
        "type": "object",
        "required": ["groups"],
        "additionalProperties": False,
        "properties": {"groups": {"type": "array", "minItems": 1}},
    },
}
_OPERATOR = "monitoring.coreos.com/v1"
_VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret")
}
_OF_HOST = ("hostNetwork", "hostPID", "hostIPC", "hostUsers")


def validate(each: Object) -> None:
    """Hold an object to its schema, strictly, in every version; raises ValidationError."""
    if each["apiVersion"] == _OPERATOR:
        jsonschema.validate(each, _operators(each["kind"]))
        return
    for version in VERSIONS:
        kubernetes_validate.validate(each, version, strict=True)


def violations(workload: Object) -> Iterator[str]:
    """Give what Pod Security's profile "restricted" refuses, in the order of its documentation."""
    pod = workload["spec"]["template"]["spec"]
    yield from (name for name in _OF_HOST if name in pod)
    yield from (f"volume {each['name']}" for each in pod.get("volumes", []) if not each.keys() - {"name"} <= _VOLUMES)
    of_pod = pod.get("securityContext", {})
    if "sysctls" in of_pod:
        yield "sysctls"
    for container in containers(workload):
        yield from (f"{container['name']}: {problem}" for problem in _violations(container, of_pod))


def _violations(container: Object, of_pod: Object) -> Iterator[str]:
    own = container.get("securityContext", {})
    both = {**of_pod, **own}
    yield from (f"host port {port['hostPort']}" for port in container.get("ports", []) if "hostPort" in port)
    yield from (name for name in ("privileged", "procMount") if name in own)
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    if both.get("runAsNonRoot") is not True or both.get("runAsUser") == 0:
        yield "may be root"
    if both.get("seccompProfile", {}).get("type") not in {"RuntimeDefault", "Localhost"}:
        yield "seccompProfile"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []) or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "capabilities"


def _operators(kind: str) -> dict[str, Any]:
    metadata = {
        "type": "object",
        "required": ["name", "namespace", "labels"],
        "additionalProperties": False,
        "properties": {"name": {"type": "string"}, "namespace": {"type": "string"}, "labels": _TEXTS},
    }
    return {
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "properties": {"apiVersion": {}, "kind": {}, "metadata": metadata, "spec": _SPECS[kind]},
    }
