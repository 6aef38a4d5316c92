"""The project's files for Prometheus and Alertmanager, with other addresses and in a hurry.

For a demo and for tests, in which nobody wants to wait the minutes and hours that alerts wait in earnest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from exporter.config.scalars import parse_duration

Tree = dict[str, Any]
"""A YAML mapping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hurry:
    """How often to scrape and evaluate, and how many times sooner than in earnest an alert fires."""

    interval: timedelta
    factor: float

    @property
    def interval_text(self) -> str:
        """The interval as Prometheus and Alertmanager write it."""
        return _text(self.interval)

    def sooner(self, duration: str) -> str:
        """Give how long to wait instead of a duration."""
        return _text(parse_duration(duration) / self.factor)


def rules(text: str, hurry: Hurry) -> str:
    """Give a file of rules that are evaluated at the interval and whose alerts wait less."""
    tree = yaml.safe_load(text)
    for group in tree["groups"]:
        group["interval"] = hurry.interval_text
        for rule in group["rules"]:
            for key in rule.keys() & {"for", "keep_firing_for"}:
                rule[key] = hurry.sooner(rule[key])
    return _dumped(tree)


def prometheus(text: str, hurry: Hurry, *, addresses: Mapping[str, str], rule_files: Iterable[Path]) -> str:
    """Give Prometheus' configuration with other rule files, and other addresses (host:port) for jobs.

    What `addresses` calls `alertmanager` is where alerts go. A job without an address there is left out.
    """
    tree = yaml.safe_load(text)
    tree["global"] = {
        **tree.get("global", {}),
        "scrape_interval": hurry.interval_text,
        "scrape_timeout": hurry.interval_text,
        "evaluation_interval": hurry.interval_text,
    }
    tree["rule_files"] = [str(path) for path in rule_files]
    jobs = [job for job in tree["scrape_configs"] if job["job_name"] in addresses]
    for job in jobs:
        job.pop("scrape_interval", None)
        job.pop("scrape_timeout", None)
        _point(job, addresses[job["job_name"]])
    tree["scrape_configs"] = jobs
    for manager in tree["alerting"]["alertmanagers"]:
        _point(manager, addresses["alertmanager"])
    return _dumped(tree)


def alertmanager(text: str, hurry: Hurry, *, webhook: str | None = None) -> str:
    """Give Alertmanager's configuration with nobody behind its receivers, or one webhook behind all of them."""
    tree = yaml.safe_load(text)
    hook = [{"url": webhook, "send_resolved": True}]
    tree["receivers"] = [
        {"name": receiver["name"], **({"webhook_configs": hook} if webhook is not None else {})}
        for receiver in tree["receivers"]
    ]
    _hurry_route(tree["route"], hurry)
    return _dumped(tree)


def _hurry_route(route: Tree, hurry: Hurry) -> None:
    for key in route.keys() & {"group_wait", "group_interval"}:
        route[key] = hurry.interval_text
    for child in route.get("routes", []):
        _hurry_route(child, hurry)


def _point(holder: Tree, address: str) -> None:
    for configuration in holder["static_configs"]:
        configuration["targets"] = [address]


def _text(duration: timedelta) -> str:
    return f"{max(0, round(duration.total_seconds() * 1000))}ms"


def _dumped(tree: Tree) -> str:
    return str(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=10_000))
