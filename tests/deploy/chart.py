"""What the chart makes of values, and what the parts of it that tests look at are called."""

from collections.abc import Iterator
from typing import Any

import yaml
from helm_python import Chart

from scripts.deployment import CHART

Object = dict[str, Any]
"""An object of Kubernetes."""

RELEASE = "backups"
NAMESPACE = "monitoring"

VARIANTS: dict[str, Object] = {
    "default": {},
    "everything on": {
        "image": {"repository": "images.example/northflank-backup-exporter", "tag": "1.2.3", "pullPolicy": "Always"},
        "imagePullSecrets": [{"name": "pull"}],
        "tokens": {"acme": "a-token", "umbrella": "another-token"},
        "config": {
            "accounts": [
                {
                    "name": name,
                    "token_file": f"/run/secrets/northflank/{name}",
                    "addons": [{"project": "*", "addon": "*", "max_age": "26h"}],
                }
                for name in ("acme", "umbrella")
            ],
            "collect": {"restores": "6h"},
            "scrape": {"concurrency": 4},
        },
        "web": {
            "config": {"basic_auth_users": {"carol": "$2y$10$qRTBuFoULoYNA7AQ/F3ck.trZBPyjV64.oA4ZsSBCIWvXuvQlQTuu"}},
            "enableLifecycle": True,
        },
        "log": {"level": "debug", "format": "json"},
        "extraArgs": ["--web.max-requests=10"],
        "extraEnv": [{"name": "PROXY_URL", "valueFrom": {"secretKeyRef": {"name": "proxy", "key": "url"}}}],
        "extraVolumes": [{"name": "certificates", "secret": {"secretName": "tls"}}],
        "extraVolumeMounts": [{"name": "certificates", "mountPath": "/run/secrets/tls", "readOnly": True}],
        "service": {"port": 9100, "annotations": {"example.com/note": "x"}},
        "serviceAccount": {"name": "exporter", "annotations": {"example.com/note": "x"}},
        "serviceMonitor": {
            "enabled": True,
            "labels": {"release": "kube-prometheus-stack"},
            "basicAuth": {"username": {"name": "scrape", "key": "user"}, "password": {"name": "scrape", "key": "pass"}},
            "tlsConfig": {"insecureSkipVerify": True},
            "scheme": "https",
            "relabelings": [{"targetLabel": "cluster", "replacement": "a"}],
            "metricRelabelings": [{"action": "labeldrop", "regex": "pod"}],
        },
        "prometheusRule": {"enabled": True, "labels": {"release": "kube-prometheus-stack"}},
        "dashboards": {"enabled": True, "namespace": "grafana", "annotations": {"grafana_folder": "Backups"}},
        "networkPolicy": {
            "ingressFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}}],
            "extraEgress": [{"ports": [{"port": 3128, "protocol": "TCP"}]}],
        },
        "podAnnotations": {"example.com/note": "x"},
        "podLabels": {"team": "data"},
        "priorityClassName": "low",
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "spot", "operator": "Exists"}],
        "affinity": {
            "nodeAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {"weight": 1, "preference": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}}
                ]
            }
        },
    },
    "what others have made": {
        "existingConfigMap": "my-config",
        "existingSecret": "my-tokens",
        "web": {"existingSecret": "my-web"},
        "serviceAccount": {"create": False},
        "networkPolicy": {"enabled": False},
        "fullnameOverride": "exporter",
    },
    "a user of its own": {"podSecurityContext": {"runAsUser": 1000, "fsGroup": 1000}, "nameOverride": "exporter"},
}
"""Values by what they are about: all keys of the chart are among them."""


def texts(values: Object, *, name: str = RELEASE) -> dict[str, str]:
    """Give what the templates become, by their names without folders."""
    with Chart.load(CHART) as chart:
        rendered = chart.render(values, name=name, namespace=NAMESPACE)
    return {path.rpartition("/")[2]: text for path, text in rendered.items()}


def objects(values: Object, *, name: str = RELEASE) -> list[Object]:
    """Give all objects that the chart makes of values."""
    return [
        each
        for path, text in texts(values, name=name).items()
        if path.endswith(".yaml")
        for each in yaml.safe_load_all(text)
        if each
    ]


def of_kind(kind: str, among: list[Object]) -> Object:
    """Give the only object of this kind."""
    (found,) = (each for each in among if each["kind"] == kind)
    return found


def containers(workload: Object) -> Iterator[Object]:
    """Give the containers of a workload's Pod."""
    pod = workload["spec"]["template"]["spec"]
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        yield from pod.get(kind, [])


def is_selected(selector: Object, labels: Object) -> bool:
    return bool(selector) and selector.items() <= labels.items()
