"""Visitors who left, missed the call or were passed over, and come back; counters and slips of past visits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import calling, day, slips, staff, tickets
from queue_system.actions.counters import Desk
from queue_system.actions.raising import raise_ticket
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.errors import IllegalTransition, Refused
from queue_system.core.tickets import TicketState
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries import bookings as stored
from queue_system.store.queries import line, place
from queue_system.store.queries.access import devices
from queue_system.store.queries.line import TicketView
from queue_system.store.tables import Counter, table
from tests.kit.hall import Hall, furnish
from tests.kit.kiosk_hall import book


@pytest.fixture
def here(hall: Hall) -> Desk:
    return hall.sit(hall.person("layla"))


def do(hall: Hall, action: Any, here: Desk, *args: Any) -> Any:
    """Run an action at the counter as its page shows it now."""
    current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
    return hall.db.write_in_now(hall.branch.id, action, replace(here, expected=current.id if current else None), *args)


def now_of(hall: Hall, ticket: TicketView) -> TicketView:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id)


def come(hall: Hall, ticket: TicketView) -> tickets.Issued:
    """Scan the code of a booking once more."""
    assert ticket.booking_id is not None
    return hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, ticket.booking_id, SYSTEM)


def missed(hall: Hall, here: Desk, clock: FrozenClock, ticket: TicketView) -> None:
    """Call a visitor as often and as long as the branch's rule asks; nobody comes."""
    do(hall, calling.call_next, here)
    for _ in range(2):
        clock.move(timedelta(seconds=15))
        do(hall, calling.recall, here)
    clock.move(timedelta(minutes=15))
    assert do(hall, calling.mark_absent, here).id == ticket.id
    assert now_of(hall, ticket).state is TicketState.NO_SHOW


# ---------------------------------------------------------------- the booking is scanned again


def test_whoever_waits_keeps_the_number_however_often_the_booking_is_scanned(hall: Hall, clock: FrozenClock) -> None:
    booked = hall.check_in("attest-single", clock)
    again = come(hall, booked)
    assert (again.ticket.id, again.created) == (booked.id, False)


def test_whoever_gave_the_place_up_and_comes_after_all_gets_a_new_number(hall: Hall, clock: FrozenClock) -> None:
    booked = hall.check_in("attest-single", clock)
    hall.db.write_in_now(hall.branch.id, tickets.leave, hall.branch.id, booked.id, VISITOR)
    again = come(hall, booked)
    assert again.created
    assert (again.ticket.state, again.ticket.code != booked.code) == (TicketState.WAITING, True)
    assert booked.booking_id is not None
    booking = hall.db.read_now(stored.booking_by_id, hall.branch.id, booked.booking_id)
    assert (booking.state, booking.ticket_id) == (BookingState.CHECKED_IN, again.ticket.id)


def test_whoever_missed_the_call_stands_in_line_again_by_the_rule(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    booked = hall.check_in("attest-single", clock)
    missed(hall, here, clock, booked)
    again = come(hall, booked)
    rule = line.absence_rule(hall.branch)
    assert (again.ticket.id, again.ticket.state) == (booked.id, TicketState.WAITING)
    assert (again.ticket.returns, again.ticket.aside) == (1, rule.others_first if rule.keeps_place else 0)
    assert booked.booking_id is not None
    assert hall.db.read_now(stored.booking_by_id, hall.branch.id, booked.booking_id).state is BookingState.CHECKED_IN


def test_whoever_was_served_is_told_so(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    booked = hall.check_in("attest-single", clock)
    do(hall, calling.call_next, here)
    do(hall, calling.finish, here)
    with pytest.raises(IllegalTransition):
        come(hall, booked)


def test_nobody_is_a_no_show_before_the_agreed_time(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    booked = hall.check_in("attest-single", clock, early=timedelta(minutes=10))
    assert booked.anchor_at - clock.now() == timedelta(minutes=10)
    do(hall, calling.call_next, here)
    for _ in range(3):
        clock.move(timedelta(seconds=15))
        do(hall, calling.recall, here)
    clock.move(timedelta(minutes=9, seconds=14))
    assert do(hall, calling.mark_absent, here).state is TicketState.WAITING


# ---------------------------------------------------------------- passed over


def test_as_many_others_are_called_first_whether_one_presses_once_or_twice(hall: Hall, here: Desk) -> None:
    waiting = [hall.issue().ticket for _ in range(9)]
    others = line.absence_rule(hall.branch).others_first
    do(hall, calling.call_next, here)
    codes = [do(hall, calling.call_next, here, "absent").code]
    while codes[-1] != waiting[0].code:
        codes.append(do(hall, calling.call_next, here, "done").code)
    assert codes == [ticket.code for ticket in (*waiting[1 : others + 1], waiting[0])]


def test_the_line_says_where_whoever_was_passed_over_stands(hall: Hall, here: Desk) -> None:
    waiting = [hall.issue().ticket for _ in range(9)]
    others = line.absence_rule(hall.branch).others_first
    do(hall, calling.call_next, here)
    do(hall, calling.mark_absent, here)
    stands = hall.db.read_now(place.place, hall.branch, waiting[0].token)
    assert (stands.ahead, stands.not_before) == (others, None)
    assert hall.db.read_now(place.place, hall.branch, waiting[others + 1].token).ahead == others + 1


def test_an_emergency_that_is_not_here_lets_one_other_go_first(hall: Hall, here: Desk) -> None:
    urgent = hall.issue(priority="bereavement").ticket
    others = [hall.issue().ticket for _ in range(3)]
    assert do(hall, calling.call_next, here).id == urgent.id
    assert do(hall, calling.call_next, here, "absent").id == others[0].id
    assert do(hall, calling.call_next, here, "done").id == urgent.id


# ---------------------------------------------------------------- what is pressed beside the visitor in front


def test_a_mistaken_return_is_taken_back_and_not_the_press_before_it(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    booked = hall.check_in("attest-single", clock)
    missed(hall, here, clock, booked)
    served = hall.issue().ticket
    do(hall, calling.call_next, here)
    do(hall, calling.finish, here)
    hall.db.write_in_now(hall.branch.id, calling.resume, hall.branch.id, booked.id, here.actor)
    do(hall, calling.take_back, here)
    assert now_of(hall, served).state is TicketState.SERVED
    assert now_of(hall, booked).state is TicketState.NO_SHOW
    assert booked.booking_id is not None
    assert hall.db.read_now(stored.booking_by_id, hall.branch.id, booked.booking_id).state is BookingState.NO_SHOW
    with pytest.raises(Refused, match="take-back-nothing"):
        do(hall, calling.take_back, here)


def test_a_class_raised_by_mistake_is_taken_back(hall: Hall, here: Desk) -> None:
    ticket = hall.issue().ticket
    hall.db.write_in_now(hall.branch.id, raise_ticket, hall.branch.id, ticket.id, "bereavement", "seen", here.actor)
    do(hall, calling.take_back, here)
    assert now_of(hall, ticket) == ticket


def test_whoever_was_called_since_waits_for_no_call_more(hall: Hall, here: Desk) -> None:
    gone, other, *_ = [hall.issue().ticket for _ in range(6)]
    there = hall.sit(hall.person("omar"), "c5")
    do(hall, calling.call_next, here)
    do(hall, calling.mark_absent, here)
    assert do(hall, calling.call_next, here).id == other.id
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, there, gone.id)
    do(hall, calling.mark_absent, there)
    before = now_of(hall, gone)
    do(hall, calling.take_back, here)
    assert now_of(hall, gone) == before


# ---------------------------------------------------------------- visits that are over


def test_no_copy_is_printed_of_a_number_that_nobody_calls(hall: Hall, here: Desk) -> None:
    ticket = hall.issue().ticket
    printer = hall.db.read_now(devices, hall.branch.id, "printer")[0]
    do(hall, calling.call_next, here)
    do(hall, calling.finish, here)
    with pytest.raises(Refused, match="slip-of-a-visit-over"):
        hall.db.write_in_now(hall.branch.id, slips.reprint, hall.branch.id, ticket.id, printer.id, SYSTEM)


def test_whoever_serves_somebody_sits_at_an_open_counter_since_whenever(hall: Hall, here: Desk) -> None:
    def sat_down_yesterday(tx: Tx) -> None:
        counter = table(Counter)
        tx.execute(
            sa.update(counter).where(counter.c.id == here.counter_id).values(seated_at=tx.now - timedelta(days=1))
        )

    hall.issue()
    do(hall, calling.call_next, here)
    hall.db.write_now(sat_down_yesterday)
    assert hall.db.read_now(place.place, hall.branch, hall.issue().ticket.token).counter_open


def test_a_counter_that_is_taken_from_somebody_is_as_empty_as_one_that_was_left(hall: Hall, here: Desk) -> None:
    hall.issue()
    do(hall, calling.call_next, here)
    do(hall, calling.finish, here)
    hall.db.write_now(staff.lock_staff, "layla", SYSTEM)
    counter = table(Counter)
    row = hall.db.read_now(Tx.rows, sa.select(counter).where(counter.c.id == here.counter_id))[0]
    assert (row.staff_id, row.seated_at, row.last_press) == (None, None, None)


def test_an_appointment_by_telephone_is_no_no_show_and_nobody_checks_in(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db, "social-work", "wifaq")
    assert hall.branch.service("phone-counsel").elsewhere
    day_of_it = (clock.now() + timedelta(days=1)).date()
    found = hall.db.read_now(stored.free_days, hall.branch, hall.branch.service("phone-counsel"), day_of_it, day_of_it)
    booking = book(hall, found[0].slots[0].start, "phone-counsel", "+97455512345")
    clock.set(booking.starts_at)
    with pytest.raises(Refused, match="appointment-elsewhere"):
        hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, booking.id, SYSTEM)
    clock.move(timedelta(days=2))
    hall.db.write_in_now(hall.branch.id, day.close_day, hall.branch.id)
    after = hall.db.read_now(stored.booking_by_id, hall.branch.id, booking.id)
    assert after.state is BookingState.CONFIRMED
