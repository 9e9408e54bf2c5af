"""Folds words for search, so that spelling variants and omitted marks still match."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.names import same_letters


def fold(text: str) -> str:
    """`text` in one form for comparing: small letters, no vowel signs, hamzas or accents, single spaces."""
    return " ".join(same_letters(text).split())


def holds(texts: Iterable[str], wanted: str) -> bool:
    """Whether `texts` contain every word of `wanted`, in any order, also as a part of a word."""
    within = " ".join(map(fold, texts))
    return all(word in within for word in fold(wanted).split())
