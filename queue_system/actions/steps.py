"""Moves a ticket to another state by compare-and-set, so that the result is right even where a lock was forgotten."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from ..core import tickets
from ..core.errors import Stale
from ..core.tickets import Step
from ..store.database import Tx
from ..store.prepared import Prepared
from ..store.queries.line import TicketView
from ..store.tables import Ticket, table

TICKET = table(Ticket)

# Values of a ticket that everybody may call.
FOR_ALL: Final[dict[str, Any]] = {"reserved_counter_id": None, "reserved_staff_id": None, "reserved_until_at": None}
# Values of a ticket whose visitor is at a counter, or has come back: missed calls are forgotten.
AFRESH: Final[dict[str, Any]] = {"calls": 0, "first_called_at": None, "skips": 0, "aside": 0}


def move(tx: Tx, ticket: TicketView, step: Step, **changes: Any) -> TicketView:
    """Move a ticket from the state that was read; returns it as it is now. Raises Stale where another was quicker."""
    state = tickets.after(ticket.state, step)
    new = {"state": state.value, **changes}
    values = {"branch": ticket.branch_id, "ticket": ticket.id, "before": ticket.state.value}
    moved = tx.execute(_moving(tuple(new)), values | {f"new_{name}": value for name, value in new.items()})
    if moved.rowcount != 1:
        raise Stale("ticket-moved", code=ticket.code)
    return replace(ticket, **changes | {"state": state})


@functools.cache
def _moving(columns: tuple[str, ...]) -> Prepared:
    """The update that sets these columns of a ticket that is in the state `before`."""
    return Prepared(
        sa.update(TICKET)
        .where(
            TICKET.c.branch_id == sa.bindparam("branch"),
            TICKET.c.id == sa.bindparam("ticket"),
            TICKET.c.state == sa.bindparam("before"),
        )
        .values({name: sa.bindparam(f"new_{name}", type_=TICKET.c[name].type) for name in columns})
    )
