"""The configuration: YAML and the environment become one frozen Config, or all the problems at once."""

from exporter.config.budget import budget_groups
from exporter.config.environment import from_environment
from exporter.config.model import (
    ALL_TEAMS,
    DEFAULT_API_URL,
    DEFAULT_RATE_LIMIT_SHARE,
    DEFAULT_SCRAPE_TIMEOUT,
    AccountConfig,
    AddonEntry,
    CollectConfig,
    Config,
    ConfigError,
    Problem,
    ScrapeConfig,
)
from exporter.config.reader import load, parse
from exporter.config.scalars import parse_duration

__all__ = [
    "ALL_TEAMS",
    "DEFAULT_API_URL",
    "DEFAULT_RATE_LIMIT_SHARE",
    "DEFAULT_SCRAPE_TIMEOUT",
    "AccountConfig",
    "AddonEntry",
    "CollectConfig",
    "Config",
    "ConfigError",
    "Problem",
    "ScrapeConfig",
    "budget_groups",
    "from_environment",
    "load",
    "parse",
    "parse_duration",
]
