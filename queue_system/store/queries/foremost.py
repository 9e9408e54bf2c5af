"""The tickets among which the calling rule decides, found without reading the whole line.

Among tickets of one weight, all with an appointment or all without, whoever has the smaller anchor (of equal ones the smaller
id) comes first in every order that the rule looks at: by V, by V without the guard, and by anchors, because V grows with the wait
and an appointment that is callable is no later than one that is not. So of each such kind only the first can be called next, or be
the reason of that call. A kind is here everything that a narrowing before the rule may look at besides (a calling profile, a
clerk's skills and languages): queue, service, class, language, and whether the ticket has an appointment. Those who are singled
out are all read: who were passed over, or are reserved for one counter or person. Tests compare calls among these with calls among
all (`tests/kit/foremost.py`).

The database goes from kind to kind by an index, so a line of two thousand costs as much as one of a hundred.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core.dispatch import Waiting
from ..database import Tx
from ..prepared import Prepared
from ..tables import Ticket, table
from .line import COLUMNS, NO_SKILLS, TicketView, as_view, as_waiting, skills_needed, weight_of
from .settings import BranchSettings

TICKET = table(Ticket)
NOBODY: Final = UUID(int=0)

_KIND: Final = ("service_id", "priority", "language")
# Literals instead of parameters, because only then do the databases use the partial indexes.
_WAITING: Final[sa.ColumnElement[Any]] = sa.literal_column("'waiting'")
_NONE: Final[sa.ColumnElement[Any]] = sa.literal_column("0")
_ONE: Final[sa.ColumnElement[Any]] = sa.literal_column("1")
_BRANCH: Final = sa.bindparam("branch", type_=TICKET.c.branch_id.type)
_NEXT: Final = TICKET.alias("next")
_ITSELF: Final = TICKET.alias("itself")


@dataclass(frozen=True, slots=True)
class FirstView:
    """The first ticket of a kind in line."""

    id: UUID
    queue_id: UUID
    service_id: UUID
    priority: str
    language: str
    anchor_at: datetime
    booked: bool


@dataclass(frozen=True, slots=True)
class Foremost:
    """Whoever can be called next from some queues: the first of each kind, and those who are singled out."""

    firsts: Sequence[FirstView]
    singled_out: Sequence[TicketView]

    def waiting(self, settings: BranchSettings, without: UUID | None = None) -> list[Waiting]:
        """They as values of the calling rule, without the ticket `without`."""
        needed = skills_needed(settings)
        firsts = [
            Waiting(
                ticket_id=one.id,
                queue_id=one.queue_id,
                priority=one.priority,
                weight=weight_of(settings, one.priority),
                anchor_at=one.anchor_at,
                appointment=one.booked,
                skills=needed.get(one.service_id, NO_SKILLS),
                language=one.language,
            )
            for one in self.firsts
        ]
        return firsts + as_waiting((one for one in self.singled_out if one.id != without), settings)


def foremost(tx: Tx, branch_id: UUID, queues: Sequence[UUID], without: UUID | None = None) -> Foremost:
    """Whoever can be called next from `queues`; the ticket `without` counts as no first of a kind."""
    if not queues:
        return Foremost((), ())
    firsts, singled_out = _statements(len(queues))
    served = {"branch": branch_id, **{f"queue_{place}": queue for place, queue in enumerate(queues)}}
    tx.foresee((singled_out, served))
    return Foremost(tx.rows(firsts, {**served, "without": without or NOBODY}), tx.rows(singled_out, served))


@functools.cache
def _statements(count: int) -> tuple[Prepared, Prepared]:
    """The statements for so many queues: the firsts, and those who are singled out."""
    queues = [sa.bindparam(f"queue_{place}", type_=TICKET.c.queue_id.type) for place in range(count)]
    served = sa.union_all(*(sa.select(queue.label("queue_id")) for queue in queues)).cte("served")
    firsts = sa.union_all(*(_firsts(served, booked=booked) for booked in (False, True)))
    singled_out = sa.select(*COLUMNS).where(
        TICKET.c.branch_id == _BRANCH,
        TICKET.c.queue_id.in_(queues),
        TICKET.c.state == _WAITING,
        (TICKET.c.aside > _NONE) | TICKET.c.reserved_until_at.is_not(None),
    )
    return Prepared(firsts, _as_first), Prepared(singled_out.order_by(TICKET.c.anchor_at, TICKET.c.id), as_view)


def _firsts(served: sa.CTE, *, booked: bool) -> sa.Select[Any]:
    """The first ticket of each kind: that of the first kind of a queue, then always that of the next kind."""
    first = sa.select(served.c.queue_id, _first(booked, served.c.queue_id).correlate(served).label("id"))
    found = first.cte("booked" if booked else "numbers", recursive=True)
    following = _of_next_kind(found, booked=booked)
    # Where a queue has no further kind, the last id is NULL.
    found = found.union_all(sa.select(found.c.queue_id, following.label("id")).where(found.c.id.is_not(None)))
    values = [_value(found, name).label(name) for name in (*_KIND, "anchor_at")]
    is_booked = (_ONE if booked else _NONE).label("booked")
    return sa.select(found.c.id, found.c.queue_id, *values, is_booked).where(found.c.id.is_not(None))


def _value(found: sa.CTE, name: str) -> sa.ScalarSelect[Any]:
    """A value of the ticket that was found, by its key and not by a join: for a join a server may read all of the day."""
    of_it = sa.select(_ITSELF.c[name]).where(_ITSELF.c.branch_id == _BRANCH, _ITSELF.c.id == found.c.id)
    return of_it.correlate(found).scalar_subquery()


def _of_next_kind(found: sa.CTE, *, booked: bool) -> sa.ColumnElement[UUID]:
    """The first ticket of the next language, or else of the next class, or else of the next service.

    Not a comparison of rows, because SQLite begins with the rows that are equal and reads the whole kind once more.
    """
    next_ones = []
    for place in reversed(range(len(_KIND))):
        same = [_NEXT.c[name] == _value(found, name) for name in _KIND[:place]]
        later = _NEXT.c[_KIND[place]] > _value(found, _KIND[place])
        next_ones.append(_first(booked, found.c.queue_id, *same, later).correlate(found))
    return sa.func.coalesce(*next_ones)


def _first(booked: bool, queue_id: sa.ColumnElement[UUID], *kinds: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    """The first ticket of the first of these kinds in a queue."""
    return (
        sa.select(_NEXT.c.id)
        .where(
            _NEXT.c.branch_id == _BRANCH,
            _NEXT.c.queue_id == queue_id,
            _NEXT.c.state == _WAITING,
            _NEXT.c.aside == _NONE,
            _NEXT.c.reserved_until_at.is_(None),
            _NEXT.c.booking_id.is_not(None) if booked else _NEXT.c.booking_id.is_(None),
            _NEXT.c.id != sa.bindparam("without", type_=TICKET.c.id.type),
            *kinds,
        )
        .order_by(*(_NEXT.c[name] for name in (*_KIND, "anchor_at", "id")))
        # Not as a parameter, because a server plans a prepared statement for any value of it.
        .limit(_ONE)
        .scalar_subquery()
    )


def _as_first(row: Any) -> FirstView:
    return FirstView(row.id, row.queue_id, row.service_id, row.priority, row.language, row.anchor_at, bool(row.booked))
