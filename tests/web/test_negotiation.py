"""Which format and encoding a client is answered with."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.web.negotiation import Format, accepts_gzip, choose_format

TEXT, OPENMETRICS = Format.TEXT, Format.OPENMETRICS

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_NATIVE_HISTOGRAMS = (
    f"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,{PROMETHEUS_3}"
)
PROMETHEUS_3_TEXT_FIRST = (
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,"
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.2"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PIECES = (
    *("text/plain", "application/openmetrics-text", "*/*", "gzip", "identity", "*", ";", ",", "=", "q", "version"),
    *("1.0.0", '"', " ", "-1", "1e999", "nan", "0", "0.5"),
)
ANYTHING = st.one_of(
    st.text(),
    st.lists(st.sampled_from(PIECES)).map("".join),
)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (PROMETHEUS_2, OPENMETRICS),
        (PROMETHEUS_3, OPENMETRICS),
        (PROMETHEUS_3_NATIVE_HISTOGRAMS, OPENMETRICS),
        (PROMETHEUS_3_TEXT_FIRST, TEXT),
        (FIREFOX, TEXT),
        ("", TEXT),
        ("*/*", TEXT),
        ("text/*", TEXT),
        ("text/plain", TEXT),
        ("application/json", TEXT),
        ("application/openmetrics-text", OPENMETRICS),
        ("Application/OpenMetrics-Text; Version=1.0.0", OPENMETRICS),
        ('application/openmetrics-text; version="1.0.0"', OPENMETRICS),
        ("application/openmetrics-text ; version = 1.0.0 ; q = 0.3", OPENMETRICS),
        ("text/plain, application/openmetrics-text", OPENMETRICS),
        ("text/plain;q=0.5,application/openmetrics-text;q=0.4", TEXT),
        ("text/plain;q=0.5,application/openmetrics-text;q=0.5", OPENMETRICS),
        ("application/openmetrics-text;q=0.1,*/*;q=0.9", TEXT),
        ("application/openmetrics-text;q=0", TEXT),
        ("application/openmetrics-text;q=0.0,text/plain", TEXT),
        ("application/openmetrics-text;q=high", TEXT),
        ("application/openmetrics-text;q=7", TEXT),
        ("application/openmetrics-text;q=0_1", TEXT),
        ('application/openmetrics-text;a="b,c;q=0";q=0.4', OPENMETRICS),
        ('text/html;a=",application/openmetrics-text"', TEXT),
        ('application/openmetrics-text;a="\\",text/plain;q=0.5"', OPENMETRICS),
        ('application/openmetrics-text;version="1.0\\.0"', OPENMETRICS),
        ("application/openmetrics-text;version=abc", TEXT),
        ("application/openmetrics-text;version=99.0", TEXT),
        ("application/openmetrics-text;version=2.0.0", TEXT),
        ("application/openmetrics-text;version=0.0.1", TEXT),
        ("application/openmetrics-text;version=", OPENMETRICS),
        ("text/plain;q=0,*/*", OPENMETRICS),
        ("text/plain;q=0, application/*", OPENMETRICS),
        ("text/plain;q=0", TEXT),
        ("*/*;q=0", TEXT),
        ("application/*", TEXT),
        (",;,=;;q,", TEXT),
    ],
)
def test_the_format_follows_accept(accept: str, expected: Format) -> None:
    assert choose_format(accept) is expected


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("deflate;q=1, gzip;q=0.5", True),
        ("*", True),
        ("identity, gzip", True),
        ("gzip;q=0.5, identity;q=0.5", True),
        ("gzip;q=0.4, identity;q=0.5", False),
        ("", False),
        ("identity", False),
        ("deflate, br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("gzip;q=nonsense", False),
        ("gzipped", False),
    ],
)
def test_gzip_follows_accept_encoding(accept_encoding: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert accepts_gzip(accept_encoding) is expected


def test_content_types_name_the_version_that_is_written() -> None:
    assert TEXT.value == "text/plain; version=0.0.4; charset=utf-8"
    assert OPENMETRICS.value == "application/openmetrics-text; version=1.0.0; charset=utf-8"


@given(ANYTHING)
@example("application/openmetrics-text;version=1.0.0;q=infinity")
@example("application/openmetrics-text;q=nan")
def test_no_header_is_too_odd(header: str) -> None:
    assert choose_format(header) in Format
    assert accepts_gzip(header) in {True, False}


@given(st.permutations(PROMETHEUS_3.split(",")))
def test_the_order_of_choices_does_not_matter(choices: list[str]) -> None:
    assert choose_format(",".join(choices)) is OPENMETRICS
