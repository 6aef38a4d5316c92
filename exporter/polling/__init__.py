"""Polling: which addons a scrape reads, and what is learnt from it."""

from exporter.polling.account import BackupSource, Freshness, PolledAccount, PollObserver
from exporter.polling.poller import Poller

__all__ = ["BackupSource", "Freshness", "PollObserver", "PolledAccount", "Poller"]
