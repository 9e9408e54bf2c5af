"""Referrals of visitors to other services, as the logs tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from ...core.facts.tickets import TicketReceived, TicketReferred
from ...core.tickets import TicketState
from ..database import Tx
from .line import TicketView
from .offering import has_hidden_services
from .settings import BranchSettings, Names, ServiceView, branch_settings
from .told import told_of

#: The source of a number that was given on a referral.
REFERRED: Final = "referral"

# After these a visitor has gone without being seen, so nobody can send them on.
_GONE: Final = frozenset({TicketState.LEFT, TicketState.NO_SHOW, TicketState.VOID})


@dataclass(frozen=True, slots=True)
class ReceivedView:
    """Where a visitor was sent from: the number and the service there, and the names of the other branch.

    Empty is what the rule does not pass on, the names of a branch that must not be named, and those of this branch.
    """

    code: str
    service: Names
    branch: Names


def can_be_referred(settings: BranchSettings, ticket: TicketView, now: datetime) -> bool:
    """Whether the visitor of a ticket is here today, or was seen today."""
    return ticket.state not in _GONE and not settings.timetable.session_over(ticket.business_date, now)


def gives_number(there: BranchSettings, service: ServiceView, now: datetime, *, elsewhere: bool) -> bool:
    """Whether a number for a service can be given now to a visitor who stands at this branch, or `elsewhere`.

    Elsewhere as for everybody outside the hall: those who are there come first (docs/decisions/0010).
    """
    if elsewhere and not there.remote_tickets:
        return False
    gives = service.walk_in or (service.by_reception and not elsewhere)
    return gives and there.gives_numbers(service.id, now)


def referrals_of(tx: Tx, ticket: TicketView) -> list[TicketReferred]:
    """The referrals of a ticket's visitor, the oldest first."""
    return [fact for fact in told_of(tx, ticket, TicketReferred.kind) if isinstance(fact, TicketReferred)]


def received(tx: Tx, ticket: TicketView) -> ReceivedView | None:
    """Where the visitor of a ticket was sent from; None for one who came by themselves."""
    fact = next(iter(told_of(tx, ticket, TicketReceived.kind)), None)
    if not isinstance(fact, TicketReceived):
        return None
    settings = branch_settings(tx, UUID(fact.from_branch) if fact.from_branch else ticket.branch_id)
    service = next((one for one in settings.services.values() if one.slug == fact.from_service), None)
    return ReceivedView(
        code=fact.from_code or "",
        service=service.listed_names if service else {},
        # The name of a branch with protected services tells what somebody came for.
        branch={} if fact.from_branch is None or has_hidden_services(settings) else settings.names,
    )
