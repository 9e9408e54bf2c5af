"""Send a visitor from a counter to another service, counter or person, or back to the counter that sent them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ..core.errors import Missing, Refused
from ..core.facts.tickets import TicketTransferred
from ..core.tickets import HANDED_ON, Step
from ..store.database import Tx
from ..store.log import Locked
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings, CounterView, ServiceView, branch_settings
from . import given_services
from .calling import with_current
from .counters import Desk
from .raising import raised_by_service
from .reserving import reserve
from .steps import AFRESH, FOR_ALL, move


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a visitor goes: to a service (None: the same), and there to one counter or person only, if one is named.

    `back` is to the counter that sent them, for the service that they were there for.
    """

    service_id: UUID | None = None
    counter_id: UUID | None = None
    staff_id: UUID | None = None
    back: bool = False


def transfer(tx: Tx, desk: Desk, goal: Goal) -> TicketView:
    """Transfer the visitor at the counter with the same code and anchor, so that the time waited counts.

    Raises Missing("service"), Refused with "transfer-to-itself" or "transfer-nowhere-back", and what `reserve` raises.
    """

    def step(lock: Locked, counter: CounterView, ticket: TicketView) -> TicketView:
        settings = branch_settings(tx, lock.id, lock.config_version)
        to = _back(ticket) if goal.back else goal
        service = _service(settings, ticket, to, tx)
        alone = to.counter_id is not None or to.staff_id is not None
        if (
            to.counter_id == counter.id
            or to.staff_id == desk.staff_id
            or (service.id == ticket.service_id and not alone)
        ):
            raise Refused("transfer-to-itself")
        sent = {"sent_counter_id": counter.id, "sent_service_id": ticket.service_id}
        place = {"counter_id": None, "service_id": service.id, "queue_id": service.queue_id}
        ticket = given_services.end(lock, ticket, HANDED_ON, goes_on=True)
        moved = move(tx, ticket, Step.TRANSFER, **place, **AFRESH, **FOR_ALL, **sent)
        fact = TicketTransferred(
            subject=str(ticket.id),
            code=ticket.code,
            counter=str(counter.id),
            from_queue=settings.queues[ticket.queue_id].slug,
            to_queue=settings.queues[service.queue_id].slug,
            to_service=service.slug,
        )
        lock.append(fact, desk.actor)
        raised = raised_by_service(lock, settings, moved, desk.actor)
        return reserve(lock, settings, raised, to.counter_id, to.staff_id, desk.actor) if alone else raised

    return with_current(tx, desk, step)


def _back(ticket: TicketView) -> Goal:
    if ticket.sent_counter_id is None:
        raise Refused("transfer-nowhere-back", code=ticket.code)
    return Goal(ticket.sent_service_id, ticket.sent_counter_id)


def _service(settings: BranchSettings, ticket: TicketView, goal: Goal, tx: Tx) -> ServiceView:
    service = settings.services.get(goal.service_id or ticket.service_id)
    if service is None or settings.is_over(service.id, settings.timetable.business_date(tx.now)):
        raise Missing("service")
    return service
