"""Prometheus exporter for the backups of Northflank addons."""

__version__ = "0.1.0"
