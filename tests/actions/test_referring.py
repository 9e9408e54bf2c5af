"""Visitors are sent on to another service: with a number or a slip, as the rule between branches allows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions.referring import Referral, refer
from queue_system.actions.tickets import TicketOrder, issue_ticket, leave
from queue_system.clock import FrozenClock
from queue_system.core.errors import Denied, DomainError, Missing, Refused
from queue_system.core.facts.tickets import TicketReferred
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, VISITOR, Actor
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.referrals import ReceivedView, received
from queue_system.store.tables import Organisation, table
from tests.kit.hall import Hall, change_settings, enter, furnish, set_branch

CLERK = Actor("staff", "01890000-0000-7000-8000-00000000000c")
RULE: dict[str, Any] = {
    "names": {"ar": "إحالة", "en": "Referral"},
    "requires": ["consent_recorded", "minimum_data"],
    "carries": ["case_reference", "need_category", "narrative"],
    "never_carries": ["narrative", "other_party"],
}


@pytest.fixture
def centre(db: Database) -> Hall:
    """The branch of the social-work sample that visitors are sent on from."""
    return furnish(db, "social-work", "hq")


@pytest.fixture
def nama(centre: Hall) -> Hall:
    return enter(centre.db, "nama")


def came(hall: Hall, service: str) -> TicketView:
    order = TicketOrder(hall.branch.id, hall.service(service), "ar", "reception", SYSTEM)
    return hall.db.write_in_now(hall.branch.id, issue_ticket, order).ticket


def sent(hall: Hall, ticket: TicketView, to: Hall, service: str, **said: bool) -> TicketReferred:
    how = {"number": False, "consent": True} | said
    order = Referral(hall.branch.id, ticket.id, to.branch.id, to.service(service), actor=CLERK, **how)
    return hall.db.write_now(refer, order)


def facts(hall: Hall, kind: str) -> list[dict[str, Any]]:
    entries = hall.db.read_now(log.after, hall.branch.id, 0)
    return [{"subject": one.subject} | one.data for one in entries if one.kind == kind]


def set_rule(hall: Hall, rule: dict[str, Any] | None) -> None:
    rows = table(Organisation)
    data = dict(hall.db.read_now(lambda tx: tx.scalar(sa.select(rows.c.data))))
    change_settings(hall.db, sa.update(rows).values(data=data | {"cross_branch_rules": {"referrals": rule}}))


def names(hall: Hall, service: str) -> dict[str, str]:
    return hall.branch.service(service).names


# ---------------------------------------------------------------- within a branch


def test_within_the_branch_the_visitor_gets_a_number_and_both_numbers_are_linked(nama: Hall) -> None:
    ticket = came(nama, "career")
    fact = sent(nama, ticket, nama, "project-advice", number=True, consent=False)
    given = nama.db.read_now(line.ticket, nama.branch.id, UUID(fact.to_ticket))
    assert (given.code, given.service_id, given.source) == (fact.to_code, nama.service("project-advice"), "referral")
    [told] = facts(nama, "ticket.received")
    assert (told["subject"], told["from_code"], told["from_service"]) == (str(given.id), ticket.code, "career")
    assert nama.db.read_now(received, given) == ReceivedView(ticket.code, names(nama, "career"), {})
    # The present visit goes on.
    assert nama.db.read_now(line.ticket, nama.branch.id, ticket.id) == ticket


def test_a_second_press_gives_no_second_number_but_a_slip_can_become_a_number(nama: Hall) -> None:
    ticket = came(nama, "career")
    assert sent(nama, ticket, nama, "project-advice").to_ticket is None
    first = sent(nama, ticket, nama, "project-advice", number=True)
    assert sent(nama, ticket, nama, "project-advice", number=True) == first
    sent(nama, ticket, nama, "project-advice")
    assert len(facts(nama, "ticket.referred")) == 2
    assert len(nama.db.read_now(line.open_tickets, nama.branch.id)) == 2


def test_nobody_is_sent_to_where_they_are_or_after_they_have_gone(nama: Hall) -> None:
    ticket = came(nama, "career")
    with pytest.raises(Refused, match="referral-to-itself"):
        sent(nama, ticket, nama, "career")
    nama.db.write_now(leave, nama.branch.id, ticket.id, VISITOR)
    with pytest.raises(Refused, match="referral-visit-over"):
        sent(nama, ticket, nama, "project-advice")
    assert facts(nama, "ticket.referred") == []


# ---------------------------------------------------------------- between branches


def test_between_branches_the_visitor_must_agree(centre: Hall, nama: Hall) -> None:
    ticket = came(centre, "guide")
    with pytest.raises(Refused, match="referral-no-consent"):
        sent(centre, ticket, nama, "career", consent=False)
    assert sent(centre, ticket, nama, "career").consent
    [fact] = facts(centre, "ticket.referred")
    assert (fact["to_branch"], fact["to_code"]) == (str(nama.branch.id), None)
    assert facts(nama, "ticket.received") == facts(nama, "ticket.issued") == []


def test_without_a_rule_nobody_is_sent_to_another_branch(centre: Hall, nama: Hall) -> None:
    ticket = came(centre, "guide")
    set_rule(centre, None)
    with pytest.raises(Refused, match="referral-no-rule"):
        sent(centre, ticket, nama, "career")


def test_a_rule_may_need_no_consent(centre: Hall, nama: Hall) -> None:
    ticket = came(centre, "guide")
    set_rule(centre, RULE | {"requires": ["minimum_data"]})
    assert not sent(centre, ticket, nama, "career", consent=False).consent


def test_who_stands_elsewhere_gets_a_number_only_where_the_branch_gives_numbers_away(centre: Hall, nama: Hall) -> None:
    ticket = came(centre, "guide")
    with pytest.raises(Denied, match="tickets-on-the-spot"):
        sent(centre, ticket, nama, "career", number=True)
    assert facts(centre, "ticket.referred") == []
    set_branch(nama, remote_tickets=True)
    fact = sent(centre, ticket, nama, "career", number=True)
    [told] = facts(nama, "ticket.received")
    assert (told["subject"], told["from_branch"]) == (fact.to_ticket, str(centre.branch.id))


@pytest.mark.parametrize(
    ("carries", "never", "code", "service"),
    [
        (["case_reference", "need_category"], [], True, True),
        (["need_category", "narrative"], ["narrative"], False, True),
        (["case_reference", "need_category"], ["need_category"], True, False),
    ],
)
def test_the_other_branch_is_told_what_the_rule_carries_and_nothing_else(
    centre: Hall, nama: Hall, carries: list[str], never: list[str], code: bool, service: bool
) -> None:
    ticket = came(centre, "guide")
    set_rule(centre, RULE | {"carries": carries, "never_carries": never})
    set_branch(nama, remote_tickets=True)
    fact = sent(centre, ticket, nama, "career", number=True)
    [told] = facts(nama, "ticket.received")
    told.pop("subject")
    assert told == {
        "code": fact.to_code,
        "from_branch": str(centre.branch.id),
        "from_code": ticket.code if code else None,
        "from_service": "guide" if service else None,
    }
    given = nama.db.read_now(line.ticket, nama.branch.id, UUID(fact.to_ticket))
    said = ReceivedView(ticket.code if code else "", names(centre, "guide") if service else {}, centre.branch.names)
    assert nama.db.read_now(received, given) == said


def test_a_branch_with_protected_services_is_not_named_where_it_sends_visitors(centre: Hall, nama: Hall) -> None:
    aman = enter(centre.db, "aman")
    ticket = came(aman, "protection-intake")
    set_branch(nama, remote_tickets=True)
    fact = sent(aman, ticket, nama, "career", number=True)
    said = nama.db.read_now(received, nama.db.read_now(line.ticket, nama.branch.id, UUID(fact.to_ticket)))
    assert said is not None
    assert said.branch == {}
    assert said.service == aman.branch.service("protection-intake").listed_names
    assert said.service != names(aman, "protection-intake")


@pytest.mark.parametrize("closed", ["night", "unknown service"])
def test_a_refused_referral_leaves_nothing(centre: Hall, nama: Hall, clock: FrozenClock, closed: str) -> None:
    set_branch(nama, remote_tickets=True)
    ticket = came(centre, "guide")
    wanted: type[DomainError] = Refused
    if closed == "night":
        clock.set(clock.now().replace(hour=17))
    else:
        wanted = Missing
    order = Referral(
        branch_id=centre.branch.id,
        ticket_id=ticket.id,
        to_branch_id=nama.branch.id,
        to_service_id=nama.service("career") if closed == "night" else centre.service("guide"),
        number=True,
        consent=True,
        actor=CLERK,
    )
    with pytest.raises(wanted):
        nama.db.write_now(refer, order)
    assert facts(centre, "ticket.referred") == facts(nama, "ticket.issued") == []
