"""What the exporter serves over HTTP."""

from exporter.web.server import Reload, Watcher, WebServer

__all__ = ["Reload", "Watcher", "WebServer"]
