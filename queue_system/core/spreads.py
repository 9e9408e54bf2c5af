"""A spread (`core.digests`) as one number, so that thousands of them are added up without looking at each minute.

The value 0, 1, 2 … is the last, next to last … digit of the number in base 2**32. Adding two numbers adds the counts of all values
at once, and is exact as long as fewer than 2**32 people have the same value. As text the number is hexadecimal, because Python
reads that in time linear to its length.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

_BYTES: Final = 4
_HEX: Final = 2 * _BYTES
#: A spread with a value beyond this stays sparse, because its text would be mostly zeros.
MOST: Final = 2_000


def packed(spread: Mapping[int, int]) -> str | None:
    """The text of a spread; None where it has to stay as it is, or is empty."""
    if not spread or min(spread) < 0 or max(spread) > MOST:
        return None
    return "".join(f"{spread.get(at, 0):0{_HEX}x}" for at in range(max(spread), -1, -1))


def number(text: str) -> int:
    """The number that `packed` wrote; numbers of several spreads may be added."""
    return int(text, 16)


def unpacked(several: int) -> dict[int, int]:
    """The spread of a number, or of the sum of several."""
    length = -(-several.bit_length() // (8 * _BYTES))
    counts = struct.unpack(f"<{length}I", several.to_bytes(length * _BYTES, "little"))
    return {at: count for at, count in enumerate(counts) if count}
