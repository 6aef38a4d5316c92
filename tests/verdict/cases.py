"""Addons that something is the matter with, and which alerts fire about each when nothing changes any more."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from exporter.expectation import Expectation
from exporter.model import AddonKey, Backup, BackupKind, BackupStatus, FailureReason, ListedAddon, Restore, Schedule
from exporter.model import ScheduleInterval as Interval
from exporter.state import AddonState
from exporter.summary import summarise, summarise_restores
from tests.builders import NOW, ago, backup, failed, schedule

PAUSED = ListedAddon(id="x", status="paused")
DAY = timedelta(days=1)
LIMIT = timedelta(hours=26)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An addon as it is known at NOW; `alerts` are about it alone, without the prefix that all have."""

    state: AddonState
    alerts: frozenset[str]
    text: str

    def __str__(self) -> str:
        return self.state.key.addon_id


def read(*backups: Backup, **fields: Any) -> AddonState:  # noqa: ANN401 - any field of any type
    """Make the state of an addon whose list was read a moment ago, with a limit of 26 hours."""
    data_at = fields.pop("data_at", NOW)
    state = AddonState(key=AddonKey("acme", "shop", "x"), max_age=LIMIT)
    state = state.polled(summarise(backups), data_at=data_at, duration=timedelta(seconds=1))
    return replace(state, **fields)


def expecting(*due: Schedule) -> Expectation:
    return Expectation.of(due, zone=ZoneInfo("UTC"), grace=timedelta(hours=1))


def daily(**overrides: Any) -> Expectation:  # noqa: ANN401 - any field of any type
    """Expect a dump at 02:00 each day, ten hours before NOW."""
    return expecting(schedule(interval=Interval.DAILY, **overrides))


def dumps(latest: int, *before: int) -> list[Backup]:
    """Make daily dumps of these sizes, the latest of which began ten hours ago."""
    return [
        backup(size_bytes=size, created_at=ago(hours=10 + 24 * days)) for days, size in enumerate([latest, *before])
    ]


def copies(*hours: float) -> list[Backup]:
    return [backup(created_at=ago(hours=each), completed_at=ago(hours=each), destination_id="s3") for each in hours]


def running(**ago_span: float) -> Backup:
    return backup(status=BackupStatus.IN_PROGRESS, created_at=ago(**ago_span), size_bytes=None)


FRESH = backup(created_at=ago(hours=3))
OLD = backup(created_at=ago(hours=31), completed_at=ago(hours=31))
OVERDUE = "no completed backup for 31 h, limit 26 h"
NEAR = "the latest completed backup is 31 h old, limit 26 h"
NEW = "no completed backup yet: the addon is 7 h old"
NEVER = "never completed a backup, or none is left"

_CASES: dict[str, tuple[AddonState, str, str]] = {
    "well": (read(FRESH), "", ""),
    "near": (read(backup(created_at=ago(hours=24), completed_at=ago(hours=24))), "",
             "the latest completed backup is 24 h old, limit 26 h"),
    "at-80-percent": (read(backup(created_at=ago(hours=20.8), completed_at=ago(hours=20.8))), "", ""),
    "old": (read(OLD), "TooOld", OVERDUE),
    "old-without-limit": (read(OLD, max_age="off"), "", ""),
    "old-by-schedule": (read(OLD, max_age=None, expectation=daily(created_at=ago(hours=1))), "TooOld",
                        "no completed backup for 31 h, limit 25 h"),
    "limit-unknown": (read(OLD, max_age=None), "",
                      "how old a backup may become is not configured, and its schedules are not known"),
    "old-and-paused": (read(OLD, info=PAUSED), "", "paused: no backup is expected"),
    "was-in-time-when-read": (read(OLD, data_at=ago(hours=6)), "DataStale",
                              f"what is known of it was read 6 h ago; {NEAR}"),
    "never": (read(), "Never", NEVER),
    "only-an-import": (read(backup(kind=BackupKind.IMPORT)), "Never", NEVER),
    "never-nor-scheduled": (read(max_age=None, expectation=expecting()), "Never Unscheduled",
                            f"{NEVER}, and there is no schedule"),
    "never-and-paused": (read(info=PAUSED), "", "paused: no backup is expected"),
    "new": (read(created_at=ago(hours=3)), "", "no completed backup yet: the addon is 3 h old"),
    "new-no-more": (read(created_at=ago(hours=27)), "Never", NEVER),
    "new-without-limit": (read(max_age="off", created_at=ago(hours=23)), "",
                          "no completed backup yet: the addon is 23 h old"),
    "new-but-missed": (read(created_at=ago(hours=20), expectation=daily(created_at=ago(hours=20))),
                       "Never ScheduleMissed", NEVER),
    "failed": (read(FRESH, failed(created_at=ago(hours=2))), "Failed",
               "the latest backup, begun 2 h ago, has failed"),
    "failed-before": (read(FRESH, failed(created_at=ago(hours=4))), "", ""),
    "failing": (read(backup(created_at=ago(hours=20)), *(failed(created_at=ago(hours=each)) for each in (2, 3, 4))),
                "Failed FailingRepeatedly", "3 backups have failed since one completed, the latest begun 2 h ago"),
    "failing-while-one-runs": (read(FRESH, running(minutes=5), *(failed(created_at=ago(hours=2 + each))
                                                                for each in (0, 0.25, 0.5))),
                               "FailingRepeatedly",
                               "3 backups have failed since one completed, the latest begun 2 h ago"),
    "stuck": (read(FRESH, running(hours=2, minutes=1)), "Stuck",
              "a backup has been running for 2 h 1 min, the latest completed one took 10 min"),
    "running-long-as-usual": (read(backup(created_at=ago(hours=9), completed_at=ago(hours=8)), running(hours=2.5)),
                              "", ""),
    "stuck-with-nothing-usual": (read(running(hours=6, minutes=1), created_at=ago(hours=7)), "Stuck",
                                 f"a backup has been running for 6 h 1 min; {NEW}"),
    "dropped": (read(*dumps(400, 1000, 1000, 1000)), "SizeDropped",
                "the latest dump has 400 B, 40% of the usual 1000 B"),
    "jumped": (read(*dumps(3000, 1000, 1000, 1000)), "SizeJumped",
               "the latest dump has 2.9 KiB, 300% of the usual 1000 B"),
    "from-nothing": (read(*dumps(3000, 0, 0, 0)), "", ""),
    "half": (read(*dumps(500, 1000, 1000, 1000)), "", ""),
    "copy-old": (read(FRESH, *copies(60, 70, 80)), "OffsiteCopyOld",
                 "the latest copy at destination s3 is 2 d 12 h old, expected is 2 d 4 h at most"),
    "copy-rare-but-usual": (read(FRESH, *copies(60, 120, 180, 240)), "", ""),
    "copy-old-without-limit": (read(FRESH, *copies(49), max_age="off"), "OffsiteCopyOld",
                               "the latest copy at destination s3 is 2 d 1 h old, expected is 2 d at most"),
    "copy-old-and-paused": (read(FRESH, *copies(60), info=PAUSED), "", "paused: no backup is expected"),
    "missed": (read(backup(created_at=ago(hours=25)), max_age="off", expectation=daily()), "ScheduleMissed",
               "the latest daily dump run brought no completed backup"),
    "missed-and-old": (read(backup(created_at=ago(days=3)), expectation=daily()), "TooOld ScheduleMissed",
                       "no completed backup for 2 d 23 h, limit 26 h"),
    "unscheduled": (read(FRESH, expectation=expecting()), "Unscheduled",
                    "no backup schedule: nothing backs it up by itself"),
    "unscheduled-and-new": (read(FRESH, expectation=expecting(), created_at=ago(hours=22)), "", ""),
    "untested": (read(FRESH, restores=summarise_restores([])), "RestoreUntested",
                 "no restore was completed in the last 90 days"),
    "tested": (read(FRESH, restores=summarise_restores(
        [Restore(id="r", status=BackupStatus.COMPLETED, completed_at=ago(days=80))])), "", ""),
    "pending": (AddonState(key=AddonKey("acme", "shop", "x")), "Unreadable", "not read yet"),
    "forbidden": (read(FRESH, data_at=ago(hours=3)).failed(FailureReason.FORBIDDEN, at=0.0, duration=None),
                  "Unreadable DataStale", "could not be read for 3 h: forbidden"),
    "gone-and-old": (read(OLD, data_at=ago(hours=3)).failed(FailureReason.NOT_FOUND, at=0.0, duration=None),
                     "Unreadable TooOld DataStale", f"{OVERDUE}; could not be read for 3 h: not found"),
    "stale": (read(FRESH, data_at=ago(minutes=50)), "DataStale", "what is known of it was read 50 min ago"),
}  # fmt: skip

_FULL_NAME = {
    "Unreadable": "NorthflankAddonUnreadable",
    "DataStale": "NorthflankDataStale",
    "OffsiteCopyOld": "NorthflankOffsiteCopyOld",
}


def _cases() -> Iterable[Case]:
    for name, (state, alerts, text) in _CASES.items():
        yield Case(
            state=replace(state, key=AddonKey("acme", "shop", name)),
            alerts=frozenset(_FULL_NAME.get(each, f"NorthflankBackup{each}") for each in alerts.split()),
            text=text,
        )


CASES = tuple(_cases())
