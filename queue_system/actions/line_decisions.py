"""What becomes of people in line whom the settings no longer support: sent on, served, ended, or decided later."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from ..core.bookings import BookingState
from ..core.facts.bookings import BookingCalledOff
from ..core.facts.tickets import TicketKept, TicketPutOff, TicketTransferred, TicketVoided
from ..core.promises import Choices, Decided, LineChoice, LineDecision, line_key
from ..core.reasons import TAKEN_AWAY
from ..core.support import Support, Why
from ..core.tickets import AT_COUNTER, OPEN, Step
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.queries import line
from ..store.queries.bookings import booking_by_id
from ..store.queries.effect import offer_of
from ..store.queries.families import members_of_family
from ..store.queries.line import TicketView
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.queries.stranded import live_ticket, stranded
from . import offers, seats
from .day import in_session
from .families import release_members
from .raising import raised_by_service
from .steps import AFRESH, FOR_ALL, move


def decide_line(
    lock: Locked, settings: BranchSettings, lost: Mapping[UUID, Why], choices: Choices, actor: Actor
) -> dict[UUID, LineChoice]:
    """Settle what a change to `settings` takes from people in line, in its transaction and after its rows.

    Who is at a counter is served there. To be decided later are those without a choice, those to be sent to a service that
    takes nobody in, and those to be served whom nobody could call. Returns the decisions.
    """
    taken = Support(offer_of(settings)).takes_in(settings.timetable.business_date(lock.tx.now))
    found: dict[UUID, LineChoice] = {}
    for ticket_id, why in lost.items():
        ticket = line.ticket(lock.tx, lock.id, ticket_id)
        if ticket.state in OPEN and ticket.state not in AT_COUNTER:
            wanted = choices.of_ticket(ticket.id, key_of(settings, ticket, why))
            found[ticket.id] = _decide(lock, settings, ticket, why, _possible(wanted, why, taken), actor)
    return found


def decide_stranded(tx: Tx, branch_id: UUID, choices: Choices, actor: Actor) -> dict[UUID, LineChoice]:
    """Decide on people in line who are on the list of what is to be decided; those without a choice stay on it."""
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        chosen = {
            one.ticket.id: one.why
            for one in stranded(tx, settings)
            if choices.of_ticket(one.ticket.id, key_of(settings, one.ticket, one.why)).choice is not LineChoice.LATER
        }
        return decide_line(lock, settings, chosen, choices, actor)


def key_of(settings: BranchSettings, ticket: TicketView, why: Why) -> str:
    """The name of a ticket's group in `Choices`."""
    return line_key(settings.slug, why, settings.queues[ticket.queue_id].slug)


def _possible(wanted: LineDecision, why: Why, taken: tuple[str, ...]) -> LineDecision:
    refused = wanted.choice is LineChoice.SEND and wanted.to not in taken
    return wanted if wanted.choice.is_possible(why) and not refused else LineDecision()


def _decide(
    lock: Locked, settings: BranchSettings, ticket: TicketView, why: Why, decision: LineDecision, actor: Actor
) -> LineChoice:
    subject = str(ticket.id)
    match decision.choice:
        case LineChoice.SEND:
            _send(lock, settings, ticket, decision.to, actor)
        case LineChoice.SERVE:
            lock.append(TicketKept(subject=subject, code=ticket.code, why=why.value), actor)
        case LineChoice.END:
            for one in (ticket, *_lost_with(lock, settings, ticket, actor)):
                move(lock.tx, one, Step.VOID, ended_at=lock.tx.now)
                lock.append(TicketVoided(subject=str(one.id), code=one.code, reason=TAKEN_AWAY), actor)
                _call_off(lock, one, why, actor)
        case LineChoice.LATER:
            lock.append(TicketPutOff(subject=subject, code=ticket.code, why=why.value), actor)
    return decision.choice


def _send(lock: Locked, settings: BranchSettings, ticket: TicketView, to: str, actor: Actor) -> None:
    """As a transfer at a counter: with the same code and anchor, so that the time waited counts, and for everybody."""
    service = settings.service(to)
    moved = move(lock.tx, ticket, Step.TRANSFER, service_id=service.id, queue_id=service.queue_id, **AFRESH, **FOR_ALL)
    fact = TicketTransferred(
        subject=str(ticket.id),
        code=ticket.code,
        counter=None,
        from_queue=settings.queues[ticket.queue_id].slug,
        to_queue=settings.queues[service.queue_id].slug,
        to_service=service.slug,
    )
    lock.append(fact, actor)
    raised_by_service(lock, settings, moved, actor)


def _lost_with(lock: Locked, settings: BranchSettings, first: TicketView, actor: Actor) -> list[TicketView]:
    """Those who were to be called with a number that ends, and whom the settings serve no more than it; the others wait by themselves."""
    members = [one.id for one in members_of_family(lock.tx, settings, first.id)]
    if not members:
        return []
    release_members(lock, settings, first, actor)
    support = Support(offer_of(settings))
    again = [line.ticket(lock.tx, lock.id, one) for one in members]
    return [one for one in again if support.why_ticket(live_ticket(one)) is not None]


def _call_off(lock: Locked, ticket: TicketView, why: Why, actor: Actor) -> None:
    """The appointment of a ticket that ends; it is no no-show, because its visitor came."""
    if ticket.booking_id is None:
        return
    booking = booking_by_id(lock.tx, lock.id, ticket.booking_id)
    seats.release(lock, booking)
    ended = {"state": BookingState.CANCELLED.value, "ended_at": lock.tx.now}
    offers.store(lock, booking, decision=Decided.CANCEL.value, lost_why=why.value, **ended)
    starts_at = booking.starts_at.isoformat()
    fact = BookingCalledOff(subject=str(booking.id), code=booking.code, starts_at=starts_at, why=why.value)
    lock.append(fact, actor)
