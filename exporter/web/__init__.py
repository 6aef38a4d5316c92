"""What the exporter serves over HTTP."""

from exporter.web.server import WebServer

__all__ = ["WebServer"]
