"""What the web configuration asks for: TLS, and who gets in."""

import ssl
from concurrent.futures import Executor
from pathlib import Path

from aiohttp.typedefs import Middleware

from exporter.web.guard import guard
from exporter.web.handshake import ReloadedContext
from exporter.web.tls import TlsContexts
from exporter.webconfig import WebConfigFile


class Protection:
    """A web configuration in force; whether there is TLS at all is decided once. Raises WebConfigError."""

    def __init__(self, path: Path) -> None:
        self._file = WebConfigFile(path)
        self.context: ssl.SSLContext | None = None
        if self._file.current().tls is not None:
            contexts = TlsContexts(self._file)
            contexts.current()
            self.context = ReloadedContext(contexts)

    def guard(self, hash_pool: Executor) -> Middleware:
        """Make the middleware that every request passes through; passwords are hashed in the pool."""
        return guard(self._file, hash_pool, has_tls=self.context is not None)
