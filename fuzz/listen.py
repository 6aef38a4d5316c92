"""Properties of listen addresses: what is one is told in another way than the exporter does."""

import re
from collections.abc import Iterator

from exporter.listen import HIGHEST_PORT, ListenAddress
from fuzz.bounds import bounded

_ADDRESS = re.compile(r"(?:\[(?P<bracketed>[^\[\]]*)\]|(?P<plain>[^:\[\]]*)):0*(?P<port>[0-9]{1,5})", re.DOTALL)


def text_is_an_address_or_refused(text: str) -> None:
    """Any text is an address, exactly where it is written like one, or a ValueError that repeats and explains it."""
    address, refusal = None, ""
    with bounded(text):
        try:
            address = ListenAddress.parse(text)
        except ValueError as error:
            refusal = str(error)
    if address is None:
        assert not _is_address(text)
        assert refusal.isprintable()
        # Whoever mistyped it must find it again.
        assert repr(text) in refusal
        return
    match = _ADDRESS.fullmatch(text)
    assert match is not None
    assert _is_address(text)
    assert address.host == (match["bracketed"] if match["plain"] is None else match["plain"])
    assert address.port == int(match["port"])
    assert address.reachable.host
    _round_trip(address)


def _round_trip(address: ListenAddress) -> None:
    """Written out and read again, an address is the same; so is what it is reached by."""
    for each in (address, address.reachable):
        assert ListenAddress.parse(str(each)) == each


def _is_address(text: str) -> bool:
    match = _ADDRESS.fullmatch(text)
    return match is not None and int(match["port"]) <= HIGHEST_PORT and _is_host(match["bracketed"] or match["plain"])


def _is_host(host: str | None) -> bool:
    """Tell whether a resolver can be asked for a host at all."""
    try:
        (host or "").encode("idna")
    except UnicodeError:
        return False
    return (host or "").isprintable()


def run(data: bytes) -> None:
    """Try any bytes as a command line gives them."""
    text_is_an_address_or_refused(data.decode("utf-8", "surrogateescape"))


def seeds() -> Iterator[bytes]:
    """Give inputs to begin with."""
    for text in (":10087", "127.0.0.1:0", "[::1]:10087", "[::]:1", "localhost:65535", "é.example:0080", "::1:80", "x"):
        yield text.encode()
