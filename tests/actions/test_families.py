"""Numbers that are called as one: nobody is called sooner by it, splitting gives the own place back. On both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from queue_system.actions import calling, tickets, transferring, voiding
from queue_system.actions.counters import Desk
from queue_system.actions.families import join, split
from queue_system.actions.raising import raise_ticket
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.dispatch import CallingRules, priority_at
from queue_system.core.errors import IllegalTransition, Missing, Refused
from queue_system.core.families import Member, leader, stands_from
from queue_system.core.replayed import Verdict
from queue_system.core.tickets import TicketState
from queue_system.store import log
from queue_system.store.log import SYSTEM, VISITOR, Actor
from queue_system.store.queries import line
from queue_system.store.queries.board import board
from queue_system.store.queries.families import members_of_family
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.replays import replayed
from queue_system.store.tables import Service, table
from tests.conftest import SUNDAY_MORNING
from tests.kit.counted_statements import counted_statements
from tests.kit.hall import Hall, edit, enter, set_rules

SERVICES = table(Service)
RULES = CallingRules.of([1.0, 2.0, 4.0], 5, 60)


@pytest.fixture
def here(hall: Hall) -> Desk:
    return hall.sit(hall.person("layla"))


def do(hall: Hall, action: Any, *args: Any) -> TicketView:
    found: TicketView = hall.db.write_in_now(hall.branch.id, action, *(hall.branch.id, *args, SYSTEM))
    return found


def now_of(hall: Hall, ticket: TicketView) -> TicketView:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id)


def with_(hall: Hall, ticket: TicketView) -> list[str]:
    return [one.code for one in hall.db.read_now(members_of_family, hall.branch, ticket.id)]


def give_up(hall: Hall, here: Desk, clock: FrozenClock) -> TicketView:
    """The next is called, and nobody comes."""
    called = hall.call_next(here)
    assert called is not None
    return hall.give_up(Desk(here.branch_id, here.counter_id, here.staff_id, called.id), clock)


def exact(hall: Hall, clock: FrozenClock) -> None:
    """The log explains every call."""
    found = hall.db.read_now(replayed, hall.branch.id, None, clock.now() + timedelta(days=1))
    assert {one.verdict for one in found} == {Verdict.REPRODUCED}


def call(hall: Hall, here: Desk) -> str:
    current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
    called = hall.call_next(Desk(here.branch_id, here.counter_id, here.staff_id, current.id if current else None))
    assert called is not None
    return called.code


@given(
    st.lists(st.tuples(st.sampled_from([1.0, 2.0, 4.0]), st.integers(0, 180)), min_size=2, max_size=5),
    st.integers(0, 400),
)
def test_at_no_moment_a_family_stands_before_one_of_its_members(of: list[tuple[float, int]], minute: int) -> None:
    members = [
        Member(UUID(int=place), weight, SUNDAY_MORNING + timedelta(minutes=come))
        for place, (weight, come) in enumerate(of)
    ]
    at = SUNDAY_MORNING + timedelta(minutes=minute)
    first = leader(members)
    together = priority_at(at - stands_from(members), first.weight, RULES)
    assert all(together <= priority_at(at - one.anchor_at, one.weight, RULES) for one in members)


def test_a_family_is_called_where_its_last_member_stands(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    grandmother = hall.issue(priority="elderly").ticket
    clock.move(timedelta(minutes=1))
    stranger = hall.issue().ticket
    clock.move(timedelta(minutes=1))
    daughter, last = hall.issue().ticket, hall.issue().ticket
    first = do(hall, join, grandmother.id, daughter.id)
    # The lightest class stands in line for both, so that a stranger is passed by neither.
    assert first.id == daughter.id
    assert with_(hall, daughter) == [grandmother.code]
    assert now_of(hall, grandmother).state is TicketState.VOID
    assert [call(hall, here) for _ in range(3)] == [stranger.code, daughter.code, last.code]
    assert now_of(hall, daughter).state is TicketState.SERVED
    found = hall.db.read_now(replayed, hall.branch.id, None, clock.now() + timedelta(days=1))
    assert [one.verdict for one in found] == [Verdict.REPRODUCED] * 3


def test_a_lighter_number_that_came_first_waits_from_the_last_and_gets_its_place_back(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    first = hall.issue().ticket
    clock.move(timedelta(minutes=1))
    stranger = hall.issue().ticket
    clock.move(timedelta(minutes=1))
    older, third = hall.issue(priority="elderly").ticket, hall.issue().ticket
    assert do(hall, join, older.id, first.id).anchor_at == older.anchor_at
    together = do(hall, join, first.id, third.id)
    assert together.id in (first.id, third.id)
    assert sorted([together.code, *with_(hall, together)]) == sorted([first.code, older.code, third.code])
    again = do(hall, split, next(one.id for one in (first, third) if one.id != together.id))
    assert again.state is TicketState.WAITING
    do(hall, split, older.id)
    # Each stands where it stood before.
    for one in (first, older, third):
        assert now_of(hall, one).anchor_at == one.anchor_at
        assert now_of(hall, one).own_anchor_at is None
        assert now_of(hall, one).joined_to is None
    clock.move(timedelta(seconds=10))
    calls = [call(hall, here) for _ in range(4)]
    assert calls.index(first.code) < calls.index(stranger.code) < calls.index(third.code)
    found = hall.db.read_now(replayed, hall.branch.id, None, clock.now() + timedelta(days=1))
    assert [one.verdict for one in found] == [Verdict.REPRODUCED] * 4
    kinds = [one.kind for one in hall.db.read_now(log.after, hall.branch.id, 0)]
    assert (kinds.count("ticket.joined"), kinds.count("ticket.split")) == (3, 2)


def test_what_would_let_somebody_pass_is_refused_and_changes_nothing(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    mine, other = hall.issue().ticket, hall.issue("passport-apply").ticket
    urgent = hall.issue(priority="bereavement").ticket
    late = hall.issue().ticket
    for second, code in ((mine, "family-same"), (other, "family-queue"), (urgent, "family-emergency")):
        with pytest.raises(Refused, match=code):
            do(hall, join, mine.id, second.id)
    hall.call_next(here)
    current = Desk(here.branch_id, here.counter_id, here.staff_id, urgent.id)
    with pytest.raises(IllegalTransition):
        do(hall, join, mine.id, urgent.id)
    hall.db.write_in_now(hall.branch.id, calling.finish, current)
    hall.call_next(here)
    with pytest.raises(IllegalTransition):
        do(hall, join, late.id, mine.id)
    assert now_of(hall, late).state is TicketState.WAITING
    hall.db.write_in_now(
        hall.branch.id, calling.mark_absent, Desk(here.branch_id, here.counter_id, here.staff_id, mine.id)
    )
    with pytest.raises(Refused, match="family-called"):
        do(hall, join, late.id, mine.id)
    with pytest.raises(Missing):
        do(hall, split, late.id)
    booked = hall.check_in("attest-single", clock)
    with pytest.raises(Refused, match="family-appointment"):
        do(hall, join, late.id, booked.id)


@pytest.mark.parametrize("way", ["leave", "void"])
def test_those_who_follow_wait_again_where_the_one_in_line_goes(hall: Hall, way: str) -> None:
    mine, first = hall.issue().ticket, hall.issue().ticket
    do(hall, join, mine.id, first.id)
    with pytest.raises(Refused, match="family-raise"):
        do(hall, raise_ticket, first.id, "elderly", "seen")
    if way == "leave":
        hall.db.write_in_now(hall.branch.id, tickets.leave, hall.branch.id, first.id, VISITOR)
    else:
        do(hall, voiding.void_ticket, first.id, "trial")
    assert now_of(hall, mine).state is TicketState.WAITING
    assert now_of(hall, mine).anchor_at == mine.anchor_at


def test_screens_name_those_who_are_called_along_and_nothing_splits_after_the_call(hall: Hall, here: Desk) -> None:
    mine, first = hall.issue().ticket, hall.issue().ticket
    do(hall, join, mine.id, first.id)
    call(hall, here)
    assert hall.db.read_now(board, hall.branch.id, None).along == {first.code: (mine.code,)}
    with pytest.raises(Refused, match="family-gone"):
        do(hall, split, mine.id)


@pytest.mark.parametrize("keeps_place", [True, False])
def test_whoever_is_left_when_the_call_for_all_was_missed_waits_as_if_it_had_missed_it_alone(
    hall: Hall, here: Desk, clock: FrozenClock, *, keeps_place: bool
) -> None:
    set_rules(hall, missed_rejoin_after_calls=1 if keeps_place else None)
    mine, first = hall.issue().ticket, hall.issue().ticket
    others = [hall.issue().ticket for _ in range(2)]
    do(hall, join, mine.id, first.id)
    assert give_up(hall, here, clock).id == first.id
    do(hall, split, mine.id)
    if not keeps_place:
        assert now_of(hall, mine).anchor_at == clock.now()
    assert [call(hall, here) for _ in range(3)] == (
        [others[0].code, mine.code, others[1].code] if keeps_place else [others[0].code, others[1].code, mine.code]
    )
    exact(hall, clock)


def test_a_number_is_split_from_one_that_is_parked_and_waits_from_its_own_anchor(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    mine = hall.issue().ticket
    clock.move(timedelta(minutes=3))
    first, other = hall.issue().ticket, hall.issue().ticket
    do(hall, join, mine.id, first.id)
    assert call(hall, here) == first.code
    hall.db.write_in_now(hall.branch.id, calling.park, Desk(here.branch_id, here.counter_id, here.staff_id, first.id))
    do(hall, split, mine.id)
    assert now_of(hall, mine).anchor_at == mine.anchor_at
    assert now_of(hall, first).anchor_at == first.anchor_at
    assert [call(hall, here) for _ in range(2)] == [mine.code, other.code]
    exact(hall, clock)


def test_a_number_that_missed_the_call_for_all_too_often_is_not_split(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    set_rules(hall, missed_rejoin_times=0)
    mine, first = hall.issue().ticket, hall.issue().ticket
    do(hall, join, mine.id, first.id)
    give_up(hall, here, clock)
    with pytest.raises(Refused, match="rejoin-used-up"):
        do(hall, split, mine.id)
    assert with_(hall, first) == [mine.code]


def test_a_press_that_is_taken_back_leaves_the_own_place_of_the_one_in_line(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    first, mine = hall.issue().ticket, hall.issue(priority="elderly").ticket
    clock.move(timedelta(minutes=5))
    last = hall.issue(priority="elderly").ticket
    for one in (mine, last):
        assert do(hall, join, first.id, one.id).id == first.id
    give_up(hall, here, clock)
    by_clerk = Actor("staff", str(here.staff_id))
    hall.db.write_in_now(hall.branch.id, calling.resume, hall.branch.id, first.id, by_clerk)
    hall.db.write_in_now(hall.branch.id, calling.take_back, here)
    assert now_of(hall, first).state is TicketState.NO_SHOW
    for one in (last, mine):
        do(hall, split, one.id)
    assert now_of(hall, first).anchor_at == first.anchor_at
    exact(hall, clock)


@pytest.mark.parametrize(("priority", "alone"), [("elderly", False), ("bereavement", True)])
def test_the_class_of_another_service_is_one_persons_and_takes_nobody_along(
    hall: Hall, here: Desk, priority: str, *, alone: bool
) -> None:
    here_only = SERVICES.c.branch_id == hall.branch.id, SERVICES.c.slug == "edu-attest"
    given = sa.update(SERVICES).where(*here_only).values(priority=priority)
    edit(hall, lambda tx: tx.execute(given))
    hall = enter(hall.db)
    mine, first = hall.issue().ticket, hall.issue().ticket
    do(hall, join, mine.id, first.id)
    call(hall, here)
    goal = Goal(service_id=hall.service("edu-attest"))
    current = Desk(here.branch_id, here.counter_id, here.staff_id, first.id)
    hall.db.write_in_now(hall.branch.id, transferring.transfer, current, goal)
    assert now_of(hall, first).priority == (priority if alone else first.priority)
    assert with_(hall, first) == ([] if alone else [mine.code])


@pytest.mark.parametrize("gone", ["called", "served", "parked"])
def test_nobody_joins_a_number_that_does_not_wait(hall: Hall, here: Desk, clock: FrozenClock, gone: str) -> None:
    """The page of reception may be old: whoever would lead, from the latest place, is at a counter or gone."""
    first = hall.issue().ticket
    clock.move(timedelta(minutes=1))
    later = hall.issue(priority="elderly").ticket
    hall.call_next(here)
    current = Desk(here.branch_id, here.counter_id, here.staff_id, first.id)
    step = {"served": calling.finish, "parked": calling.park}.get(gone)
    if step:
        hall.db.write_in_now(hall.branch.id, step, current)
    for pair in ((first.id, later.id), (later.id, first.id)):
        with pytest.raises(IllegalTransition):
            do(hall, join, *pair)
    assert now_of(hall, later) == later


def test_whoever_waits_again_after_a_visit_had_begun_joins_nobody(hall: Hall, here: Desk) -> None:
    first, later = hall.issue().ticket, hall.issue().ticket
    hall.call_next(here)
    hall.db.write_in_now(hall.branch.id, calling.park, Desk(here.branch_id, here.counter_id, here.staff_id, first.id))
    do(hall, calling.resume, first.id)
    with pytest.raises(Refused, match="family-called"):
        do(hall, join, later.id, first.id)


def test_an_emergency_is_raised_at_once_and_the_others_wait_by_themselves(hall: Hall) -> None:
    mine, first = hall.issue().ticket, hall.issue().ticket
    do(hall, join, mine.id, first.id)
    do(hall, raise_ticket, first.id, "bereavement", "seen")
    assert now_of(hall, mine).state is TicketState.WAITING
    assert now_of(hall, first).priority == "bereavement"


def test_an_emergency_stands_where_it_came_and_not_where_its_family_stood(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    """Also after the press is taken back: nobody is called with it any more, so nothing would give it its place again."""
    first, other = hall.issue().ticket, hall.issue(priority="elderly").ticket
    clock.move(timedelta(minutes=20))
    last = hall.issue(priority="elderly").ticket
    for one in (other, last):
        assert do(hall, join, first.id, one.id).id == first.id
    assert now_of(hall, first).anchor_at == last.anchor_at
    by_clerk = Actor("staff", str(here.staff_id))
    hall.db.write_in_now(hall.branch.id, raise_ticket, hall.branch.id, first.id, "bereavement", "seen", by_clerk)
    assert now_of(hall, first).anchor_at == first.anchor_at
    hall.db.write_in_now(hall.branch.id, calling.take_back, here)
    assert now_of(hall, first) == first
    assert [call(hall, here) for _ in range(2)] == [other.code, first.code]
    found = hall.db.read_now(replayed, hall.branch.id, None, clock.now() + timedelta(days=1))
    assert [one.verdict for one in found] == [Verdict.REPRODUCED] * 2


def test_a_board_reads_the_same_however_many_are_called_as_one(hall: Hall) -> None:
    codes, read = {}, []
    for _ in range(3):
        one, other = hall.issue().ticket, hall.issue().ticket
        leading = do(hall, join, one.id, other.id)
        codes[leading.code] = tuple({one.code, other.code} - {leading.code})
        with counted_statements() as sent:
            assert hall.db.read_now(board, hall.branch.id, None).along == codes
        read.append(len(sent))
    assert read[0] == read[1] == read[2]
