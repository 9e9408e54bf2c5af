"""Sign-in names, as they are compared."""

from __future__ import annotations

import unicodedata


def login_key(typed: str) -> str:
    """A sign-in name without its accidents: capitals, the width of letters (NFKC), space around it, and marks that
    nobody sees (direction, zero width), which a name brings along when it is pasted from an Arabic message.
    """
    folded = unicodedata.normalize("NFKC", typed).casefold()
    return "".join(letter for letter in folded if unicodedata.category(letter) != "Cf").strip()
