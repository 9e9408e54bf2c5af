"""The services that are really given in one visit, each with its own times, for actions that have locked the branch.

Rows are written only for a visit with several services or stretches, so that an ordinary visit costs nothing more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..core.errors import Missing, Refused
from ..core.facts.tickets import TicketServiceBegun
from ..core.tickets import FOLLOWED, TicketState
from ..store.log import Actor, Locked
from ..store.queries.given_services import given_services
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings, CounterView
from ..store.tables import GivenService, Ticket, table

GIVEN = table(GivenService)
TICKET = table(Ticket)


def begin_next(
    lock: Locked,
    settings: BranchSettings,
    counter: CounterView,
    ticket: TicketView,
    service_id: UUID,
    actor: Actor,
    *,
    corrects: bool,
) -> TicketView:
    """The service that is given from now on; with `corrects` it takes the place of the one that is given.

    Raises Missing("service"), Refused with "service-not-begun" or "service-given-already".
    """
    service = settings.services.get(service_id)
    if service is None or settings.is_over(service_id, settings.timetable.business_date(lock.now)):
        raise Missing("service")
    if ticket.state is not TicketState.SERVING or ticket.started_at is None:
        raise Refused("service-not-begun", code=ticket.code)
    given = given_services(lock.tx, ticket)
    current = given[-1] if given and given[-1].ended_at is None else None
    if service_id == (current.service_id if current else ticket.service_id):
        raise Refused("service-given-already", code=ticket.code)
    n = len(given)
    if current is None:
        n += 1
        _add(lock, counter, ticket, n, service_id if corrects else ticket.service_id, ticket.started_at)
    elif corrects:
        _change(lock, ticket, n, service_id=service_id)
    if not corrects:
        _change(lock, ticket, n, ended_at=lock.now, outcome=FOLLOWED)
        n += 1
        _add(lock, counter, ticket, n, service_id, lock.now)
    fact = TicketServiceBegun(
        subject=str(ticket.id), code=ticket.code, counter=str(counter.id), service=service.slug, corrected=corrects
    )
    lock.append(fact, actor)
    return _counted(lock, ticket, n)


def end(lock: Locked, ticket: TicketView, outcome: str, *, goes_on: bool = False) -> TicketView:
    """The service that is given ends as the visit does; `goes_on`: the visit does not end, so its stretch is kept."""
    if ticket.started_at is None or not (ticket.services_given or goes_on):
        return ticket
    given = given_services(lock.tx, ticket)
    n = len(given)
    if given and given[-1].ended_at is None:
        _change(lock, ticket, n, ended_at=lock.now, outcome=outcome)
    else:
        n += 1
        values = {"service_id": ticket.service_id, "counter_id": ticket.counter_id, "started_at": ticket.started_at}
        ended = {"ended_at": lock.now, "outcome": outcome}
        lock.tx.execute(sa.insert(GIVEN), {"branch_id": lock.id, "ticket_id": ticket.id, "n": n, **values, **ended})
    return _counted(lock, ticket, n)


def put_back(lock: Locked, ticket: TicketView, again: TicketView, pressed_at: datetime) -> None:
    """Undo what a press at `pressed_at` did to the services of a visit: `ticket` before it was taken back, `again` after."""
    if not ticket.services_given:
        return
    here = GIVEN.c.branch_id == lock.id, GIVEN.c.ticket_id == ticket.id
    lock.tx.execute(sa.delete(GIVEN).where(*here, GIVEN.c.n > again.services_given))
    lock.tx.execute(
        sa.update(GIVEN)
        .where(*here, GIVEN.c.n == again.services_given, GIVEN.c.ended_at == pressed_at)
        .values(ended_at=None, outcome=None)
    )


# ---------------------------------------------------------------- inside


def _add(lock: Locked, counter: CounterView, ticket: TicketView, n: int, service_id: UUID, since: datetime) -> None:
    row = {"branch_id": lock.id, "ticket_id": ticket.id, "n": n, "service_id": service_id}
    lock.tx.execute(sa.insert(GIVEN), row | {"counter_id": counter.id, "started_at": since})


def _change(lock: Locked, ticket: TicketView, n: int, **values: object) -> None:
    here = GIVEN.c.branch_id == lock.id, GIVEN.c.ticket_id == ticket.id, GIVEN.c.n == n
    lock.tx.execute(sa.update(GIVEN).where(*here).values(**values))


def _counted(lock: Locked, ticket: TicketView, n: int) -> TicketView:
    """The ticket with the number of its services, which the database keeps beside it."""
    if n != ticket.services_given:
        here = TICKET.c.branch_id == lock.id, TICKET.c.id == ticket.id
        lock.tx.execute(sa.update(TICKET).where(*here).values(services_given=n))
    return replace(ticket, services_given=n)
