"""A number that should not have been given is taken out of the line, with a reason that the log keeps."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ..core import tickets
from ..core.errors import Denied, Refused
from ..core.facts.tickets import TicketVoided
from ..core.reasons import VOID_REASONS
from ..core.rights import VOID_RIGHTS
from ..core.tickets import Step
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries import line
from ..store.queries.access import staff_by_id
from ..store.queries.line import TicketView
from ..store.queries.settings import branch_settings
from ..store.tables import Ticket, table
from . import approvals, families
from .day import in_session

TICKET = table(Ticket)
ACTION: Final = "void-ticket"


def void_ticket(
    tx: Tx, branch_id: UUID, ticket_id: UUID, reason: str, actor: Actor, *, approved: bool = False
) -> TicketView:
    """Void a waiting or parked ticket; `reason` is one of VOID_REASONS. `approved` says that a second person has agreed.

    Raises Missing("ticket"), IllegalTransition in other states, and Refused: "void-reason-unknown"; "void-of-appointment",
    because an appointment would be lost with its number; "void-after-call" without a second person, because the hall has
    heard the number.
    """
    with in_session(tx, branch_id) as lock:
        ticket = line.ticket(tx, branch_id, ticket_id)
        state = tickets.after(ticket.state, Step.VOID)
        if reason not in VOID_REASONS:
            raise Refused("void-reason-unknown")
        if ticket.booking_id is not None:
            raise Refused("void-of-appointment", code=ticket.code)
        if ticket.called_at is not None and not approved:
            raise Refused("void-after-call", code=ticket.code)
        families.release_members(lock, branch_settings(tx, branch_id, lock.config_version), ticket, actor)
        tx.execute(
            sa.update(TICKET)
            .where(TICKET.c.branch_id == branch_id, TICKET.c.id == ticket_id)
            .values(state=state.value, ended_at=tx.now)
        )
        lock.append(TicketVoided(subject=str(ticket_id), code=ticket.code, reason=reason), actor)
        return line.ticket(tx, branch_id, ticket_id)


def ask_to_void(tx: Tx, branch_id: UUID, ticket_id: UUID, reason: str, actor: Actor) -> UUID:
    """Ask a second person for what `void_ticket` refused; returns the id of the request."""
    code = line.ticket(tx, branch_id, ticket_id).code
    params = {"at": str(branch_id), "ticket": str(ticket_id), "code": code, "void": reason}
    return approvals.ask(tx, branch_id, ACTION, params, actor)


def void_approved(tx: Tx, params: dict[str, Any], actor: Actor) -> None:
    """Void the ticket of a request, with the rights that the person has now.

    Raises Denied, and what `void_ticket` raises, where the visitor was called meanwhile.
    """
    branch_id, ticket_id = UUID(params["at"]), UUID(params["ticket"])
    person, branch = staff_by_id(tx, UUID(actor.id)), branch_settings(tx, branch_id)
    department = branch.departments[branch.services[line.ticket(tx, branch_id, ticket_id).service_id].department_id]
    allowed = person.departments(VOID_RIGHTS, branch_id) if person is not None else ()
    if allowed is not None and department.slug not in allowed:
        raise Denied("not-allowed")
    void_ticket(tx, branch_id, ticket_id, params["void"], actor, approved=True)
