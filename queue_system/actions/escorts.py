"""Somebody of the staff goes to fetch a visitor who was called, where the service says that visitors are fetched."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Missing, Refused
from ..core.facts.tickets import TicketFetched
from ..core.tickets import TicketState
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries import line
from ..store.queries.escorts import last_call
from ..store.queries.settings import branch_settings
from ..store.tables import Call, table
from .day import in_session

CALL = table(Call)


def take_escort(tx: Tx, branch_id: UUID, ticket_id: UUID, staff_id: UUID, actor: Actor) -> None:
    """Say that this person fetches the visitor of a ticket, for its last call; idempotent.

    Raises Missing("ticket"), also where visitors are not fetched, Refused("escort-not-called") unless the ticket is
    called, and Refused("escort-taken") where somebody else fetches already.
    """
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        ticket = line.ticket(tx, branch_id, ticket_id)
        if not settings.services[ticket.service_id].confidentiality.is_fetched:
            raise Missing("ticket")
        call = last_call(tx, branch_id, ticket.id) if ticket.state is TicketState.CALLED else None
        if call is None:
            raise Refused("escort-not-called", code=ticket.code)
        if call.fetched_by == staff_id:
            return
        if call.fetched_by is not None:
            raise Refused("escort-taken", code=ticket.code)
        here = (CALL.c.branch_id == lock.id) & (CALL.c.seq == call.seq)
        tx.execute(sa.update(CALL).where(here).values(fetched_by=staff_id))
        lock.append(TicketFetched(subject=str(ticket.id), code=ticket.code), actor)
