"""Words on the pages: times, reasons, and what others call things. Pure."""

from datetime import UTC, datetime, timedelta
from unicodedata import category

from exporter.wording import span

NONE = "–"  # noqa: RUF001 - an en dash, as tables have it

_TENTHS_BELOW = 10
_JOINERS = frozenset("\u200c\u200d")  # within scripts and emoji; they turn nothing around
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """Write what would be invisible, turn the reading order or not be UTF-8 as its code point."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character in _JOINERS or category(character) not in _INVISIBLE:
        return character
    return f"\\u{ord(character):04x}"


def minute(time: datetime) -> str:
    """Write a time of day to the minute."""
    return f"{_without_zone(time).isoformat(' ', 'minutes')} UTC"


def second(time: datetime) -> str:
    """Write a time of day to the second."""
    return f"{_without_zone(time).isoformat(' ', 'seconds')} UTC"


def _without_zone(time: datetime) -> datetime:
    # %Y of strftime leaves out the zeros that a year may begin with.
    return time.astimezone(UTC).replace(tzinfo=None)


def relative(time: datetime, now: datetime) -> str:
    """Write how long ago a time was, or how long there is until then."""
    return f"{span(now - time)} ago" if time <= now else f"in {span(time - now)}"


def briefly(time: timedelta) -> str:
    """Write a duration, which may be less than a second."""
    seconds = time.total_seconds()
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < _TENTHS_BELOW else span(time)


def sentence(text: str) -> str:
    """Begin a text with a capital letter."""
    return text[:1].upper() + text[1:]
