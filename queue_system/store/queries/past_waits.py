"""What the past of a branch says of its waits: what visits took, who comes, and how the waits that were told ended."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core.bookings import BookingState
from ...core.tickets import TicketState
from ...core.waits.accuracy import Outcome
from ...core.waits.announce import Announced, Range
from ...core.waits.durations import Durations, learnt
from ..database import Tx
from ..tables import Booking, Ticket, table
from .settings import BranchSettings, branch_settings

BOOKING = table(Booking)
TICKET = table(Ticket)

#: Visits and appointments of so many days tell how long a visit takes and how many people come.
LEARNT_FROM: Final = timedelta(days=60)
#: So many of the latest visits to a service are enough, because people and forms change.
MOST_VISITS: Final = 1_000
MOST_OF_ALL: Final = 20_000
#: Before anything is known of a branch, so many of so many people with an appointment are taken to come.
_COME: Final = 17.0
_OF: Final = 20.0
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a branch's past says: how long visits take, by service; how many were seen, by queue; which share comes."""

    durations: Mapping[UUID, Durations]
    visits: Mapping[UUID, int]
    come: float


def learn(tx: Tx, branch_id: UUID) -> Learnt:
    """What the past of a branch says; takes long in a large one."""
    settings = branch_settings(tx, branch_id)
    seen: dict[UUID, list[float]] = defaultdict(list)
    since = settings.timetable.business_date(tx.now - LEARNT_FROM)
    visits = sa.select(TICKET.c.service_id, TICKET.c.called_at, TICKET.c.ended_at).where(
        TICKET.c.branch_id == branch_id,
        TICKET.c.business_date >= since,
        TICKET.c.state.in_([TicketState.SERVED.value, TicketState.NO_SHOW.value]),
        TICKET.c.called_at.is_not(None),
    )
    latest = visits.order_by(TICKET.c.ended_at.desc(), TICKET.c.id).limit(MOST_OF_ALL)
    for service_id, called_at, ended_at in tx.rows(latest):
        if len(seen[service_id]) < MOST_VISITS:
            seen[service_id].append((ended_at - called_at) / _MINUTE)
    visits_of: Counter[UUID] = Counter()
    for service_id, found in seen.items():
        visits_of[settings.services[service_id].queue_id] += len(found)
    durations = {
        service.id: learnt(seen.get(service.id, ()), service.duration_min) for service in settings.services.values()
    }
    return Learnt(durations, visits_of, _share_that_comes(tx, settings))


def outcomes(tx: Tx, settings: BranchSettings, after: datetime, until: datetime) -> list[Outcome]:
    """What became of the waits that were told and ended in a span of time, the earliest first."""
    over = sa.func.coalesce(TICKET.c.wait_ended_at, TICKET.c.ended_at)
    told = (TICKET.c.told_p50, TICKET.c.told_p90, TICKET.c.told_least, TICKET.c.told_most)
    statement = (
        sa.select(TICKET.c.series_id, TICKET.c.issued_at, TICKET.c.wait_ended_at, over, *told)
        .where(
            TICKET.c.branch_id == settings.id,
            TICKET.c.business_date >= settings.timetable.first_live_day(after),
            TICKET.c.told_p90.is_not(None),
            over > after,
            over <= until,
        )
        .order_by(over, TICKET.c.id)
    )
    return [
        Outcome(
            Announced(queue_id, p50, p90, Range(least, most)),
            issued_at,
            (ended_at - issued_at) / _MINUTE,
            called=first_call is not None,
        )
        for queue_id, issued_at, first_call, ended_at, p50, p90, least, most in tx.rows(statement)
    ]


def _share_that_comes(tx: Tx, settings: BranchSettings) -> float:
    statement = (
        sa.select(BOOKING.c.state, sa.func.count())
        .where(
            BOOKING.c.branch_id == settings.id,
            BOOKING.c.starts_at >= tx.now - LEARNT_FROM,
            BOOKING.c.starts_at < tx.now,
            BOOKING.c.state.in_([BookingState.FULFILLED.value, BookingState.NO_SHOW.value]),
        )
        .group_by(BOOKING.c.state)
    )
    counts: dict[str, int] = dict(tx.rows(statement))
    came = counts.get(BookingState.FULFILLED.value, 0)
    return (_COME + came) / (_OF + came + counts.get(BookingState.NO_SHOW.value, 0))
