"""A branch now: its queues, its counters, and the visitors that are still expected today."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.bookings import BookingState
from ...core.counters import quiet_for
from ...core.rights import DESK_RIGHTS
from ...core.tickets import AT_COUNTER, TicketState
from ..database import Tx
from ..tables import Booking, Counter, Staff, table
from . import line
from .access import StaffView, staff_by_id
from .line import TicketView
from .sessions import ALIVE, SESSION, Idle
from .settings import BranchSettings, CounterView, QueueView

BOOKING = table(Booking)
COUNTER = table(Counter)
STAFF = table(Staff)


@dataclass(frozen=True, slots=True)
class Seated:
    """The clerk of an open counter, since when, why nobody is called and until when, and the last press there.

    `present`: the clerk has a live session.
    """

    staff_id: UUID
    name: str
    since: datetime | None
    away: str | None
    away_until: datetime | None
    pressed_at: datetime | None
    present: bool


@dataclass(frozen=True, slots=True)
class QueueNow:
    """A queue: how many wait, how many of them with an appointment, since when the first, and its open counters."""

    queue: QueueView
    waiting: int
    appointments: int
    since: datetime | None
    open_counters: tuple[CounterView, ...]
    counters: int


@dataclass(frozen=True, slots=True)
class CounterNow:
    """A counter: its clerk, since when, and the visitor there. `staff_id` and `name` are None for a closed one.

    `quiet_min`: for so many minutes nothing has happened there, which is longer than the branch allows; else None.
    `gone`: its clerk has no live session any more, so nobody is there who calls.
    """

    counter: CounterView
    staff_id: UUID | None
    name: str | None
    since: datetime | None
    ticket: TicketView | None
    away: str | None = None
    away_until: datetime | None = None
    quiet_min: int | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class HallNow:
    """`expected`: the confirmed appointments that begin later today."""

    queues: tuple[QueueNow, ...]
    counters: tuple[CounterNow, ...]
    expected: int

    @property
    def waiting(self) -> int:
        return sum(one.waiting for one in self.queues)

    @property
    def appointments(self) -> int:
        return sum(one.appointments for one in self.queues)

    @property
    def since(self) -> datetime | None:
        """When the first of all who wait took a number."""
        return min((one.since for one in self.queues if one.since), default=None)

    @property
    def open_counters(self) -> int:
        return sum(one.name is not None for one in self.counters)


def hall_now(
    tx: Tx,
    settings: BranchSettings,
    queues: Collection[UUID],
    services: Collection[UUID],
    counters: Sequence[UUID],
    idle: Idle,
) -> HallNow:
    """The hall as a person sees it who has to do with these queues, services and counters.

    Sessions idle for longer than `idle` have ended.
    """
    tickets = line.in_hall(tx, settings)
    seated = _seated(tx, settings, idle)
    return HallNow(
        queues=_queues(settings, tickets, seated, queues),
        counters=_counters(settings, tickets, seated, counters, tx.now),
        expected=_expected(tx, settings, services),
    )


def free_clerks(tx: Tx, settings: BranchSettings, idle: Idle) -> list[StaffView]:
    """The clerks of a branch who are signed in and sit at no counter, by name."""
    at_a_counter = sa.exists().where(COUNTER.c.staff_id == STAFF.c.id)
    signed_in = sa.exists().where(SESSION.c.staff_id == STAFF.c.id, ALIVE)
    rows = tx.rows(
        sa.select(STAFF.c.id).where(signed_in, ~at_a_counter).order_by(STAFF.c.name, STAFF.c.login),
        idle.bounds(tx.now),
    )
    people = (staff_by_id(tx, row.id) for row in rows)
    return [one for one in people if one is not None and one.may_any(DESK_RIGHTS, settings.id)]


def _queues(
    settings: BranchSettings,
    tickets: Sequence[TicketView],
    seated: Mapping[UUID, Seated],
    seen: Collection[UUID],
) -> tuple[QueueNow, ...]:
    waiting: dict[UUID, list[TicketView]] = {}
    for ticket in tickets:
        if ticket.state is TicketState.WAITING:
            waiting.setdefault(ticket.queue_id, []).append(ticket)
    return tuple(
        QueueNow(
            queue=queue,
            waiting=len(mine),
            appointments=sum(ticket.booking_id is not None for ticket in mine),
            since=min((ticket.issued_at for ticket in mine), default=None),
            open_counters=tuple(settings.counters[one] for one in queue.counters if one in seated),
            counters=len(queue.counters),
        )
        for queue in settings.queues.values()
        if queue.id in seen
        for mine in (waiting.get(queue.id, []),)
    )


def _counters(
    settings: BranchSettings,
    tickets: Sequence[TicketView],
    seated: Mapping[UUID, Seated],
    seen: Sequence[UUID],
    now: datetime,
) -> tuple[CounterNow, ...]:
    there = {ticket.counter_id: ticket for ticket in tickets if ticket.counter_id and ticket.state in AT_COUNTER}
    found = []
    for one in seen:
        counter, ticket, sits = settings.counters[one], there.get(one), seated.get(one)
        if sits is None:
            found.append(CounterNow(counter, None, None, None, ticket))
            continue
        quiet = None if ticket else _too_quiet(settings, sits, now)
        found.append(
            CounterNow(
                *(counter, sits.staff_id, sits.name, sits.since, ticket, sits.away, sits.away_until, quiet),
                gone=not sits.present,
            )
        )
    return tuple(found)


def _too_quiet(settings: BranchSettings, sits: Seated, now: datetime) -> int | None:
    """The whole minutes for which nothing has happened at a counter, if they are too many; breaks count from their end."""
    limit = settings.queue_rules.idle_counter_min
    quiet = quiet_for(sits.since, max(filter(None, (sits.pressed_at, sits.away_until)), default=None), now)
    return quiet // timedelta(minutes=1) if limit is not None and quiet >= timedelta(minutes=limit) else None


def _seated(tx: Tx, settings: BranchSettings, idle: Idle) -> dict[UUID, Seated]:
    """The open counters, each with its clerk and the time at which it was opened."""
    taken = line.open_counters(tx, settings)
    alive = sa.select(SESSION.c.staff_id).where(SESSION.c.staff_id == STAFF.c.id, ALIVE).correlate(STAFF).exists()
    rows = tx.rows(
        sa.select(
            *(COUNTER.c.id, COUNTER.c.staff_id, STAFF.c.name, COUNTER.c.seated_at),
            *(COUNTER.c.away, COUNTER.c.away_until, COUNTER.c.last_press, alive.label("present")),
        )
        .join(STAFF, STAFF.c.id == COUNTER.c.staff_id)
        .where(COUNTER.c.branch_id == settings.id),
        idle.bounds(tx.now),
    )
    return {
        row.id: Seated(
            *(row.staff_id, row.name, row.seated_at, row.away, row.away_until),
            datetime.fromisoformat(row.last_press["at"]) if row.last_press else None,
            bool(row.present),
        )
        for row in rows
        if row.id in taken
    }


def _expected(tx: Tx, settings: BranchSettings, services: Collection[UUID]) -> int:
    today = settings.timetable.business_date(tx.now)
    _, end = hours.day_bounds(today, settings.zone, settings.day_starts)
    count = sa.select(sa.func.count()).where(
        BOOKING.c.branch_id == settings.id,
        BOOKING.c.state == BookingState.CONFIRMED.value,
        BOOKING.c.starts_at > tx.now,
        BOOKING.c.starts_at < end,
        BOOKING.c.service_id.in_(list(services)),
    )
    return int(tx.scalar(count))
