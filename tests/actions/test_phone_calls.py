"""The call list: whom no message reaches about what the branch changed. On both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, outbox
from queue_system.actions.blocks import BlockOrder, block_members
from queue_system.actions.erasure import erase_person
from queue_system.actions.outbox import claim_message, report_message
from queue_system.actions.phone_calls import tick
from queue_system.actions.retention import tidy_everywhere
from queue_system.clock import FrozenClock
from queue_system.core.blocks import CALLED_OFF, Absence, BlockReason, Planned, fingerprint
from queue_system.core.bookings import Booker
from queue_system.core.errors import Missing
from queue_system.core.messages import Event, Level, Outcome
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR, locked
from queue_system.store.queries import audit
from queue_system.store.queries.blocks import concerned
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.phone_calls import phone_calls
from queue_system.store.tables import Block, PhoneCall, table
from tests.kit.hall import Hall
from tests.kit.legal_aid import HOUR, START, as_stored, booked, legal_aid, member

LANDLINE = "+902122345678"


@pytest.fixture
def istanbul(db: Database) -> Hall:
    hall = legal_aid(db)
    hall.db.sends = frozenset(Level)
    return hall


def test_scenario_5_who_has_a_telephone_only_is_called_and_the_others_are_written_to(istanbul: Hall) -> None:
    called, written = (
        booked(istanbul, START, asked="amal", contact=LANDLINE),
        booked(istanbul, START + HOUR, asked="amal"),
    )
    everything_called_off(istanbul)
    assert to_call(istanbul) == [(called.code, Event.CALLED_OFF, 0)]
    claimed = istanbul.db.write_in_now(istanbul.branch.id, claim_message, istanbul.branch.id)
    assert claimed is not None
    assert (claimed.booking.id, claimed.event) == (written.id, Event.CALLED_OFF)


def test_a_message_that_is_given_up_becomes_a_call(istanbul: Hall) -> None:
    one = booked(istanbul, START, asked="amal")
    everything_called_off(istanbul)
    assert to_call(istanbul) == []
    there = istanbul.branch.id
    claimed = istanbul.db.write_in_now(there, claim_message, there)
    assert claimed is not None
    istanbul.db.write_in_now(there, report_message, there, claimed.id, claimed.attempt, Outcome.REFUSED, "address")
    assert to_call(istanbul) == [(one.code, Event.CALLED_OFF, 0)]


def test_who_cannot_be_written_to_becomes_a_call_while_there_is_time_to_call(
    istanbul: Hall, clock: FrozenClock
) -> None:
    one = booked(istanbul, START, asked="amal")
    clock.set(START - timedelta(hours=2))
    everything_called_off(istanbul)
    there = istanbul.branch.id
    last_tried_at = clock.now()
    while claimed := istanbul.db.write_in_now(there, claim_message, there):
        last_tried_at = clock.now()
        istanbul.db.write_in_now(
            there, report_message, there, claimed.id, claimed.attempt, Outcome.LATER, "unreachable"
        )
        clock.move(timedelta(minutes=15))
    # Whether it is a call is decided when an attempt fails.
    assert to_call(istanbul) == [(one.code, Event.CALLED_OFF, 0)]
    assert last_tried_at <= START - timedelta(hours=1)


def test_each_attempt_counts_and_whoever_was_reached_is_called_no_more(istanbul: Hall) -> None:
    one = booked(istanbul, START, asked="amal", contact=LANDLINE)
    everything_called_off(istanbul)
    press(istanbul, one, reached=False)
    press(istanbul, one, reached=False)
    assert to_call(istanbul) == [(one.code, Event.CALLED_OFF, 2)]
    press(istanbul, one, reached=True)
    assert to_call(istanbul) == []
    with pytest.raises(Missing):
        press(istanbul, one, reached=True)
    told = istanbul.db.read_now(audit.entries, istanbul.branch.id, audit.Wanted(kind="booking.phoned"), 9)
    assert sorted((entry.data["attempt"], entry.data["reached"]) for entry in told) == [
        (1, False),
        (2, False),
        (3, True),
    ]


def test_whoever_was_erased_is_called_no_more(istanbul: Hall) -> None:
    one = booked(istanbul, START, asked="amal", contact=LANDLINE)
    everything_called_off(istanbul)
    there = istanbul.branch.id
    istanbul.db.write_now(erase_person, there, one.id, SYSTEM, approved=True)
    assert to_call(istanbul) == []


def test_an_offer_that_was_answered_or_an_appointment_that_is_over_needs_no_call(
    istanbul: Hall, clock: FrozenClock
) -> None:
    one, other = (booked(istanbul, START + HOUR * at, asked="amal", contact=LANDLINE) for at in range(2))
    away = Absence(member(istanbul, "amal"), START, START + timedelta(hours=12))
    found = istanbul.db.read_now(concerned, istanbul.branch, Planned((away,)))
    order = BlockOrder((away,), BlockReason.LEAVE, fingerprint(found), {each.booking: each.ways[1] for each in found})
    istanbul.db.write_in_now(istanbul.branch.id, block_members, istanbul.branch.id, order, SYSTEM)
    assert [event for _, event, _ in to_call(istanbul)] == [Event.OFFERED, Event.OFFERED]
    offered = as_stored(istanbul, one).offered_starts_at
    assert offered is not None
    there = istanbul.branch.id
    istanbul.db.write_in_now(there, bookings.change_booking, there, one.id, offered, VISITOR, Booker.STAFF)
    assert to_call(istanbul) == [(other.code, Event.OFFERED, 0)]
    clock.set(START + HOUR)
    assert to_call(istanbul) == []


@pytest.mark.parametrize("event", [Event.EARLIER, Event.EARLIER_OVER])
def test_an_earlier_time_that_is_offered_leaves_what_must_be_told(istanbul: Hall, event: Event) -> None:
    one = booked(istanbul, START, asked="amal", contact=LANDLINE)

    def handed_over_and_then_offered(tx: Tx) -> None:
        with locked(tx, istanbul.branch.id) as lock:
            for told in (Event.HANDED_OVER, event):
                outbox.tell(lock, istanbul.branch, one, told)

    istanbul.db.write_in_now(istanbul.branch.id, handed_over_and_then_offered)
    assert to_call(istanbul) == [(one.code, Event.HANDED_OVER, 0)]


def test_calls_go_with_their_appointments_and_absences_with_the_names(istanbul: Hall, clock: FrozenClock) -> None:
    booked(istanbul, START, asked="amal", contact=LANDLINE)
    everything_called_off(istanbul)
    assert counted(istanbul) == [1, 1]
    clock.move(timedelta(days=istanbul.branch.retention_days.booking_personal_data - 1))
    tidy_everywhere(istanbul.db)
    assert counted(istanbul) == [1, 1]
    clock.move(timedelta(days=5))
    tidy_everywhere(istanbul.db)
    assert counted(istanbul) == [0, 0]


def counted(hall: Hall) -> list[int]:
    """How many calls and blocks are stored."""

    def read(tx: Tx) -> list[int]:
        return [tx.scalar(sa.select(sa.func.count()).select_from(table(one))) for one in (PhoneCall, Block)]

    return hall.db.read_now(read)


def everything_called_off(hall: Hall) -> None:
    away = Absence(member(hall, "amal"), START, START + timedelta(hours=12))
    found = hall.db.read_now(concerned, hall.branch, Planned((away,)))
    order = BlockOrder(
        (away,), BlockReason.ILLNESS, fingerprint(found), dict.fromkeys((one.booking for one in found), CALLED_OFF)
    )
    hall.db.write_in_now(hall.branch.id, block_members, hall.branch.id, order, SYSTEM)


def press(hall: Hall, one: BookingView, *, reached: bool) -> None:
    hall.db.write_in_now(hall.branch.id, tick, hall.branch.id, one.id, 0, SYSTEM, reached=reached)


def to_call(hall: Hall) -> list[tuple[str, str, int]]:
    return [
        (one.booking.code, one.event, one.tries)
        for one in hall.db.read_now(phone_calls, hall.branch)
        if one.reached_at is None
    ]
