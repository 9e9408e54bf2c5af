"""A person who asks for it is erased everywhere, at once, and the chain of the log stays whole. On both databases."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import approvals, four_eyes
from queue_system.actions.bookings import HoldOrder, confirm_booking, hold_slot
from queue_system.actions.erasure import Receipt, erase_person
from queue_system.actions.guarded_erasure import ask_to_erase
from queue_system.actions.second_person import SecondPersonNeeded
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.errors import Refused, Stale
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.log import VISITOR, Actor
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.store.queries.participants import participants_of
from queue_system.store.queries.persons import holdings_of
from queue_system.store.queries.retention import receipt_of
from queue_system.store.tables import Booking, Participant, Seat, table
from tests.kit.hall import Hall, enter

CONTACT = "+97455512345"
CLERK = Actor("staff", "00000000-0000-0000-0000-000000000001")


def book(hall: Hall, service: str, name: str, days: int = 2, contact: str = CONTACT, minute: int = 0) -> UUID:
    starts_at = hall.db.clock.now().replace(minute=minute) + timedelta(days=days)
    order = HoldOrder(hall.branch.id, hall.service(service), starts_at, name, contact, "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, hold_slot, order)
    hall.db.write_in_now(hall.branch.id, confirm_booking, hall.branch.id, held.id, VISITOR)
    return held.id


def read(hall: Hall, booking_id: UUID) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking_id)


def erase(hall: Hall, booking_id: UUID, *, everyone: bool = False) -> Receipt:
    return hall.db.write_now(erase_person, hall.branch.id, booking_id, CLERK, everyone=everyone, approved=True)


def test_a_person_is_erased_from_every_appointment(hall: Hall) -> None:
    first = book(hall, "civil-extract", "هالة الحسن")
    second = book(hall, "edu-attest", "هاله  الحسن")
    family = book(hall, "edu-attest", "سامر الحسن", days=7)
    found = hall.db.read_now(holdings_of, read(hall, first))
    assert ({one.id for one in found.bookings}, found.of_others) == ({first, second}, 1)
    receipt = erase(hall, first)
    assert receipt.bookings == 2
    for booking_id in (first, second):
        erased = read(hall, booking_id)
        assert (erased.name, erased.contact, erased.state) == ("", "", BookingState.CANCELLED)
    assert read(hall, family).name == "سامر الحسن"
    assert {one.broken_at for one in hall.db.read_now(log.verify)} == {None}


def test_staff_erase_nobody_alone_and_a_new_appointment_is_approved_anew(hall: Hall) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    by = Actor("staff", str(first))
    mine = book(hall, "civil-extract", "هالة الحسن")
    with pytest.raises(SecondPersonNeeded):
        hall.db.write_now(erase_person, hall.branch.id, mine, by)
    asked = approved_erasure(hall, mine, first, second)
    book(hall, "edu-attest", "هالة الحسن")
    with pytest.raises(Stale, match="effect-changed"):
        hall.db.write_now(four_eyes.carry_out, asked, by)
    asked = approved_erasure(hall, mine, first, second)
    receipt = hall.db.write_now(four_eyes.carry_out, asked, by)
    assert receipt is not None
    assert hall.db.read_now(receipt_of, hall.branch.id, receipt) is not None
    assert read(hall, mine).name == ""


def approved_erasure(hall: Hall, booking_id: UUID, first: UUID, second: UUID) -> UUID:
    asked = hall.db.write_now(ask_to_erase, hall.branch.id, booking_id, Actor("staff", str(first)))
    hall.db.write_now(approvals.approve, asked, Actor("staff", str(second)))
    return asked


def test_a_contact_can_be_erased_for_everybody_who_has_it(hall: Hall) -> None:
    first, family = book(hall, "civil-extract", "هالة الحسن"), book(hall, "edu-attest", "سامر الحسن", days=7)
    other = book(hall, "edu-attest", "سامر الحسن", contact="samer@example.org")
    assert erase(hall, first, everyone=True).bookings == 2
    assert read(hall, family).erased_at is not None
    assert read(hall, other).erased_at is None


def test_whoever_comes_with_others_is_erased_there_too(hall: Hall) -> None:
    """The others' appointment stays theirs; with an appointment go all of its people."""
    mine = book(hall, "civil-extract", "هالة الحسن")
    of_others = book(hall, "edu-attest", "سامر الحسن", contact="samer@example.org")
    for booking_id, name, contact in (
        (of_others, "هاله الحسن", CONTACT),
        (of_others, "نور الحسن", CONTACT),
        (mine, "رنا", ""),
    ):
        accompany(hall, booking_id, name, contact)
    erase(hall, mine)
    assert sorted(names_beside(hall, of_others)) == ["", "نور الحسن"]
    assert names_beside(hall, mine) == [""]
    assert read(hall, of_others).name == "سامر الحسن"
    again = book(hall, "civil-extract", "هالة الحسن", days=7)
    erase(hall, again, everyone=True)
    assert names_beside(hall, of_others) == ["", ""]


def accompany(hall: Hall, booking_id: UUID, name: str, contact: str) -> None:
    person = {"role": "companion", "name": name, "contact": contact, "n": len(names_beside(hall, booking_id)) + 1}
    row = {"branch_id": hall.branch.id, "booking_id": booking_id, **person}
    hall.db.write_now(Tx.execute, sa.insert(table(Participant)), row)


def names_beside(hall: Hall, booking_id: UUID) -> list[str]:
    found = hall.db.read_now(participants_of, hall.branch.id, [booking_id])
    return [one.name for one in found.get(booking_id, ())]


def test_every_branch_is_searched(hall: Hall, clock: FrozenClock) -> None:
    mine = book(hall, "civil-extract", "هالة الحسن")
    bookings, there = table(Booking), enter(hall.db, "mobile-consulate")
    row = dict(
        hall.db.read_now(lambda tx: tx.row(sa.select(bookings).where(bookings.c.id == mine)))._mapping,  # type: ignore[union-attr]
        branch_id=there.branch.id,
        service_id=there.service("civil-extract"),
    )
    hall.db.write_now(Tx.execute, sa.insert(bookings), row)
    assert erase(hall, mine).bookings == 2
    assert read(there, mine).erased_at == clock.now()


def test_a_receipt_is_in_the_log_and_names_nobody(hall: Hall) -> None:
    receipt = erase(hall, book(hall, "civil-extract", "هالة الحسن"))
    told = hall.db.read_now(receipt_of, hall.branch.id, receipt.number)
    assert told is not None
    assert (told.data, told.actor_id) == ({"bookings": 1}, CLERK.id)
    rows = hall.db.read_now(log.after, hall.branch.id, 0)
    assert not [row for row in rows if "هالة" in str(row) or CONTACT in str(row)]


def test_the_places_of_an_erased_person_are_given_back(hall: Hall) -> None:
    booking = book(hall, "civil-extract", "هالة الحسن")
    erase(hall, booking)
    seats = table(Seat)
    kept = hall.db.read_now(
        Tx.rows, sa.select(seats.c.freed_id).where(seats.c.branch_id == hall.branch.id, seats.c.booking_id == booking)
    )
    assert kept
    assert None not in {row.freed_id for row in kept}


def test_a_visitor_in_the_hall_is_erased_after_the_visit(hall: Hall, clock: FrozenClock) -> None:
    ticket = hall.check_in("edu-attest", clock)
    assert ticket.booking_id is not None
    with pytest.raises(Refused, match="erase-in-hall"):
        erase(hall, ticket.booking_id)
    assert read(hall, ticket.booking_id).name
    clock.move(timedelta(days=1))
    assert erase(hall, ticket.booking_id).bookings == 1
    assert read(hall, ticket.booking_id).state is BookingState.NO_SHOW


def test_nobody_is_erased_twice(hall: Hall) -> None:
    booking = book(hall, "civil-extract", "هالة الحسن")
    erase(hall, booking)
    with pytest.raises(Refused, match="erase-again"):
        erase(hall, booking)
