"""What the exporter serves over HTTP."""

from exporter.web.listen import ListenAddress, address_of
from exporter.web.server import WebServer

__all__ = ["ListenAddress", "WebServer", "address_of"]
