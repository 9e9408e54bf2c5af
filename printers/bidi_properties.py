"""Character properties for the bidirectional algorithm that Python's ``unicodedata`` does not have.

Values of the Unicode Character Database 15.0: ``BidiBrackets`` and the ``@missing`` lines of
``DerivedBidiClass``.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from typing import Final


def bidi_class(character: str) -> str:
    """The Bidi_Class of a character, with the defaults for unassigned ones."""
    known = unicodedata.bidirectional(character)
    if known:
        return known
    code = ord(character)
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return "BN"
    return _DEFAULTS[bisect_right(_DEFAULTS, (code, "~")) - 1][1]


#: The classes of unassigned characters, each with its first code point.
_DEFAULTS: Final = (
    (0x0, "L"),
    (0x590, "R"),
    (0x600, "AL"),
    (0x7C0, "R"),
    (0x860, "AL"),
    (0x900, "L"),
    (0x20A0, "ET"),
    (0x20D0, "L"),
    (0xFB1D, "R"),
    (0xFB50, "AL"),
    (0xFE00, "L"),
    (0xFE70, "AL"),
    (0xFF00, "L"),
    (0x10800, "R"),
    (0x10D00, "AL"),
    (0x10D40, "R"),
    (0x10EC0, "AL"),
    (0x10F00, "R"),
    (0x10F30, "AL"),
    (0x10F70, "R"),
    (0x11000, "L"),
    (0x1E800, "R"),
    (0x1EC70, "AL"),
    (0x1ECC0, "R"),
    (0x1ED00, "AL"),
    (0x1ED50, "R"),
    (0x1EE00, "AL"),
    (0x1EF00, "R"),
    (0x1F000, "L"),
)

#: Opening brackets (hexadecimal code points) whose closing bracket is the next code point.
_ADJACENT: Final = """
    0028 0F3A 0F3C 169B 2045 207D 208D 2308 230A 2329 2768 276A 276C 276E 2770 2772 2774 27C5 27E6 27E8 27EA
    27EC 27EE 2983 2985 2987 2989 298B 2991 2993 2995 2997 29D8 29DA 29FC 2E22 2E24 2E26 2E28 2E55 2E57 2E59
    2E5B 3008 300A 300C 300E 3010 3014 3016 3018 301A FE59 FE5B FE5D FF08 FF5F FF62
"""
_APART: Final = {"[": "]", "{": "}", "\u298d": "\u2990", "\u298f": "\u298e", "\uff3b": "\uff3d", "\uff5b": "\uff5d"}

#: Each opening bracket with its closing bracket.
CLOSING_OF: Final = {chr(int(point, 16)): chr(int(point, 16) + 1) for point in _ADJACENT.split()} | _APART
CLOSING: Final = frozenset(CLOSING_OF.values())
#: U+2329 and U+232A are canonically equivalent to U+3008 and U+3009.
CANONICAL: Final = {"\u2329": "\u3008", "\u232a": "\u3009"}
