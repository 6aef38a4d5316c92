"""Listen addresses: how they are written, and what is opened for them."""

import socket
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.listen import ListenAddress, address_of
from tests.machine import wants_ipv6


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (":10087", "", 10_087),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("[::1]:10087", "::1", 10_087),
        ("[::]:1", "::", 1),
        ("localhost:65535", "localhost", 65_535),
        ("exporter.internal:0080", "exporter.internal", 80),
        (f":{'0' * 5000}80", "", 80),
        (":0000", "", 0),
    ],
)
def test_an_address_is_read(text: str, host: str, port: int) -> None:
    assert ListenAddress.parse(text) == ListenAddress(host, port)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "'' has no port"),
        ("10087", "'10087' has no port"),
        ("localhost", "'localhost' has no port"),
        ("localhost:", "'localhost:': the port is no number"),
        (":http", "':http': the port is no number"),
        (":00080000", "':00080000': the port is no number from 0 to 65535"),
        (":65536", "':65536': the port is no number from 0 to 65535"),
        (":-1", "':-1': the port is no number"),
        (":1e3", "':1e3': the port is no number"),
        (":١٢", "the port is no number"),
        (f":{10**30}", "the port is no number"),
        (":0x10", "the port is no number"),
        ("::1:10087", "an IPv6 address wants brackets: [::1]:10087"),
        ("[::1]", "the port is no number"),
        (f"{'a' * 70}:80", "is no host name"),
        ("a..b:80", "is no host name"),
        ("[[x]]:80", "'[x]' is no host name"),
        ("[::1]8080[::2]:80", "is no host name"),
        ("[::1:80", "'[::1' is no host name"),
        ("a\x1b[2J::1:80", "'a\\x1b[2J::1' is no host name"),
        ("a\0b:80", "'a\\x00b' is no host name"),
    ],
)
def test_a_bad_address_is_refused_with_a_reason(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the reason is compared below
        ListenAddress.parse(text)

    assert problem in str(refusal.value)


@given(st.text())
def test_any_text_is_an_address_that_can_be_written_again_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        address = ListenAddress.parse(text)

        assert 0 <= address.port <= 65_535
        assert str(ListenAddress.parse(str(address))) == str(address)


@pytest.mark.parametrize(
    "text", ["127.0.0.1:0", pytest.param("[::1]:0", marks=wants_ipv6), "localhost:0", ":0", ":00000000"]
)
def test_port_0_becomes_a_real_one(text: str) -> None:
    with ListenAddress.parse(text).bind() as listening:
        port = listening.getsockname()[1]

        assert port > 0
        assert str(address_of(listening)).endswith(f":{port}")
        assert address_of(listening).port == port


@pytest.mark.parametrize("text", [":0", pytest.param("[::]:0", marks=wants_ipv6)])
@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=wants_ipv6)])
def test_without_a_host_every_address_of_the_machine_is_listened_on(text: str, host: str) -> None:
    with ListenAddress.parse(text).bind() as listening:
        socket.create_connection((host, listening.getsockname()[1]), timeout=5).close()


def test_a_port_in_use_is_an_os_error() -> None:
    with ListenAddress.parse("127.0.0.1:0").bind() as taken, pytest.raises(OSError, match="in use"):
        address_of(taken).bind()
