"""The outbox: which messages an appointment makes, and what becomes of each. On both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings as actions
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.message_rows import LEASE
from queue_system.actions.outbox import ClaimedMessage, claim_message, report_message
from queue_system.actions.retention import erase, tidy
from queue_system.clock import FrozenClock
from queue_system.core.messages import MAIL as BY_MAIL
from queue_system.core.messages import Event, Level, Outcome
from queue_system.core.promises import Choice
from queue_system.store.database import AnyRow, Tx
from queue_system.store.log import VISITOR, locked
from queue_system.store.queries import audit
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.messages import is_any_message_due
from queue_system.store.queries.unsent import UnsentMessage, unsent_messages
from queue_system.store.tables import Confidentiality, Message, table
from tests.kit.deciding import closing, for_all, save
from tests.kit.hall import Hall, change_settings

START = datetime(2026, 11, 26, 5, 30, tzinfo=UTC)
SERVICE = "civil-extract"
MAIL = "samer@example.org"
MESSAGE = table(Message)


@pytest.fixture
def sending(hall: Hall) -> Hall:
    """The hall of an installation with a mail server."""
    hall.db.sends = frozenset({Level.FULL, Level.MINIMAL})
    return hall


def test_without_a_mail_server_nothing_is_queued(hall: Hall) -> None:
    cancel(hall, booked(hall))
    assert messages(hall) == []


def test_a_telephone_number_gets_no_message(sending: Hall) -> None:
    booked(sending, contact="+97455512345")
    assert messages(sending) == []


def test_a_confirmation_is_queued_with_it_and_a_reminder_a_day_before(sending: Hall, clock: FrozenClock) -> None:
    now = clock.now()
    booked(sending)
    assert [(row.event, row.state, row.due_at, row.sequence) for row in messages(sending)] == [
        ("confirmed", "queued", now, 0),
        ("reminder", "queued", START - timedelta(days=1), 0),
    ]
    assert MAIL not in str(messages(sending))


def test_an_appointment_within_two_days_needs_no_reminder(sending: Hall, clock: FrozenClock) -> None:
    clock.set(START - timedelta(days=2) + timedelta(minutes=1))
    booked(sending)
    assert [row.event for row in messages(sending)] == ["confirmed"]


def test_a_newer_message_voids_what_has_not_been_sent(sending: Hall) -> None:
    one = booked(sending)
    later = START + timedelta(hours=1)
    sending.db.write_in_now(sending.branch.id, actions.change_booking, sending.branch.id, one.id, later, VISITOR)
    assert [(row.event, row.state) for row in messages(sending)] == [
        ("confirmed", "void"),
        ("reminder", "void"),
        ("changed", "queued"),
        ("reminder", "queued"),
    ]
    cancel(sending, one)
    assert [row.event for row in messages(sending) if row.state == "queued"] == ["cancelled"]


def test_a_hold_that_is_given_up_makes_no_message(sending: Hall) -> None:
    cancel(sending, held(sending))
    assert messages(sending) == []


def test_an_offer_its_acceptance_and_a_cancellation_by_the_branch_are_told(sending: Hall) -> None:
    one = booked(sending)
    save(sending, closing(sending, START.date()), for_all(Choice.MOVE))
    assert pending(sending) == ["offered"]
    claimed = claim(sending)
    assert claimed is not None
    assert claimed.event is Event.OFFERED
    offered = claimed.booking.offered_starts_at
    assert offered is not None
    sending.db.write_in_now(sending.branch.id, actions.change_booking, sending.branch.id, one.id, offered, VISITOR)
    assert [row.event for row in messages(sending) if row.state == "queued"] == ["changed", "reminder"]
    save(sending, closing(sending, offered.date()), for_all(Choice.CANCEL))
    assert [row.event for row in messages(sending) if row.state == "queued"] == ["called_off"]


def test_an_offer_that_is_withdrawn_before_it_was_sent_is_not_sent(sending: Hall, clock: FrozenClock) -> None:
    one = booked(sending)
    save(sending, closing(sending, START.date()), for_all(Choice.MOVE))
    clock.set(START - timedelta(hours=3))
    sending.db.write_in_now(sending.branch.id, actions.expire_holds, sending.branch.id)
    assert claim(sending) is None
    assert [row.state for row in messages(sending) if row.event == "offered"] == ["void"]
    assert one.code not in [unsent.code for unsent in unsent_of(sending)]


def test_a_reminder_is_not_sent_while_the_appointment_is_to_be_decided(sending: Hall, clock: FrozenClock) -> None:
    booked(sending)
    assert told(sending) == ["confirmed"]
    save(sending, closing(sending, START.date()), for_all(Choice.LATER))
    clock.set(START - timedelta(days=1))
    assert told(sending) == []
    assert [row.state for row in messages(sending) if row.event == "reminder"] == ["void"]


def test_a_reminder_is_sent_once(sending: Hall, clock: FrozenClock) -> None:
    booked(sending)
    assert told(sending) == ["confirmed"]
    clock.set(START - timedelta(days=1))
    assert told(sending) == ["reminder"]
    assert told(sending) == []


def test_a_busy_server_is_asked_again_after_growing_pauses_for_a_day(sending: Hall, clock: FrozenClock) -> None:
    booked(sending)
    first = clock.now()
    tried, states = [], []
    while claimed := claim(sending):
        tried.append(clock.now() - first)
        report(sending, claimed, Outcome.LATER, "busy")
        (row,) = [row for row in messages(sending) if row.event == "confirmed"]
        states.append(row.state)
        if row.ended_at is not None:
            break
        assert not sending.db.read_now(is_any_message_due, sending.branch.id, BY_MAIL)
        clock.set(row.due_at)
    minutes = [int(pause.total_seconds() // 60) for pause in tried]
    assert minutes[:6] == [0, 1, 6, 21, 81, 141]
    assert timedelta(hours=23) <= tried[-1] <= timedelta(hours=24)
    assert {*states[:-1]} == {"queued"}
    assert states[-1] == "failed"
    assert [fact.data["error"] for fact in facts(sending, "message.failed")] == ["busy"]


def test_a_refused_address_is_given_up_and_listed_until_the_appointment(sending: Hall, clock: FrozenClock) -> None:
    one = booked(sending)
    claimed = claim(sending)
    assert claimed is not None
    report(sending, claimed, Outcome.REFUSED, "address")
    (listed,) = unsent_of(sending)
    assert (listed.code, listed.event, listed.error, listed.maybe) == (one.code, Event.CONFIRMED, "address", False)
    (fact,) = facts(sending, "message.failed")
    assert fact.data == {
        "code": one.code,
        "event": "confirmed",
        "channel": "mail",
        "attempt": 1,
        "error": "address",
        "maybe": False,
    }
    clock.set(START)
    assert unsent_of(sending) == []


def test_a_lost_connection_is_tried_once_more_and_then_unknown(sending: Hall, clock: FrozenClock) -> None:
    booked(sending)
    first = claim(sending)
    assert first is not None
    report(sending, first, Outcome.MAYBE, "cut")
    assert claim(sending) is None
    clock.move(timedelta(minutes=1))
    second = claim(sending)
    assert second is not None
    assert (second.id, second.attempt) == (first.id, 2)
    report(sending, second, Outcome.MAYBE, "cut")
    (row,) = [row for row in messages(sending) if row.event == "confirmed"]
    assert (row.state, row.ended_at) == ("unknown", clock.now())
    assert [one.maybe for one in unsent_of(sending)] == [True]


def test_a_claim_whose_worker_died_is_taken_over_once(sending: Hall, clock: FrozenClock) -> None:
    booked(sending)
    first = claim(sending)
    assert first is not None
    assert claim(sending) is None
    clock.move(LEASE)
    second = claim(sending)
    assert second is not None
    assert (second.id, second.attempt) == (first.id, 2)
    # The first worker was only slow: its report changes nothing.
    report(sending, first, Outcome.REFUSED, "address")
    assert messages(sending)[0].state == "claimed"
    report(sending, second, Outcome.SENT)
    assert [fact.data["attempt"] for fact in facts(sending, "message.sent")] == [2]
    assert told(sending) == []


def test_a_worker_that_dies_twice_leaves_it_unknown(sending: Hall, clock: FrozenClock) -> None:
    booked(sending)
    for _ in range(2):
        assert claim(sending) is not None
        clock.move(LEASE)
    assert claim(sending) is None
    assert [(one.error, one.maybe) for one in unsent_of(sending)] == [("interrupted", True)]


def test_a_failed_attempt_is_not_repeated_once_there_is_newer_news(sending: Hall) -> None:
    one = booked(sending)
    claimed = claim(sending)
    assert claimed is not None
    cancel(sending, one)
    report(sending, claimed, Outcome.LATER, "busy")
    assert told(sending) == ["cancelled"]
    assert [row.state for row in messages(sending) if row.event == "confirmed"] == ["void"]


def test_an_erased_person_gets_nothing(sending: Hall) -> None:
    one = booked(sending)

    def forget(tx: Tx) -> None:
        with locked(tx, sending.branch.id) as lock:
            erase(lock, [one.id])

    sending.db.write_now(forget)
    assert claim(sending) is None


def test_messages_go_with_their_appointment(sending: Hall, clock: FrozenClock) -> None:
    booked(sending)
    clock.move(timedelta(days=4000))
    tidy(sending.db, sending.branch.id)
    assert messages(sending) == []


def test_what_the_settings_forbid_by_now_is_not_sent(sending: Hall) -> None:
    booked(sending)
    levels = table(Confidentiality)
    change_settings(sending.db, sa.update(levels).values(display="none"))
    assert claim(sending) is None
    assert {row.state for row in messages(sending) if row.event == "confirmed"} == {"void"}


# ---------------------------------------------------------------- inside


def held(hall: Hall, contact: str = MAIL) -> BookingView:
    order = HoldOrder(hall.branch.id, hall.service(SERVICE), START, "سامر الحموي", contact, "ar", VISITOR)
    return hall.db.write_in_now(hall.branch.id, actions.hold_slot, order)


def booked(hall: Hall, contact: str = MAIL) -> BookingView:
    one = held(hall, contact)
    return hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, one.id, VISITOR)


def cancel(hall: Hall, one: BookingView) -> None:
    hall.db.write_in_now(hall.branch.id, actions.cancel_booking, hall.branch.id, one.id, VISITOR)


def claim(hall: Hall) -> ClaimedMessage | None:
    return hall.db.write_in_now(hall.branch.id, claim_message, hall.branch.id)


def report(hall: Hall, one: ClaimedMessage, outcome: Outcome, error: str | None = None) -> None:
    hall.db.write_in_now(hall.branch.id, report_message, hall.branch.id, one.id, one.attempt, outcome, error)


def told(hall: Hall) -> list[str]:
    """Send all that is due; returns the events."""
    found = []
    while one := claim(hall):
        report(hall, one, Outcome.SENT)
        found.append(one.event.value)
    return found


def messages(hall: Hall) -> list[AnyRow]:
    statement = sa.select(MESSAGE).order_by(MESSAGE.c.sequence, MESSAGE.c.due_at)
    return hall.db.read_now(lambda tx: tx.rows(statement))


def pending(hall: Hall) -> list[str]:
    return [row.event for row in messages(hall) if row.ended_at is None]


def unsent_of(hall: Hall) -> list[UnsentMessage]:
    return hall.db.read_now(unsent_messages, hall.branch.id)


def facts(hall: Hall, kind: str) -> list[Any]:
    return hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind=kind), 50)
