"""Organisations that book for people: their services, their places in a week or a day, their links."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.helped_bookings import hold_helped
from queue_system.actions.settings import UnfitSettings
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker, BookingState
from queue_system.core.errors import Missing, Refused
from queue_system.core.helping import stretch
from queue_system.core.promises import Choice
from queue_system.store.database import Database
from queue_system.store.log import VISITOR
from queue_system.store.queries.bookings import BookingView, booking_by_id, free_days
from queue_system.store.queries.helping import helper_named, helpers_of, places_taken, stretch_of
from tests.kit.deciding import closing, for_all, save
from tests.kit.hall import Hall, furnish
from tests.kit.services import set_place

# Only staff book the first; the second is not the organisation's.
SERVICE, OTHER = "travel-doc", "passport-lost"
NAMES = {"ar": "نقابة المحامين", "en": "Bar association"}
SUNDAY = 6


@pytest.fixture
def hall(db: Database) -> Hall:
    return with_helper(furnish(db))


def test_its_places_of_a_week_are_counted_with_what_it_holds(hall: Hall) -> None:
    first, second = hold(hall, 0), hold(hall, 1)
    assert (first.helper, first.source) == ("bar", "helper")
    with pytest.raises(Refused, match="helper-places"):
        hold(hall, 2)
    assert hold(hall, 0, week=1).helper == "bar"
    hall.db.write_in_now(hall.branch.id, bookings.cancel_booking, hall.branch.id, first.id, VISITOR)
    assert hold(hall, 2).helper == "bar"
    assert taken(hall, second) == 2


def test_another_time_in_place_of_a_hold_takes_no_further_place(hall: Hall) -> None:
    hold(hall, 0)
    second = hold(hall, 1)
    other = hold(hall, 3, instead=second)
    assert taken(hall, other) == 2


def test_a_hold_for_somebody_else_is_a_further_one_and_needs_a_place(hall: Hall) -> None:
    """Name and contact both differ, so the earlier hold stays."""
    hall = with_helper(hall, places=1)
    (key,), first = helpers_of(hall.branch), hold(hall, 0)
    with pytest.raises(Refused, match="helper-places"):
        hall.db.write_in_now(hall.branch.id, hold_helped, key, order(hall, 1), first.id)
    assert taken(hall, first) == 1
    assert hall.db.read_now(booking_by_id, hall.branch.id, first.id).state is BookingState.HELD


def test_a_hold_that_has_ended_takes_no_place(hall: Hall, clock: FrozenClock) -> None:
    hall = with_helper(hall, places=1)
    hold(hall, 0)
    clock.move(timedelta(minutes=11))
    assert hold(hall, 1).helper == "bar"


def test_appointments_of_other_weeks_move_into_free_places_alone(hall: Hall) -> None:
    hall = with_helper(hall, places=1, services=[OTHER])
    booked, later = (confirm(hall, send(hall, order(hall, n, 7 * n, OTHER))) for n in range(2))
    first, second = starts(hall, OTHER, 0)[1], starts(hall, OTHER, 8)[2]
    with pytest.raises(Refused, match="helper-places"):
        move(hall, later, first)
    # Within its own week it moves; staff may move it anywhere.
    assert move(hall, later, second).starts_at == second
    assert move(hall, later, first, Booker.STAFF).starts_at == first
    assert taken(hall, booked) == 2
    # More than its places are there now; they move within their week, and out of it.
    hall = with_helper(hall, until="2026-11-21")
    assert move(hall, booked, starts(hall, OTHER, 1)[3]).helper == "bar"
    assert move(hall, booked, starts(hall, OTHER, 8)[3]).helper == "bar"


def test_whose_time_was_taken_away_moves_whatever_places_there_are(hall: Hall) -> None:
    hall = with_helper(hall, places=1, services=[OTHER])
    booked, later = (confirm(hall, send(hall, order(hall, n, 7 * n, OTHER))) for n in range(2))
    free = starts(hall, OTHER, 0)[2]
    take_away(hall, later)
    assert move(hall, later, free).starts_at == free
    assert taken(hall, booked) == 2


def test_a_request_that_is_repeated_counts_once(hall: Hall) -> None:
    hall = with_helper(hall, places=1)
    wanted = order(hall, 0, request_id="one")
    assert send(hall, wanted).id == send(hall, wanted).id


def test_places_of_a_day_begin_anew_on_the_next(hall: Hall) -> None:
    hall = with_helper(hall, places=1, per="day")
    hold(hall, 0)
    with pytest.raises(Refused, match="helper-places"):
        hold(hall, 1)
    assert hold(hall, 0, day=1).helper == "bar"


def test_it_books_its_own_services_until_its_last_day(hall: Hall) -> None:
    with pytest.raises(Missing, match="service"):
        send(hall, order(hall, 0, service=OTHER))
    hall = with_helper(hall, until="2026-11-21")
    with pytest.raises(Refused, match="helper-over"):
        hold(hall, 0)


def test_another_number_of_the_link_ends_the_old_one(hall: Hall) -> None:
    (old,) = helpers_of(hall.branch)
    hall = with_helper(hall, link=2)
    with pytest.raises(Missing, match="helper"):
        hall.db.write_in_now(hall.branch.id, hold_helped, old, order(hall, 0))
    assert hold(hall, 0).helper == "bar"


def test_the_public_still_cannot_book_what_only_staff_book(hall: Hall) -> None:
    with pytest.raises(Refused, match="booking-staff-only"):
        hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order(hall, 0, booker=Booker.PUBLIC))


def test_a_service_that_is_not_there_is_refused_in_the_settings(hall: Hall) -> None:
    with pytest.raises(UnfitSettings):
        with_helper(hall, services=["no-such"])


def test_a_week_begins_with_the_first_weekday_of_the_branch() -> None:
    wednesday = date(2026, 11, 25)
    assert stretch(wednesday, "week", SUNDAY) == (date(2026, 11, 22), date(2026, 11, 28))
    assert stretch(date(2026, 11, 22), "week", SUNDAY)[0] == date(2026, 11, 22)
    assert stretch(wednesday, "week", 0) == (date(2026, 11, 23), date(2026, 11, 29))
    assert stretch(wednesday, "day", 0) == (wednesday, wednesday)


def with_helper(hall: Hall, **said: object) -> Hall:
    before = {
        slug: one.model_dump(mode="json", exclude_unset=True) for slug, one in (hall.branch.helpers or {}).items()
    }
    values = {"slug": "bar", "names": NAMES, "services": [SERVICE], "places": 2, **said}
    return set_place(hall, before={"helpers": before} if before else {}, helpers={"bar": values})


def order(
    hall: Hall,
    which: int,
    day: int = 0,
    service: str = SERVICE,
    booker: Booker = Booker.HELPER,
    request_id: str | None = None,
) -> HoldOrder:
    name, contact = f"سلمى {'أبجد'[which]}", f"client{which}{day}@example.org"
    start = starts(hall, service, day)[which]
    return HoldOrder(
        hall.branch.id, hall.service(service), start, name, contact, "ar", VISITOR, "helper", request_id, booker
    )


def starts(hall: Hall, service: str, day: int) -> list[datetime]:
    """The free times of Tuesday and Wednesday of this week, or of the next weeks."""
    on = date(2026, 11, 24).toordinal() + day
    (found,) = hall.db.read_now(
        free_days,
        hall.branch,
        hall.branch.service(service),
        date.fromordinal(on),
        date.fromordinal(on),
        public=service != SERVICE,
    )
    return [slot.start for slot in found.slots]


def hold(hall: Hall, which: int, day: int = 0, week: int = 0, instead: BookingView | None = None) -> BookingView:
    wanted = order(hall, which, day + 7 * week)
    return send(hall, wanted, instead)


def send(hall: Hall, wanted: HoldOrder, instead: BookingView | None = None) -> BookingView:
    (key,) = helpers_of(hall.branch)
    if instead is not None:
        wanted = replace(wanted, name=instead.name, contact=instead.contact)
    return hall.db.write_in_now(hall.branch.id, hold_helped, key, wanted, instead.id if instead else None)


def confirm(hall: Hall, held: BookingView) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)


def move(hall: Hall, booking: BookingView, start: datetime, booker: Booker = Booker.PUBLIC) -> BookingView:
    return hall.db.write_in_now(
        hall.branch.id, bookings.change_booking, hall.branch.id, booking.id, start, VISITOR, booker
    )


def take_away(hall: Hall, booking: BookingView) -> None:
    """The branch closes on that day, and leaves to staff what becomes of the appointment."""
    save(hall, closing(hall, booking.starts_at.astimezone(hall.branch.zone).date()), for_all(Choice.LATER))


def taken(hall: Hall, booking: BookingView) -> int:
    helper = helper_named(hall.branch, "bar")
    assert helper is not None
    return hall.db.read_now(places_taken, hall.branch, helper, stretch_of(hall.branch, helper, booking.starts_at))
