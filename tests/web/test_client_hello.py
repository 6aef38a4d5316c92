"""What a TLS client offers, read from bytes that anybody may have sent."""

import ssl
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from exporter.web.client_hello import offered_groups

P256, X25519 = 23, 29


def hello() -> bytes:
    """Give what the standard library's client begins with."""
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="exporter")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


HELLO = hello()


def test_a_real_client_offers_the_usual_groups() -> None:
    assert {P256, X25519} <= (offered_groups(HELLO) or set())
    assert offered_groups(HELLO + b"more") == offered_groups(HELLO)


def test_a_message_in_several_records_is_one() -> None:
    content = HELLO[5:]
    records = b"".join(HELLO[:3] + len(part).to_bytes(2) + part for part in (content[:1], content[1:50], content[50:]))

    assert offered_groups(records) == offered_groups(HELLO)


def test_every_beginning_of_it_wants_more() -> None:
    assert {offered_groups(HELLO[:length]) for length in range(len(HELLO))} == {None}


@given(st.binary(max_size=300))
def test_any_bytes_are_understood_or_wait_for_more(data: bytes) -> None:
    assert offered_groups(data) is None or isinstance(offered_groups(data), frozenset)
    offered_groups(b"\x16\x03\x01\x00\xff\x01" + data)


@given(st.integers(0, len(HELLO) - 1), st.integers(0, 255))
def test_a_byte_gone_wrong_breaks_nothing(position: int, byte: int) -> None:
    offered_groups(HELLO[:position] + bytes([byte]) + HELLO[position + 1 :])


def test_what_never_ends_is_not_waited_for() -> None:
    assert offered_groups((b"\x16\x03\x01\x3f\xff" + b"\x01\xff\xff\xff".ljust(0x3FFF, b"x")) * 5) == frozenset()
