"""A number that should not have been given leaves the line, with its reason; after a call it takes two people."""

from __future__ import annotations

from uuid import UUID

import pytest

from queue_system.actions import approvals, calling, four_eyes
from queue_system.actions.staff_roles import take_role
from queue_system.actions.voiding import ask_to_void, void_ticket
from queue_system.clock import FrozenClock
from queue_system.core.errors import Denied, IllegalTransition, Refused
from queue_system.core.reasons import VOID_REASONS
from queue_system.core.tickets import TicketState
from queue_system.store import log
from queue_system.store.log import SYSTEM, Actor
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from queue_system.store.tables import ORGANISATION
from tests.kit.hall import Hall
from tests.kit.people import add_role, give_in_department

SERVICE = "attest-single"


def void(hall: Hall, ticket: TicketView, by: UUID, reason: str = "given_twice") -> TicketView:
    return hall.db.write_now(void_ticket, hall.branch.id, ticket.id, reason, Actor("staff", str(by)))


def state(hall: Hall, ticket: TicketView) -> TicketState:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id).state


@pytest.mark.parametrize("reason", VOID_REASONS)
def test_a_void_number_leaves_the_line_and_the_log_says_why(hall: Hall, reason: str) -> None:
    ticket = hall.issue(SERVICE).ticket
    assert void(hall, ticket, hall.administrator(), reason).state is TicketState.VOID
    [fact] = [one for one in hall.db.read_now(log.after, hall.branch.id, 0) if one.kind == "ticket.voided"]
    assert (fact.subject, fact.data["reason"]) == (str(ticket.id), reason)
    assert hall.db.read_now(line.open_tickets, hall.branch.id) == []
    with pytest.raises(IllegalTransition):
        void(hall, ticket, hall.administrator("other"))


def test_only_the_known_reasons_count_and_an_appointment_is_not_lost(hall: Hall, clock: FrozenClock) -> None:
    ticket, arrived, admin = hall.issue(SERVICE).ticket, hall.check_in("passport-lost", clock), hall.administrator()
    with pytest.raises(Refused, match="void-reason-unknown"):
        void(hall, ticket, admin, "day-over")
    with pytest.raises(Refused, match="void-of-appointment"):
        void(hall, arrived, admin)
    assert state(hall, ticket) is state(hall, arrived) is TicketState.WAITING


def test_a_number_that_was_called_is_voided_by_two_people(hall: Hall) -> None:
    first, second, clerk = hall.administrator("first"), hall.administrator("second"), hall.person("omar")
    ticket = hall.issue(SERVICE).ticket
    counter = counter_for(hall, ticket)
    assert hall.call_next(hall.sit(clerk, counter)) is not None
    hall.db.write_in_now(hall.branch.id, calling.park, hall.at(clerk, counter, ticket.id))
    with pytest.raises(Refused, match="void-after-call"):
        void(hall, ticket, first)
    by = Actor("staff", str(first))
    asked = hall.db.write_now(ask_to_void, hall.branch.id, ticket.id, "given_twice", by)
    hall.db.write_now(approvals.approve, asked, Actor("staff", str(second)))
    assert state(hall, ticket) is TicketState.PARKED
    hall.db.write_now(four_eyes.carry_out, asked, by)
    assert state(hall, ticket) is TicketState.VOID


def test_who_may_void_no_longer_does_not_void_what_was_approved(hall: Hall) -> None:
    first, second, clerk = hall.administrator("first"), hall.administrator("second"), hall.person("omar")
    ticket = hall.issue(SERVICE).ticket
    counter = counter_for(hall, ticket)
    hall.call_next(hall.sit(clerk, counter))
    hall.db.write_in_now(hall.branch.id, calling.park, hall.at(clerk, counter, ticket.id))
    by = Actor("staff", str(first))
    asked = hall.db.write_now(ask_to_void, hall.branch.id, ticket.id, "given_twice", by)
    hall.db.write_now(approvals.approve, asked, Actor("staff", str(second)))
    elsewhere = add_role(hall, "voids", "void_ticket")
    give_in_department(hall, "first", elsewhere, another_department(hall, ticket))
    hall.db.write_now(take_role, "first", ORGANISATION, "administrator", "", SYSTEM)
    with pytest.raises(Denied, match="not-allowed"):
        hall.db.write_now(four_eyes.carry_out, asked, by)
    assert state(hall, ticket) is TicketState.PARKED
    give_in_department(hall, "first", elsewhere, department_of(hall, ticket))
    hall.db.write_now(four_eyes.carry_out, asked, by)
    assert state(hall, ticket) is TicketState.VOID


def department_of(hall: Hall, ticket: TicketView) -> str:
    return hall.branch.departments[hall.branch.services[ticket.service_id].department_id].slug


def another_department(hall: Hall, ticket: TicketView) -> str:
    own = department_of(hall, ticket)
    return next(one.slug for one in hall.branch.departments.values() if one.slug != own)


def counter_for(hall: Hall, ticket: TicketView) -> str:
    return next(one.slug for one in hall.branch.counters.values() if ticket.queue_id in one.queues)
