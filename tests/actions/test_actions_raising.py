"""A service with a priority class of its own, and raising a ticket to a heavier class. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from queue_system.actions import bookings, calling, tickets, transferring
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.raising import raise_ticket
from queue_system.actions.tickets import TicketOrder
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core import hours
from queue_system.core.dispatch import EMERGENCY_WEIGHT
from queue_system.core.errors import IllegalTransition, Refused
from queue_system.core.reasons import RAISE_REASONS
from queue_system.profiles.reader import profile_names
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, VISITOR, Actor
from queue_system.store.queries import bookings as stored
from queue_system.store.queries import line, place
from queue_system.store.queries.line import TicketView
from tests.kit.furnished import profile_of
from tests.kit.hall import Hall, furnish

RECEPTION = Actor("staff", "01a214ae-a28f-72e1-94f5-49f1eea5c5c4")
URGENT = ("urgent", "emergency", "عاجل", "طارئ", "acil", "dringend", "notfall")


def raised(hall: Hall, ticket: TicketView, priority: str = "bereavement", reason: str = "seen") -> TicketView:
    return hall.db.write_in_now(hall.branch.id, raise_ticket, hall.branch.id, ticket.id, priority, reason, RECEPTION)


def now_of(hall: Hall, ticket: TicketView) -> TicketView:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id)


def entries(hall: Hall, kind: str) -> list[dict[str, object]]:
    return [dict(row.data) for row in hall.db.read_now(log.after, hall.branch.id, 0) if row.kind == kind]


# ---------------------------------------------------------------- the class of a service


@pytest.mark.parametrize("profile", profile_names())
def test_whatever_is_called_urgent_stands_before_all_others(profile: str) -> None:
    organisation = profile_of(profile)
    for branch in organisation.branches.values():
        for service in branch.services.values():
            spoken = [*service.names.values(), *(service.public_names or {}).values(), *service.tags, service.slug]
            spoken += [*branch.queues[service.queue].names.values(), service.queue]
            if any(word in text.lower() for word in URGENT for text in spoken):
                assert service.priority is not None, f"{branch.slug}/{service.slug} is called urgent and waits as any"
                assert organisation.catalogue.priorities[service.priority].weight >= EMERGENCY_WEIGHT


@pytest.mark.parametrize(
    ("profile", "branch", "service", "priority"),
    [
        ("embassy", None, "death", "bereavement"),
        ("forum", None, "urgent-detention", "legal_urgent"),
        ("social-work", "aman", "protection-intake", "protection_urgent"),
        ("social-work", "ehsan", "elder-protection", "protection_urgent"),
    ],
)
def test_a_ticket_waits_with_the_class_of_its_service(
    db: Database, clock: FrozenClock, profile: str, branch: str | None, service: str, priority: str
) -> None:
    hall = furnish(db, profile, branch)
    opening = hours.next_opening(clock.now(), hall.branch.calendar)
    assert opening is not None
    clock.set(opening + timedelta(minutes=30))
    assert hall.issue(service).ticket.priority == priority


def test_the_heavier_of_what_the_visitor_declares_and_the_service_gives(hall: Hall, clock: FrozenClock) -> None:
    assert hall.issue("death", priority="elderly").ticket.priority == "bereavement"
    assert hall.issue("attest-single", priority="elderly").ticket.priority == "elderly"


def test_an_emergency_that_comes_before_its_appointment_counts_from_now(hall: Hall, clock: FrozenClock) -> None:
    service = hall.branch.service("death")
    today = clock.now().astimezone(hall.branch.zone).date()
    slot = hall.db.read_now(stored.free_days, hall.branch, service, today, today)[0].slots[3]
    order = HoldOrder(hall.branch.id, service.id, slot.start, "سامر الحموي", "+97455512345", "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, VISITOR)
    clock.set(slot.start - timedelta(minutes=20))
    ticket = hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, held.id, SYSTEM).ticket
    assert ticket.priority == "bereavement"
    assert timedelta() <= ticket.anchor_at - clock.now() < timedelta(seconds=1)


def test_who_is_sent_on_to_an_urgent_service_waits_with_its_class(hall: Hall) -> None:
    ticket = hall.issue().ticket
    here = hall.sit(hall.person("layla"), "c4")
    hall.call_next(here)
    here = replace(here, expected=ticket.id)
    moved = hall.db.write_in_now(hall.branch.id, transferring.transfer, here, Goal(hall.service("death")))
    assert moved.priority == now_of(hall, ticket).priority == "bereavement"
    assert entries(hall, "ticket.raised") == [
        {"code": ticket.code, "from_class": "walkin", "to_class": "bereavement", "basis": "service"}
    ]


def test_the_kiosk_says_before_the_touch_that_nobody_is_ahead_of_an_emergency(hall: Hall) -> None:
    hall.sit(hall.person("layla"), "c1")
    for _ in range(3):
        hall.issue("passport-apply")
    before = hall.db.read_now(place.prospects, hall.branch)
    assert before[hall.service("passport-apply")].ahead == 3
    assert before[hall.service("death")].ahead == 0
    assert hall.db.read_now(place.place, hall.branch, hall.issue("death").ticket.token).ahead == 0


# ---------------------------------------------------------------- a ticket is raised


def test_who_is_raised_is_called_first_and_the_log_says_what_established_it(hall: Hall) -> None:
    first, urgent = hall.issue().ticket, hall.issue().ticket
    assert raised(hall, urgent).priority == "bereavement"
    called = hall.call_next(hall.sit(hall.person("layla")))
    assert called is not None
    assert called.id == urgent.id
    assert now_of(hall, first).priority == "walkin"
    (fact,) = entries(hall, "ticket.raised")
    assert fact == {"code": urgent.code, "from_class": "walkin", "to_class": "bereavement", "basis": "seen"}
    (call,) = entries(hall, "ticket.called")
    assert (call["reason"], call["values"]) == ("emergency", {"priority": "bereavement"})


def test_a_held_ticket_can_be_raised_as_well(hall: Hall) -> None:
    ticket = hall.issue().ticket
    here = hall.sit(hall.person("layla"))
    hall.call_next(here)
    hall.db.write_in_now(hall.branch.id, calling.park, replace(here, expected=ticket.id))
    assert raised(hall, ticket, "elderly", "told").state == "parked"


def test_a_class_is_never_made_lighter(hall: Hall) -> None:
    ticket = hall.issue(priority="disability").ticket
    for priority in ("elderly", "disability"):
        with pytest.raises(Refused, match="raise-not-heavier"):
            raised(hall, ticket, priority)
    for priority in ("walkin", "appointment", "late_appointment"):
        with pytest.raises(Refused, match="raise-class-unknown"):
            raised(hall, ticket, priority)
    assert now_of(hall, ticket) == ticket


def test_without_a_reason_from_the_list_or_a_class_of_the_branch_nothing_is_raised(hall: Hall) -> None:
    ticket = hall.issue().ticket
    assert "service" not in RAISE_REASONS
    for reason in ("", "service", "because"):
        with pytest.raises(Refused, match="raise-reason-unknown"):
            raised(hall, ticket, reason=reason)
    with pytest.raises(Refused, match="raise-class-unknown"):
        raised(hall, ticket, "legal_urgent")


def test_who_does_not_wait_is_not_raised(hall: Hall) -> None:
    ticket = hall.issue().ticket
    hall.db.write_in_now(hall.branch.id, tickets.leave, hall.branch.id, ticket.id, SYSTEM)
    with pytest.raises(IllegalTransition):
        raised(hall, ticket)


def test_the_kiosk_may_still_ask_for_the_ordinary_class(hall: Hall) -> None:
    order = TicketOrder(hall.branch.id, hall.service("death"), "ar", "kiosk", SYSTEM)
    assert hall.db.write_in_now(hall.branch.id, tickets.issue_ticket, order).ticket.priority == "bereavement"
