"""The hall of a branch as the forecast of waits needs it, and the forecast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise, product
from typing import Final, Protocol
from uuid import UUID

import sqlalchemy as sa

from ...core import bookings, hours
from ...core.bookings import BookingState, Punctuality
from ...core.dispatch import is_emergency
from ...core.tickets import APPOINTMENT, AT_COUNTER, ORDINARY, TicketState
from ...core.waits.announce import Pressure, pressure_of
from ...core.waits.durations import learnt
from ...core.waits.forecast import SEED, Forecast, forecast
from ...core.waits.hall import Arrival, Away, Counter, Hall, InLine, Newcomer, Visit
from .. import tables
from ..database import AnyRow, Tx
from ..tables import Booking, table
from . import line
from .bookings import check_in_rules
from .calling_profiles import callers_of
from .classes import at_check_in, for_service
from .line import TicketView
from .past_waits import Learnt
from .settings import BranchSettings, ServiceView, branch_settings

BOOKING = table(Booking)
COUNTER = table(tables.Counter)

#: A forecast is told for so long.
FRESH: Final = timedelta(minutes=2)


class Booked(Protocol):
    """What of an appointment says how its visitor is called."""

    @property
    def service_id(self) -> UUID: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def declared(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Played:
    """The forecast of a hall at an instant (UTC), for everybody `waiting`, with what bears on each wait by ticket."""

    at: datetime
    waiting: tuple[TicketView, ...]
    forecast: Forecast
    ahead: Mapping[UUID, Pressure]


def play(tx: Tx, branch_id: UUID, known: Learnt) -> Played | None:
    """The forecast of everybody's wait now; None while no counter is open. Takes a tenth of a second in a full hall."""
    settings = branch_settings(tx, branch_id)
    tickets = line.in_hall(tx, settings)
    hall = hall_of(tx, settings, tickets, known.come)
    if not hall.counters:
        return None
    # A service may have come since.
    new = {one.id: learnt((), one.duration_min) for one in settings.services.values() if one.id not in known.durations}
    waiting = tuple(ticket for ticket in tickets if ticket.state is TicketState.WAITING)
    return Played(tx.now, waiting, forecast(hall, {**known.durations, **new}, SEED), pressure_of(hall))


def hall_of(tx: Tx, settings: BranchSettings, tickets: Sequence[TicketView], come: float) -> Hall:
    """The hall of a branch with these open tickets; of the appointments still to come, the share `come` is expected."""
    services = {ticket.id: ticket.service_id for ticket in tickets}
    visits = {
        ticket.counter_id: Visit(ticket.service_id, ticket.called_at)
        for ticket in tickets
        if ticket.state in AT_COUNTER and ticket.counter_id and ticket.called_at
    }
    breaks, pauses = tuple(_breaks(settings, tx.now)), _pauses(tx, settings)
    day = settings.timetable.business_date(tx.now)
    waiting, booked = line.as_waiting(tickets, settings), _booked(tx, settings)
    callers = callers_of(tx, settings, line.open_counters(tx, settings), waiting)
    return Hall(
        now=tx.now,
        rules=line.calling_rules(settings),
        counters=[
            Counter(one.queues, visits.get(one.counter_id), (*pauses.get(one.counter_id, ()), *breaks), one)
            for one in callers
        ],
        waiting=[InLine(one, services[one.ticket_id]) for one in waiting],
        arrivals=list(_arrivals(settings, booked, come, day)),
        newcomers=list(dict.fromkeys(_newcomers(settings, booked, tx.now))),
    )


def _newcomers(settings: BranchSettings, booked: Iterable[AnyRow], now: datetime) -> Iterator[Newcomer]:
    """Whoever could get a number until the next forecast: of any class, or for one of these bookings."""
    day = settings.timetable.business_date(now)
    for service, language in product(settings.services.values(), settings.languages):
        if service.walk_in or service.bookable:
            for slug in settings.priorities:
                yield newcomer_of(settings, service, day, slug, language)
    for one, language in product(booked, settings.languages):
        # Whoever may check in before this forecast is too old to be told.
        at = max(now, one.starts_at - timedelta(minutes=settings.queue_rules.early_check_in_min))
        if at <= now + FRESH and (found := booked_newcomer(settings, one, at, language)):
            yield found


def newcomer_of(
    settings: BranchSettings, service: ServiceView, day: date, priority: str = ORDINARY, language: str | None = None
) -> Newcomer:
    """Somebody who takes a number for a service on a day, in this class or the service's own, whichever is heavier.

    Without a `language` it is the branch's own.
    """
    weight = line.weight_of(settings, for_service(settings, service, priority, day))
    # Only where clerks call nobody else does the language say anything about the wait.
    spoken = (language or settings.default_language) if settings.queue_rules.language_match == "only" else ""
    return Newcomer(service.queue_id, weight, line.skills_needed(settings).get(service.id, line.NO_SKILLS), spoken)


def booked_newcomer(
    settings: BranchSettings, booking: Booked, now: datetime, language: str | None = None
) -> Newcomer | None:
    """Somebody who checks in for an appointment at `now`, as `actions.tickets.check_in` does; None where it is not the time."""
    starts_at = booking.starts_at
    closes = hours.last_closing(starts_at, settings.calendar, settings.day_starts, booking.service_id)
    arrival = bookings.arrival(starts_at, now, check_in_rules(settings), until=closes)
    if arrival.priority is None:
        return None
    day = settings.timetable.business_date(now)
    given = at_check_in(settings, arrival.priority, booking.declared, day)
    found = newcomer_of(settings, settings.services[booking.service_id], day, given, language)
    # An emergency waits from now at the latest.
    in_time = arrival.punctuality is Punctuality.ON_TIME and (starts_at <= now or not is_emergency(found.weight))
    return replace(found, booked_at=starts_at) if in_time else found


def _pauses(tx: Tx, settings: BranchSettings) -> dict[UUID, tuple[Away, ...]]:
    """By counter, the time for which its clerk has said to be away and which is not over yet."""
    statement = sa.select(COUNTER.c.id, COUNTER.c.away_until).where(
        COUNTER.c.branch_id == settings.id, COUNTER.c.away_until > tx.now
    )
    return {counter: (Away(tx.now, until),) for counter, until in tx.rows(statement)}


def _breaks(settings: BranchSettings, now: datetime) -> Iterator[Away]:
    """The times still to come between two opening windows of the day, in which no counter calls."""
    day = hours.opening_day(now, settings.calendar)
    spans = [hours.to_instants(day, window, settings.zone) for window in hours.windows(day, settings.calendar)]
    for (_, closes), (opens, _) in pairwise(spans):
        if opens > now:
            yield Away(closes, opens)


def _booked(tx: Tx, settings: BranchSettings) -> list[AnyRow]:
    """The appointments at the branch today whose visitors are not there yet, and not late beyond its grace."""
    _, end = hours.day_bounds(settings.timetable.business_date(tx.now), settings.zone, settings.day_starts)
    columns = (BOOKING.c[name] for name in ("service_id", "starts_at", "channel", "language", "declared"))
    statement = sa.select(*columns).where(
        BOOKING.c.branch_id == settings.id,
        BOOKING.c.state == BookingState.CONFIRMED.value,
        BOOKING.c.starts_at >= tx.now - timedelta(minutes=settings.queue_rules.late_grace_min),
        BOOKING.c.starts_at < end,
    )
    found = tx.rows(statement.order_by(BOOKING.c.starts_at, BOOKING.c.id))
    return [one for one in found if settings.services[one.service_id].takes_place(one.channel).is_received]


def _arrivals(settings: BranchSettings, booked: Iterable[AnyRow], come: float, day: date) -> Iterator[Arrival]:
    for one in booked:
        service, given = settings.services[one.service_id], at_check_in(settings, APPOINTMENT, one.declared, day)
        weight = line.weight_of(settings, for_service(settings, service, given, day))
        skills = line.skills_needed(settings).get(service.id, line.NO_SKILLS)
        yield Arrival(service.queue_id, service.id, weight, one.starts_at, come, skills=skills, language=one.language)
