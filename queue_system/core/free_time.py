"""Free time as bits: one whole number for a stretch of ticks, whose bit i says whether tick `first + i` is free.

To find when several members are free for an hour is then a few operations on whole numbers: AND over what is needed,
OR over those who can stand in for one another, and `starts` for the length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

_ONE: Final = ord("1")


@dataclass(frozen=True, slots=True)
class FreeTime:
    """The free ticks among those of `within`; ticks outside are not free."""

    within: range
    bits: int

    @classmethod
    def of(cls, within: range, open_: Iterable[range], taken: Iterable[int] = ()) -> FreeTime:
        """The ticks of `open_` that are not `taken`."""
        bits = 0
        for span in open_:
            bits |= _mask(span, within)
        for tick in taken:
            if tick in within:
                bits &= ~(1 << (tick - within.start))
        return cls(within, bits)

    @classmethod
    def at(cls, within: range, ticks: Iterable[int]) -> FreeTime:
        """These ticks, which lie in `within`; for many of them, because one by one each would make a new number."""
        digits = bytearray(b"0") * len(within)
        for tick in ticks:
            digits[within.stop - 1 - tick] = _ONE
        return cls(within, int(digits or b"0", 2))

    def less(self, other: FreeTime) -> FreeTime:
        """The ticks that are not in `other`, which has the same `within`."""
        return FreeTime(self.within, self.bits & ~other.bits)

    def without(self, spans: Iterable[range]) -> FreeTime:
        """The same time without some stretches."""
        bits = self.bits
        for span in spans:
            bits &= ~_mask(span, self.within)
        return FreeTime(self.within, bits)

    def joined(self, other: FreeTime) -> FreeTime:
        """The ticks of both, which have the same `within`."""
        return FreeTime(self.within, self.bits | other.bits)

    def has(self, span: range) -> bool:
        """Whether all ticks of `span` are free."""
        if not span:
            return True
        if span.start < self.within.start or span.stop > self.within.stop:
            return False
        mask = _mask(span, self.within)
        return self.bits & mask == mask

    def count(self, span: range) -> int:
        """How many ticks of `span` are free."""
        return (self.bits & _mask(span, self.within)).bit_count()

    def has_any(self, span: range) -> bool:
        """Whether a tick of `span` is free."""
        return self.bits & _mask(span, self.within) != 0

    def starts(self, length: int, before: int = 0) -> FreeTime:
        """The ticks from which `length` ticks are free, and the `before` ticks in front of them.

        Doubling: free for 2n ticks from here is free for n from here and for n from there; so it takes as many steps as
        the length has binary digits.
        """
        run, bits, have = before + length, self.bits, 1
        if run <= 0:
            return FreeTime(self.within, (1 << len(self.within)) - 1)
        while have < run:
            step = min(have, run - have)
            bits &= bits >> step
            have += step
        return FreeTime(self.within, (bits << before) & ((1 << len(self.within)) - 1))

    def ticks(self) -> Iterator[int]:
        """The free ticks, ascending."""
        bits = self.bits
        while bits:
            lowest = bits & -bits
            yield self.within.start + lowest.bit_length() - 1
            bits ^= lowest


def spans_meet(one: range, other: range) -> bool:
    """Whether two stretches of ticks have one in common; neither is empty."""
    return one.start < other.stop and other.start < one.stop


def in_all(times: Iterable[FreeTime], within: range) -> FreeTime:
    """The ticks that are free in all of `times`, which have the same `within`; all of them when there are none."""
    bits = (1 << len(within)) - 1
    for time in times:
        bits &= time.bits
    return FreeTime(within, bits)


def in_any(times: Iterable[FreeTime], within: range) -> FreeTime:
    """The ticks that are free in one of `times`, which have the same `within`."""
    bits = 0
    for time in times:
        bits |= time.bits
    return FreeTime(within, bits)


def in_how_many(times: Iterable[FreeTime]) -> list[int]:
    """In how many of `times`, which have the same `within`, each tick is free: bit i of number k is digit k of the count.

    Each time is added to all counts at once, so it takes as many steps as the largest count has binary digits.
    """
    digits: list[int] = []
    for time in times:
        carry = time.bits
        for place, digit in enumerate(digits):
            digits[place], carry = digit ^ carry, digit & carry
        if carry:
            digits.append(carry)
    return digits


def _mask(span: range, within: range) -> int:
    first, stop = max(span.start, within.start), min(span.stop, within.stop)
    return ((1 << (stop - first)) - 1) << (first - within.start) if first < stop else 0
