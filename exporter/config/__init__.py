"""The configuration: YAML and the environment become one frozen Config, or all the problems at once."""

from exporter.config.model import AccountConfig, AddonEntry, Config, ConfigError, Problem, ScrapeConfig
from exporter.config.reader import load, parse
from exporter.config.scalars import parse_duration

__all__ = [
    "AccountConfig",
    "AddonEntry",
    "Config",
    "ConfigError",
    "Problem",
    "ScrapeConfig",
    "load",
    "parse",
    "parse_duration",
]
