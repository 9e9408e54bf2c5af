"""Times that suit everybody: against a search that tries every time, and what is scarce."""

from __future__ import annotations

from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.common_time import Scarce, Segment, beginnings, common_starts, proposals, scarcest
from queue_system.core.free_time import FreeTime
from queue_system.core.members import MemberNeed

DAY = range(100, 124)
ANN, BEN, CEM = MEMBERS = tuple(UUID(int=n) for n in (1, 2, 3))
NURSE, DOCTOR = UUID(int=11), UUID(int=12)

ticks = st.sets(st.sampled_from(DAY)).map(lambda found: FreeTime.of(DAY, [range(tick, tick + 1) for tick in found]))
needs = st.lists(st.sets(st.sampled_from(MEMBERS), min_size=1), max_size=2).map(
    lambda wanted: tuple(MemberNeed(UUID(int=20 + n), tuple(sorted(options))) for n, options in enumerate(wanted))
)
segments = st.lists(st.builds(Segment, needs, st.integers(1, 4), ticks), min_size=1, max_size=3)
times = st.fixed_dictionaries(dict.fromkeys(MEMBERS, ticks))


@given(segments, times, st.integers(0, 2))
def test_the_starts_are_those_that_a_search_finds(found: list[Segment], free: dict[UUID, FreeTime], gap: int) -> None:
    common = set(common_starts(found, free, gap).ticks())
    assert common == {tick for tick in DAY if _can_begin(found, free, tick, gap)}
    for tick in common:
        begins = beginnings(found, free, tick, gap)
        assert begins[0] == tick
        assert all(_serves(one, free, at) for one, at in zip(found, begins, strict=True))
        assert all(
            before + one.length <= after <= before + one.length + gap
            for one, before, after in zip(found[:-1], begins[:-1], begins[1:], strict=True)
        )


def _can_begin(found: list[Segment], free: dict[UUID, FreeTime], tick: int, gap: int) -> bool:
    if not _serves(found[0], free, tick):
        return False
    end = tick + found[0].length
    return len(found) == 1 or any(_can_begin(found[1:], free, end + wait, gap) for wait in range(gap + 1))


def _serves(one: Segment, free: dict[UUID, FreeTime], tick: int) -> bool:
    if not one.may_start.has(range(tick, tick + 1)):
        return False
    span = range(tick, tick + one.length)
    ways = product(*([member for member in need.options if free[member].has(span)] for need in one.needs))
    return any(len(set(way)) == len(one.needs) for way in ways)


def test_a_time_at_which_a_visit_cannot_begin_is_no_beginning() -> None:
    one = Segment((), 2, FreeTime.of(DAY, [range(100, 101)]))
    with pytest.raises(ValueError, match="cannot begin"):
        beginnings([one], {}, 105)


def test_the_nearest_to_a_wish_and_the_first_at_all() -> None:
    free = FreeTime.of(DAY, [range(101, 103), range(110, 111), range(114, 116)])
    assert proposals(free, 112) == ((110, 114, 115), (101, 102, 110))
    assert proposals(free) == ((), (101, 102, 110))
    assert proposals(FreeTime(DAY, 0), 112) == ((), ())


def test_the_need_that_is_scarce_is_said_with_what_would_be_without_it() -> None:
    always = FreeTime.of(DAY, [DAY])
    both = Segment((MemberNeed(NURSE, (ANN, BEN)), MemberNeed(DOCTOR, (CEM,))), 2, always)
    free = {ANN: always, BEN: always, CEM: FreeTime.of(DAY, [range(120, 124)])}
    assert next(common_starts([both], free).ticks()) == 120
    assert scarcest([both], free) == Scarce(0, DOCTOR, 100)
    never = {**free, ANN: FreeTime(DAY, 0), BEN: FreeTime(DAY, 0), CEM: FreeTime(DAY, 0)}
    assert scarcest([both], never) == Scarce(0, NURSE, None)
    assert scarcest([Segment((), 2, always)], free) is None
