"""The share of a day for people without an appointment, in both directions. On both databases.

The service of these tests has six places a day, of which two are kept.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, calling, tickets
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.tickets import TicketOrder
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.errors import Refused
from queue_system.core.walkin_share import DayPlaces
from queue_system.store.log import SYSTEM, VISITOR, Actor
from queue_system.store.queries.bookings import BookingView, DaySlots, free_days
from queue_system.store.queries.place import prospects
from queue_system.store.tables import Queue, Service, table
from tests.kit.hall import Hall, edit, enter, one_call_is_enough

SERVICES, QUEUES = table(Service), table(Queue)
SERVICE = "passport-lost"
STAFF = Actor("staff", "01a214ae-a28f-72e1-94f5-49f1eea5c5c4")


@pytest.fixture
def shared(hall: Hall) -> Hall:
    service, queue = hall.branch.service(SERVICE), hall.branch.service(SERVICE).queue_id
    here = SERVICES.c.branch_id == hall.branch.id, SERVICES.c.id == service.id
    line = QUEUES.c.branch_id == hall.branch.id, QUEUES.c.id == queue
    edit(hall, lambda tx: tx.execute(sa.update(QUEUES).where(*line).values(lanes=1, public_lanes=1)))
    share = {"walkin_share_pct": 30, "duration_min": 60, "buffer_min": 0}
    edit(hall, lambda tx: tx.execute(sa.update(SERVICES).where(*here).values(**share)))
    return enter(hall.db)


def day_of(hall: Hall, day: date, *, public: bool = True) -> DaySlots:
    service = hall.branch.service(SERVICE)
    return hall.db.read_now(free_days, hall.branch, service, day, day, public=public)[0]


def today(hall: Hall, clock: FrozenClock) -> date:
    return hall.branch.timetable.business_date(clock.now())


def tomorrow(hall: Hall, clock: FrozenClock) -> date:
    return today(hall, clock) + timedelta(days=1)


def book(hall: Hall, day: date, count: int = 1) -> list[BookingView]:
    """Book the first times of a day, each for somebody else."""
    made = []
    for _ in range(count):
        slot = day_of(hall, day).slots[0]
        number = 10_000 + hall.db.read_now(lambda tx: len(tx.rows(sa.text("SELECT id FROM booking"))))
        order = HoldOrder(
            hall.branch.id, hall.service(SERVICE), slot.start, "ن" * (number - 9_998), f"+974555{number}", "ar", VISITOR
        )
        held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
        made.append(hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR))
    return made


def given(hall: Hall, count: int, actor: Actor = SYSTEM) -> None:
    """Give as many numbers, and no more."""
    order = TicketOrder(hall.branch.id, hall.service(SERVICE), "ar", "kiosk", actor)
    for _ in range(count):
        assert hall.db.write_in_now(hall.branch.id, tickets.issue_ticket, order).created
    with pytest.raises(Refused, match="places-gone"):
        hall.db.write_in_now(hall.branch.id, tickets.issue_ticket, order)


@pytest.mark.parametrize(
    ("booked", "numbers", "to_book", "to_take"),
    [(0, 0, 4, 6), (4, 0, 0, 2), (4, 2, 0, 0), (2, 0, 2, 4), (0, 6, 0, 0), (1, 4, 1, 1), (6, 0, 0, 0), (7, 1, 0, 0)],
)
def test_both_directions(booked: int, numbers: int, to_book: int, to_take: int) -> None:
    places = DayPlaces(6, 2)
    assert (places.to_book(booked, numbers), places.to_take(booked, numbers)) == (to_book, to_take)


def test_appointments_leave_the_share_and_no_more(shared: Hall, clock: FrozenClock) -> None:
    day = tomorrow(shared, clock)
    assert day_of(shared, day).places == 4
    free = day_of(shared, day).slots[-1].start
    book(shared, day, 4)
    assert day_of(shared, day).refusal == "day-full"
    assert day_of(shared, day, public=False).refusal == "day-full", "the share is not for staff to book either"
    order = HoldOrder(shared.branch.id, shared.service(SERVICE), free, "ريم", "+97455500000", "ar", VISITOR)
    with pytest.raises(Refused, match="day-full"):
        shared.db.write_in_now(shared.branch.id, bookings.hold_slot, order)
    with pytest.raises(Refused, match="day-full"):
        shared.db.write_in_now(shared.branch.id, bookings.hold_slot, replace(order, booker=Booker.STAFF, actor=STAFF))
    assert day_of(shared, day + timedelta(days=1)).places == 4


def test_an_appointment_of_a_full_day_can_still_be_moved_within_it(shared: Hall, clock: FrozenClock) -> None:
    day = tomorrow(shared, clock)
    last = day_of(shared, day).slots[-1].start
    first, *_ = book(shared, day, 4)
    found = shared.db.read_now(free_days, shared.branch, shared.branch.service(SERVICE), day, day, own=first.id)
    assert last in [slot.start for slot in found[0].slots]


def test_numbers_stop_when_their_share_and_what_is_left_are_gone(shared: Hall, clock: FrozenClock) -> None:
    day = today(shared, clock)
    booked = len(book(shared, day, min(2, day_of(shared, day).places)))
    given(shared, 6 - booked)
    assert shared.db.read_now(prospects, shared.branch)[shared.service(SERVICE)].full


def test_without_appointments_the_whole_day_is_theirs(shared: Hall) -> None:
    given(shared, 6)


def test_numbers_that_took_the_rest_leave_nothing_to_book(shared: Hall, clock: FrozenClock) -> None:
    assert day_of(shared, today(shared, clock)).slots
    given(shared, 6)
    assert day_of(shared, today(shared, clock)).refusal == "day-full"


def test_staff_may_give_a_number_beyond_it(shared: Hall) -> None:
    given(shared, 6)
    order = TicketOrder(shared.branch.id, shared.service(SERVICE), "ar", "reception", STAFF)
    assert shared.db.write_in_now(shared.branch.id, tickets.issue_ticket, order).created


def test_whoever_leaves_or_does_not_come_gives_the_place_to_others(shared: Hall, clock: FrozenClock) -> None:
    one_call_is_enough(shared)
    given(shared, 6)
    here = shared.sit(shared.person("layla"), "c1")
    called = shared.call_next(here)
    assert called is not None
    there = shared.at(here.staff_id, "c1", called.id)
    shared.db.write_in_now(shared.branch.id, calling.mark_absent, there)
    given(shared, 1)
    waiting = shared.db.read_now(lambda tx: tx.rows(sa.text("SELECT id FROM ticket WHERE state = 'waiting'")))
    shared.db.write_in_now(shared.branch.id, tickets.leave, shared.branch.id, UUID(str(waiting[0].id)), SYSTEM)
    given(shared, 1)


def test_a_service_without_a_share_gives_numbers_to_all(hall: Hall) -> None:
    for _ in range(8):
        hall.issue(SERVICE)
    assert not hall.db.read_now(prospects, hall.branch)[hall.service(SERVICE)].full
