"""A panel changes its colour where an alert fires: both use the same numbers."""

from collections.abc import Iterator

import promql_parser as promql
import pytest
import yaml

from dashboards import limits
from tests.process import ROOT

from .reading import walk

NUMBERS: dict[str, list[float]] = {
    "NorthflankBackupFailingRepeatedly": [limits.FAILURES_IN_A_ROW],
    "NorthflankBackupStuck": [limits.STUCK_DURATIONS, limits.STUCK_FLOOR_SECONDS, limits.STUCK_UNKNOWN_SECONDS],
    "NorthflankBackupSizeDropped": [limits.SIZE_DROPPED],
    "NorthflankBackupSizeJumped": [limits.SIZE_JUMPED],
    "NorthflankOffsiteCopyOld": [limits.COPY_FACTOR, limits.COPY_UNKNOWN_SECONDS],
    "NorthflankBackupScheduleMissed": [limits.MISSED_RUNS],
    "NorthflankBackupRestoreUntested": [limits.RESTORE_TESTED_DAYS * limits.DAY],
    "NorthflankDataStale": [limits.DATA_AGE_SECONDS, limits.DATA_AGE_CYCLES],
    "NorthflankTokenExpiring": [limits.TOKEN_EXPIRY_SECONDS],
    "NorthflankFleetTooLargeForLimit": [limits.CYCLE_PER_LIMIT],
    "NorthflankRateLimitNearlyExhausted": [limits.REMAINING_SHARE],
}


def alerts() -> dict[str, str]:
    text = (ROOT / "prometheus" / "rules" / "alerts.yaml").read_text(encoding="utf-8")
    groups = yaml.safe_load(text)["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def numbers(expression: str) -> Iterator[float]:
    """Give all numbers in an expression, and products of two such as 14 * 86400."""
    for node, _ in walk(promql.parse(expression)):
        match node:
            case promql.NumberLiteral():
                yield node.val
            case promql.BinaryExpr(lhs=promql.NumberLiteral() as left, rhs=promql.NumberLiteral() as right):
                yield left.val * right.val


@pytest.mark.parametrize("alert", NUMBERS)
def test_an_alert_has_the_numbers_of_the_panels(alert: str) -> None:
    assert set(NUMBERS[alert]) <= set(numbers(alerts()[alert]))
