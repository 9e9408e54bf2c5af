"""People in line whom a change of settings no longer serves: sent on, served all the same, ended, or decided later."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from queue_system.actions import guarded_settings, settings
from queue_system.actions.families import join
from queue_system.actions.line_decisions import decide_stranded
from queue_system.actions.reserving import reserve
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.effect import Effect
from queue_system.core.promises import Choices, Decided, LineChoice, LineDecision, line_key
from queue_system.core.support import Why
from queue_system.core.tickets import TicketState
from queue_system.settings.edits import Edit
from queue_system.settings.objects import objects_of
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries import line
from queue_system.store.queries.bookings import booking_by_id
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.settings import branch_settings
from queue_system.store.queries.stored import stored_branch
from queue_system.store.queries.stranded import stranded, was_taken_away
from tests.kit.hall import Hall

LEGAL = "legal-advice"
SEND = LineDecision(LineChoice.SEND, "attest-single")


def objects(hall: Hall) -> dict[tuple[str, str], Any]:
    return dict(objects_of(hall.db.read_now(lambda tx: stored_branch(StoredRows(tx), hall.branch.id))))


def unserved(hall: Hall) -> Edit:
    """The only counter for legal services goes."""
    known = objects(hall)["counter", "r6"]
    return Edit("counter", "r6", {"until": known.get("until")}, {"until": "2026-11-21"})


def closed(hall: Hall, day: date) -> Edit:
    known = objects(hall)["branch", hall.branch.slug].get("closures", [])
    closure = {"first": f"{day}", "last": f"{day}", "names": {"ar": "طارئ", "en": "Emergency"}}
    return Edit("branch", hall.branch.slug, {"closures": known}, {"closures": [*known, closure]})


def save(hall: Hall, edit: Edit, choices: Choices | None = None) -> Effect:
    told = hall.db.read_now(settings.preview, hall.branch.id, [edit])
    assert told.may_be_saved, (told.faults, told.conflicts)
    how: dict[str, Any] = {"actor": SYSTEM, "person": None, "choices": choices or Choices()}
    hall.db.write_now(settings.save, hall.branch.id, [edit], told.sha256, **how)
    return told.effects[hall.branch.id]


def for_line(why: Why, decision: LineDecision) -> Choices:
    return Choices(by_line={line_key("doha-main", why, "q-legal"): decision})


def now(hall: Hall, ticket: TicketView) -> TicketView:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id)


def listed(hall: Hall) -> dict[UUID, Why]:
    found = hall.db.read_now(lambda tx: stranded(tx, branch_settings(tx, hall.branch.id)))
    return {one.ticket.id: one.why for one in found}


def facts(hall: Hall, ticket: TicketView) -> list[str]:
    entries = hall.db.read_now(log.after, hall.branch.id, 0)
    return [one.kind for one in entries if one.subject == str(ticket.id)]


def test_people_in_line_are_sent_on_with_their_number_and_place(hall: Hall) -> None:
    ticket, other = hall.issue(LEGAL).ticket, hall.issue().ticket
    told = save(hall, unserved(hall), for_line(Why.COUNTER, SEND))
    assert [(one.id, one.why) for one in told.tickets] == [(ticket.id, Why.COUNTER)]
    assert "attest-single" in told.takes_in
    assert LEGAL not in told.takes_in
    moved = now(hall, ticket)
    assert (moved.code, moved.anchor_at, moved.state) == (ticket.code, ticket.anchor_at, TicketState.WAITING)
    assert moved.queue_id == now(hall, other).queue_id
    assert facts(hall, ticket) == ["ticket.issued", "ticket.transferred"]
    assert listed(hall) == {}


def test_whoever_is_sent_on_waits_for_no_certain_counter_any_more(hall: Hall) -> None:
    ticket, here = hall.issue(LEGAL).ticket, hall.sit(hall.person("omar"), "r6")

    def wait_for_one(tx: Tx) -> None:
        with log.locked(tx, hall.branch.id) as lock:
            reserve(lock, hall.branch, ticket, here.counter_id, None, SYSTEM)

    hall.db.write_now(wait_for_one)
    assert now(hall, ticket).reserved_counter_id == here.counter_id
    save(hall, unserved(hall), for_line(Why.COUNTER, SEND))
    moved = now(hall, ticket)
    assert moved.queue_id != ticket.queue_id
    assert (moved.reserved_counter_id, moved.reserved_until_at) == (None, None)


@pytest.mark.parametrize("decision", [LineDecision(LineChoice.SERVE), LineDecision(LineChoice.SEND, LEGAL)])
def test_where_nobody_could_call_them_it_is_decided_later(hall: Hall, decision: LineDecision) -> None:
    ticket = hall.issue(LEGAL).ticket
    save(hall, unserved(hall), for_line(Why.COUNTER, decision))
    assert listed(hall) == {ticket.id: Why.COUNTER}
    assert facts(hall, ticket)[-1] == "ticket.put_off"
    done = hall.db.write_now(decide_stranded, hall.branch.id, Choices(by_ticket={ticket.id: SEND}), SYSTEM)
    assert done == {ticket.id: LineChoice.SEND}
    assert listed(hall) == {}


def test_on_a_closed_day_some_are_served_and_others_end_with_the_reason(hall: Hall, clock: FrozenClock) -> None:
    first, second = hall.issue(LEGAL).ticket, hall.issue(LEGAL).ticket
    served = LineDecision(LineChoice.SERVE)
    choices = Choices(by_ticket={first.id: served, second.id: LineDecision(LineChoice.END)})
    told = save(hall, closed(hall, clock.now().date()), choices)
    assert {one.id: one.why for one in told.tickets} == {first.id: Why.CLOSED, second.id: Why.CLOSED}
    assert told.takes_in == ()
    assert (now(hall, first).state, now(hall, second).state) == (TicketState.WAITING, TicketState.VOID)
    assert hall.db.read_now(was_taken_away, now(hall, second))
    assert listed(hall) == {}
    # The counter that could still call the first one goes, too.
    again = save(hall, unserved(hall))
    assert [one.id for one in again.tickets] == [first.id]
    assert listed(hall) == {first.id: Why.COUNTER}


def test_put_off_they_stay_on_the_list_until_they_are_decided(hall: Hall, clock: FrozenClock) -> None:
    ticket = hall.issue(LEGAL).ticket
    save(hall, closed(hall, clock.now().date()))
    assert listed(hall) == {ticket.id: Why.CLOSED}
    assert hall.db.write_now(decide_stranded, hall.branch.id, Choices(), SYSTEM) == {}
    served = Choices(by_ticket={ticket.id: LineDecision(LineChoice.SERVE)})
    hall.db.write_now(decide_stranded, hall.branch.id, served, SYSTEM)
    assert listed(hall) == {}
    assert facts(hall, ticket) == ["ticket.issued", "ticket.put_off", "ticket.kept"]


def test_an_appointment_whose_number_ends_is_called_off_and_no_no_show(hall: Hall, clock: FrozenClock) -> None:
    ticket = hall.check_in(LEGAL, clock, timedelta(minutes=5))
    save(hall, closed(hall, clock.now().date()), Choices(by_ticket={ticket.id: LineDecision(LineChoice.END)}))
    assert ticket.booking_id is not None
    booking = hall.db.read_now(booking_by_id, hall.branch.id, ticket.booking_id)
    assert (booking.state, booking.decision) == (BookingState.CANCELLED, Decided.CANCEL)


def test_who_is_at_a_counter_is_served_there(hall: Hall, clock: FrozenClock) -> None:
    ticket = hall.issue(LEGAL).ticket
    hall.call_next(hall.sit(hall.person("omar"), "r6"))
    end = LineDecision(LineChoice.END)
    save(hall, closed(hall, clock.now().date()), Choices(by_ticket={ticket.id: end}))
    assert now(hall, ticket).state is TicketState.CALLED
    assert listed(hall) == {}


def test_whoever_is_called_with_a_number_that_ends_is_not_forgotten(hall: Hall, clock: FrozenClock) -> None:
    """They are in no line, so that nobody could call them or decide on them any more."""
    mine, first = hall.issue(LEGAL).ticket, hall.issue(LEGAL).ticket
    hall.db.write_now(join, hall.branch.id, mine.id, first.id, SYSTEM)
    save(hall, closed(hall, clock.now().date()), Choices(by_ticket={first.id: LineDecision(LineChoice.END)}))
    for one in (mine, first):
        assert now(hall, one).state is TicketState.VOID
        assert now(hall, one).joined_to is None
        assert hall.db.read_now(was_taken_away, now(hall, one))
    assert facts(hall, mine) == ["ticket.issued", "ticket.joined", "ticket.split", "ticket.voided"]


def test_decisions_on_people_in_line_wait_with_the_change_for_a_second_person() -> None:
    end, key = LineDecision(LineChoice.END), line_key("b", Why.CLOSED, "q")
    texts: dict[str, Any] = {"by_why": {}, "by_booking": {}}
    lines = {"by_line": {key: str(SEND)}, "by_ticket": {str(UUID(int=1)): str(end)}}
    assert guarded_settings.choices_of(texts | lines) == Choices(by_line={key: SEND}, by_ticket={UUID(int=1): end})
    assert guarded_settings.choices_of(texts) == Choices()
    assert [LineDecision.read(text) for text in ("send", "serve:x", "no", "")] == [None] * 4
