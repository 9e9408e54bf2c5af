"""Data go when they have been kept as long as the branch says, and not before. On both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from queue_system.actions import retention
from queue_system.actions.bookings import HoldOrder, cancel_booking, confirm_booking, hold_slot
from queue_system.actions.day import close_day
from queue_system.actions.retention import tidy, tidy_everywhere
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.store.queries.digests import by_service
from queue_system.store.queries.retention import due_now, last_tidied, tonight
from queue_system.store.tables import (
    Booking,
    Branch,
    Call,
    Entry,
    FreedPlace,
    PrintJob,
    Seat,
    Session,
    Ticket,
    table,
)
from tests.kit.hall import Hall, edit, furnish

# The sample keeps names for 30 days, numbers for 90 and the log for 3650.
NAMES, NUMBERS = 30, 90


def book(hall: Hall, starts_at: datetime, service: str = "civil-extract", *, confirm: bool = True) -> UUID:
    order = HoldOrder(hall.branch.id, hall.service(service), starts_at, "هالة الحسن", "hala@example.org", "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, hold_slot, order)
    if confirm:
        hall.db.write_in_now(hall.branch.id, confirm_booking, hall.branch.id, held.id, VISITOR)
    return held.id


def read(hall: Hall, booking_id: UUID) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, booking_id)


def is_there(hall: Hall, booking_id: UUID) -> bool:
    return count(hall, Booking, table(Booking).c.id == booking_id) == 1


def count(hall: Hall, model: Any, *conditions: Any) -> int:
    rows = table(model)
    here = [rows.c.branch_id == hall.branch.id] if "branch_id" in rows.c else []
    return int(hall.db.read_now(Tx.scalar, sa.select(sa.func.count()).select_from(rows).where(*here, *conditions)))


def keep(hall: Hall, **days: int) -> None:
    """Let the branch keep kinds of data for so many days."""
    branches = table(Branch)
    kept = hall.branch.retention_days.model_dump(exclude_unset=True) | days
    changed = sa.update(branches).where(branches.c.id == hall.branch.id).values(retention_days=kept)
    edit(hall, lambda tx: tx.execute(changed))


# ---------------------------------------------------------------- names


def test_a_name_goes_after_its_days_and_not_before(hall: Hall, clock: FrozenClock) -> None:
    """The days count from the appointment, and not from the day on which it was made."""
    starts_at = clock.now() + timedelta(days=14)
    booking = book(hall, starts_at)
    clock.set(starts_at + timedelta(days=NAMES))
    assert tidy(hall.db, hall.branch.id)["names"] == 0
    assert read(hall, booking).name == "هالة الحسن"
    clock.move(timedelta(days=1))
    assert tidy(hall.db, hall.branch.id)["names"] == 1
    erased = read(hall, booking)
    assert (erased.name, erased.contact, erased.erased_at) == ("", "", clock.now())
    assert erased.starts_at == starts_at


def test_a_cancelled_appointment_counts_from_the_day_it_was_cancelled(hall: Hall, clock: FrozenClock) -> None:
    booking = book(hall, clock.now() + timedelta(days=14))
    keep(hall, booking_personal_data=2)
    hall.db.write_in_now(hall.branch.id, cancel_booking, hall.branch.id, booking, VISITOR, Booker.STAFF)
    clock.move(timedelta(days=2))
    assert tidy(hall.db, hall.branch.id)["names"] == 0
    clock.move(timedelta(days=1))
    assert tidy(hall.db, hall.branch.id)["names"] == 1


def test_what_is_to_come_keeps_its_name_however_old_it_is(hall: Hall, clock: FrozenClock) -> None:
    booking = book(hall, clock.now() + timedelta(days=14))
    keep(hall, booking_personal_data=1)
    clock.move(timedelta(days=13))
    assert tidy(hall.db, hall.branch.id)["names"] == 0
    assert read(hall, booking).erased_at is None


def test_an_appointment_by_telephone_loses_its_name_too(db: Database, clock: FrozenClock) -> None:
    """It stays confirmed for ever, because nobody checks in for it."""
    hall = furnish(db, "social-work", "wifaq")
    service = hall.branch.service("phone-counsel")
    starts_at = next_free(hall, clock, service.id)
    order = HoldOrder(hall.branch.id, service.id, starts_at, "هالة الحسن", "+97455512345", "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, hold_slot, order)
    hall.db.write_in_now(hall.branch.id, confirm_booking, hall.branch.id, held.id, VISITOR)
    clock.set(starts_at + timedelta(days=hall.branch.retention_days.booking_personal_data + 1))
    assert tidy(hall.db, hall.branch.id)["names"] == 1


def next_free(hall: Hall, clock: FrozenClock, service_id: UUID) -> datetime:
    from queue_system.store.queries.bookings import free_days

    today = clock.now().date()
    days = hall.db.read_now(free_days, hall.branch, hall.branch.services[service_id], today, today + timedelta(days=14))
    return next(slot.start for day in days for slot in day.slots)


def test_a_hold_that_was_never_confirmed_goes_the_next_night(hall: Hall, clock: FrozenClock) -> None:
    held = book(hall, clock.now() + timedelta(days=7), confirm=False)
    clock.move(timedelta(hours=1))
    assert tidy(hall.db, hall.branch.id)["holds"] == 0
    clock.move(timedelta(days=1))
    assert tidy(hall.db, hall.branch.id)["holds"] == 1
    assert not is_there(hall, held)


# ---------------------------------------------------------------- numbers and what belongs to them


def test_numbers_go_with_calls_and_slips_and_leave_their_digest(hall: Hall, clock: FrozenClock) -> None:
    here = hall.sit(hall.person("layla"))
    day = clock.now().date()
    hall.issue()
    ticket = hall.check_in("edu-attest", clock)
    hall.call_next(here)
    clock.set(datetime(2026, 11, 22, 9, 0, tzinfo=clock.now().tzinfo) + timedelta(days=NUMBERS))
    assert tidy(hall.db, hall.branch.id)["tickets"] == 0
    clock.move(timedelta(days=1))
    gone = tidy(hall.db, hall.branch.id)
    assert gone["tickets"] == 2
    assert gone["bookings"] == 1
    assert ticket.booking_id is not None
    assert not is_there(hall, ticket.booking_id)
    assert [count(hall, model) for model in (Ticket, Call, PrintJob, Seat, FreedPlace)] == [0] * 5
    found = hall.db.read_now(by_service, hall.branch.id, day, day)
    assert sum(tally.counts.get("issued", 0) for tally in found.values()) == 2


def test_a_booking_outlives_its_number_while_it_has_a_name(hall: Hall, clock: FrozenClock) -> None:
    keep(hall, ticket=1)
    ticket = hall.check_in("edu-attest", clock)
    assert ticket.booking_id is not None
    clock.move(timedelta(days=2))
    assert tidy(hall.db, hall.branch.id)["tickets"] == 1
    booking = read(hall, ticket.booking_id)
    assert (booking.ticket_id, booking.name) == (None, "سامر الحموي")


def test_nothing_of_a_day_without_a_digest_goes(hall: Hall, clock: FrozenClock, monkeypatch: Any) -> None:
    hall.issue()
    keep(hall, ticket=1)
    clock.move(timedelta(days=5))
    monkeypatch.setattr(retention, "digest_next", lambda *_, **__: 0)
    assert tidy(hall.db, hall.branch.id)["tickets"] == 0
    monkeypatch.undo()
    assert tidy(hall.db, hall.branch.id)["tickets"] == 1


def test_the_digests_of_days_that_are_gone_stay_as_they_are(hall: Hall, clock: FrozenClock) -> None:
    day = clock.now().date()
    hall.issue()
    clock.move(timedelta(days=NUMBERS + 1))
    tidy(hall.db, hall.branch.id)
    hall.issue()
    clock.move(timedelta(days=1))
    tidy(hall.db, hall.branch.id)
    (tally,) = hall.db.read_now(by_service, hall.branch.id, day, day).values()
    assert tally.counts["issued"] == 1


# ---------------------------------------------------------------- the log


def test_old_entries_go_and_the_chain_of_every_log_holds(hall: Hall, clock: FrozenClock) -> None:
    keep(hall, audit=5, ticket=5, booking_personal_data=5)
    hall.issue()
    before = hall.db.read_now(log.positions)[hall.branch.id]
    clock.move(timedelta(days=7))
    hall.issue()
    gone = tidy(hall.db, hall.branch.id)
    assert gone["entries"] == before
    assert count(hall, Entry, table(Entry).c.seq <= before) == 0
    assert {one.broken_at for one in hall.db.read_now(log.verify)} == {None}
    clock.move(timedelta(days=6))
    assert tidy(hall.db, hall.branch.id)["entries"] > 0
    assert {one.broken_at for one in hall.db.read_now(log.verify)} == {None}


# ---------------------------------------------------------------- what is said


def test_the_preview_says_what_the_night_takes(hall: Hall, clock: FrozenClock) -> None:
    booking = book(hall, clock.now() + timedelta(days=1))
    hall.issue()
    clock.move(timedelta(days=NUMBERS))
    hall.db.write_in_now(hall.branch.id, close_day, hall.branch.id)
    told = hall.db.read_now(tonight, hall.branch.id)
    assert not told.entries
    clock.move(timedelta(days=1))
    gone = tidy(hall.db, hall.branch.id)
    assert (told.names, told.tickets) == (gone["names"], gone["tickets"]) == (1, 1)
    assert read(hall, booking).erased_at is not None
    assert not hall.db.read_now(due_now, hall.branch.id).anything


def test_a_night_is_told_in_numbers(hall: Hall, clock: FrozenClock) -> None:
    book(hall, clock.now() + timedelta(days=1))
    clock.move(timedelta(days=NAMES + 5))
    tidy(hall.db, hall.branch.id)
    told = hall.db.read_now(last_tidied, hall.branch.id)
    assert told is not None
    assert told.data == {"names": 1, "holds": 0, "tickets": 0, "bookings": 0}
    assert told.actor_kind == SYSTEM.kind
    before = hall.db.read_now(log.positions)[hall.branch.id]
    assert not tidy(hall.db, hall.branch.id)
    assert hall.db.read_now(log.positions)[hall.branch.id] == before


def test_small_steps_take_everything(hall: Hall, clock: FrozenClock, monkeypatch: Any) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 2)
    for _ in range(5):
        hall.issue()
    clock.move(timedelta(days=NUMBERS + 1))
    assert tidy(hall.db, hall.branch.id)["tickets"] == 5


def test_sessions_that_are_over_go(hall: Hall, clock: FrozenClock) -> None:
    from queue_system.actions.sessions import start_session

    person = hall.person("layla")
    hall.db.write_now(start_session, person, "browser")
    clock.move(timedelta(days=1))
    assert tidy_everywhere(hall.db)["sessions"] == 1
    assert count(hall, Session) == 0
