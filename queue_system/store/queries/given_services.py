"""The services that were given in a visit, with the times of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..database import AnyRow, Tx
from ..prepared import Prepared
from ..tables import GivenService, table
from .line import TicketView

GIVEN = table(GivenService)


@dataclass(frozen=True, slots=True)
class GivenView:
    """One service of a visit; without `ended_at` it is given now. Instants in UTC."""

    service_id: UUID
    counter_id: UUID
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None


def _view(row: AnyRow) -> GivenView:
    return GivenView(*row)


_OF_TICKET = Prepared(
    sa.select(*(GIVEN.c[name] for name in GivenView.__slots__))
    .where(GIVEN.c.branch_id == sa.bindparam("branch"), GIVEN.c.ticket_id == sa.bindparam("ticket"))
    .order_by(GIVEN.c.n),
    _view,
)


def given_services(tx: Tx, ticket: TicketView) -> list[GivenView]:
    """The services of a visit in their order; none of a visit of one service, whose ticket says the same."""
    if not ticket.services_given:
        return []
    return list(tx.rows(_OF_TICKET, {"branch": ticket.branch_id, "ticket": ticket.id}))
