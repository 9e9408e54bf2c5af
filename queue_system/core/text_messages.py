"""How long a text message is: networks send it in segments, and charge each (3GPP TS 23.038, TS 23.040)."""

from __future__ import annotations

from typing import Final

#: Characters in one segment alone, and in each of several, which are numbered.
_ALONE_7, _EACH_7 = 160, 153
_ALONE_16, _EACH_16 = 70, 67
_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# These take two places.
_EXTENDED: Final = frozenset("^{}\\[~]|€\f")


def segments(text: str) -> int:
    """How many segments a text takes: in the alphabet of 7 bits if it has every character, else in UCS-2."""
    if all(one in _BASIC or one in _EXTENDED for one in text):
        length = sum(1 + (one in _EXTENDED) for one in text)
        return 1 if length <= _ALONE_7 else -(-length // _EACH_7)
    length = len(text.encode("utf-16-le")) // 2
    return 1 if length <= _ALONE_16 else -(-length // _EACH_16)
