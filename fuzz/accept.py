"""Properties of the choice of a format and an encoding, and what is right, told slowly and by the letter of RFC 9110.

The reference reads only headers that follow the grammar; what others mean nobody says, but they must mean something.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from exporter.web.negotiation import Format, accepts_gzip, choose_format
from fuzz.bounds import bounded
from fuzz.draw import Draw

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110, 5.6.2
_QUOTED = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"'
_PARAMETER = re.compile(rf"[ \t]*;[ \t]*(?:({_TOKEN})=({_TOKEN}|{_QUOTED}))?")
_RANGE = re.compile(rf"{_TOKEN}(?:/{_TOKEN})?")
_DECIMAL = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+", re.ASCII)
_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


class Wish(NamedTuple):
    """One element of such a header."""

    name: str
    version: str
    weight: Fraction


def wishes(header: str) -> list[Wish] | None:
    """Read a header by the grammar; None where it does not follow it."""
    found = []
    at = 0
    while at < len(header):
        if header[at] in ", \t":
            at += 1
            continue
        name = _RANGE.match(header, at)
        if name is None:
            return None
        at = name.end()
        parameters: dict[str, str] = {}
        while (parameter := _PARAMETER.match(header, at)) is not None:
            at = parameter.end()
            if parameter[1] is not None:
                if parameter[1].lower() in parameters:
                    return None
                parameters[parameter[1].lower()] = re.sub(
                    r"\\(.)", r"\1", parameter[2].removeprefix('"').removesuffix('"')
                )
        if re.match(r"[ \t]*(,|$)", header[at:]) is None:
            return None
        weight = parameters.get("q", "1")
        if _WEIGHT.fullmatch(weight) is None:
            return None
        found.append(Wish(name[0].lower(), parameters.get("version", "").lower(), Fraction(weight)))
    return found


def weight_of(all_wishes: list[Wish], ranges: tuple[str, ...]) -> Fraction | None:
    """Give what the most specific range weighs that is named, the most where it is several times; None without."""
    for name in ranges:
        named = [wish.weight for wish in all_wishes if wish.name == name]
        if named:
            return max(named)
    return None


def right_format(all_wishes: list[Wish]) -> Format:
    """Choose among the two by their weights: text unless OpenMetrics 1.0.0 is named, or text is refused."""
    can = [wish for wish in all_wishes if wish.name != "application/openmetrics-text" or wish.version in {"", "1.0.0"}]
    text = weight_of(can, ("text/plain", "text/*", "*/*"))
    openmetrics = weight_of(can, ("application/openmetrics-text", "application/*", "*/*"))
    named = weight_of(can, ("application/openmetrics-text",))
    if named and named >= (text or 0):
        return Format.OPENMETRICS
    if text == 0 and openmetrics:
        return Format.OPENMETRICS
    return Format.TEXT


def is_gzip_right(all_wishes: list[Wish]) -> bool:
    """Tell whether gzip weighs something, and no less than what is not encoded."""
    gzip = weight_of(all_wishes, ("gzip", "x-gzip", "*"))
    return bool(gzip) and (gzip or 0) >= (weight_of(all_wishes, ("identity",)) or 0)


def header_gets_what_it_asks_for(header: str) -> None:
    """A header that follows the grammar gets what the reference says; any other gets one of the two as well."""
    with bounded(header):
        chosen, gzip = choose_format(header), accepts_gzip(header)
    assert chosen in Format
    assert gzip in {True, False}
    asked = wishes(header)
    if asked is not None:
        assert chosen is right_format(asked), asked
        assert gzip is is_gzip_right(asked), asked


def wording_does_not_matter(header: str) -> None:
    """Case, empty elements and what the exporter cannot write anyway change nothing, whatever the header is."""
    chosen, gzip = choose_format(header), accepts_gzip(header)
    # Where a quotation is still open, what is appended is a part of it.
    tails = (
        (",", ", ,", ",application/json;q=0.9,br;q=0.9") if header.count('"') % 2 == 0 and "\\" not in header else ()
    )
    for same in (header.swapcase() if header.isascii() else header, *(header + tail for tail in tails)):
        assert choose_format(same) is chosen, same
        assert accepts_gzip(same) is gzip, same


def order_does_not_matter(elements: list[str]) -> None:
    """Elements have no order: what is liked best is told by q alone."""
    forward, backward = ",".join(elements), ",".join(reversed(elements))
    assert choose_format(forward) is choose_format(backward)
    assert accepts_gzip(forward) is accepts_gzip(backward)


def liking_less_wins_nothing(thousandths: tuple[int, int], others: str) -> None:
    """A client that likes OpenMetrics more never gets it less for that."""
    low, high = sorted(thousandths)
    less, more = (f"{others},application/openmetrics-text;q={each / 1000:.3f}" for each in (low, high))
    if choose_format(less) is Format.OPENMETRICS and low > 0:
        assert choose_format(more) is Format.OPENMETRICS


def what_is_no_weight_refuses(weight: str) -> None:
    """What is no number from 0 to 1, written in decimal digits, does not make a client like anything."""
    if _DECIMAL.fullmatch(weight.strip()) is None or Fraction(weight.strip().rstrip(".")) > 1:
        assert choose_format(f"application/openmetrics-text;q={weight}") is Format.TEXT
        assert not accepts_gzip(f"gzip;q={weight}")


NAMES = (
    "application/openmetrics-text",
    "text/plain",
    "*/*",
    "text/*",
    "application/*",
    "text/html",
    "gzip",
    "*",
    "identity",
    "x-gzip",
)
PARAMETERS = (
    "",
    ";version=1.0.0",
    ';version="1.0.0"',
    ";version=0.0.4",
    ";version=2",
    ";escaping=allow-utf-8",
    ';a="b,c;d"',
    ";",
)
WEIGHTS = (
    "",
    ";q=1",
    ";q=0.5",
    "; q=0.4",
    ";Q=0.125",
    ";q=0",
    ";q=0.000",
    ";q=1.000",
    ' ;q="0.3"',
    ";q=.5",
    ";q=2",
    ";q=0_1",
    ";q=x",
)


def run(data: bytes) -> None:
    """Try a header made of parts, or any text as a header."""
    draw = Draw(data)
    kind = draw.integer(3)
    if kind == 2:  # noqa: PLR2004 - the last of them
        what_is_no_weight_refuses(draw.rest_as_text().partition(",")[0].partition(";")[0])
        return
    if kind == 1:
        header = draw.rest_as_text()
        header_gets_what_it_asks_for(header)
        wording_does_not_matter(header)
        return
    elements = [draw.pick(NAMES) + draw.pick(PARAMETERS) + draw.pick(WEIGHTS) for _ in range(draw.integer(6))]
    header = ",".join(elements)
    header_gets_what_it_asks_for(header)
    wording_does_not_matter(header)
    order_does_not_matter(elements)
    others = [each for each in elements if "openmetrics" not in each]
    liking_less_wins_nothing((draw.integer(1001), draw.integer(1001)), ",".join(others))


def seeds() -> Iterator[bytes]:
    """Give what Prometheus' versions and a browser send, and headers made of parts."""
    yield (
        b"\1application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;"
        b"version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    )
    yield b"\1text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    yield b"\1gzip, deflate;q=0.5, *;q=0, identity;q=0.1"
    yield b'\1application/openmetrics-text; version="1.0.0"; a="b,c\\""; q=0.3'
    yield b"\x020.333"
    yield bytes([0, 4, 0, 1, 3, 1, 2, 4, 2, 0, 5, 3, 6, 1])
