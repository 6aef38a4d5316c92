"""A real Alertmanager by the project's configuration: who is told, and what is not told because something else is."""

import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.programs import free_port
from tests.machine import program
from tests.process import ROOT
from tests.prometheus.reading import Rule, alerts
from tests.stack import alertmanager, becomes

CONFIGURATION = ROOT / "prometheus" / "alertmanager.yml"
Labels = dict[str, str]


def alert(name: str, severity: str, **labels: str) -> Labels:
    return {"alertname": f"Northflank{name}", "severity": severity, "job": "northflank", "account": "acme", **labels}


ORDERS = {"project_id": "shop", "addon_id": "orders-db"}
CARTS = {"project_id": "shop", "addon_id": "carts-db"}
UNNAMED = {"account": ""}
PARTLY = {"severity": "warning", "instance": "a:1"}

REJECTED = alert("TokenRejected", "critical")
UNREACHABLE = alert("ApiUnreachable", "critical")
DOWN = alert("ExporterDown", "critical", **UNNAMED)
DOWN_OF_ACME = alert("ExporterDown", "critical")
EXPIRING = alert("TokenExpiring", "warning")
TOO_OLD = alert("BackupTooOld", "critical", **ORDERS)
NEVER = alert("BackupNever", "critical", **ORDERS)
AGAIN = alert("BackupFailingRepeatedly", "critical", **ORDERS)
FAILED = alert("BackupFailed", "warning", **ORDERS)
MISSED = alert("BackupScheduleMissed", "warning", **ORDERS, backup_kind="dump", interval="daily")
UNREADABLE = alert("AddonUnreadable", "warning", **ORDERS)
STALE = alert("DataStale", "warning", **ORDERS)
UNSCHEDULED = alert("BackupUnscheduled", "warning", **ORDERS)
PROBED = {"job": "probes"}
HOST_DOWN = {"alertname": "HostDown", "severity": "critical", "job": "northflank", "account": "acme"}

CASES: dict[str, tuple[list[Labels], list[Labels]]] = {
    "a rejected token silences its addons": ([REJECTED], [UNREADABLE, TOO_OLD, STALE]),
    "an unreachable API silences its addons": ([UNREACHABLE], [UNREADABLE, {**MISSED, **CARTS}]),
    "an account without a name does so, too": ([{**REJECTED, **UNNAMED}], [{**TOO_OLD, **UNNAMED}]),
    "but not addons of another account": ([REJECTED, {**UNREADABLE, "account": "umbrella"}], []),
    "nor of another job, where the account has no name": (
        [{**UNREACHABLE, **UNNAMED}, {**FAILED, **UNNAMED, "job": "other"}],
        [],
    ),
    "that what is probed cannot be read follows": ([REJECTED], [{**UNREADABLE, **PROBED}, {**STALE, **PROBED}]),
    "but not what another job still knows": ([UNREACHABLE, {**TOO_OLD, **PROBED}], []),
    "nor anything of an account without a name": ([{**REJECTED, **UNNAMED}, {**STALE, **UNNAMED, **PROBED}], []),
    "nor other matters of the account": ([REJECTED, EXPIRING], []),
    "nor where another replica still reads it": ([{**REJECTED, **PARTLY}, TOO_OLD], []),
    "all replicas are worse than one of them": ([REJECTED], [{**REJECTED, **PARTLY}]),
    "an exporter that is down silences all of its job": ([DOWN], [TOO_OLD, REJECTED, EXPIRING]),
    "but nothing of others": ([DOWN, HOST_DOWN], []),
    "one that alone reads an account silences that account": ([DOWN_OF_ACME], [TOO_OLD, EXPIRING]),
    "but no other account": ([DOWN_OF_ACME, {**TOO_OLD, "account": "umbrella"}], []),
    "nor while another replica is up": ([{**DOWN, **PARTLY}, TOO_OLD], []),
    "many failures are worse than the latest": ([AGAIN, {**FAILED, **CARTS}], [FAILED]),
    "what is too old has missed a run": ([TOO_OLD, FAILED], [MISSED]),
    "what was never made has missed a run, or has no schedule": ([NEVER], [MISSED, UNSCHEDULED]),
    "but not another addon": ([NEVER, {**UNSCHEDULED, **CARTS}], []),
    "what is unreadable is old": ([UNREADABLE], [STALE]),
}


async def test_what_another_alert_says_already_is_not_told(tmp_path: Path) -> None:
    cases = {
        number: ([apart(labels, number) for labels in told], [apart(labels, number) for labels in silenced])
        for number, (told, silenced) in enumerate(CASES.values())
    }
    expected = {
        inhibited: {named(labels) for case in cases.values() for labels in case[inhibited]}
        for inhibited in (False, True)
    }
    configuration = Path(shutil.copy(CONFIGURATION, tmp_path))
    async with alertmanager(configuration, free_port()) as manager:
        await manager.send([labels for case in cases.values() for part in case for labels in part])
        found: dict[bool, set[frozenset[tuple[str, str]]]] = {}

        async def is_as_expected() -> bool:
            for inhibited in (False, True):
                alerts = await manager.alerts(inhibited=inhibited)
                found[inhibited] = {named(one["labels"]) for one in alerts}
            return found == expected

        await becomes(is_as_expected, lambda: list(map(sorted, found[True] ^ expected[True])))


def apart(labels: Labels, number: int) -> Labels:
    """Give a case's labels with jobs and accounts of its own, so that it has nothing to do with the others."""
    account = labels["account"] and f"{labels['account']}-{number}"
    return {**labels, "job": f"{labels['job']}-{number}", "account": account}


def named(labels: Labels) -> frozenset[tuple[str, str]]:
    """Give labels as Alertmanager shows them, where an empty one is none, and comparable."""
    return frozenset((name, value) for name, value in labels.items() if value)


RECEIVERS = {"critical": "page", "warning": "ticket", "info": "note"}


@pytest.mark.parametrize("rule", alerts(), ids=str)
def test_who_is_told_follows_from_the_severity(rule: Rule) -> None:
    severity = rule.labels["severity"]
    labels = [f"alertname={rule.name}", f"severity={severity}", "job=northflank", "account=acme"]
    assert amtool("config", "routes", "test", f"--config.file={CONFIGURATION}", *labels) == [RECEIVERS[severity]]


def test_amtool_has_no_complaint() -> None:
    assert "SUCCESS" in amtool("check-config", str(CONFIGURATION))


def amtool(*arguments: str) -> list[str]:
    """Run amtool; gives the words that it writes."""
    binary = program("amtool", origin="the Debian package prometheus-alertmanager")
    return subprocess.run([binary, *arguments], capture_output=True, text=True, check=True).stdout.split()
