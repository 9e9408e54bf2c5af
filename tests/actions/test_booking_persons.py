"""How many appointments a person, a family and a broker can have and give back. On both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queue_system.actions import bookings as actions
from queue_system.actions.together import confirm_together, hold_together
from queue_system.clock import FrozenClock
from queue_system.core.bookings import PERSONS_PER_CONTACT
from queue_system.core.errors import Refused
from queue_system.core.persons import GIVEN_BACK_MOST, GIVEN_BACK_WITHIN
from queue_system.i18n.words import words_for
from queue_system.store.database import Database
from queue_system.store.log import VISITOR
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.overlaps import is_twice_at_once
from queue_system.web.errors import message
from tests.actions.test_freed_places import START, book, cancel, move, offered, order
from tests.kit.hall import Hall, furnish

FATHER, CHILDREN = "خالد الحسن", ("سلمى الحسن", "ليلى الحسن", "أحمد الحسن")
PHONE = "+97455123456"


def later(days: int) -> timedelta:
    return timedelta(days=days)


def test_a_father_books_for_his_children_with_one_telephone(hall: Hall) -> None:
    for number, name in enumerate((FATHER, *CHILDREN)):
        assert book(hall, START + minutes(number), contact=PHONE, name=name).contact == PHONE
    with pytest.raises(Refused, match="booking-limit"):
        book(hall, START + minutes(9), contact=PHONE, name="سلمي  الحسن")


def test_one_contact_stands_for_a_family_and_not_for_a_broker(hall: Hall) -> None:
    for number in range(PERSONS_PER_CONTACT):
        book(hall, START + minutes(number), contact=PHONE, name=f"{FATHER} {'ا' * number}")
    with pytest.raises(Refused, match="booking-persons") as refusal:
        book(hall, START + minutes(9), contact=PHONE, name="شخص آخر")
    # The number may be this person's own, used by strangers, so the refusal suggests another number.
    assert "not yours, please book with another number" in message(refusal.value, words_for("en"))
    assert "رقم هاتف أو بريد آخر" in message(refusal.value, words_for("ar"))
    assert book(hall, START + minutes(9), contact="+97455123457", name="شخص آخر").name == "شخص آخر"


def test_who_gives_back_again_and_again_has_to_wait(hall: Hall, clock: FrozenClock) -> None:
    for number in range(GIVEN_BACK_MOST):
        cancel(hall, book(hall, START + minutes(number), contact=PHONE))
    with pytest.raises(Refused, match="booking-given-back"):
        book(hall, START + minutes(7), contact=PHONE)
    # Another member of the family can still book, and after a week everybody can.
    book(hall, START + minutes(7), contact=PHONE, name=FATHER)
    clock.move(GIVEN_BACK_WITHIN)
    book(hall, START + later(8), contact=PHONE)


def test_a_visit_of_several_parts_that_is_called_off_was_given_back_once(hall: Hall) -> None:
    here = hall.branch.id
    orders = [order(hall, START + minutes(number), contact=PHONE) for number in range(GIVEN_BACK_MOST)]
    visit = hall.db.write_in_now(here, hold_together, here, orders)
    for one in hall.db.write_in_now(here, confirm_together, here, visit, VISITOR, {}):
        cancel(hall, one)
    assert book(hall, START + minutes(9), contact=PHONE).contact == PHONE


def test_holds_from_before_are_no_way_around(hall: Hall) -> None:
    """Hold all first, then confirm and cancel one after the other: the limit is also checked at the confirmation."""
    held = [hold(hall, number) for number in range(GIVEN_BACK_MOST + 1)]
    for one in held[:-1]:
        cancel(hall, confirm(hall, one))
    with pytest.raises(Refused, match="booking-given-back"):
        confirm(hall, held[-1])


def test_a_time_left_by_moving_counts_as_given_back_unless_it_is_taken_back(hall: Hall) -> None:
    one = book(hall, contact=PHONE)
    one = move(hall, one, START + later(1))
    cancel(hall, move(hall, one, START))
    for number in range(GIVEN_BACK_MOST - 2):
        cancel(hall, book(hall, START + minutes(number + 1), contact=PHONE))
    with pytest.raises(Refused, match="booking-given-back"):
        book(hall, START + minutes(8), contact=PHONE)


def test_discreet_services_tell_nothing_of_what_somebody_gave_back(db: Database) -> None:
    centre = furnish(db, "social-work", "wifaq")
    # Two days, from 08:30 on, one hour each.
    starts = [START + later(day) + timedelta(hours=hour) for hour in range(4) for day in range(2)]
    for start in starts[: GIVEN_BACK_MOST + 1]:
        cancel(centre, book(centre, start, "family-counsel", PHONE))
    persons = [f"اسم {'ب' * number}" for number in range(PERSONS_PER_CONTACT + 1)]
    for name in persons:
        book(centre, offered(centre, "family-counsel")[-1], "family-counsel", PHONE, name=name)


def test_two_appointments_of_one_person_at_one_time_are_noticed(hall: Hall) -> None:
    first = book(hall, service="verify-doc", contact=PHONE, name=FATHER)
    assert not twice(hall, first)
    assert twice(hall, book(hall, contact=PHONE, name=FATHER))
    assert twice(hall, first)
    assert not twice(hall, book(hall, service="edu-attest", contact=PHONE, name=CHILDREN[0]))


def test_of_discreet_services_only_who_holds_both_links_is_warned(db: Database) -> None:
    centre = furnish(db, "social-work", "wifaq")
    one, other = (book(centre, service=service, contact=PHONE) for service in ("family-counsel", "phone-counsel"))
    assert not twice(centre, one)
    assert not twice(centre, one, one.token)
    assert twice(centre, one, one.token, other.token)


def twice(hall: Hall, one: BookingView, *own: str) -> bool:
    return hall.db.read_now(is_twice_at_once, one, own)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=10 * number)


def hold(hall: Hall, number: int) -> BookingView:
    wanted = order(hall, START + minutes(number), contact=PHONE)
    return hall.db.write_in_now(hall.branch.id, actions.hold_slot, wanted)


def confirm(hall: Hall, one: BookingView) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, one.id, VISITOR)
