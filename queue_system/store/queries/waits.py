"""The hall of a branch as the forecast of waits needs it, and the forecast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.bookings import BookingState
from ...core.tickets import APPOINTMENT, AT_COUNTER, ORDINARY, TicketState
from ...core.waits.announce import Ahead, ahead_of
from ...core.waits.durations import learnt
from ...core.waits.forecast import Forecast, forecast
from ...core.waits.hall import Arrival, Away, Counter, Hall, InLine, Newcomer, Visit
from .. import tables
from ..database import Tx
from ..tables import Booking, Branch, table
from . import line
from .calling_profiles import callers_of
from .classes import for_service
from .line import TicketView
from .past_waits import Learnt
from .settings import BranchSettings, ServiceView, branch_settings

BOOKING = table(Booking)
BRANCH = table(Branch)
COUNTER = table(tables.Counter)


@dataclass(frozen=True, slots=True)
class Played:
    """The forecast of a hall at an instant (UTC), for everybody `waiting`, with what bears on each wait by ticket."""

    at: datetime
    waiting: tuple[TicketView, ...]
    forecast: Forecast
    ahead: Mapping[UUID, Ahead]


def play(tx: Tx, branch_id: UUID, known: Learnt) -> Played | None:
    """The forecast of everybody's wait now; None while no counter is open. Takes a tenth of a second in a full hall."""
    settings = branch_settings(tx, branch_id)
    tickets = line.in_hall(tx, settings)
    hall = hall_of(tx, settings, tickets, known.come)
    if not hall.counters:
        return None
    # A service may have come since.
    new = {one.id: learnt((), one.duration_min) for one in settings.services.values() if one.id not in known.durations}
    position: int = tx.scalar(sa.select(BRANCH.c.last_seq).where(BRANCH.c.id == branch_id))
    waiting = tuple(ticket for ticket in tickets if ticket.state is TicketState.WAITING)
    return Played(tx.now, waiting, forecast(hall, {**known.durations, **new}, seed=position), ahead_of(hall))


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
    waiting = line.as_waiting(tickets, settings)
    callers = callers_of(tx, settings, line.open_counters(tx, settings), waiting)
    return Hall(
        now=tx.now,
        rules=line.calling_rules(settings),
        counters=[
            Counter(one.queues, visits.get(one.counter_id), (*pauses.get(one.counter_id, ()), *breaks), one)
            for one in callers
        ],
        waiting=[InLine(one, services[one.ticket_id]) for one in waiting],
        arrivals=list(_arrivals(tx, settings, come)),
        newcomers=list(
            dict.fromkeys(
                newcomer_of(settings, service, day, slug, language)
                for service in settings.services.values()
                for slug in settings.priorities
                for language in settings.languages
                if service.walk_in
            )
        ),
    )


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


def _arrivals(tx: Tx, settings: BranchSettings, come: float) -> Iterator[Arrival]:
    """Those with an appointment at the branch today who are not there yet, and not late beyond its grace."""
    day = settings.timetable.business_date(tx.now)
    _, end = hours.day_bounds(day, settings.zone, settings.day_starts)
    statement = sa.select(BOOKING.c.service_id, BOOKING.c.starts_at, BOOKING.c.channel, BOOKING.c.language).where(
        BOOKING.c.branch_id == settings.id,
        BOOKING.c.state == BookingState.CONFIRMED.value,
        BOOKING.c.starts_at >= tx.now - timedelta(minutes=settings.queue_rules.late_grace_min),
        BOOKING.c.starts_at < end,
    )
    given = APPOINTMENT if APPOINTMENT in settings.priorities else ORDINARY
    for service_id, starts_at, channel, language in tx.rows(statement.order_by(BOOKING.c.starts_at, BOOKING.c.id)):
        service = settings.services[service_id]
        if service.takes_place(channel).is_received:
            weight = line.weight_of(settings, for_service(settings, service, given, day))
            skills = line.skills_needed(settings).get(service_id, line.NO_SKILLS)
            yield Arrival(service.queue_id, service_id, weight, starts_at, come, skills=skills, language=language)
