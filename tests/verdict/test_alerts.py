"""The verdict on an addon is that of the alert rules, and as grave."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from exporter.exposition import Exposition
from exporter.verdict import Kind, Severity, concerns_of
from tests.builders import NOW
from tests.oracle import account_state, series, snapshot_of
from tests.prometheus.reading import FOLDER, alerts, loaded, promtool
from tests.verdict.cases import CASES, Case

LASTED = timedelta(minutes=90)
"""Longer than any rule waits before it fires."""

SEVERITIES = {"critical": Severity.CRITICAL, "warning": Severity.WARNING, "info": Severity.OK}
OF_READING = {"NorthflankAddonUnreadable", "NorthflankApiUnreachable", "NorthflankTokenRejected"}
"""Of what they are about, nothing is known."""

NOT_OF_BACKUPS = {"NorthflankFleetTooLargeForLimit", "NorthflankRateLimitNearlyExhausted"}
"""They are about how well the exporter can go on, which a verdict on backups does not tell."""

TOLD_AS_ONE = {"NorthflankTokenRejected"}
"""Here the same as NorthflankApiUnreachable: an account's addons tell the reason."""

ADDONS = pytest.mark.parametrize("case", CASES, ids=str)


GRAVER_AT_ONE_LOOK = {"NorthflankBackupFailed", "NorthflankBackupStuck"}
"""Prometheus hears in a minute how the next run goes; whoever looks once does not."""


def severity_of(alert: str) -> Severity:
    """Give how grave what an alert says is here; where it has two severities, the one without any other exporter."""
    gravest = max(SEVERITIES[rule.labels["severity"]] for rule in alerts() if rule.name == alert)
    if alert in GRAVER_AT_ONE_LOOK:
        assert gravest is Severity.WARNING
        return Severity.CRITICAL
    return Severity.UNKNOWN if alert in OF_READING else gravest


def uninhibited(fired: frozenset[str]) -> set[str]:
    """Give the alerts about one addon that the Alertmanager's example configuration would send."""
    about = {alert: {"alertname": alert, "severity": severity_label(alert), "addon_id": "x"} for alert in fired}
    inhibiting = loaded(FOLDER / "alertmanager.yml")["inhibit_rules"]
    return {
        alert
        for alert in fired
        if not any(
            matches(about[other], rule["source_matchers"])
            and matches(about[alert], rule["target_matchers"])
            and ("alertname" not in rule["equal"] or alert == other)
            and other != alert
            for rule in inhibiting
            for other in fired
        )
    }


def severity_label(alert: str) -> str:
    return next(str(rule.labels["severity"]) for rule in alerts() if rule.name == alert)


def matches(labels: dict[str, str], matchers: list[str]) -> bool:
    parts = [re.fullmatch(r'(\w+)(=~|!=|=)"(.*)"', matcher) for matcher in matchers]
    assert all(parts)
    return all(matched(labels.get(part[1], ""), part[2], part[3]) for part in parts if part)


def matched(value: str, operator: str, wanted: str) -> bool:
    if operator == "=~":
        return re.fullmatch(wanted, value) is not None
    return (value == wanted) is (operator == "=")


def test_every_alert_about_backups_has_its_kind() -> None:
    named = {rule.name for rule in alerts() if rule.group in {"northflank-backups", "northflank-accounts"}}

    assert {kind.alert for kind in Kind if kind.alert} == named - NOT_OF_BACKUPS - TOLD_AS_ONE


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.alert], ids=lambda kind: kind.word)
def test_a_concern_is_as_grave_as_its_alert(kind: Kind) -> None:
    assert kind.severity is severity_of(kind.alert)


def test_graver_kinds_come_first() -> None:
    assert [kind.severity for kind in Kind] == sorted((kind.severity for kind in Kind), reverse=True)


def test_what_no_alert_is_about_needs_nobody() -> None:
    unnamed = {kind for kind in Kind if not kind.alert}

    assert not any(kind.severity.needs_attention for kind in unnamed)
    assert {kind.word for kind in unnamed if kind.severity is Severity.UNKNOWN} == {"unlisted"}


def test_the_rules_fire_for_each_addon_as_it_is_said(tmp_path: Path) -> None:
    """Let promtool ask the rules of what the exporter shows of each addon, for a while without a change."""
    shown = b"".join(
        Exposition(CollectorRegistry()).text(
            snapshot_of(*(case.state for case in CASES), account=account_state(), now=NOW)
        )
    ).decode()
    moved = NOW.timestamp() - LASTED.total_seconds()
    readings = {
        name: value - moved if "_timestamp_seconds" in name else value
        for name, value in series(shown).items()
        if "_age_seconds" not in name or "max_age" in name
    }
    firing = 'group by (alertname, addon_id) (ALERTS{alertstate="firing", addon_id!=""})'
    expected = [
        {"labels": f'{{addon_id="{case}", alertname="{alert}"}}', "value": 1}
        for case in CASES
        for alert in sorted(case.alerts)
    ]
    minutes = int(LASTED / timedelta(minutes=1))
    test = {
        "interval": "5m",
        "input_series": [{"series": name, "values": f"{value!r}+0x{minutes // 5}"} for name, value in readings.items()],
        "promql_expr_test": [{"expr": firing, "eval_time": f"{minutes}m", "exp_samples": expected}],
    }
    rule_file = str(FOLDER / "rules" / "alerts.yaml")
    path = tmp_path / "tests.yaml"
    path.write_text(json.dumps({"rule_files": [rule_file], "evaluation_interval": "5m", "tests": [test]}))

    tested = promtool("test", "rules", path)
    assert tested.returncode == 0, tested.stdout


@ADDONS
def test_the_concerns_are_the_alerts_that_would_be_sent(case: Case) -> None:
    concerns = concerns_of(case.state, now=NOW, cycle=account_state().refresh_cycle)

    assert {concern.kind.alert for concern in concerns} - {""} == uninhibited(case.alerts)


@ADDONS
def test_the_reason_is_said_in_words(case: Case) -> None:
    concerns = concerns_of(case.state, now=NOW, cycle=account_state().refresh_cycle)

    assert "; ".join(concern.text for concern in concerns) == case.text
