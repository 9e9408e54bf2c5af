"""Bidirectional isolates (Unicode UAX #9, 2.4): they keep a code, a telephone number or a name whole in any sentence.

Without them the digits of `+974 4412 3456` change places inside Arabic text, and a name in another script moves
the words around it. Isolates are characters of plain text; in HTML `words.Words.html` makes `<bdi>` of them.
"""

from __future__ import annotations

import re
from typing import Final

LRI: Final = "\u2066"
RLI: Final = "\u2067"
FSI: Final = "\u2068"
PDI: Final = "\u2069"

OPENING: Final = LRI + RLI + FSI

# Overrides and embeddings are removed, because in a name they could reverse the rest of the sentence.
_FORBIDDEN: Final = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e"))
# All of these characters; nearly every text is without them.
_MARKS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def ltr(text: str) -> str:
    """`text` as one left-to-right run: ticket codes, times, telephone numbers, addresses of pages."""
    return f"{LRI}{balanced(text)}{PDI}"


def auto(text: str) -> str:
    """`text` as one run whose direction follows its first letter; a text that is one isolate already is kept."""
    safe = balanced(text)
    return safe if is_isolate(safe) else f"{FSI}{safe}{PDI}"


def along(text: str, direction: str) -> str:
    """`text` as one run in the direction of a language, "ltr" or "rtl": a figure with a sign, which has no letter."""
    return f"{RLI if direction == 'rtl' else LRI}{balanced(text)}{PDI}"


def is_isolate(text: str) -> bool:
    """Whether the whole of `text` is a single isolate: the mark that closes the first one is the last character."""
    if not text or text[0] not in OPENING:
        return False
    depth = 0
    for position, character in enumerate(text):
        if character in OPENING:
            depth += 1
        elif character == PDI:
            depth -= 1
            if depth == 0:
                return position == len(text) - 1
    return False


def balanced(text: str) -> str:
    """`text` with every isolate closed, no closing mark too many, and without embeddings and overrides."""
    if _MARKS.search(text) is None:
        return text
    depth = 0
    kept: list[str] = []
    for character in text.translate(_FORBIDDEN):
        if character in OPENING:
            depth += 1
        elif character == PDI:
            if depth == 0:
                continue
            depth -= 1
        kept.append(character)
    return "".join(kept) + PDI * depth


def strip(text: str) -> str:
    """`text` without any isolate, for places that compare or speak it."""
    return text.translate(_ALL)


_ALL: Final = dict.fromkeys(map(ord, OPENING + PDI))
