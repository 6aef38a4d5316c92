"""Writes what deploy/ repeats of the rest of the project: `make deploy`.

A chart cannot reach beyond its folder, so it has copies of the rules and dashboards. The plain manifest is what the
chart gives without any values of one's own.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from helm_python import Chart

from exporter import __version__

ROOT = Path(__file__).parent.parent
CHART = ROOT / "deploy" / "helm" / "northflank-backup-exporter"
MANIFEST = ROOT / "deploy" / "kubernetes" / "northflank-backup-exporter.yaml"

_COPIES = (("prometheus/rules", "*.yaml", "rules"), ("grafana/dashboards", "*.json", "dashboards"))
_VERSION = re.compile(r"^(version|appVersion): .*$", re.MULTILINE)
_HEAD = """\
# The exporter in the current namespace: kubectl apply -f northflank-backup-exporter.yaml
# Before that, give it an API token, and put the name of your image in place of `image`:
#   kubectl create secret generic northflank-api-token --from-literal=token=…
# Written by `make deploy` from deploy/helm, which has more: a ServiceMonitor, rules, dashboards.
"""
_OF_HELM = frozenset({"helm.sh/chart", "app.kubernetes.io/managed-by", "checksum/config"})
"""Labels and annotations that only what Helm makes can keep true."""


def copies() -> Iterator[tuple[Path, Path]]:
    """Give each file that the chart repeats, and where it does."""
    for folder, pattern, destination in _COPIES:
        for source in sorted((ROOT / folder).glob(pattern)):
            yield source, CHART / destination / source.name


def chart_yaml(text: str) -> str:
    """Give the text of a Chart.yaml with the exporter's version."""
    shown = {"version": __version__, "appVersion": f'"{__version__}"'}
    return _VERSION.sub(lambda found: f"{found[1]}: {shown[found[1]]}", text)


def manifest() -> str:
    """Give the plain manifest: every object that the chart makes by default, without what only Helm wants."""
    with Chart.load(CHART) as chart:
        rendered = chart.render(name=chart.name, namespace="default")
    documents = [
        document
        for path, text in sorted(rendered.items())
        if path.endswith(".yaml")
        for document in yaml.safe_load_all(text)
        if document
    ]
    for document in documents:
        del document["metadata"]["namespace"]
        for metadata in (document["metadata"], document.get("spec", {}).get("template", {}).get("metadata", {})):
            for notes in (metadata.get("labels", {}), metadata.get("annotations", {})):
                for name in _OF_HELM & notes.keys():
                    del notes[name]
    dumped = (yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=120) for document in documents)
    return _HEAD + "---\n".join(["", *dumped])


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as they read best."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def write() -> None:
    """Write all of it, and nothing that has no source any more."""
    for _, _, destination in _COPIES:
        folder = CHART / destination
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
    for source, copy in copies():
        copy.write_bytes(source.read_bytes())
    chart = CHART / "Chart.yaml"
    chart.write_text(chart_yaml(chart.read_text(encoding="utf-8")), encoding="utf-8")
    MANIFEST.parent.mkdir(exist_ok=True)
    MANIFEST.write_text(manifest(), encoding="utf-8")


if __name__ == "__main__":
    write()
