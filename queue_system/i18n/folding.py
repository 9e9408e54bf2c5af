"""Words as people search for them: without what one writes in different ways, or leaves out when typing in haste."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.names import same_letters


def fold(text: str) -> str:
    """`text` in one form for comparing: small letters, no vowel signs, hamzas or accents, single spaces."""
    return " ".join(same_letters(text).split())


def holds(texts: Iterable[str], wanted: str) -> bool:
    """Whether every word of `wanted` stands somewhere in `texts`, in whatever order; also as a part of a word."""
    within = " ".join(map(fold, texts))
    return all(word in within for word in fold(wanted).split())
