"""When backups should have run, and whether they did: due times, the longest gap, missed runs. Pure."""

from exporter.schedule.runs import ScheduleSummary, assess
from exporter.schedule.timetable import Timetable, due_times, last_due, longest_gap, next_due, timetables

__all__ = [
    "ScheduleSummary",
    "Timetable",
    "assess",
    "due_times",
    "last_due",
    "longest_gap",
    "next_due",
    "timetables",
]
