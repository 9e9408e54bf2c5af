"""A typing error in an appointment is corrected, and the appointment stays the same person's. On both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from queue_system.actions import bookings
from queue_system.actions.typos import correct_typo
from queue_system.core.bookings import Booker
from queue_system.core.errors import Missing, Refused
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView
from tests.kit.hall import Hall
from tests.kit.legal_aid import HOUR, START, as_stored, booked, legal_aid

NAME, CONTACT = "هالة الحسن", "hala@example.org"


@pytest.fixture
def aid(db: Database) -> Hall:
    return legal_aid(db)


def correct(hall: Hall, booking: BookingView, name: str = NAME, contact: str = CONTACT) -> None:
    branch = hall.branch.id
    hall.db.write_in_now(branch, correct_typo, branch, booking.id, name, "", contact, SYSTEM)


def refused(hall: Hall, booking: BookingView, name: str = NAME, contact: str = CONTACT) -> str:
    with pytest.raises(Refused) as found:
        correct(hall, booking, name, contact)
    assert (as_stored(hall, booking).name, as_stored(hall, booking).contact) == (booking.name, booking.contact)
    return found.value.code


def test_a_small_correction_is_stored_and_the_log_says_which_field_and_not_what(aid: Hall) -> None:
    booking = booked(aid, START)
    correct(aid, booking, "هالة الحسين")
    correct(aid, booking, "هالة الحسين", "hela@example.org")
    correct(aid, booking, "هالة الحسين", "hela@example.org")
    now = as_stored(aid, booking)
    assert (now.name, now.contact, now.starts_at) == ("هالة الحسين", "hela@example.org", START)
    entries = [one for one in aid.db.read_now(log.after, aid.branch.id, 0) if one.kind == "booking.corrected"]
    assert [one.data for one in entries] == [{"code": booking.code, "field": field} for field in ("name", "contact")]


def test_another_person_is_no_typing_error(aid: Hall) -> None:
    booking = booked(aid, START)
    assert refused(aid, booking, "سامر الحموي") == "typo-name"
    assert refused(aid, booking, contact="samer@example.net") == "typo-contact"
    assert refused(aid, booking, contact="") == "typo-contact"


def test_a_contact_that_somebody_else_has_is_not_taken(aid: Hall) -> None:
    booking = booked(aid, START)
    booked(aid, START + HOUR, name="سامر الحموي", contact="hela@example.org")
    assert refused(aid, booking, contact="hela@example.org") == "typo-anothers"


def test_small_steps_do_not_lead_to_another_person(aid: Hall) -> None:
    booking = booked(aid, START)
    for name in ("هالا الحسن", "هالا الحسين", "هالا الحصين"):
        correct(aid, booking, name)
    assert refused(aid, as_stored(aid, booking), "هانا الحصين") == "typo-often"


def test_what_is_over_stays_as_it_was(aid: Hall) -> None:
    booking = booked(aid, START)
    aid.db.write_in_now(aid.branch.id, bookings.cancel_booking, aid.branch.id, booking.id, SYSTEM, Booker.STAFF)
    assert refused(aid, booking, "هالة الحسين") == "booking-over"
    with pytest.raises(Missing):
        correct(aid, replace(booking, id=aid.branch.id))
