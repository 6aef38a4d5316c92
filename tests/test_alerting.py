"""From a simulated Northflank through the exporter and a real Prometheus to what a real Alertmanager sends."""

import json
import re
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exporter.simulator import Simulator
from exporter.simulator.behaviour import Behaviour
from exporter.simulator.faults import Fault
from scripts import hurried
from scripts.programs import free_port
from tests.process import ROOT, TOKEN, Command, get, running
from tests.stack import (
    Notified,
    Pager,
    RunningAlertmanager,
    RunningPrometheus,
    alertmanager,
    becomes,
    pager,
    prometheus,
)
from tests.troubled import ILL, MAX_AGE, WELL, troubled_world

SHIPPED = ROOT / "prometheus"
HURRY = hurried.Hurry(interval=timedelta(seconds=1), factor=600)
"""What waits an hour in earnest waits six seconds."""
LONGEST_WAIT_SECONDS = 4
"""What is left of an hour in earnest once the first page is there, and the way to whoever is paged."""

PLENTY = Behaviour(rate_limit=1_000_000)
"""So that every scrape reads every addon."""

LAST_FACTS = ("northflank_addon_created_timestamp_seconds", "northflank_addon_backup_schedules")
"""What is read after the backups."""

Alerts = Counter[tuple[str, str, str]]
"""Alerts by name, account and addon."""

TOLD = {
    ("NorthflankBackupStuck", "acme", "stuck-db"): ("warning", ["4h "]),
    ("NorthflankBackupFailed", "acme", "failing-db"): ("warning", ["1d 12h "]),
    ("NorthflankBackupNever", "acme", "never-db"): ("critical", []),
    ("NorthflankBackupTooOld", "acme", "overdue-db"): ("critical", ["3d ", "1d 12h "]),
}
"""What each trouble is told as: how severe, and which times its description names."""
ABSENCE = Alerts([("NorthflankExporterDown", "", "")])
"""What is noticed of the restart: in this hurry it takes as long as half an hour in earnest."""
TROUBLES = Alerts(TOLD.keys())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """All that runs between the exporter and whoever is paged."""

    prometheus: RunningPrometheus
    alertmanager: RunningAlertmanager
    pager: Pager

    def sent(self, status: str) -> Alerts:
        return Alerts(identity(notified.labels) for notified in self.pager.sent(status))

    async def until_sent(self, status: str, expected: Alerts) -> None:
        """Wait until all that is expected has been sent, or more."""

        async def is_sent() -> bool:
            return self.sent(status) >= expected

        await becomes(is_sent, lambda: self.sent(status))

    async def begun(self) -> dict[str, float]:
        """Give since when each addon has had its alert."""
        active = await self.prometheus.samples("ALERTS_FOR_STATE{addon_id!=''}")
        return {labels["addon_id"]: since for labels, since in active}

    async def evaluates_for(self, seconds: float) -> None:
        """Wait until every rule was evaluated that much later."""
        moment = datetime.now(UTC) + timedelta(seconds=seconds)

        async def are_evaluated() -> bool:
            groups = (await self.prometheus.ask("/api/v1/rules"))["groups"]
            return all(datetime.fromisoformat(group["lastEvaluation"]) > moment for group in groups)

        await becomes(are_evaluated)


def identity(labels: Mapping[str, str]) -> tuple[str, str, str]:
    return labels["alertname"], labels.get("account", ""), labels.get("addon_id", "")


def assert_told_well(notified: Notified) -> None:
    """Assert that somebody who is woken learns which addon it is, what is normal and where to read on."""
    name, account, addon = told = identity(notified.labels)
    severity, times = TOLD[told]
    assert notified.labels == {
        "alertname": name,
        "severity": severity,
        "job": "northflank",
        "account": account,
        "project_id": "shop",
        "addon_id": addon,
    }
    assert notified.annotations.keys() == {"summary", "description", "runbook_url"}
    description = notified.annotations["description"]
    assert all(part in description for part in (f"shop/{addon}", account, *times)), description
    assert not re.search(r"\{\{|<no value>|<error|NaN|%!", description), description
    assert notified.annotations["runbook_url"].endswith(f"#{name.lower()}")


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.fixture
def exporter_address() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
async def stack(tmp_path: Path, exporter_address: str) -> AsyncIterator[Stack]:
    """Run Prometheus and Alertmanager by the project's files, in a hurry."""
    rules = [
        written(tmp_path / path.name, hurried.rules(path.read_text(), HURRY))
        for path in sorted((SHIPPED / "rules").glob("*.yaml"))
    ]
    manager_port = free_port()
    addresses = {"northflank": exporter_address, "alertmanager": f"127.0.0.1:{manager_port}"}
    scraping = hurried.prometheus(
        (SHIPPED / "prometheus.yml").read_text(), HURRY, addresses=addresses, rule_files=rules
    )
    async with pager() as paged:
        routing = hurried.alertmanager((SHIPPED / "alertmanager.yml").read_text(), HURRY, webhook=paged.url)
        async with (
            alertmanager(written(tmp_path / "am.yml", routing), manager_port) as manager,
            prometheus(written(tmp_path / "prom.yml", scraping)) as evaluating,
        ):
            yield Stack(prometheus=evaluating, alertmanager=manager, pager=paged)


@asynccontextmanager
async def exporter(folder: Path, address: str, northflanks: dict[str, Simulator]) -> AsyncIterator[Command]:
    """Watch all that each account has, given by name; ends as a service manager ends it."""
    accounts = [
        {
            "name": name,
            "api_url": northflank.url,
            "token": TOKEN,
            "addons": [{"project": "*", "addon": "*", "max_age": MAX_AGE}],
        }
        for name, northflank in northflanks.items()
    ]
    config = written(folder / "watch.yaml", json.dumps({"accounts": accounts}))
    addons = sum(len(northflank.world.addons("shop")) for northflank in northflanks.values())
    async with running(f"--config.file={config}", f"--web.listen-address={address}", cwd=folder) as command:
        url = await command.url()

        async def knows_everything() -> bool:
            _, metrics = await get(f"{url}/metrics")
            return all(metrics.count(f"\n{fact}{{") == addons for fact in LAST_FACTS)

        # In earnest what is read last is known long before an alert could fire.
        await becomes(knows_everything)
        yield command
        command.signal(signal.SIGTERM)
        await command.end()


async def test_each_trouble_pages_once_even_over_a_restart_and_resolves_once_when_it_is_healed(
    tmp_path: Path, exporter_address: str, stack: Stack
) -> None:
    world = troubled_world(datetime.now(UTC))
    async with Simulator(world, behaviour=PLENTY) as northflank:
        async with exporter(tmp_path, exporter_address, {"acme": northflank}):
            await stack.until_sent("firing", TROUBLES)
            await stack.evaluates_for(LONGEST_WAIT_SECONDS)
            assert stack.sent("firing") == TROUBLES
            begun = await stack.begun()

        await stack.prometheus.until_found('up{job="northflank"} == 0')
        await stack.evaluates_for(1)
        restarted_at = time.time()
        async with exporter(tmp_path, exporter_address, {"acme": northflank}):
            fresh = f"northflank_addon_data_timestamp_seconds > {restarted_at}"
            await stack.prometheus.until_found(fresh, len((*WELL, *ILL)))
            await stack.evaluates_for(2)
            assert await stack.begun() == begun, "the alerts went on all the time"

            for addon in ILL:
                world.heal("shop", addon, northflank.now())
            await stack.until_sent("resolved", TROUBLES)
            await stack.evaluates_for(2)

    assert stack.sent("firing") - ABSENCE == TROUBLES
    assert stack.sent("resolved") - ABSENCE == TROUBLES
    for notified in stack.pager.received:
        if identity(notified.labels) in TROUBLES:
            assert_told_well(notified)
    assert await stack.alertmanager.alerts(inhibited=False) == []


async def test_an_account_that_cannot_be_read_pages_once_and_silences_what_that_does_to_its_addons(
    tmp_path: Path, exporter_address: str, stack: Stack
) -> None:
    start = datetime.now(UTC)
    rejecting, silent, other = (
        Simulator(troubled_world(start, addons), behaviour=PLENTY) for addons in (WELL, WELL, ("orders-db",))
    )
    accounts = {"acme": rejecting, "umbrella": silent, "initech": other}
    everything = Alerts(
        [
            ("NorthflankTokenRejected", "acme", ""),
            ("NorthflankApiUnreachable", "umbrella", ""),
            ("NorthflankAddonUnreadable", "initech", "orders-db"),
        ]
    )
    silenced = Alerts(
        ("NorthflankAddonUnreadable", account, addon) for account in ("acme", "umbrella") for addon in WELL
    )

    async def is_silenced() -> bool:
        alerts = await stack.alertmanager.alerts(inhibited=True)
        return Alerts(identity(alert["labels"]) for alert in alerts) == silenced

    async with rejecting, silent, other, exporter(tmp_path, exporter_address, accounts):
        await stack.prometheus.until_found("northflank_up == 1", 3)
        rejecting.token = "another"
        await silent.close()
        other.faults.inject(Fault.forbidden(), addon="orders-db")
        await stack.until_sent("firing", everything)
        await becomes(is_silenced)
        await stack.evaluates_for(2)
        assert stack.sent("firing") == everything
        assert await is_silenced()

        rejecting.token = TOKEN
        await silent.start()
        other.faults.clear()
        await stack.until_sent("resolved", everything)
        await stack.evaluates_for(2)

    assert [stack.sent("firing"), stack.sent("resolved")] == [everything, everything]
    assert await stack.alertmanager.alerts(inhibited=True) == []
