"""The web configuration's file, read again whenever it says something else."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from exporter.config import Problem
from exporter.webconfig.model import WebConfig, WebConfigError
from exporter.webconfig.reader import parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIZE_LIMIT = 1024 * 1024

log = logging.getLogger(__name__)


class WebConfigFile:
    """Gives what the file says now: it is read for each request, and parsed where it has changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._content: bytes | None = None
        self._config = WebConfig()
        self._problems: Sequence[Problem] = ()

    def current(self) -> WebConfig:
        """Return what the file says; raises WebConfigError as long as it cannot be read.

        As in exporter-toolkit there is no going on with what it said before: somebody may just have been locked out.
        """
        content = self._read()
        if content != self._content:
            self._content = content
            self._parse(content)
        if self._problems:
            raise WebConfigError(self.path, self._problems)
        return self._config

    def _parse(self, content: bytes) -> None:
        self._problems = ()
        try:
            # Editors on Windows begin a text file with a byte order mark.
            self._config = parse(content.decode("utf-8-sig"), self.path)
        except WebConfigError as error:
            self._problems = error.problems
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self._problems = [Problem(path="", message="cannot be read: not UTF-8 text", line=line)]

    def _read(self) -> bytes:
        try:
            # Opening a pipe that nobody writes to would block for ever.
            if self.path.exists() and not self.path.is_file():
                raise WebConfigError.of_file(self.path, "cannot be read: not a regular file")
            with self.path.open("rb") as file:
                content = file.read(SIZE_LIMIT + 1)
        except OSError as error:
            raise WebConfigError.of_file(self.path, f"cannot be read: {error.strerror}") from None
        if len(content) > SIZE_LIMIT:
            raise WebConfigError.of_file(self.path, "cannot be read: larger than 1 MiB")
        return content


class Complaints:
    """Logs trouble with the web configuration once, not for each request, and that it is over."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._told = ""

    def trouble(self, error: WebConfigError) -> None:
        """Take note of an error."""
        if str(error) != self._told:
            self._told = str(error)
            for problem in error.problems:
                log.error("Bad web configuration", extra={"file": error.file, "problem": problem, "effect": self._what})

    def over(self) -> None:
        """Take note that it works."""
        if self._told:
            self._told = ""
            log.info("Web configuration is good again", extra={"effect": self._what})
