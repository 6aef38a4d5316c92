"""The watched addons as Prometheus' HTTP service discovery reads them. Pure.

The format: prometheus.io/docs/prometheus/latest/http_sd. Labels with `__param_` become the parameters of a probe.
"""

import json
from collections.abc import Iterable, Iterator

from exporter.model import ListedAddon
from exporter.state import AddonState

_UNLISTED = ListedAddon(id="")


def target_groups(addons: Iterable[AddonState]) -> Iterator[bytes]:
    """Write one target a group, because each addon has labels of its own; a chunk each."""
    before = b"["
    for addon in addons:
        yield before + json.dumps(_target_group(addon)).encode()
        before = b", "
    yield b"]" if before == b", " else b"[]"


def _target_group(addon: AddonState) -> dict[str, object]:
    account, project_id, addon_id = addon.key
    info = addon.info or _UNLISTED
    labels = {
        "__param_project": project_id,
        "__param_addon": addon_id,
        "__meta_northflank_account": account,
        "__meta_northflank_project_id": project_id,
        "__meta_northflank_project": project_id,
        "__meta_northflank_addon_id": addon_id,
        "__meta_northflank_addon": addon_id,
        "__meta_northflank_addon_name": info.name,
        "__meta_northflank_type": info.type,
        "__meta_northflank_tags": _surrounded(info.tags),
    }
    if account:
        labels["__param_account"] = account
    return {"targets": [f"{project_id}/{addon_id}"], "labels": labels}


def _surrounded(tags: tuple[str, ...]) -> str:
    """Join with commas around too, as Prometheus' own discoveries do: `.*,prod,.*` matches wherever the tag stands."""
    return f",{','.join(sorted(tags))}," if tags else ""
