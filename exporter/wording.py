"""Spans of time, sizes, numbers of things and words as people read them. Pure."""

from datetime import UTC, datetime, timedelta

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_IN_HOURS = 2 * _DAY
_STEP = 1024
_BRIEF = 10


def span(time: timedelta) -> str:
    """Write how long something takes or is ago: `45 s`, `12 min`, `26 h 20 min`, `3 d 4 h`; rounded down.

    Up to two days are told in hours, as limits are.
    """
    seconds = max(int(time.total_seconds()), 0)
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _IN_HOURS:
        return _two(seconds // _HOUR, "h", seconds % _HOUR // _MINUTE, "min")
    return _two(seconds // _DAY, "d", seconds % _DAY // _HOUR, "h")


def size(count: float) -> str:
    """Write a number of bytes in the binary unit that leaves at most four digits before the point."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if count < _STEP:
            return _scaled(count, unit)
        count /= _STEP
    return _scaled(count, "PiB")


def counted(number: int, noun: str) -> str:
    """Write a number of things; the noun's plural ends in s."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def utc(time: datetime) -> str:
    """Write a time of day in UTC as RFC 3339 has it, to the second."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def minute(time: datetime) -> str:
    """Write a time of day in UTC to the minute, as short as it can be without a doubt."""
    return time.astimezone(UTC).isoformat(" ", "minutes").replace("+00:00", "Z")


def plain(word: str) -> str:
    """Write one of Northflank's or our words for people: `in-progress` as in progress."""
    return word.replace("-", " ").replace("_", " ")


def _two(large: int, unit: str, small: int, lesser: str) -> str:
    return f"{large} {unit} {small} {lesser}" if small else f"{large} {unit}"


def _scaled(count: float, unit: str) -> str:
    is_whole = unit == "B" or count >= _BRIEF
    return f"{count:.0f} {unit}" if is_whole else f"{count:.1f} {unit}"
