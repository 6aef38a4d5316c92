"""Log lines, as logfmt and as JSON."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import ClientConnectionResetError
from aiohttp.http_exceptions import BadHttpMessage
from hypothesis import given
from hypothesis import strategies as st

from exporter import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Give what the log is written to, and put logging back as it was."""
    root, asyncio_log, server_log = (logging.getLogger(name) for name in ("", "asyncio", "aiohttp.server"))
    before = root.level, list(root.handlers), asyncio_log.level, list(server_log.filters)
    for handler in before[1]:
        root.removeHandler(handler)
    yield io.StringIO()
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    asyncio_log.setLevel(before[2])
    server_log.filters[:] = before[3]


def record_of(message: str, level: int = logging.INFO, **fields: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"msg": message, "levelno": level, "levelname": logging.getLevelName(level), "created": 0.0, **fields}
    )


def logfmt(message: str, level: int = logging.INFO, **fields: object) -> str:
    return logs.LogfmtFormatter().format(record_of(message, level, **fields))


def read_json(message: str, level: int = logging.INFO, **fields: object) -> dict[str, Any]:
    line = logs.JsonFormatter().format(record_of(message, level, **fields))
    assert "\n" not in line
    read = json.loads(line)
    assert isinstance(read, dict)
    return read


def read_logfmt(line: str) -> dict[str, str]:
    """Read a line as log collectors do."""
    pairs = re.findall(r'(\S+?)=("(?:[^"\\]|\\.)*"|[^" ]*)(?: |$)', line)
    assert " ".join(f"{name}={value}" for name, value in pairs) == line
    return {name: json.loads(value) if value.startswith('"') else value for name, value in pairs}


def test_a_line_is_time_level_message_and_fields() -> None:
    line = logfmt("Listening", address="127.0.0.1:10087")

    assert line == 'ts=1970-01-01T00:00:00.000Z level=info msg="Listening" address=127.0.0.1:10087'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain-word_1", "plain-word_1"),
        ("[::1]:10087", "[::1]:10087"),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ('say "hi"', r'"say \"hi\""'),
        ("back\\slash", r'"back\\slash"'),
        ("line\nbreak\r\ttab", r'"line\nbreak\r\ttab"'),
        ("\x1b[31mred\0", r'"\u001b[31mred\u0000"'),
        ("größe", '"größe"'),
        ("", '""'),
        (42, "42"),
        (0.5, "0.5"),
        (None, "None"),
        (ValueError("it broke"), '"it broke"'),
    ],
)
def test_a_value_is_quoted_where_it_must_be(value: object, written: str) -> None:
    assert logfmt("m", err=value).split(" err=", 1)[1] == written


@pytest.mark.parametrize(
    ("level", "word"),
    [
        (logging.DEBUG, "debug"),
        (logging.INFO, "info"),
        (logging.WARNING, "warn"),
        (logging.ERROR, "error"),
        (logging.CRITICAL, "error"),
    ],
)
def test_levels_are_the_words_of_the_flag(level: int, word: str) -> None:
    assert f" level={word} " in logfmt("m", level)
    assert read_json("m", level)["level"] == word


@given(st.text(), st.text())
def test_whatever_is_logged_stays_on_one_line_and_can_be_read_back(message: str, value: str) -> None:
    line = logfmt(message, value=value)

    assert "\n" not in line
    assert read_logfmt(line) == {"ts": "1970-01-01T00:00:00.000Z", "level": "info", "msg": message, "value": value}


@given(st.text(), st.text())
def test_json_can_be_read_back(message: str, value: str) -> None:
    expected = {"ts": "1970-01-01T00:00:00.000Z", "level": "info", "msg": message, "value": value}

    assert read_json(message, value=value) == expected


def test_json_writes_what_json_does_not_know_as_text() -> None:
    assert read_json("m", err=ValueError("it broke"), count=3) == {
        "ts": "1970-01-01T00:00:00.000Z",
        "level": "info",
        "msg": "m",
        "err": "it broke",
        "count": 3,
    }


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_a_traceback_is_a_field_of_its_line(stream: io.StringIO, form: str) -> None:
    logs.configure(level="info", form=form, stream=stream)

    try:
        int("many")
    except ValueError:
        logging.getLogger("exporter.poller").exception("Unexpected error")

    (line,) = stream.getvalue().splitlines()
    fields = json.loads(line) if form == "json" else read_logfmt(line)
    assert fields["level"] == "error"
    assert fields["traceback"].startswith("Traceback (most recent call last):\n")
    assert fields["traceback"].endswith("ValueError: invalid literal for int() with base 10: 'many'")


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_what_fails_again_in_the_same_place_is_told_again_without_its_traceback(stream: io.StringIO, form: str) -> None:
    logs.configure(level="info", form=form, stream=stream)

    for text, divisor in (("many", 1), ("more", 1), ("1", 0), ("0", 0)):
        try:
            number = int(text)
            number // divisor
        except ArithmeticError as error:
            # A group is told apart by what is in it.
            logging.getLogger("exporter.poller").exception("Unexpected error", exc_info=ExceptionGroup("", [error]))
        except ValueError:
            logging.getLogger("exporter.poller").exception("Unexpected error")

    lines = stream.getvalue().splitlines()
    told = [json.loads(line) if form == "json" else read_logfmt(line) for line in lines]
    assert [fields["traceback"] == "as before" for fields in told] == [False, True, False, True]
    assert told[1]["err"] == "ValueError: invalid literal for int() with base 10: 'more'"


@pytest.mark.parametrize(("level", "written"), [("debug", "diwe"), ("info", "iwe"), ("warn", "we"), ("error", "e")])
def test_a_level_shows_itself_and_what_is_worse(stream: io.StringIO, level: str, written: str) -> None:
    logs.configure(level=level, form="logfmt", stream=stream)

    log = logging.getLogger("exporter")
    log.debug("d")
    log.info("i")
    log.warning("w")
    log.error("e")

    assert "".join(re.findall(r'msg="(.)"', stream.getvalue())) == written


def test_debug_lines_of_asyncio_are_nobodys_business(stream: io.StringIO) -> None:
    logs.configure(level="debug", form="logfmt", stream=stream)

    logging.getLogger("asyncio").debug("Using selector")

    assert stream.getvalue() == ""


def test_configuring_again_does_not_double_the_lines(stream: io.StringIO) -> None:
    for _ in range(2):
        logs.configure(level="info", form="json", stream=stream)

    logging.getLogger("exporter").info("once")

    assert stream.getvalue().count("once") == 1


@pytest.mark.parametrize("error", [BadHttpMessage("Invalid method"), ClientConnectionResetError("Cannot write")])
@pytest.mark.parametrize(("level", "lines"), [("info", 0), ("debug", 1)])
def test_what_clients_do_is_a_debug_line_without_traceback_and_no_error_of_ours(
    stream: io.StringIO, level: str, lines: int, error: Exception
) -> None:
    logs.configure(level=level, form="logfmt", stream=stream)

    with logs.tracebacks_counted(lambda: pytest.fail("it was counted")):
        logging.getLogger("aiohttp.server").error("Error handling request", exc_info=error)

    assert stream.getvalue().count("level=debug") == lines
    assert "traceback" not in stream.getvalue()


def test_a_fault_of_a_page_is_an_error_with_traceback(stream: io.StringIO) -> None:
    logs.configure(level="error", form="logfmt", stream=stream)

    logging.getLogger("aiohttp.server").error("Error handling request", exc_info=RuntimeError("ours"))

    assert "level=error" in stream.getvalue()
    assert "RuntimeError: ours" in stream.getvalue()
