"""The configuration: YAML and the environment become one frozen Config, or all the problems at once."""

from exporter.config.budget import budget_groups
from exporter.config.model import (
    DEFAULT_RATE_LIMIT_SHARE,
    DEFAULT_SCRAPE_TIMEOUT,
    AccountConfig,
    AddonEntry,
    Config,
    ConfigError,
    Problem,
    ScrapeConfig,
)
from exporter.config.reader import load, parse
from exporter.config.scalars import parse_duration

__all__ = [
    "DEFAULT_RATE_LIMIT_SHARE",
    "DEFAULT_SCRAPE_TIMEOUT",
    "AccountConfig",
    "AddonEntry",
    "Config",
    "ConfigError",
    "Problem",
    "ScrapeConfig",
    "budget_groups",
    "load",
    "parse",
    "parse_duration",
]
