"""The numbers that are called with another one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core.errors import Refused
from ...core.one_time_codes import latin_digits
from ...core.tickets import OPEN, TicketState
from ..database import Tx
from ..prepared import Prepared
from ..tables import Ticket, table
from . import line
from .line import COLUMNS, TicketView, as_view
from .screens import is_kept_off
from .settings import BranchSettings

TICKET = table(Ticket)

#: A number is never typed longer than so.
LONGEST_NUMBER: Final = 12

# A literal condition, because only then do the databases use the partial index.
_JOINED = sa.text("ticket.joined_to IS NOT NULL")
_OF_DAY = (
    TICKET.c.branch_id == sa.bindparam("branch"),
    TICKET.c.business_date >= sa.bindparam("day"),
    _JOINED,
    TICKET.c.state == TicketState.VOID.value,
)
_ALL = Prepared(sa.select(*COLUMNS).where(*_OF_DAY).order_by(TICKET.c.issued_at, TICKET.c.id), as_view)
_OF_ONE = Prepared(
    sa.select(*COLUMNS)
    .where(*_OF_DAY, TICKET.c.joined_to == sa.bindparam("leader"))
    .order_by(TICKET.c.issued_at, TICKET.c.id),
    as_view,
)


def families(tx: Tx, settings: BranchSettings) -> dict[UUID, list[TicketView]]:
    """The numbers of the live days that are called with another one, by the id of that one, in the order of their coming."""
    found: dict[UUID, list[TicketView]] = {}
    for one in tx.rows(_ALL, _live(tx, settings)):
        found.setdefault(one.joined_to, []).append(one)
    return found


def members_of_family(tx: Tx, settings: BranchSettings, leader_id: UUID) -> list[TicketView]:
    """The numbers that are called with this one."""
    return list(tx.rows(_OF_ONE, _live(tx, settings) | {"leader": leader_id}))


def called_with(tx: Tx, ticket: TicketView) -> TicketView | None:
    """The number with which this one is called; None for one by itself."""
    return line.ticket(tx, ticket.branch_id, ticket.joined_to) if is_joined(ticket) and ticket.joined_to else None


def waiting_with_number(tx: Tx, settings: BranchSettings, typed: str) -> TicketView:
    """The waiting ticket with this number, as people type it: with digits of either kind, and in small letters.

    Raises Refused("family-unknown") where nobody waits with it.
    """
    code = latin_digits(typed).strip().upper()
    found = (one for one in line.in_hall(tx, settings) if one.state is TicketState.WAITING and one.code == code)
    if (ticket := next(found, None)) is None:
        raise Refused("family-unknown", code=code[:LONGEST_NUMBER])
    return ticket


def is_joined(ticket: TicketView) -> bool:
    """Whether it is called with another number. It is void as a line of its own, and nobody has voided it."""
    return ticket.joined_to is not None and ticket.state is TicketState.VOID


def codes_called_with(tx: Tx, settings: BranchSettings) -> dict[str, Sequence[str]]:
    """The codes of those who are called with another number and whom screens show, by the code of that number."""
    found = families(tx, settings)
    if not found:
        return {}
    # Of another day only those who are not gone, because a number of somebody who is gone may have been given again.
    today = settings.timetable.business_date(tx.now)
    statement = sa.select(TICKET.c.id, TICKET.c.code).where(
        TICKET.c.branch_id == settings.id,
        TICKET.c.id.in_(list(found)),
        (TICKET.c.business_date == today) | TICKET.c.state.in_([*OPEN, TicketState.NO_SHOW]),
    )
    return {row.code: shown_with(settings, found[row.id]) for row in tx.rows(statement)}


def shown_with(settings: BranchSettings, members: Iterable[TicketView]) -> Sequence[str]:
    """The codes of those members that screens show."""
    return tuple(one.code for one in members if not is_kept_off(settings, one.service_id, one.series_id))


def _live(tx: Tx, settings: BranchSettings) -> dict[str, Any]:
    return {"branch": settings.id, "day": settings.timetable.first_live_day(tx.now)}
