"""Digits: shown in the branch's system, accepted in any."""

from __future__ import annotations

from typing import Final, Literal

Digits = Literal["latn", "arab"]
"""CLDR names of the two systems a branch chooses from: 0123456789 and ٠١٢٣٤٥٦٧٨٩."""

LATIN: Final = "0123456789"
ARABIC_INDIC: Final = "٠١٢٣٤٥٦٧٨٩"
EXTENDED_ARABIC_INDIC: Final = "۰۱۲۳۴۵۶۷۸۹"

_TO_ARABIC_INDIC: Final = str.maketrans(LATIN, ARABIC_INDIC)
_FOLD: Final = str.maketrans(ARABIC_INDIC + EXTENDED_ARABIC_INDIC, LATIN + LATIN)


def to_digits(text: str | int, digits: Digits) -> str:
    """`text` with its European digits written in the system `digits`; letters stay as they are."""
    plain = str(text)
    return plain.translate(_TO_ARABIC_INDIC) if digits == "arab" else plain


def fold_digits(text: str) -> str:
    """`text` as typed, with ٠–٩ and ۰–۹ turned into 0–9: numbers are compared and stored in one form."""
    return text.translate(_FOLD)
