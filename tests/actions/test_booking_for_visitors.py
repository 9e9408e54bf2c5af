"""Staff book for visitors: a hold before anybody is named, a name or a case number or neither. On both databases."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker, BookingState
from queue_system.core.errors import Invalid, Refused
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries import bookings as stored
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.overlaps import is_twice_at_once
from queue_system.store.queries.persons import holdings_of
from queue_system.store.queries.standing import standing_of
from tests.kit.hall import Hall, furnish

DAY = date(2026, 11, 24)
STAFF_ONLY = "travel-doc"
PUBLIC = "civil-extract"


@pytest.fixture
def hall(db: Database) -> Hall:
    return furnish(db)


def test_staff_book_what_nobody_else_can_and_say_no_name(hall: Hall) -> None:
    start = times(hall, STAFF_ONLY)[0]
    with pytest.raises(Refused, match="booking-staff-only"):
        hold(hall, STAFF_ONLY, start, "سلمى الأتاسي", "salma@example.org", Booker.PUBLIC)
    held = hold(hall, STAFF_ONLY, start)
    assert (held.state, held.name, held.contact) == (BookingState.HELD, "", "")
    booked = confirm(hall, held, Said("", "", "en"))
    assert (booked.state, booked.name, booked.contact, booked.language) == (BookingState.CONFIRMED, "", "", "en")
    # Once more, as when Enter is pressed twice.
    assert confirm(hall, held, Said("", "", "en")) == booked


def test_the_name_and_number_are_said_while_the_time_is_held(hall: Hall) -> None:
    held = hold(hall, STAFF_ONLY, times(hall, STAFF_ONLY)[0])
    with pytest.raises(Invalid, match="phone-wrong"):
        confirm(hall, held, Said("سلمى الأتاسي", "12", "ar"))
    booked = confirm(hall, held, Said(" سلمى  الأتاسي ", "salma@example.org", "ar"))
    assert (booked.name, booked.contact) == ("سلمى الأتاسي", "salma@example.org")
    assert booked.starts_at == held.starts_at


@pytest.mark.parametrize(("typed", "kept"), [("٢٠٢٦/114", "٢٠٢٦/114"), ("WQ-7_a #12", "WQ-7_a #12")])
def test_a_case_number_may_stand_for_the_name(hall: Hall, typed: str, kept: str) -> None:
    held = hold(hall, STAFF_ONLY, times(hall, STAFF_ONLY)[0])
    with pytest.raises(Invalid, match="reference-signs"):
        confirm(hall, held, Said("7 <b>", "", "ar"))
    assert confirm(hall, held, Said(typed, "", "ar")).name == kept


def test_after_ten_minutes_the_hold_has_ended(hall: Hall, clock: FrozenClock) -> None:
    held = hold(hall, STAFF_ONLY, times(hall, STAFF_ONLY)[0])
    clock.move(timedelta(minutes=11))
    with pytest.raises(Refused, match="hold-expired"):
        confirm(hall, held, Said("سلمى الأتاسي", "", "ar"))


def test_people_without_a_contact_are_nobody_elses(hall: Hall) -> None:
    first = booked(hall, "")
    confirm(hall, hold(hall, "edu-attest", first.starts_at), Said("", "", "ar"))
    assert not hall.db.read_now(is_twice_at_once, first)
    assert [one.id for one in hall.db.read_now(holdings_of, first, everyone=True).bookings] == [first.id]
    service = hall.branch.service(PUBLIC)
    assert hall.db.read_now(standing_of, hall.branch, service, "", "").active == 0
    # And no limit of one person stops the next of them.
    for _ in range(3):
        booked(hall, "2026/1")


def test_a_day_at_short_notice_and_beyond_the_horizon_is_open_to_staff_and_the_past_is_not(hall: Hall) -> None:
    service = hall.branch.service(PUBLIC)
    far = DAY + timedelta(days=300)
    (public,) = hall.db.read_now(stored.free_days, hall.branch, service, far, far)
    assert public.refusal == "day-too-far"
    start = next(iter(times(hall, PUBLIC, far)))
    assert hold(hall, PUBLIC, start).starts_at == start
    with pytest.raises(Refused, match="slot-past"):
        hold(hall, PUBLIC, times(hall, PUBLIC)[0] - timedelta(days=14))


def booked(hall: Hall, name: str) -> BookingView:
    return confirm(hall, hold(hall, PUBLIC, times(hall, PUBLIC)[0]), Said(name, "", "ar"))


def times(hall: Hall, service: str, day: date = DAY) -> list[datetime]:
    last = day + timedelta(days=6)
    days = hall.db.read_now(stored.free_days, hall.branch, hall.branch.service(service), day, last, public=False)
    return [slot.start for one in days for slot in one.slots]


def hold(
    hall: Hall, service: str, start: datetime, name: str = "", contact: str = "", booker: Booker = Booker.STAFF
) -> BookingView:
    order = HoldOrder(hall.branch.id, hall.service(service), start, name, contact, "ar", SYSTEM, booker=booker)
    return hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)


def confirm(hall: Hall, held: BookingView, said: Said) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR, said)
