"""States of a booking, who may make or change one, and the results of a check-in."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.core.bookings import (
    LIVE,
    TRANSITIONS,
    Booker,
    BookingState,
    BookingStep,
    CheckInRules,
    Mode,
    Policy,
    Punctuality,
    after,
    against_cancel,
    against_change,
    against_day,
    against_mode,
    arrival,
    held_until,
    last_day,
    may_book,
    may_replace,
    steps_from,
)
from queue_system.core.dispatch import CallingRules, Waiting, order
from queue_system.core.errors import IllegalTransition, Refused
from queue_system.core.persons import Standing
from queue_system.core.tickets import TRANSITIONS as TICKET_TRANSITIONS
from queue_system.core.tickets import Step as TicketStep
from queue_system.core.tickets import TicketState

TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 9, tzinfo=UTC)
OPEN = Policy(Mode.FCFS, horizon_days=21, max_active=1, max_changes=2, cancel_until_min=120)
EMBASSY = CheckInRules(early_min=30, late_grace_min=10)


def code(refusal: Refused | None) -> str | None:
    return None if refusal is None else refusal.code


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.mark.parametrize("state", BookingState)
@pytest.mark.parametrize("step", BookingStep)
def test_a_step_leads_where_the_table_says_or_nowhere(state: BookingState, step: BookingStep) -> None:
    if (state, step) in TRANSITIONS:
        assert after(state, step) is TRANSITIONS[state, step]
        assert step in steps_from(state)
        return
    assert step not in steps_from(state)
    with pytest.raises(IllegalTransition) as refusal:
        after(state, step)
    assert refusal.value.values == {"state": state.value, "step": step.value}


def test_every_state_is_reached_from_a_hold_and_the_final_ones_stay() -> None:
    reached, found = {BookingState.HELD}, {BookingState.HELD}
    while found:
        found = {target for (origin, _), target in TRANSITIONS.items() if origin in found} - reached
        reached |= found
    assert reached == set(BookingState)
    final = {state for state in BookingState if not steps_from(state)}
    assert final == {BookingState.FULFILLED, BookingState.CANCELLED, BookingState.EXPIRED}


def test_seats_that_were_given_back_are_never_taken_again_by_a_step() -> None:
    back_to_life = {step for (origin, step), target in TRANSITIONS.items() if origin not in LIVE and target in LIVE}
    assert back_to_life == {BookingStep.CHECK_IN}, "only a visitor who stands in the hall after all"
    assert (TicketState.NO_SHOW, TicketStep.RETURN) in TICKET_TRANSITIONS


def test_a_hold_lasts_ten_minutes() -> None:
    assert held_until(NOON) - NOON == minutes(10)


@pytest.mark.parametrize(
    ("mode", "public", "invited", "staff"),
    [
        (Mode.FCFS, None, None, None),
        (Mode.WALKIN_AND_FCFS, None, None, None),
        (Mode.BALLOT, "booking-by-ballot", "booking-by-ballot", None),
        (Mode.STAFF_ONLY, "booking-staff-only", "booking-staff-only", None),
        (Mode.INVITE, "booking-invite-only", None, None),
        (Mode.WALKIN_ONLY, "booking-walkin-only", "booking-walkin-only", "booking-walkin-only"),
    ],
)
def test_who_can_book_by_mode(mode: Mode, public: str | None, invited: str | None, staff: str | None) -> None:
    found = [code(against_mode(mode, booker)) for booker in (Booker.PUBLIC, Booker.INVITED, Booker.STAFF)]
    assert found == [public, invited, staff]


@pytest.mark.parametrize(
    ("ahead", "public", "staff"),
    [(-1, "day-past", "day-past"), (0, None, None), (21, None, None), (22, "day-too-far", None)],
)
def test_which_days_can_be_booked(ahead: int, public: str | None, staff: str | None) -> None:
    day = TODAY + timedelta(days=ahead)
    assert code(against_day(OPEN, Booker.PUBLIC, TODAY, day)) == public
    assert code(against_day(OPEN, Booker.STAFF, TODAY, day)) == staff


def test_no_horizon_means_any_day() -> None:
    endless = replace(OPEN, horizon_days=None)
    assert last_day(endless, TODAY) is None
    assert against_day(endless, Booker.PUBLIC, TODAY, date(2099, 1, 1)) is None
    assert last_day(OPEN, TODAY) == date(2026, 12, 13)


def test_one_live_booking_a_person() -> None:
    may_book(OPEN, Mode.FCFS, Booker.PUBLIC, TODAY, TODAY, Standing())
    for booker in Booker:
        with pytest.raises(Refused) as refusal:
            may_book(OPEN, Mode.FCFS, booker, TODAY, TODAY, Standing(active=1))
        assert (refusal.value.code, refusal.value.values) == ("booking-limit", {"count": 1})
    may_book(replace(OPEN, max_active=None), Mode.FCFS, Booker.PUBLIC, TODAY, TODAY, Standing(active=50))


def test_the_mode_of_the_service_goes_before_the_day_and_the_limit() -> None:
    with pytest.raises(Refused) as refusal:
        may_book(OPEN, Mode.STAFF_ONLY, Booker.PUBLIC, TODAY, TODAY - timedelta(days=1), Standing(active=9))
    assert refusal.value.code == "booking-staff-only"
    with pytest.raises(Refused) as refusal:
        may_book(OPEN, Mode.FCFS, Booker.PUBLIC, TODAY, TODAY - timedelta(days=1), Standing(active=9))
    assert refusal.value.code == "day-past"


@pytest.mark.parametrize(("before", "refused"), [(121, None), (120, "booking-too-late"), (0, "booking-too-late")])
def test_until_when_a_visitor_can_change_or_cancel(before: int, refused: str | None) -> None:
    starts = NOON + minutes(before)
    state = BookingState.CONFIRMED
    assert code(against_cancel(OPEN, Booker.PUBLIC, state, starts, NOON)) == refused
    assert code(against_change(OPEN, Booker.PUBLIC, state, starts, 0, NOON)) == refused
    assert against_cancel(OPEN, Booker.STAFF, state, starts, NOON) is None
    assert against_change(OPEN, Booker.STAFF, state, starts, 9, NOON) is None


def test_without_a_limit_one_can_cancel_until_the_booked_time() -> None:
    free = replace(OPEN, cancel_until_min=None)
    assert against_cancel(free, Booker.PUBLIC, BookingState.CONFIRMED, NOON + minutes(1), NOON) is None
    assert code(against_cancel(free, Booker.PUBLIC, BookingState.CONFIRMED, NOON, NOON)) == "booking-too-late"


def test_a_hold_can_always_be_given_back_but_not_moved() -> None:
    assert against_cancel(OPEN, Booker.PUBLIC, BookingState.HELD, NOON, NOON) is None
    assert code(against_change(OPEN, Booker.PUBLIC, BookingState.HELD, NOON + minutes(999), 0, NOON)) == "booking-over"


@pytest.mark.parametrize("state", [state for state in BookingState if state not in {"held", "confirmed"}])
def test_what_is_over_or_begun_is_not_cancelled_by_anybody(state: BookingState) -> None:
    for booker in Booker:
        assert code(against_cancel(OPEN, booker, state, NOON + minutes(999), NOON)) == "booking-over"
        assert code(against_change(OPEN, booker, state, NOON + minutes(999), 0, NOON)) == "booking-over"


def test_changes_are_counted() -> None:
    starts, state = NOON + minutes(999), BookingState.CONFIRMED
    assert against_change(OPEN, Booker.PUBLIC, state, starts, 1, NOON) is None
    assert code(against_change(OPEN, Booker.PUBLIC, state, starts, 2, NOON)) == "booking-changes-used"
    assert against_change(replace(OPEN, max_changes=None), Booker.PUBLIC, state, starts, 99, NOON) is None


@pytest.mark.parametrize(
    ("offset", "punctuality", "priority", "anchor"),
    [
        (-30.1, Punctuality.TOO_EARLY, None, None),
        (-30, Punctuality.ON_TIME, "appointment", 0),
        (0, Punctuality.ON_TIME, "appointment", 0),
        (10, Punctuality.ON_TIME, "appointment", 0),
        (10.1, Punctuality.LATE, "late_appointment", 10.1),
        (299.9, Punctuality.LATE, "late_appointment", 299.9),
        (300, Punctuality.TOO_LATE, None, None),
    ],
)
def test_checking_in(offset: float, punctuality: Punctuality, priority: str | None, anchor: float | None) -> None:
    found = arrival(NOON, NOON + minutes(offset), EMBASSY, until=NOON + minutes(300))
    assert (found.punctuality, found.priority) == (punctuality, priority)
    assert found.anchor == (None if anchor is None else NOON + minutes(anchor))
    assert found.opens_at == NOON - minutes(30)


@given(early=st.lists(st.integers(-30, 10), min_size=2, max_size=5, unique=True), seed=st.integers(0, 99))
def test_coming_early_gains_nothing(early: list[int], seed: int) -> None:
    """Appointments at different times are ordered by these times, whatever the order of arrival."""
    found = [
        arrival(NOON + minutes(10 * n), NOON + minutes(10 * n + e), EMBASSY, NOON + minutes(900))
        for n, e in enumerate(early)
    ]
    source, rules = random.Random(seed), CallingRules.of([1, 3], 5, 60)
    line = [
        Waiting(UUID(int=n), UUID(int=0), each.priority or "", 3.0, each.anchor or NOON, appointment=True)
        for n, each in enumerate(found)
    ]
    source.shuffle(line)
    called = order(line, {UUID(int=0)}, rules, NOON + minutes(200))
    assert [choice.ticket_id for choice in called] == [UUID(int=n) for n in range(len(early))]


@pytest.mark.parametrize(
    ("earlier", "now", "replaces"),
    [
        (("سلمى", "a@example.org"), ("سلمي", "b@example.org"), True),
        (("سلمى", "a@example.org"), ("هدى", "a@example.org"), True),
        (("سلمى", "a@example.org"), ("هدى", "b@example.org"), False),
        (("", ""), ("هدى", "b@example.org"), True),
        (("", "a@example.org"), ("هدى", "b@example.org"), False),
    ],
)
def test_a_hold_is_replaced_by_its_own_person_or_where_it_is_nobodys_yet(
    earlier: tuple[str, str], now: tuple[str, str], replaces: bool
) -> None:
    assert may_replace(*earlier, *now) is replaces
