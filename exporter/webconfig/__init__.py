"""The web configuration, TLS and authentication, in the file format of Prometheus' exporter-toolkit."""

from exporter.webconfig.file import WebConfigFile
from exporter.webconfig.model import ClientAuth, Pem, RateLimit, TlsConfig, WebConfig, WebConfigError
from exporter.webconfig.reader import parse

__all__ = ["ClientAuth", "Pem", "RateLimit", "TlsConfig", "WebConfig", "WebConfigError", "WebConfigFile", "parse"]
