"""Folds names and words for comparison, so that different spellings of one name are equal."""

from __future__ import annotations

import unicodedata
from typing import Final

# Fewer letters than this match the names of too many people.
SHORTEST_PART: Final = 2

# Letters that are written in place of one another, beyond those that Unicode decomposes (hamza and madda on their
# letter, accents, umlauts): Arabic alef, yaa and taa marbuta, Persian letters, Latin letters with a stroke.
# static/folding.js has the same table for the browser; a test compares them.
_SAME: Final = str.maketrans(
    {
        "\u0671": "\u0627",  # alef wasla
        "\u0649": "\u064a",  # alef maqsura is written for yaa, and yaa for it
        "\u06cc": "\u064a",  # Persian yeh
        "\u06a9": "\u0643",  # Persian kaf
        "\u0629": "\u0647",  # taa marbuta loses its dots
        "\u06c1": "\u0647",  # Urdu heh
        "\u06be": "\u0647",  # the same, with two eyes
        "\u06d5": "\u0647",  # Kurdish and Uyghur letter in the shape of a heh
        "\u0621": None,  # a hamza by itself is often left out
        "\u0640": None,  # tatweel only makes a word longer
        "ı": "i",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "æ": "ae",
        "œ": "oe",
    }
)
# Variation selectors and similar marks. `unicodedata.combining` gives 0 for them, so they are listed.
_CHOOSES_A_SHAPE: Final = frozenset(
    ["\u034f", *map(chr, range(0x180B, 0x1810)), *map(chr, range(0xFE00, 0xFE10)), *map(chr, range(0xE0100, 0xE01F0))]
)


def same_letters(text: str) -> str:
    """The text folded for comparison: without case, width, vowel signs, accents and hamza, digits as 0–9.

    Invisible characters (direction, zero width) are removed too; spaces and hyphens stay. The vowel marks of Indian
    and Thai scripts stay as well, because writers never omit them.
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = (sign for sign in apart.translate(_SAME) if not _says_nothing(sign))
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in kept)


def name_key(name: str) -> str:
    """The folded letters of a name without spaces and punctuation; never shown.

    Limits count by it, because it is equal for all spellings of one name.
    """
    return "".join(sign for sign in same_letters(name) if sign.isalnum() or unicodedata.category(sign) in ("Mn", "Mc"))


def is_named(name: str, typed: str) -> bool:
    """Whether every word of `typed` occurs in `name`, in any order; False where `typed` is too short."""
    key = name_key(name)
    parts = [part for part in (name_key(word) for word in typed.split()) if part]
    return len("".join(parts)) >= SHORTEST_PART and all(part in key for part in parts)


def _says_nothing(sign: str) -> bool:
    return unicodedata.combining(sign) != 0 or unicodedata.category(sign) == "Cf" or sign in _CHOOSES_A_SHAPE
