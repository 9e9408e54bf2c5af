"""What was written of another reason in a request for a second person goes with it, and with its appointments. Both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import approvals, four_eyes
from queue_system.actions.erasure import erase_person
from queue_system.actions.guarded_decisions import ask_to_decide
from queue_system.actions.retention import tidy_everywhere
from queue_system.clock import FrozenClock
from queue_system.core.approvals import LIFETIME
from queue_system.core.bookings import BookingState
from queue_system.core.decision_reasons import Because, Reasons
from queue_system.core.errors import Refused
from queue_system.core.promises import Choice, Decided
from queue_system.core.support import Why
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM, Actor
from queue_system.store.queries.approvals import requests
from queue_system.store.queries.bookings import BookingView
from queue_system.store.tables import Approval, Booking, table
from tests.kit.deciding import as_stored, booked
from tests.kit.hall import Hall

# Tuesday 24 November, 08:30 in Doha, two days after the tests' clock.
START = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
TEXT = "زمرّدة في المستشفى"
OTHER = Reasons({Choice.CANCEL: Because.OTHER}, TEXT)
APPROVAL = table(Approval)


def ask(hall: Hall, asker: UUID, *about: BookingView, reasons: Reasons = OTHER) -> UUID:
    choices = {one.id: Choice.CANCEL for one in about}
    return hall.db.write_now(ask_to_decide, hall.branch.id, choices, reasons, by(asker))


def by(person: UUID) -> Actor:
    return Actor("staff", str(person))


def text_of(hall: Hall, asked: UUID) -> str:
    found = hall.db.read_now(lambda tx: tx.scalar(sa.select(APPROVAL.c.params).where(APPROVAL.c.id == asked)))
    assert found["by_booking"], "the rest is kept"
    text: str = found["text"]
    return text


def withdrawn(hall: Hall, asked: UUID, first: UUID, second: UUID) -> None:
    hall.db.write_now(approvals.withdraw, asked, by(first))


def refused(hall: Hall, asked: UUID, first: UUID, second: UUID) -> None:
    hall.db.write_now(approvals.refuse, asked, by(second))


def carried_out(hall: Hall, asked: UUID, first: UUID, second: UUID) -> None:
    hall.db.write_now(approvals.approve, asked, by(second))
    assert text_of(hall, asked) == TEXT, "it is still to be kept with the appointments"
    hall.db.write_now(four_eyes.carry_out, asked, by(first))


@pytest.mark.parametrize("end", [withdrawn, refused, carried_out])
def test_the_text_goes_with_the_request(hall: Hall, end: Callable[[Hall, UUID, UUID, UUID], None]) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    asked = ask(hall, first, booked(hall, START))
    assert text_of(hall, asked) == TEXT
    end(hall, asked, first, second)
    assert text_of(hall, asked) == ""


def test_the_text_of_a_request_that_nobody_answered_goes_at_night(hall: Hall, clock: FrozenClock) -> None:
    first, _second = hall.administrator("first"), hall.administrator("second")
    asked = ask(hall, first, booked(hall, START))
    tidy_everywhere(hall.db)
    assert text_of(hall, asked) == TEXT
    clock.move(LIFETIME)
    tidy_everywhere(hall.db)
    assert text_of(hall, asked) == ""


def test_the_text_goes_with_whom_it_is_about_and_the_rest_is_carried_out(hall: Hall) -> None:
    first, second = hall.administrator("first"), hall.administrator("second")
    mine, other, apart = (booked(hall, START + timedelta(hours=n), contact=f"v{n}@example.org") for n in range(3))
    put_off = sa.update(table(Booking)).values(decision=Decided.LATER.value, lost_why=Why.CLOSED.value)
    hall.db.write_now(Tx.execute, put_off)
    asked, of_others = ask(hall, first, mine, other), ask(hall, first, apart)
    hall.db.write_now(erase_person, hall.branch.id, mine.id, SYSTEM)
    assert (text_of(hall, asked), text_of(hall, of_others)) == ("", TEXT)
    hall.db.write_now(approvals.approve, asked, by(second))
    hall.db.write_now(four_eyes.carry_out, asked, by(first))
    assert as_stored(hall, other).state is BookingState.CANCELLED


def test_the_text_goes_when_the_names_have_reached_their_age(hall: Hall, clock: FrozenClock) -> None:
    first, _second = hall.administrator("first"), hall.administrator("second")
    one = booked(hall, START)
    clock.move(START + timedelta(days=hall.branch.retention_days.booking_personal_data + 2) - clock.now())
    asked = ask(hall, first, one)
    tidy_everywhere(hall.db)
    rows = table(Booking)
    assert hall.db.read_now(lambda tx: tx.scalar(sa.select(rows.c.erased_at).where(rows.c.id == one.id)))
    assert text_of(hall, asked) == ""


def test_a_request_without_its_text_is_not_asked_again(hall: Hall) -> None:
    first, _second = hall.administrator("first"), hall.administrator("second")
    one = booked(hall, START)
    asked = ask(hall, first, one)
    hall.db.write_now(approvals.withdraw, asked, by(first))
    with pytest.raises(Refused, match="approval-text-gone"):
        hall.db.write_now(four_eyes.ask_again, asked, by(first))
    known = {one.id: one for one in hall.db.read_now(requests)}
    assert not four_eyes.is_whole(known[asked].action, known[asked].params)
    told = Reasons({Choice.CANCEL: Because.NOT_NEEDED})
    asked = ask(hall, first, one, reasons=told)
    hall.db.write_now(approvals.withdraw, asked, by(first))
    assert hall.db.write_now(four_eyes.ask_again, asked, by(first)) != asked
