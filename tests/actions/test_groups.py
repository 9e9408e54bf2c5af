"""Several people with one booking: how many, and that together they have one place."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from queue_system.actions import bookings, tickets
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.core.errors import Invalid, Refused
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.bookings import BookingView, DaySlots, free_days
from queue_system.store.queries.place import place
from tests.kit.hall import Hall, furnish
from tests.kit.services import set_service

SERVICE = "passport-lost"
MOST = 4


@pytest.fixture
def hall(db: Database) -> Hall:
    return set_service(furnish(db), SERVICE, group_max=MOST)


def test_a_group_has_one_place_together(hall: Hall) -> None:
    (day,) = _day(hall)
    start = day.slots[0].start
    held = hold(hall, persons=3)
    assert (held.persons, held.starts_at) == (3, start)
    (after,) = _day(hall)
    first = next((slot.places for slot in after.slots if slot.start == start), 0)
    assert first == day.slots[0].places - 1


@pytest.mark.parametrize("persons", [0, -1, MOST + 1])
def test_fewer_than_one_and_more_than_the_service_says_are_refused(hall: Hall, persons: int) -> None:
    with pytest.raises(Invalid, match="booking-group"):
        hold(hall, persons=persons)


def test_without_a_group_one_person_comes(hall: Hall) -> None:
    with pytest.raises(Invalid, match="booking-group"):
        hold(hall, persons=2, service="edu-attest")


def test_the_number_is_corrected_with_the_form(hall: Hall) -> None:
    first = hold(hall, persons=2, request_id="one")
    again = hold(hall, persons=4, request_id="one", start=first.starts_at)
    assert (again.id, again.persons) == (first.id, 4)


def test_staff_are_told_how_many_come(hall: Hall) -> None:
    held = hold(hall, booker=Booker.STAFF)
    with pytest.raises(Invalid, match="booking-group"):
        confirm(hall, held, Said("", "", "ar", persons=MOST + 1))
    assert confirm(hall, held, Said("", "", "ar", persons=MOST)).persons == MOST


def test_the_number_stays_when_the_booking_moves_and_is_on_the_slip(hall: Hall, clock: FrozenClock) -> None:
    booked = confirm(hall, hold(hall, persons=3))
    later = next(slot.start for slot in _day(hall)[0].slots if slot.start > booked.starts_at)
    moved = hall.db.write_in_now(hall.branch.id, bookings.change_booking, hall.branch.id, booked.id, later, VISITOR)
    assert moved.persons == 3
    clock.set(moved.starts_at)
    ticket = hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, booked.id, SYSTEM).ticket
    found = hall.db.read_now(place, hall.branch, ticket.token).appointment
    assert found is not None
    assert found.persons == 3


def test_what_begins_with_a_call_is_booked_by_staff_alone(hall: Hall) -> None:
    hall = set_service(hall, SERVICE, phone_intake=True)
    with pytest.raises(Refused, match="booking-staff-only"):
        hold(hall)
    assert hold(hall, booker=Booker.STAFF).service_id == hall.service(SERVICE)


def test_staff_book_what_begins_with_a_call_though_it_gives_numbers_only(hall: Hall) -> None:
    hall = set_service(hall, SERVICE, mode="walkin_only")
    with pytest.raises(Refused, match="booking-walkin-only"):
        hold(hall, booker=Booker.STAFF)
    hall = set_service(hall, SERVICE, phone_intake=True)
    assert hold(hall, booker=Booker.STAFF).service_id == hall.service(SERVICE)
    assert hall.branch.service(SERVICE).walk_in


def hold(
    hall: Hall,
    persons: int = 1,
    service: str = SERVICE,
    request_id: str | None = None,
    booker: Booker = Booker.PUBLIC,
    start: datetime | None = None,
) -> BookingView:
    order = HoldOrder(
        branch_id=hall.branch.id,
        service_id=hall.service(service),
        starts_at=start or _day(hall, service)[0].slots[0].start,
        name="سلمى الأتاسي",
        contact="salma@example.org",
        language="ar",
        actor=VISITOR,
        request_id=request_id,
        booker=booker,
        persons=persons,
    )
    return hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)


def confirm(hall: Hall, held: BookingView, said: Said | None = None) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR, said)


def _day(hall: Hall, service: str = SERVICE) -> list[DaySlots]:
    day = date(2026, 11, 24)
    return hall.db.read_now(free_days, hall.branch, hall.branch.service(service), day, day, public=False)
