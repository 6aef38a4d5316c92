"""The project's files in a hurry: only addresses and times differ."""

from datetime import timedelta
from pathlib import Path

import yaml

from scripts import hurried

HURRY = hurried.Hurry(interval=timedelta(seconds=2), factor=60)

RULES = """
groups:
  - name: backups
    interval: 1m
    rules:
      - alert: TooOld
        expr: age > 3600
        for: 1h30m
        keep_firing_for: 5m
        labels: {severity: critical}
      - record: age:max
        expr: max(age)
"""

PROMETHEUS = """
global:
  scrape_interval: 1m
  external_labels: {site: here}
rule_files: [rules/*.yaml]
alerting:
  alertmanagers:
    - static_configs:
        - targets: [localhost:9093]
scrape_configs:
  - job_name: northflank
    scrape_interval: 2m
    scrape_timeout: 30s
    static_configs:
      - targets: [localhost:10087]
        labels: {zone: a}
  - job_name: other
    static_configs:
      - targets: [localhost:9100]
"""

ALERTMANAGER = """
route:
  receiver: team
  group_by: [alertname]
  group_wait: 30s
  repeat_interval: 12h
  routes:
    - matchers: [severity="critical"]
      receiver: pager
      group_interval: 5m
receivers:
  - name: team
    slack_configs: [{channel: backups}]
  - name: pager
inhibit_rules:
  - source_matchers: [severity="critical"]
"""


def test_rules_are_evaluated_at_the_interval_and_alerts_wait_less() -> None:
    (group,) = yaml.safe_load(hurried.rules(RULES, HURRY))["groups"]

    assert group["interval"] == "2000ms"
    assert group["rules"] == [
        {
            "alert": "TooOld",
            "expr": "age > 3600",
            "for": "90000ms",
            "keep_firing_for": "5000ms",
            "labels": {"severity": "critical"},
        },
        {"record": "age:max", "expr": "max(age)"},
    ]


def test_prometheus_scrapes_and_tells_others_than_in_earnest() -> None:
    addresses = {"northflank": "127.0.0.1:1", "alertmanager": "127.0.0.1:2"}
    changed = yaml.safe_load(
        hurried.prometheus(PROMETHEUS, HURRY, addresses=addresses, rule_files=[Path("/tmp/a.yaml")])  # noqa: S108
    )

    assert changed["global"] == {
        "scrape_interval": "2000ms",
        "scrape_timeout": "2000ms",
        "evaluation_interval": "2000ms",
        "external_labels": {"site": "here"},
    }
    assert changed["rule_files"] == ["/tmp/a.yaml"]  # noqa: S108
    assert changed["alerting"] == {"alertmanagers": [{"static_configs": [{"targets": ["127.0.0.1:2"]}]}]}
    assert changed["scrape_configs"] == [
        {"job_name": "northflank", "static_configs": [{"targets": ["127.0.0.1:1"], "labels": {"zone": "a"}}]}
    ]


def test_alertmanager_tells_one_webhook_or_nobody_and_groups_quickly() -> None:
    heard = yaml.safe_load(hurried.alertmanager(ALERTMANAGER, HURRY, webhook="http://127.0.0.1:3/"))
    silent = yaml.safe_load(hurried.alertmanager(ALERTMANAGER, HURRY))

    hook = [{"url": "http://127.0.0.1:3/", "send_resolved": True}]
    assert heard["receivers"] == [{"name": "team", "webhook_configs": hook}, {"name": "pager", "webhook_configs": hook}]
    assert silent["receivers"] == [{"name": "team"}, {"name": "pager"}]
    assert heard["route"]["group_wait"] == "2000ms"
    assert heard["route"]["repeat_interval"] == "12h"
    assert heard["route"]["routes"][0]["group_interval"] == "2000ms"
    assert heard["inhibit_rules"] == [{"source_matchers": ['severity="critical"']}]
