"""Text from elsewhere made safe to print: nothing in it can move the cursor, end a line or turn the reading order."""

LONGEST = 100
"""Longer than any id of Northflank's; more would push everything else off the screen."""

_VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_BYTE = 0x100
_TWO_BYTES = 0x10000


def harmless(text: str, longest: int = LONGEST) -> str:
    """Write what is not printable as Python would, and cut what is too long.

    That covers control characters, line ends, the marks that turn the reading order, lone surrogates and what has no
    width. Variation selectors too: terminals disagree about how wide what stands before them becomes.
    """
    shown = "".join(map(_shown, text[: longest + 1]))
    return shown if len(shown) <= longest else f"{shown[: longest - 3]}..."


def _shown(character: str) -> str:
    code = ord(character)
    if character.isprintable() and not any(code in selectors for selectors in _VARIATION_SELECTORS):
        return character
    if code < _BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _TWO_BYTES else f"\\U{code:08x}"
