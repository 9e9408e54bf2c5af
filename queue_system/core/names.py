"""Names, as they are compared when somebody is looked for: as they sound, not as they are spelled."""

from __future__ import annotations

import unicodedata
from typing import Final

# A shorter part of a name fits too many people.
SHORTEST_PART: Final = 2

# What one hand writes for what another writes, beyond what Unicode itself takes apart (hamza and madda on their
# letter, accents, umlauts): Arabic alef, yaa and taa marbuta, Persian letters, Latin letters with a stroke.
_SAME: Final = str.maketrans(
    {
        "\u0671": "\u0627",  # alef wasla
        "\u0649": "\u064a",  # alef maqsura is written for yaa, and yaa for it
        "\u06cc": "\u064a",  # Persian yeh
        "\u06a9": "\u0643",  # Persian kaf
        "\u0629": "\u0647",  # taa marbuta loses its dots
        "\u06c1": "\u0647",  # Urdu heh
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


def same_letters(text: str) -> str:
    """A text without what differs from hand to hand: capitals, width, vowel signs, accents, hamza, whose digits.

    Signs that nobody sees (direction, zero width) are left out too; spaces and hyphens stay.
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = (sign for sign in apart.translate(_SAME) if unicodedata.category(sign) not in ("Mn", "Cf"))
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in kept)


def name_key(name: str) -> str:
    """The letters of a name as `same_letters` compares them, without what stands between them."""
    return "".join(sign for sign in same_letters(name) if sign.isalnum())


def is_named(name: str, typed: str) -> bool:
    """Whether every word of `typed` occurs in `name`, in any order; False where nothing was typed to look for."""
    key = name_key(name)
    parts = [part for part in (name_key(word) for word in typed.split()) if part]
    return len("".join(parts)) >= SHORTEST_PART and all(part in key for part in parts)
