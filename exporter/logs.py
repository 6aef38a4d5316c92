"""Log lines as logfmt or JSON on standard error: level, message, then whatever fields `extra` carries."""

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TextIO, TypeAlias

from aiohttp.http_exceptions import HttpProcessingError

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
"""The words of --log.level."""

_NAMES = {number: name for name, number in LEVELS.items()} | {logging.CRITICAL: "error"}
_STANDARD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@+*%,[]()")


_Fault: TypeAlias = tuple[Any, ...]
"""What fails where: see `_fault`."""


class _FieldFormatter(logging.Formatter):
    """Collects a record's fields; how they are written is the subclasses' matter.

    A traceback stands in the log once. What fails at each scrape, or for each addon, would fill it otherwise.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: set[_Fault] = set()

    def fields(self, record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
        moment = datetime.fromtimestamp(record.created, UTC)
        yield "ts", moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield "level", _NAMES.get(record.levelno, record.levelname.lower())
        yield "msg", record.getMessage()
        for name, value in vars(record).items():
            if name not in _STANDARD_ATTRIBUTES:
                yield name, value
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            fault = _fault(error)
            if fault in self._told:
                yield "err", f"{type(error).__name__}: {error}"
                yield "traceback", "as before"
            else:
                self._told.add(fault)
                yield "traceback", self.formatException(record.exc_info)


class LogfmtFormatter(_FieldFormatter):
    """`ts=… level=info msg="Listening" address=127.0.0.1:10087`."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record on one line."""
        return " ".join(
            f"{name}={_quoted(str(value)) if name == 'msg' else _value(str(value))}"
            for name, value in self.fields(record)
        )


class JsonFormatter(_FieldFormatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record on one line."""
        return json.dumps(dict(self.fields(record)), default=str)


FORMATS: dict[str, type[_FieldFormatter]] = {"logfmt": LogfmtFormatter, "json": JsonFormatter}
"""The words of --log.format."""


def configure(*, level: str, form: str, stream: TextIO) -> None:
    """Send every log line of the process to `stream`."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(FORMATS[form]())
    logging.basicConfig(level=LEVELS[level], handlers=[handler], force=True)
    logging.getLogger("aiohttp.server").addFilter(_demote_what_clients_do)
    # asyncio's own debug lines tell of selectors, not of backups.
    logging.getLogger("asyncio").setLevel(max(LEVELS[level], logging.INFO))
    logging.getLogger("asyncio").addFilter(_tells_more_than_that_a_client_left)


@contextmanager
def written_to(stream: TextIO) -> Iterator[None]:
    """Send log lines to another stream for a while."""
    before = [
        (handler, handler.setStream(stream))
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler)
    ]
    try:
        yield
    finally:
        for handler, former in before:
            if former is not None:
                handler.setStream(former)


@contextmanager
def tracebacks_counted(count: Callable[[], None]) -> Iterator[None]:
    """Call `count` for each error that is logged with a traceback: it was foreseen by nobody."""
    handler = _Counting(count)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


class _Counting(logging.Handler):
    def __init__(self, count: Callable[[], None]) -> None:
        super().__init__(logging.ERROR)
        self._count = count

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self._count()


def _fault(error: BaseException) -> _Fault:
    """Give what is the same wherever and whenever the same line fails in the same way."""
    place = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        place = frame.f_code.co_filename, line
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return type(error), place, *map(_fault, members)


def _demote_what_clients_do(record: logging.LogRecord) -> bool:
    """Make a debug line without traceback of a request that is no HTTP: anybody could fill the log with them.

    Likewise of a client that leaves before aiohttp's own "100 Continue", for which it had asked.
    """
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | ConnectionError):
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        record.exc_info = None
        return logging.getLogger().isEnabledFor(logging.DEBUG)
    return True


def _tells_more_than_that_a_client_left(record: logging.LogRecord) -> bool:
    """Drop what asyncio warns of when answers are written to a client that is gone: anybody could fill the log."""
    return record.msg not in {"SSL connection is closed", "socket.send() raised exception."}


def _value(text: str) -> str:
    return text if text and _PLAIN.issuperset(text) else _quoted(text)


def _quoted(text: str) -> str:
    # JSON's escapes are logfmt's: quotes, backslashes, line ends and control characters.
    return json.dumps(text, ensure_ascii=False)
