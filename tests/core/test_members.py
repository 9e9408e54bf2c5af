"""Members: who is free, who is chosen and why, and who makes room."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.free_time import FreeTime, in_all, in_any, in_how_many, spans_meet
from queue_system.core.member_time import MemberTime
from queue_system.core.members import Choice, MemberNeed, WhyMember, Wishes, choose, starts, starts_by_need
from queue_system.core.rearranging import Placed, make_room

DAY = range(100, 160)
ANN, BEN, CEM, DIA = (UUID(int=n) for n in range(1, 5))
LAWYER, INTERPRETER = UUID(int=11), UUID(int=12)
spans = st.tuples(st.integers(95, 165), st.integers(0, 30)).map(lambda pair: range(pair[0], pair[0] + pair[1]))


@given(st.lists(spans, max_size=4), st.sets(st.integers(95, 165)), st.integers(0, 12), st.integers(0, 5))
def test_the_starts_are_the_ticks_with_free_time_after_and_before_them(
    open_: list[range], taken: set[int], length: int, before: int
) -> None:
    time = FreeTime.of(DAY, open_, taken)
    free = {tick for tick in DAY if any(tick in span for span in open_) and tick not in taken}
    assert set(time.ticks()) == free
    expected = {tick for tick in DAY if all(t in free for t in range(tick - before, tick + length))}
    assert set(time.starts(length, before).ticks()) == expected
    assert {tick for tick in DAY if time.has(range(tick - before, tick + length))} == expected


@given(st.lists(spans, max_size=4), st.sets(st.sampled_from(DAY)))
def test_many_ticks_at_once_are_the_same_as_one_by_one(open_: list[range], taken: set[int]) -> None:
    assert FreeTime.of(DAY, open_).less(FreeTime.at(DAY, taken)) == FreeTime.of(DAY, open_, taken)
    assert FreeTime.at(range(0), ()).bits == 0


@given(st.lists(st.sets(st.sampled_from(DAY)), max_size=4))
def test_all_and_any_are_those_of_sets(times: list[set[int]]) -> None:
    free = [FreeTime.of(DAY, [range(tick, tick + 1) for tick in time]) for time in times]
    assert set(in_all(free, DAY).ticks()) == set(DAY).intersection(*times)
    assert set(in_any(free, DAY).ticks()) == set().union(*times)


@given(st.lists(st.sets(st.sampled_from(DAY)), max_size=9))
def test_how_many_are_free_is_counted_for_all_ticks_at_once(times: list[set[int]]) -> None:
    digits = in_how_many(FreeTime.of(DAY, [range(tick, tick + 1) for tick in time]) for time in times)
    for at, tick in enumerate(DAY):
        count = sum((digit >> at & 1) << place for place, digit in enumerate(digits))
        assert count == sum(tick in time for time in times)


@given(st.lists(st.tuples(st.sampled_from([1, 2, 3]), spans), max_size=5), spans)
def test_time_that_is_followed_is_that_which_is_worked_out_anew(before: list[tuple[int, range]], visit: range) -> None:
    need = MemberNeed(LAWYER, (ANN, BEN), before=2, after=3)
    placed = [Placed(UUID(int=n), LAWYER, UUID(int=who), span, (ANN, BEN)) for n, (who, span) in enumerate(before, 50)]
    time = MemberTime(DAY, dict.fromkeys((ANN, BEN, CEM), FreeTime.of(DAY, [DAY])), placed)
    assert set(time.free) == {ANN, BEN, CEM}
    chosen = [Choice(LAWYER, BEN, WhyMember.ONLY)]
    after = time.after(UUID(int=99), [need], visit, chosen, {})
    assert after.free == MemberTime(DAY, time.open, after.placed).free
    moves = {one.key: CEM for one in placed[:1]}
    moved = time.after(UUID(int=99), [need], visit, chosen, moves)
    assert moved.free == MemberTime(DAY, time.open, moved.placed).free


def free_at(**spans: list[range]) -> dict[UUID, FreeTime]:
    members = {"ann": ANN, "ben": BEN, "cem": CEM, "dia": DIA}
    return {members[name]: FreeTime.of(DAY, found) for name, found in spans.items()}


def test_a_member_stays_the_same_for_the_whole_visit() -> None:
    # Ann is free in the first half and Ben in the second: two lanes would do, two people would not.
    free = free_at(ann=[range(100, 106)], ben=[range(106, 112)])
    need = MemberNeed(LAWYER, (ANN, BEN))
    assert list(starts([need], free, 6, DAY).ticks()) == [100, 106]
    assert choose([need], range(103, 109), free, Wishes()) is None


def test_one_member_does_not_serve_two_needs_of_a_booking() -> None:
    free = free_at(ann=[range(100, 112)], ben=[range(106, 112)])
    needs = [MemberNeed(LAWYER, (ANN, BEN)), MemberNeed(INTERPRETER, (ANN,))]
    assert list(starts(needs, free, 6, DAY).ticks()) == [106]
    chosen = choose(needs, range(106, 112), free, Wishes())
    assert chosen is not None
    assert [(one.need, one.member) for one in chosen] == [(LAWYER, BEN), (INTERPRETER, ANN)]
    assert choose(needs, range(100, 106), free, Wishes()) is None


def test_travel_is_taken_before_and_after_the_visit() -> None:
    free = free_at(ann=[range(100, 112)])
    assert list(starts([MemberNeed(LAWYER, (ANN,), before=3, after=2)], free, 6, DAY).ticks()) == [103, 104]


def test_the_choice_says_what_decided_it() -> None:
    free = free_at(ann=[DAY], ben=[DAY], cem=[DAY])
    need, visit = MemberNeed(LAWYER, (ANN, BEN, CEM)), range(110, 120)

    def why(wishes: Wishes) -> tuple[UUID, WhyMember]:
        chosen = choose([need], visit, free, wishes)
        assert chosen is not None
        return chosen[0].member, chosen[0].why

    assert why(Wishes()) == (ANN, WhyMember.ORDER)
    assert why(Wishes(booked={ANN: 30, BEN: 10, CEM: 20})) == (BEN, WhyMember.LEAST_BOOKED)
    assert why(Wishes(groups={ANN: 2, BEN: 2, CEM: 1}, booked={CEM: 50})) == (CEM, WhyMember.FEWEST_GROUPS)
    assert why(Wishes(known={BEN}, groups={BEN: 3})) == (BEN, WhyMember.KNOWN)
    assert why(Wishes(asked={LAWYER: CEM}, known={BEN})) == (CEM, WhyMember.ASKED)
    free = free_at(ben=[DAY])
    assert choose([need], visit, free, Wishes()) == (Choice(LAWYER, BEN, WhyMember.ONLY),)
    assert choose([need], visit, free, Wishes(asked={LAWYER: CEM})) is None


def test_a_booking_that_is_offered_another_time_has_a_member_at_both() -> None:
    open_ = free_at(ann=[DAY], ben=[DAY])
    one, other = UUID(int=100), UUID(int=101)
    now = Placed(one, LAWYER, ANN, range(110, 116), (ANN, BEN))
    offered = Placed(one, LAWYER, BEN, range(120, 126), (ANN, BEN))
    assert make_room((ANN,), now.span, [now, offered], open_) == (ANN, {now.key: BEN})
    # The member of the other time does not help.
    busy = Placed(other, LAWYER, BEN, now.span, (BEN,))
    assert make_room((ANN,), now.span, [now, offered, busy], open_) is None
    time = MemberTime(DAY, open_, [now, offered, busy])
    assert sorted(time.places([MemberNeed(LAWYER, (ANN,))], 6)) == [*range(100, 105), *range(116, 155)]


def test_nobody_makes_room_by_taking_what_the_moving_booking_has_until_then() -> None:
    """It may keep those ticks taken as a place that it gave back, so another booking would have them twice."""
    open_ = free_at(ann=[range(110, 122)], ben=[range(110, 122)])
    other = Placed(UUID(int=100), LAWYER, BEN, range(113, 119), (ANN, BEN))
    needs, own = [MemberNeed(LAWYER, (BEN,))], {ANN: [range(110, 116)]}
    assert make_room((BEN,), range(113, 119), [other], open_) == (BEN, {other.key: ANN})
    assert MemberTime(DAY, open_, [other], own).choose(needs, range(113, 119), Wishes()) is None
    # What the moving booking has is free for itself.
    later = MemberTime(DAY, open_, [replace(other, announced=True)], own)
    assert later.choose([MemberNeed(LAWYER, (ANN, BEN))], range(113, 119), Wishes()) is not None


def test_room_is_looked_for_only_where_something_can_be_in_the_way() -> None:
    open_ = free_at(ann=[DAY], ben=[DAY])
    spans = [range(101, 107), range(105, 111), range(111, 117), range(130, 136)]
    placed = [Placed(UUID(int=100 + n), LAWYER, ANN if n else BEN, one, (ANN, BEN)) for n, one in enumerate(spans)]
    # The first two meet; what only touches them is apart.
    assert MemberTime(DAY, open_, placed).near(106, 107) == placed[:2]
    assert MemberTime(DAY, open_, placed).near(107, 131) == placed
    assert MemberTime(DAY, open_, placed).near(118, 130) == []


members = (ANN, BEN, CEM, DIA)
options = st.sets(st.sampled_from(members), min_size=1).map(lambda found: tuple(sorted(found)))


@given(st.lists(options, min_size=1, max_size=6))
def test_bookings_of_one_time_are_placed_as_well_as_possible(asked: list[tuple[UUID, ...]]) -> None:
    """Scenario 3: greedy placing would refuse the third of B, O, B on members GB, GO, OB."""
    visit = range(110, 116)
    open_ = {member: FreeTime.of(DAY, [DAY]) for member in members}
    placed: list[Placed] = []
    for n, want in enumerate(asked):
        found = make_room(want, visit, placed, open_)
        if found is None:
            continue
        member, moves = found
        placed = [replace(one, member=moves.get(one.key, one.member)) for one in placed]
        placed.append(Placed(UUID(int=100 + n), LAWYER, member, visit, want))
        taken = [one.member for one in placed]
        assert len(taken) == len(set(taken))
        assert all(one.member in one.options for one in placed)
    most = max(sum(1 for one in way if one is not None) for way in _ways(asked))
    assert len(placed) == most


def _ways(asked: list[tuple[UUID, ...]]) -> list[tuple[UUID | None, ...]]:
    """All ways of giving each a member or none, without a member twice."""
    found = product(*((None, *want) for want in asked))
    return [way for way in found if len(real := [one for one in way if one]) == len(set(real))]


def test_who_has_the_fewest_stand_ins_moves_first() -> None:
    """Otherwise the first takes the only member that is left for the second."""
    open_ = {member: FreeTime.of(DAY, [DAY]) for member in members}
    wide = Placed(UUID(int=100), LAWYER, ANN, range(110, 111), (ANN, BEN, CEM))
    narrow = Placed(UUID(int=101), LAWYER, ANN, range(111, 112), (ANN, BEN))
    for placed in ([wide, narrow], [narrow, wide]):
        assert make_room([ANN], range(110, 112), placed, open_) == (ANN, {narrow.key: BEN, wide.key: CEM})


def test_nobody_moves_where_somebody_is_free() -> None:
    open_ = {ANN: FreeTime.of(DAY, [DAY]), BEN: FreeTime.of(DAY, [DAY])}
    both = (ANN, BEN)
    placed = [Placed(UUID(int=100 + n), LAWYER, ANN, range(110 + n, 111 + n), both) for n in range(2)]
    assert make_room(both, range(110, 112), placed, open_) == (BEN, {})


@given(
    st.lists(st.tuples(options, spans.filter(lambda span: len(span) > 0), st.booleans()), max_size=8),
    options,
    spans.filter(lambda span: len(span) > 0),
)
def test_room_is_made_without_meeting_and_without_moving_what_was_announced(
    earlier: list[tuple[tuple[UUID, ...], range, bool]], want: tuple[UUID, ...], span: range
) -> None:
    open_ = {member: FreeTime.of(range(90, 200), [range(90, 200)]) for member in members}
    placed: list[Placed] = []
    for n, (choices, at, announced) in enumerate([*earlier, (want, span, False)]):
        found = make_room(choices, at, placed, open_)
        # Who chooses for a booking looks only at what is near, and finds room where there is some.
        time = MemberTime(range(90, 200), open_, placed)
        assert (time.choose([MemberNeed(LAWYER, choices)], at, Wishes()) is None) == (found is None)
        if found is None:
            continue
        member, moves = found
        assert not any(one.announced for one in placed if one.key in moves)
        placed = [replace(one, member=moves.get(one.key, one.member)) for one in placed]
        placed.append(Placed(UUID(int=100 + n), LAWYER, member, at, choices, announced))
        for one in placed:
            assert one.member in one.options
            meeting = [two for two in placed if two.member == one.member and set(two.span) & set(one.span)]
            assert meeting == [one]


@given(
    st.lists(st.tuples(options, spans.filter(lambda span: len(span) > 0), st.booleans()), max_size=12),
    st.lists(options, min_size=1, max_size=2),
    st.integers(0, 2),
    st.integers(1, 8),
)
def test_room_is_not_looked_for_only_where_there_is_none(
    earlier: list[tuple[tuple[UUID, ...], range, bool]], wanted: list[tuple[UUID, ...]], travel: int, length: int
) -> None:
    """Most times of a full day are left out without trying; each of them is tried here."""
    open_ = {member: FreeTime.of(DAY, [range(102 + n, 150 + n)]) for n, member in enumerate(members)}
    placed: list[Placed] = []
    for n, (choices, at, announced) in enumerate(earlier):
        found = make_room(choices, at, placed, open_)
        if found is not None:
            placed = [replace(one, member=found[1].get(one.key, one.member)) for one in placed]
            placed.append(Placed(UUID(int=100 + n), LAWYER, found[0], at, choices, announced))
    time, needs = MemberTime(DAY, open_, placed), [MemberNeed(UUID(int=11 + n), one) for n, one in enumerate(wanted)]
    needs = [replace(need, before=travel, after=travel) for need in needs]
    places = time.places(needs, length)
    each = starts_by_need(needs, time.free, length).values()
    direct = set(starts(needs, time.free, length, DAY).ticks())
    for tick in DAY:
        one = range(tick, tick + 1)
        if tick in direct:
            assert places[tick] == min(sum(free.has(one) for free in of_need.values()) for of_need in each)
        else:
            possible = starts(needs, open_, length, DAY).has(one) and any(not other.announced for other in placed)
            assert places.get(tick, 0) == (possible and time.rearranged(needs, range(tick, tick + length)) is not None)
    assert dict(places) == {tick: places[tick] for tick in DAY if tick in places}
    assert len(places) == len(dict(places))


def test_whoever_should_stay_and_is_asked_for_beside_it_is_needed_once() -> None:
    first, second = MemberNeed(LAWYER, (ANN, BEN, CEM)), MemberNeed(INTERPRETER, (ANN, BEN, CEM), beside=LAWYER)
    wishes = Wishes(asked={first.key: BEN}, stays={second.key: BEN})
    chosen = choose((first, second), range(100, 106), dict.fromkeys((ANN, BEN, CEM), FreeTime.of(DAY, [DAY])), wishes)
    assert chosen is not None
    assert [(one.member, one.why) for one in chosen] == [(BEN, WhyMember.ASKED), (ANN, WhyMember.ORDER)]
    kept = Wishes(asked={first.key: ANN}, stays={second.key: BEN})
    assert kept.required(second.key) == BEN


def test_stretches_meet_where_they_have_a_tick_in_common() -> None:
    here = range(4, 8)
    assert [spans_meet(here, other) for other in (range(1, 5), range(7, 9), range(5, 6), range(1, 20), here)] == [
        True
    ] * 5
    assert [spans_meet(here, other) for other in (range(1, 4), range(8, 9))] == [False] * 2
