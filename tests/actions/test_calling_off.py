"""Calling one appointment off for a reason of the house: what is stored, told and counted. On both databases."""

from __future__ import annotations

import pytest

from queue_system.actions import bookings
from queue_system.actions.calling_off import REASONS, call_off
from queue_system.actions.outbox import claim_message
from queue_system.core.bookings import Booker, BookingState
from queue_system.core.errors import Refused
from queue_system.core.messages import Event, Level
from queue_system.core.promises import Decided
from queue_system.core.support import Why
from queue_system.store.database import Database
from queue_system.store.log import Actor
from queue_system.store.queries import audit
from queue_system.store.queries.phone_calls import phone_calls
from tests.kit.hall import Hall
from tests.kit.legal_aid import HOUR, START, as_stored, booked, held, legal_aid

LANDLINE = "+902122345678"


@pytest.fixture
def istanbul(db: Database) -> Hall:
    return legal_aid(db)


def test_what_the_house_calls_off_is_no_cancellation_of_the_visitor(istanbul: Hall) -> None:
    ours, theirs, there = booked(istanbul, START), booked(istanbul, START + HOUR), istanbul.branch.id
    somebody = Actor("staff", str(istanbul.person("rana", ())))
    istanbul.db.sends = frozenset(Level)
    istanbul.db.write_in_now(there, call_off, there, ours.id, Why.OTHER, somebody)
    istanbul.db.write_in_now(there, bookings.cancel_booking, there, theirs.id, somebody, Booker.STAFF)
    told = [istanbul.db.write_in_now(there, claim_message, there) for _ in range(2)]
    assert {one.booking.id: one.event for one in told if one} == {
        ours.id: Event.CALLED_OFF,
        theirs.id: Event.CANCELLED,
    }
    stored = [as_stored(istanbul, one) for one in (ours, theirs)]
    assert [(one.state, one.decision, one.lost_why) for one in stored] == [
        (BookingState.CANCELLED, Decided.CANCEL, Why.OTHER),
        (BookingState.CANCELLED, None, None),
    ]
    facts = [
        istanbul.db.read_now(audit.entries, there, audit.Wanted(kind=f"booking.{kind}"), 9)
        for kind in ("called_off", "cancelled")
    ]
    assert [[entry.data["code"] for entry in found] for found in facts] == [[ours.code], [theirs.code]]
    # A second press changes nothing.
    istanbul.db.write_in_now(there, call_off, there, ours.id, Why.CLOSED, somebody)
    assert as_stored(istanbul, ours).lost_why is Why.OTHER


def test_who_gets_no_message_is_called(istanbul: Hall) -> None:
    one, there = booked(istanbul, START, contact=LANDLINE), istanbul.branch.id
    istanbul.db.write_in_now(there, call_off, there, one.id, REASONS[0], Actor("staff", ""))
    assert [call.event for call in istanbul.db.read_now(phone_calls, istanbul.branch)] == [Event.CALLED_OFF]


def test_a_hold_is_not_called_off_and_nobody_calls_off_too_many(
    istanbul: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, somebody = istanbul.branch.id, Actor("staff", str(istanbul.person("rana", ())))
    hold = held(istanbul, START)
    with pytest.raises(Refused, match="booking-over"):
        istanbul.db.write_in_now(there, call_off, there, hold.id, Why.OTHER, somebody)
    monkeypatch.setattr("queue_system.actions.second_person.MANY_BOOKINGS", 1)
    ones = [booked(istanbul, START + HOUR * at, contact=f"v{at}@example.org") for at in (1, 2)]
    istanbul.db.write_in_now(there, call_off, there, ones[0].id, Why.OTHER, somebody)
    with pytest.raises(Refused, match="block-many-one") as refused:
        istanbul.db.write_in_now(there, call_off, there, ones[1].id, Why.OTHER, somebody)
    assert refused.value.values == {"n": 1}
    assert as_stored(istanbul, ones[1]).state is BookingState.CONFIRMED
