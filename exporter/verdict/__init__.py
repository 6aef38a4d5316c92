"""How the fleet fares: what is the matter with each addon, in words, and the verdict. Pure.

Severities are those of the alert rules; whoever shows a verdict adds nothing to it.
"""

from exporter.verdict.addon import NEAR, concerns_of
from exporter.verdict.concern import Concern, Kind, Severity
from exporter.verdict.fleet import AccountConcern, Row, Verdict, judge, row_of

__all__ = [
    "NEAR",
    "AccountConcern",
    "Concern",
    "Kind",
    "Row",
    "Severity",
    "Verdict",
    "concerns_of",
    "judge",
    "row_of",
]
