"""Times that suit everybody who is needed: the nearest to a wish, the first at all, and what is scarce if there are none.

A visit may have several segments, such as the nurse and then the doctor, or one for each of a family: each segment begins
when the one before has ended, or at most `gap` ticks later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from itertools import islice
from typing import Final
from uuid import UUID

from .free_time import FreeTime, in_all
from .members import MemberNeed, starts

#: So many times are proposed near the wish, and so many of the first at all.
PROPOSED: Final = 3


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a visit: `length` ticks with one member for each need, beginning at one of the ticks of `may_start`.

    `may_start` are the times at which its service can begin, whoever is there: open, with a lane of the queue free.
    """

    needs: tuple[MemberNeed, ...]
    length: int
    may_start: FreeTime


@dataclass(frozen=True, slots=True)
class Scarce:
    """A need without which the visit could begin earlier, at `first_without`; the tick is None if it never could."""

    segment: int
    need: UUID
    first_without: int | None


def common_starts(segments: Sequence[Segment], free: Mapping[UUID, FreeTime], gap: int = 0) -> FreeTime:
    """The ticks at which the first segment can begin so that all others follow in their order."""
    found = [_starts(one, free) for one in segments]
    after = found[-1]
    for segment, own in zip(reversed(segments[:-1]), reversed(found[:-1]), strict=True):
        after = FreeTime(own.within, own.bits & _followed(after, segment.length, gap))
    return after


def beginnings(segments: Sequence[Segment], free: Mapping[UUID, FreeTime], start: int, gap: int = 0) -> tuple[int, ...]:
    """When each segment begins if the first does at `start`: each as early as the others allow.

    `start` is one of `common_starts`; raises ValueError for another.
    """
    found: list[int] = []
    earliest = latest = start
    for index, segment in enumerate(segments):
        rest = common_starts(segments[index:], free, gap)
        tick = next((one for one in range(earliest, latest + 1) if rest.has(range(one, one + 1))), None)
        if tick is None:
            raise ValueError("the visit cannot begin then")
        found.append(tick)
        earliest = tick + segment.length
        latest = earliest + gap
    return tuple(found)


def proposals(
    starts_: FreeTime, wish: int | None = None, most: int = PROPOSED
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The times nearest to a wish, earlier before later if equally near, and the first at all; each in order of time."""
    first = tuple(islice(starts_.ticks(), most))
    if wish is None:
        return (), first
    return tuple(sorted(nsmallest(most, starts_.ticks(), key=lambda tick: (abs(tick - wish), tick)))), first


def scarcest(segments: Sequence[Segment], free: Mapping[UUID, FreeTime], gap: int = 0) -> Scarce | None:
    """The need whose member is missing most: without it, the visit could begin the earliest; None where no need has any.

    Of several that make no difference alone, the first.
    """
    tried = [
        Scarce(index, need.key, next(_without(segments, index, need, free, gap).ticks(), None))
        for index, segment in enumerate(segments)
        for need in segment.needs
    ]
    return min(tried, key=lambda one: (one.first_without is None, one.first_without or 0), default=None)


def _starts(segment: Segment, free: Mapping[UUID, FreeTime]) -> FreeTime:
    within = segment.may_start.within
    if not segment.needs:
        return segment.may_start
    return in_all((segment.may_start, starts(segment.needs, free, segment.length, within)), within)


def _followed(after: FreeTime, length: int, gap: int) -> int:
    """The ticks from which a segment of `length` is followed by one that begins at a tick of `after`."""
    bits = 0
    for wait in range(gap + 1):
        bits |= after.bits >> (length + wait)
    return bits


def _without(
    segments: Sequence[Segment], index: int, need: MemberNeed, free: Mapping[UUID, FreeTime], gap: int
) -> FreeTime:
    needs = _other(segments[index].needs, need)
    return common_starts([*segments[:index], replace(segments[index], needs=needs), *segments[index + 1 :]], free, gap)


def _other(needs: Iterable[MemberNeed], need: MemberNeed) -> tuple[MemberNeed, ...]:
    return tuple(one for one in needs if one is not need)
