"""What the exporter serves over HTTP."""

from exporter.web.answers import answering
from exporter.web.connection import Connections
from exporter.web.server import Reload, Watcher, WebServer
from exporter.web.site import Site

__all__ = ["Connections", "Reload", "Site", "Watcher", "WebServer", "answering"]
