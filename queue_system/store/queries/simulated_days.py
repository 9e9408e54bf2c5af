"""Past days of a branch as they can be played again (`core.simulation`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.bookings import BookingState
from ...core.channels import Channel
from ...core.day_parts import KINDS_OF_COUNTERS
from ...core.facts.counters import CounterPaused, CounterResumed
from ...core.simulation.chance import Source
from ...core.simulation.hall import Day
from ...core.simulation.holds import Place
from ...core.simulation.recorded import Known, Missed, day_of
from ...core.simulation.runs import Compared, Comparison, runs_within
from ...core.simulation.variants import Variant
from ...core.tickets import APPOINTMENT, ORDINARY
from ..database import Tx
from ..tables import Booking, Ticket, table
from . import line
from .classes import for_service
from .past_days import visits_of
from .past_places import sittings
from .past_waits import Learnt, learn
from .settings import BranchSettings, branch_settings

BOOKING, TICKET = table(Booking), table(Ticket)
#: The same question gets the same answer.
SEED: Final = 1
#: Of fewer runs a range says little.
LEAST_RUNS: Final = 20
KINDS: Final = (*KINDS_OF_COUNTERS, CounterPaused.kind, CounterResumed.kind)


def source_of(tx: Tx, branch_id: UUID, days: Collection[date]) -> Source:
    """These days, without those of which too little is known; visits last as the past of the branch says.

    Raises Missing("branch"). Takes a tenth of a second for each large day.
    """
    settings = branch_settings(tx, branch_id)
    known = learn(tx, branch_id)
    found = (_day(tx, settings, day, known) for day in days)
    return Source(tuple(one for one in found if one is not None), known.durations, known.come)


def compared(
    tx: Tx,
    branch_id: UUID,
    days: Collection[date],
    variant: Variant,
    queues: Collection[UUID] | None,
    visits: int,
    most: int,
) -> Compared | None:
    """The days played as they were and changed, for people of `queues`; None if nothing is known of them.

    About so many `visits` are played, in at most `most` runs.
    """
    source = source_of(tx, branch_id, days)
    if not source.days:
        return None
    comparison = Comparison(source, variant, SEED, queues)
    for _ in comparison.run(runs_within(source.days, visits, most, LEAST_RUNS)):
        pass
    return comparison.compared()


def weekdays(last: date, weekday: int, weeks: int) -> list[date]:
    """The last so many of a weekday (Monday is 0) up to the day `last`."""
    newest = last - timedelta(days=(last.weekday() - weekday) % 7)
    return [newest - timedelta(weeks=week) for week in range(weeks)]


def _day(tx: Tx, settings: BranchSettings, day: date, learnt: Learnt) -> Day | None:
    start, end = hours.day_bounds(day, settings.zone, settings.day_starts)
    of_day = sa.select(TICKET).where(TICKET.c.branch_id == settings.id, TICKET.c.business_date == day)
    given = tx.rows(of_day.order_by(TICKET.c.issued_at, TICKET.c.id))
    if not given:
        return None
    times = tx.rows(
        sa.select(BOOKING.c.id, BOOKING.c.starts_at).where(
            BOOKING.c.branch_id == settings.id, BOOKING.c.starts_at >= start, BOOKING.c.starts_at < end
        )
    )
    windows = hours.windows(day, settings.calendar)
    return day_of(
        day,
        (start, end),
        settings.zone,
        max((hours.to_instants(day, window, settings.zone)[1] for window in windows), default=None),
        visits_of(tx, settings, start, given, dict(tuple(row) for row in times)),
        sittings(tx, settings.id, start, end, KINDS),
        _missed(tx, settings, day, start, end),
        _known(settings, learnt),
        hours.turn_of_day(day, settings.calendar, settings.day_starts),
    )


def _known(settings: BranchSettings, learnt: Learnt) -> Known:
    weights = {slug: priority.weight for slug, priority in settings.priorities.items()}
    return Known(
        rules=line.calling_rules(settings),
        queues={queue.slug: queue.id for queue in settings.queues.values()},
        services={service.slug: service.id for service in settings.services.values()},
        weights=weights,
        counters={str(one.id): Place(one.number, frozenset(one.queues)) for one in settings.counters.values()},
        usual={one: known.mean for one, known in learnt.durations.items()},
        ordinary_weight=weights.get(ORDINARY, 1.0),
        booked_weight=weights.get(APPOINTMENT, weights.get(ORDINARY, 1.0)),
    )


def _missed(tx: Tx, settings: BranchSettings, day: date, start: datetime, end: datetime) -> Iterator[Missed]:
    """The appointments in the hall for which nobody came."""
    statement = sa.select(BOOKING.c.service_id, BOOKING.c.starts_at, BOOKING.c.channel).where(
        BOOKING.c.branch_id == settings.id,
        BOOKING.c.starts_at >= start,
        BOOKING.c.starts_at < end,
        BOOKING.c.state == BookingState.NO_SHOW.value,
        BOOKING.c.ticket_id.is_(None),
    )
    given = APPOINTMENT if APPOINTMENT in settings.priorities else ORDINARY
    for service_id, starts_at, channel in tx.rows(statement.order_by(BOOKING.c.starts_at, BOOKING.c.id)):
        service = settings.services.get(service_id)
        if service is not None and service.takes_place(None if channel is None else Channel(channel)).is_received:
            weight = line.weight_of(settings, for_service(settings, service, given, day))
            yield Missed(service.queue_id, service_id, weight, starts_at)
