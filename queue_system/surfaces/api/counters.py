"""Actions of a clerk's program at a counter: the same as on the desk's page, with the same `expected`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request

from ...actions import breaks, calling, counters, transferring
from ...actions.counters import Desk
from ...actions.raising import raise_ticket
from ...actions.sessions import SESSION_IDLE
from ...actions.ticket_notes import note_for_next
from ...actions.transferring import Goal
from ...core.errors import Invalid, Missing, Refused
from ...core.rights import DESK_RIGHTS, RAISE_RIGHTS
from ...core.tickets import AT_COUNTER
from ...store.database import Tx
from ...store.queries import line
from ...store.queries.desk import HolderView, desk_view, holders, who_sits
from ...store.queries.line import TicketView
from ...store.queries.settings import BranchSettings, CounterView
from ...store.queries.ticket_notes import TicketNoteView
from ...web.addresses import address_key, service_at
from ...web.at_counter import AtCounter, at_counter
from ...web.departments import counters_for, in_use
from ...web.here import StaffAtBranch, staff_at_branch
from . import models
from .operation import Key, Operation
from .values import Asked, Nothing

COUNTER: Final = "/branches/{branch}/counters/{counter}"


async def list_counters(request: Request, _asked: Nothing) -> models.Counters:
    here = await staff_at_branch(request, DESK_RIGHTS)
    sitting = await here.read(holders, here.branch.id, SESSION_IDLE)
    usable = in_use(counters_for(here.person, here.branch, DESK_RIGHTS), here.branch, sitting, here.now)
    return models.Counters(
        branch=here.branch.slug, counters=[_counter(here, counter, sitting.get(counter.id)) for counter in usable]
    )


async def show(request: Request, _asked: Nothing) -> models.Desk:
    return await _desk(await at_counter(request))


async def sit(request: Request, _asked: Nothing) -> models.Desk:
    here = await at_counter(request)
    await here.write(counters.open_counter, here.desk())
    return await _desk(here)


async def leave(request: Request, _asked: Nothing) -> models.Desk:
    here = await at_counter(request)
    await here.write(counters.close_counter, here.desk())
    return await _desk(here)


async def pause(request: Request, asked: models.Break) -> models.Desk:
    here = await at_counter(request)
    await here.write(breaks.begin_break, here.desk(), asked.reason, asked.minutes)
    return await _desk(here)


async def resume(request: Request, _asked: Nothing) -> models.Desk:
    here = await at_counter(request)
    await here.write(breaks.end_break, here.desk())
    return await _desk(here)


# ---------------------------------------------------------------- what is done with tickets

Do = Callable[[Tx, Desk, BranchSettings, Any], TicketView | None]


def act(resource: str, do: Do) -> Callable[[Request, Any], Awaitable[models.Done]]:
    """The handler of one action at a counter."""

    async def handler(request: Request, asked: Asked) -> models.Done:
        here = await at_counter(request)
        here.require(resource)
        ticket = await here.write(do, here.desk(getattr(asked, "expected", None)), here.branch, asked)
        return models.Done(
            ticket=_ticket(here.branch, ticket) if ticket else None,
            expected=ticket.id if ticket and ticket.state in AT_COUNTER else None,
        )

    return handler


def _call(tx: Tx, desk: Desk, _branch: BranchSettings, asked: models.CallAct) -> TicketView | None:
    if asked.ticket:
        return calling.call_ticket(tx, desk, asked.ticket, asked.current, asked.reason)
    return calling.call_next(tx, desk, asked.current, asked.seen)


def _recall(tx: Tx, desk: Desk, _branch: BranchSettings, _asked: models.Act) -> TicketView:
    return calling.recall(tx, desk)


def _start(tx: Tx, desk: Desk, _branch: BranchSettings, _asked: models.Act) -> TicketView:
    return calling.start_serving(tx, desk)


def _finish(tx: Tx, desk: Desk, _branch: BranchSettings, asked: models.FinishAct) -> TicketView:
    return calling.finish(tx, desk, asked.outcome)


def _absent(tx: Tx, desk: Desk, _branch: BranchSettings, _asked: models.Act) -> TicketView:
    return calling.mark_absent(tx, desk)


def _park(tx: Tx, desk: Desk, _branch: BranchSettings, _asked: models.Act) -> TicketView:
    return calling.park(tx, desk)


def _transfer(tx: Tx, desk: Desk, branch: BranchSettings, asked: models.TransferAct) -> TicketView:
    counter = branch.counter(asked.to_counter).id if asked.to_counter else None
    service = service_at(branch, asked.service).id if asked.service else None
    if not (service or counter or asked.back):
        raise Invalid("service-not-chosen", "service")
    if not asked.to_person:
        return transferring.transfer(tx, desk, Goal(service, counter, back=asked.back))
    if counter is None:
        raise Missing("counter")
    if (person := who_sits(tx, branch.id, counter)) is None:
        raise Refused("reserve-closed")
    return transferring.transfer(tx, desk, Goal(service, staff_id=person))


def _next_service(tx: Tx, desk: Desk, branch: BranchSettings, asked: models.ServiceAct) -> TicketView:
    return calling.next_service(tx, desk, service_at(branch, asked.service).id, corrects=asked.corrects)


def _note(tx: Tx, desk: Desk, _branch: BranchSettings, asked: models.NoteAct) -> TicketView:
    return note_for_next(tx, desk, asked.text)[0]


def _return(tx: Tx, desk: Desk, _branch: BranchSettings, asked: models.Return) -> TicketView:
    return calling.resume(tx, desk.branch_id, asked.ticket, desk.actor)


def _take_back(tx: Tx, desk: Desk, _branch: BranchSettings, _asked: models.Act) -> TicketView | None:
    return calling.take_back(tx, desk)


async def lift(request: Request, asked: models.Raise) -> models.Done:
    """Raise a ticket to a heavier class; for staff who call visitors or receive them."""
    here = await staff_at_branch(request, RAISE_RIGHTS)
    found = await here.read(line.ticket, here.branch.id, asked.ticket)
    if found.service_id not in here.services(RAISE_RIGHTS):
        raise Missing("ticket")
    ticket = await here.do(raise_ticket, asked.ticket, asked.priority, asked.reason, here.actor)
    return models.Done(ticket=_ticket(here.branch, ticket), expected=None)


# ---------------------------------------------------------------- inside


async def _desk(here: AtCounter) -> models.Desk:
    branch = here.branch
    view = await here.read(desk_view, branch.id, here.counter.slug, SESSION_IDLE)
    waiting = {ticket.id: ticket for ticket in view.waiting}
    counter = _counter(here, here.counter, view.holder)
    return models.Desk(
        counter=counter,
        current=_ticket(branch, view.current) if view.current else None,
        waiting=len(view.waiting),
        line=[_ticket(branch, waiting[choice.ticket_id]) for choice in view.order],
        parked=[_ticket(branch, ticket) for ticket in view.parked],
        missed=[_ticket(branch, ticket) for ticket in view.missed],
        # They are read for whoever sits there, and for nobody else who may look at the counter.
        notes=[_noted(branch, one) for one in view.notes] if counter.mine else [],
    )


def _noted(branch: BranchSettings, note: TicketNoteView) -> models.Note:
    return models.Note(text=note.text, by=note.by, at=note.at.astimezone(branch.zone), own=note.own)


def _counter(here: StaffAtBranch, counter: CounterView, holder: HolderView | None) -> models.Counter:
    return models.Counter(
        counter=counter.slug,
        number=counter.number,
        names=counter.names,
        queues=[here.branch.queues[queue_id].slug for queue_id in counter.queues],
        open=holder is not None,
        mine=holder is not None and holder.staff_id == here.person.id,
    )


def _ticket(branch: BranchSettings, ticket: TicketView) -> models.DeskTicket:
    zone = branch.calendar.zone
    return models.DeskTicket(
        id=ticket.id,
        code=ticket.code,
        state=ticket.state,
        queue=branch.queues[ticket.queue_id].slug,
        service=address_key(branch.services[ticket.service_id]),
        priority=ticket.priority,
        appointment=ticket.booking_id is not None,
        issued_at=ticket.issued_at.astimezone(zone),
        anchor_at=ticket.anchor_at.astimezone(zone),
        calls=ticket.calls,
        called_at=ticket.called_at.astimezone(zone) if ticket.called_at else None,
        started_at=ticket.started_at.astimezone(zone) if ticket.started_at else None,
    )


# Resource, the key of its description, the action, and the model of its body.
ACTS: Final[tuple[tuple[str, str, Do, type[Asked]], ...]] = (
    ("calls", "api.call", _call, models.CallAct),
    ("recalls", "api.recall", _recall, models.Act),
    ("starts", "api.start", _start, models.Act),
    ("finishes", "api.finish", _finish, models.FinishAct),
    ("absences", "api.absent", _absent, models.Act),
    ("parkings", "api.park", _park, models.Act),
    ("transfers", "api.transfer", _transfer, models.TransferAct),
    ("services", "api.next-service", _next_service, models.ServiceAct),
    ("notes", "api.note", _note, models.NoteAct),
    ("returns", "api.return", _return, models.Return),
    ("take-backs", "api.take-back", _take_back, models.Act),
)


def _operation(
    method: str, path: str, words: str, handler: Callable[[Request, Any], Awaitable[Any]], gives: Any, **rest: Any
) -> Operation:
    return Operation(method, path, words, handler, gives, key=Key.STAFF, **rest)


operations = [
    _operation(
        "POST", "/branches/{branch}/raises", "api.raise", lift, models.Done, takes=models.Raise, refusals=(409,)
    ),
    _operation("GET", "/branches/{branch}/counters", "api.list-counters", list_counters, models.Counters),
    _operation("GET", COUNTER, "api.show-counter", show, models.Desk),
    _operation("POST", f"{COUNTER}/sitting", "api.sit-down", sit, models.Desk, refusals=(409,)),
    _operation("DELETE", f"{COUNTER}/sitting", "api.stand-up", leave, models.Desk, refusals=(409,)),
    _operation("POST", f"{COUNTER}/breaks", "api.begin-break", pause, models.Desk, takes=models.Break, refusals=(409,)),
    _operation("DELETE", f"{COUNTER}/breaks", "api.end-break", resume, models.Desk, refusals=(409,)),
    *(
        _operation("POST", f"{COUNTER}/{resource}", words, act(resource, do), models.Done, takes=takes, refusals=(409,))
        for resource, words, do, takes in ACTS
    ),
]
