"""Tickets on arrival: take a number, check in with a booking, leave the line."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core import bookings, hours, tickets
from ..core.bookings import Arrival, BookingState, BookingStep, Punctuality
from ..core.errors import Denied, Missing, Refused, Stale, TimeOfDay
from ..core.facts.bookings import BookingCheckedIn
from ..core.facts.tickets import TicketIssued, TicketLeft
from ..core.tickets import OPEN, ORDINARY, TicketState
from ..core.waits.announce import Announced
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.prepared import Prepared
from ..store.queries import classes, line
from ..store.queries.bookings import BookingView, booking_by_id, check_in_rules, plan_on
from ..store.queries.line import TicketView
from ..store.queries.outings import places_left
from ..store.queries.settings import BranchSettings, QueueView, ServiceView, branch_settings
from ..store.queries.walkin_share import is_full
from ..store.tables import Booking, Series, Ticket, table
from . import families, offers
from .day import in_session
from .returning import come_back
from .slips import queue_slip
from .visit import end_booking

TICKET = table(Ticket)
BOOKING = table(Booking)
SERIES = table(Series)


_NEXT_NUMBER = Prepared(
    sa.update(SERIES)
    .where(
        SERIES.c.branch_id == sa.bindparam("branch"),
        SERIES.c.queue_id == sa.bindparam("queue"),
        SERIES.c.business_date == sa.bindparam("day"),
    )
    .values(last_number=SERIES.c.last_number + 1)
    .returning(SERIES.c.last_number)
)
_FIRST_NUMBER = sa.insert(SERIES)
_ISSUE = Prepared(sa.insert(TICKET))


@dataclass(frozen=True, slots=True)
class TicketOrder:
    """A request for a ticket. `source` is kiosk, api, reception, desk or phone; `printer_id` where a slip is wanted.

    `remote`: the visitor is seen neither by staff nor by a device of the branch. `settings_version`: the version of
    the settings that the service was chosen from, where the page had been loaded before. `told`: the wait that the visitor
    is told, where one is. `too_late`: it would be called after closing, as far as one knows.
    """

    branch_id: UUID
    service_id: UUID
    language: str
    source: str
    actor: Actor
    request_id: str | None = None
    priority: str = ORDINARY
    printer_id: UUID | None = None
    remote: bool = False
    settings_version: int | None = None
    told: Announced | None = None
    too_late: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """The ticket, and whether this request or an earlier one created it."""

    ticket: TicketView
    created: bool
    print_job_id: UUID | None = None


def issue_ticket(tx: Tx, order: TicketOrder) -> Issued:
    """Give a visitor without an appointment a number; for some services only staff can do this.

    The ticket gets the class of the order or of the service, whichever is heavier. It is idempotent by `request_id`.
    Raises Missing("service"), Refused with "not-walk-in", "number-by-reception", "closed", "numbers-stopped",
    "outing-full", "places-gone" or "last-ticket" (not for staff), "class-out-of-season", "priority-unknown" (also for a class that cannot be asked for), "request-reused",
    Denied("tickets-on-the-spot"), Stale("settings-changed").
    """
    with in_session(tx, order.branch_id) as lock:
        return give_number(lock, order)


def give_number(lock: Locked, order: TicketOrder) -> Issued:
    """As `issue_ticket`, in a session of the branch that has begun."""
    tx = lock.tx
    if order.settings_version not in (None, lock.config_version):
        raise Stale("settings-changed")
    settings = branch_settings(tx, order.branch_id, lock.config_version)
    service = settings.services.get(order.service_id)
    if service is None:
        raise Missing("service")
    _may_be_remote(settings, remote=order.remote)
    if order.request_id is not None:
        earlier = line.ticket_by_request(tx, order.branch_id, order.request_id)
        if earlier is not None:
            return _repeated(earlier, service)
    if service.by_reception and order.actor.kind != "staff":
        raise Refused("number-by-reception")
    if not service.walk_in and not service.by_reception:
        raise Refused("not-walk-in")
    day = settings.timetable.business_date(tx.now)
    classes.require_season(settings, order.priority, day)
    if order.priority not in (ORDINARY, *classes.given_by_staff(settings, day)):
        raise Refused("priority-unknown")
    if not settings.timetable.takes_tickets(tx.now, service.id):
        raise Refused("closed")
    _require_place(tx, settings, service, order, day)
    return give_place(lock, settings, service, order)


def check_in(
    tx: Tx,
    branch_id: UUID,
    booking_id: UUID,
    actor: Actor,
    *,
    source: str = "kiosk",
    language: str | None = None,
    printer_id: UUID | None = None,
    remote: bool = False,
    told: Announced | None = None,
) -> Issued:
    """Turn a booking into a ticket when its visitor has come; a second check-in returns the same ticket.

    `told` is the wait that the visitor is told, where one is.

    A visitor who missed the call joins the line again (`returning.come_back`); one who left gets a new number.

    Check-in is possible until the service closes for the day, also after the last number for visitors without an
    appointment. Raises Missing("booking"), Refused with "too-early" or the codes of `_too_late`; IllegalTransition
    where the booking is not confirmed or is over; Refused("appointment-elsewhere") for an appointment that is not at
    the branch; Denied("tickets-on-the-spot") as `issue_ticket` does.
    """
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        _may_be_remote(settings, remote=remote)
        booking = booking_by_id(tx, branch_id, booking_id)
        if booking.ticket_id is not None:
            earlier = line.ticket(tx, branch_id, booking.ticket_id)
            if not settings.timetable.session_over(earlier.business_date, tx.now):
                if earlier.state in OPEN:
                    return Issued(earlier, created=False)
                if earlier.state is TicketState.NO_SHOW:
                    return Issued(come_back(lock, settings, earlier, actor), created=False)
                # A visitor who left the line and has come back gets a new number.
        bookings.after(booking.state, BookingStep.CHECK_IN)
        service = settings.services[booking.service_id]
        if not service.takes_place(booking.channel).is_received:
            raise Refused("appointment-elsewhere")
        arrival = _arrival(tx, settings, booking)
        order = TicketOrder(
            branch_id=branch_id,
            service_id=service.id,
            language=language or booking.language,
            source=source,
            actor=actor,
            priority=classes.at_check_in(
                settings, arrival.priority, booking.declared, settings.timetable.business_date(tx.now)
            ),
            printer_id=printer_id,
            told=told,
        )
        booked_time = arrival.anchor if arrival.punctuality is Punctuality.ON_TIME else None
        issued = give_place(lock, settings, service, order, booking, booked_time)
        tx.execute(
            sa.update(BOOKING)
            .where(BOOKING.c.branch_id == branch_id, BOOKING.c.id == booking.id)
            .values(state=BookingState.CHECKED_IN.value, ticket_id=issued.ticket.id)
        )
        offers.settle_by_coming(lock, settings, booking)
        fact = BookingCheckedIn(
            subject=str(booking.id),
            code=booking.code,
            ticket=str(issued.ticket.id),
            punctuality=arrival.punctuality.value,
        )
        lock.append(fact, actor)
        return issued


def leave(tx: Tx, branch_id: UUID, ticket_id: UUID, actor: Actor) -> TicketView:
    """The visitor leaves the line. Raises IllegalTransition when the visit has already begun or is over."""
    with in_session(tx, branch_id) as lock:
        ticket = line.ticket(tx, branch_id, ticket_id)
        state = tickets.after(ticket.state, tickets.Step.LEAVE)
        families.release_members(lock, branch_settings(tx, branch_id, lock.config_version), ticket, actor)
        tx.execute(
            sa.update(TICKET)
            .where(TICKET.c.branch_id == branch_id, TICKET.c.id == ticket_id)
            .values(state=state.value, ended_at=tx.now)
        )
        lock.append(TicketLeft(subject=str(ticket_id), code=ticket.code), actor)
        end_booking(lock, ticket, BookingState.NO_SHOW, actor)
        return line.ticket(tx, branch_id, ticket_id)


def _require_place(tx: Tx, settings: BranchSettings, service: ServiceView, order: TicketOrder, day: date) -> None:
    """Raises Refused where the day has no number left to give; staff may go beyond what was only worked out."""
    if settings.numbers_stopped_now(service.queue_id, tx.now):
        raise Refused("numbers-stopped")
    outing = hours.outing_on(day, settings.calendar, service.id)
    if outing is not None and not places_left(tx, settings, outing):
        raise Refused("outing-full")
    if order.actor.kind == "staff":
        return
    if is_full(tx, settings, service, plan_on(settings, service, day), day):
        raise Refused("places-gone")
    if order.too_late and settings.queue_of(service).last_ticket == "stop":
        raise Refused("last-ticket")


def _may_be_remote(settings: BranchSettings, *, remote: bool) -> None:
    """Raises Denied for a remote visitor, unless the branch gives tickets to people outside the hall."""
    if remote and not settings.remote_tickets:
        raise Denied("tickets-on-the-spot")


def _arrival(tx: Tx, settings: BranchSettings, booking: BookingView) -> Arrival:
    closes = hours.last_closing(booking.starts_at, settings.calendar, settings.day_starts, booking.service_id)
    arrival = bookings.arrival(booking.starts_at, tx.now, check_in_rules(settings), until=closes)
    if arrival.punctuality is Punctuality.TOO_EARLY:
        raise Refused("too-early", opens_at=arrival.opens_at.astimezone(settings.zone))
    if arrival.punctuality is Punctuality.TOO_LATE:
        raise _too_late(settings, booking, closes, tx.now)
    return arrival


def _too_late(settings: BranchSettings, booking: BookingView, closes: datetime, now: datetime) -> Refused:
    """The refusal with the booked time and the closing time; its code depends on what remains: a number or a booking."""
    service = settings.services[booking.service_id]
    starts_at, closed_at = booking.starts_at.astimezone(settings.zone), TimeOfDay(closes.astimezone(settings.zone))
    if service.walk_in and settings.gives_numbers(service.id, now):
        return Refused("too-late-number-now", starts_at=starts_at, closed_at=closed_at)
    opens_at = hours.next_opening(now, settings.calendar, service.id) if service.walk_in else None
    if opens_at is not None:
        opens_at = opens_at.astimezone(settings.zone)
        return Refused("too-late-number", starts_at=starts_at, closed_at=closed_at, opens_at=opens_at)
    if service.bookable:
        return Refused("too-late-book", starts_at=starts_at, closed_at=closed_at)
    return Refused("too-late", starts_at=starts_at, closed_at=closed_at)


def _repeated(earlier: TicketView, service: ServiceView) -> Issued:
    if earlier.service_id != service.id:
        raise Refused("request-reused")
    return Issued(earlier, created=False)


def give_place(
    lock: Locked,
    settings: BranchSettings,
    service: ServiceView,
    order: TicketOrder,
    booking: BookingView | None = None,
    anchor_at: datetime | None = None,
) -> Issued:
    """Give a number for a service to a visitor who may have one; `booking` and its time, if it is an appointment."""
    tx = lock.tx
    queue = settings.queue_of(service)
    day = settings.timetable.business_date(tx.now)
    priority = classes.for_service(settings, service, order.priority, day)
    if line.is_emergency(settings, priority):
        # An emergency waits from now at the latest, even where its appointment is later.
        anchor_at = min(anchor_at or lock.now, lock.now)
    number = _number(lock, settings, queue, day)
    row = {
        "branch_id": lock.id,
        "id": uuid7(),
        "queue_id": queue.id,
        "series_id": queue.id,
        "service_id": service.id,
        "business_date": day,
        "number": number,
        "code": tickets.code_of(queue.prefix, number),
        "state": TicketState.WAITING.value,
        "priority": priority,
        "anchor_at": anchor_at or lock.now,
        "issued_at": tx.now,
        "source": order.source,
        "language": order.language,
        "booking_id": booking.id if booking else None,
        "calls": 0,
        "skips": 0,
        "aside": 0,
        "returns": 0,
        "services_given": 0,
        "token": settings.key + secrets.token_urlsafe(16),
        "request_id": order.request_id,
        "told_p50": order.told.p50 if order.told else None,
        "told_p90": order.told.p90 if order.told else None,
        "told_least": order.told.range.least if order.told else None,
        "told_most": order.told.range.most if order.told else None,
    }
    tx.later(_ISSUE, row)
    ticket = line.fresh(row)
    lock.append(
        TicketIssued(
            subject=str(ticket.id),
            code=ticket.code,
            queue=queue.slug,
            service=service.slug,
            business_date=day.isoformat(),
            priority_class=ticket.priority,
            source=ticket.source,
            anchor_at=ticket.anchor_at.isoformat(),
            booking=str(booking.id) if booking else None,
            basis=classes.given_by_staff(settings, day).get(order.priority) if booking is None else None,
            language=ticket.language,
        ),
        order.actor,
        creates=ticket,
    )
    job_id = queue_slip(lock, ticket, order.printer_id, order.actor) if order.printer_id else None
    return Issued(ticket, created=True, print_job_id=job_id)


def _number(lock: Locked, settings: BranchSettings, queue: QueueView, day: date) -> int:
    """A number that is unique in the hall."""
    tx = lock.tx
    taken = line.numbers_in_use(tx, settings, queue.id, lock.now)
    if queue.code_style == "random":
        given = sa.select(TICKET.c.number).where(
            TICKET.c.branch_id == lock.id, TICKET.c.series_id == queue.id, TICKET.c.business_date == day
        )
        return tickets.random_number(taken.union(tx.execute(given).scalars()), random.SystemRandom())
    while (number := _next_in_series(tx, lock.id, queue, day)) in taken:
        pass
    return number


def _next_in_series(tx: Tx, branch_id: UUID, queue: QueueView, day: date) -> int:
    number = tx.scalar(_NEXT_NUMBER, {"branch": branch_id, "queue": queue.id, "day": day})
    if number is None:
        number = tickets.next_number(0)
        tx.execute(
            _FIRST_NUMBER,
            {"branch_id": branch_id, "queue_id": queue.id, "business_date": day, "last_number": number},
        )
    return int(number)
