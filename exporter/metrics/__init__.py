"""Every metric as one declaration: HELP, the exposition, `?name[]=` and the README's table follow from these."""

from exporter.metrics.account import ACCOUNT_CATALOGUE, EXPORTER_CATALOGUE, SCRAPE_CATALOGUE
from exporter.metrics.addon import ADDON_CATALOGUE
from exporter.metrics.family import Catalogue, Family, LiveFamily, Samples

__all__ = [
    "ACCOUNT_CATALOGUE",
    "ADDON_CATALOGUE",
    "EXPORTER_CATALOGUE",
    "SCRAPE_CATALOGUE",
    "Catalogue",
    "Family",
    "LiveFamily",
    "Samples",
]
