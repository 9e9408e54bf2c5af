"""Words as people search for them: without what one writes in different ways, or leaves out when typing in haste."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from .numerals import fold_digits

# Letters that stand for one another when people type, after the marks are gone: alef maqsura, taa marbuta, the
# Persian and Urdu yeh, kaf and heh, the dotless i. The hamza by itself and the tatweel are left out.
_ALIKE: Final = str.maketrans("ىةیکہھıđø", "يهيكههido", "ءـ")


def fold(text: str) -> str:
    """`text` in one form for comparing: small letters, no vowel signs, hamzas or accents, single spaces."""
    parted = unicodedata.normalize("NFKD", fold_digits(text).casefold())
    bare = "".join(character for character in parted if not unicodedata.combining(character))
    return " ".join(bare.translate(_ALIKE).split())


def holds(texts: Iterable[str], wanted: str) -> bool:
    """Whether every word of `wanted` stands somewhere in `texts`, in whatever order; also as a part of a word."""
    within = " ".join(map(fold, texts))
    return all(word in within for word in fold(wanted).split())
