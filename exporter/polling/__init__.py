"""Polling: which addons a scrape reads, and what is learnt from it."""

from exporter.polling.account import PolledAccount
from exporter.polling.discovery import Discovery
from exporter.polling.extras import Collection
from exporter.polling.finding import Entry
from exporter.polling.poll import Freshness, PollObserver, Source
from exporter.polling.poller import Poller
from exporter.polling.teams import TeamDiscovery

__all__ = [
    "Collection",
    "Discovery",
    "Entry",
    "Freshness",
    "PollObserver",
    "PolledAccount",
    "Poller",
    "Source",
    "TeamDiscovery",
]
