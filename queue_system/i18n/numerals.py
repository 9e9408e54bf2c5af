"""Digits as they are shown in the branch's system."""

from __future__ import annotations

from typing import Final, Literal

Digits = Literal["latn", "arab"]
"""CLDR names of the two systems a branch chooses from: 0123456789 and ٠١٢٣٤٥٦٧٨٩."""

LATIN: Final = "0123456789"
ARABIC_INDIC: Final = "٠١٢٣٤٥٦٧٨٩"

_TO_ARABIC_INDIC: Final = str.maketrans(LATIN, ARABIC_INDIC)


def to_digits(text: str | int, digits: Digits) -> str:
    """`text` with its European digits written in the system `digits`; letters stay as they are."""
    plain = str(text)
    return plain.translate(_TO_ARABIC_INDIC) if digits == "arab" else plain
