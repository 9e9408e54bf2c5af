"""A visitor is sent on to a service, here or at another branch: with a number there, or with a slip that says how.

A referral is a fact and no row. It holds no text, so nothing personal can be passed on; between branches the
organisation's rule says whether the visitor must agree, and what the other branch is told with the number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from uuid import UUID

from ..core.errors import Missing, Refused
from ..core.facts.tickets import TicketReceived, TicketReferred
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.queries import line
from ..store.queries.line import TicketView
from ..store.queries.referrals import REFERRED, can_be_referred, referrals_of
from ..store.queries.settings import BranchSettings, ServiceView, branch_settings
from .day import in_session
from .tickets import TicketOrder, give_number


@dataclass(frozen=True, slots=True)
class Referral:
    """Whom to send where; `number`: a number there is wanted; `consent`: staff record that the visitor agrees."""

    branch_id: UUID
    ticket_id: UUID
    to_branch_id: UUID
    to_service_id: UUID
    number: bool
    consent: bool
    actor: Actor


def refer(tx: Tx, wanted: Referral) -> TicketReferred:
    """Send the visitor of a ticket on; the ticket itself stays as it is. A second press changes nothing.

    Raises Missing with "ticket", "branch" or "service"; Refused with "referral-visit-over", "referral-to-itself",
    "referral-no-rule", "referral-no-consent"; for a number what `tickets.issue_ticket` raises. Give it to
    `Database.write`, because it may lock two branches.
    """
    with _sessions(tx, {wanted.branch_id, wanted.to_branch_id}) as locks:
        here, there = locks[wanted.branch_id], locks[wanted.to_branch_id]
        settings = branch_settings(tx, here.id, here.config_version)
        ticket = line.ticket(tx, here.id, wanted.ticket_id)
        if not can_be_referred(settings, ticket, tx.now):
            raise Refused("referral-visit-over", code=ticket.code)
        other = branch_settings(tx, there.id, there.config_version)
        service = _service(other, wanted.to_service_id, there)
        _obey_rule(settings, ticket, wanted)
        for known in referrals_of(tx, ticket):
            same = (known.to_branch or str(here.id), known.to_service) == (str(there.id), service.slug)
            if same and (known.to_ticket is not None or not wanted.number):
                return known
        given = _number(there, other, service, ticket, wanted) if wanted.number else None
        fact = TicketReferred(
            subject=str(ticket.id),
            code=ticket.code,
            to_branch=str(there.id) if other.id != settings.id else None,
            to_service=service.slug,
            to_ticket=str(given.id) if given else None,
            to_code=given.code if given else None,
            consent=wanted.consent,
        )
        here.append(fact, wanted.actor)
        if given is not None:
            there.append(_received(settings, other, ticket, given), wanted.actor)
        return fact


@contextmanager
def _sessions(tx: Tx, branches: set[UUID]) -> Iterator[Mapping[UUID, Locked]]:
    with ExitStack() as stack:
        yield {branch_id: stack.enter_context(in_session(tx, branch_id)) for branch_id in sorted(branches)}


def _service(other: BranchSettings, service_id: UUID, there: Locked) -> ServiceView:
    service = other.services.get(service_id)
    if other.is_retired(there.tx.now):
        raise Missing("branch")
    if service is None or other.is_over(service_id, other.timetable.business_date(there.tx.now)):
        raise Missing("service")
    return service


def _obey_rule(settings: BranchSettings, ticket: TicketView, wanted: Referral) -> None:
    if wanted.to_branch_id == settings.id:
        if wanted.to_service_id == ticket.service_id:
            raise Refused("referral-to-itself")
        return
    rule = settings.organisation.referrals
    if rule is None:
        raise Refused("referral-no-rule")
    if rule.needs_consent and not wanted.consent:
        raise Refused("referral-no-consent")


def _number(
    there: Locked, other: BranchSettings, service: ServiceView, ticket: TicketView, wanted: Referral
) -> TicketView:
    elsewhere = wanted.branch_id != there.id
    if elsewhere and not service.walk_in and service.by_reception:
        # Its reception gives them, and nobody here is of that reception.
        raise Refused("number-by-reception")
    order = TicketOrder(
        branch_id=there.id,
        service_id=service.id,
        language=ticket.language if ticket.language in other.languages else other.default_language,
        source=REFERRED,
        actor=wanted.actor,
        remote=elsewhere,
    )
    return give_number(there, order).ticket


def _received(settings: BranchSettings, other: BranchSettings, ticket: TicketView, given: TicketView) -> TicketReceived:
    rule = settings.organisation.referrals
    told = None if other.id == settings.id or rule is None else rule.passes_on
    return TicketReceived(
        subject=str(given.id),
        code=given.code,
        from_branch=str(settings.id) if other.id != settings.id else None,
        from_code=ticket.code if told is None or "case_reference" in told else None,
        from_service=settings.services[ticket.service_id].slug if told is None or "need_category" in told else None,
    )
