"""Tickets, and the line in which they wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core import dispatch
from ...core.absence import OTHERS_FIRST, AbsenceRule
from ...core.dispatch import CallingRules, Waiting
from ...core.errors import Missing
from ...core.recalls import RecallRule
from ...core.tickets import OPEN, TicketState, left_behind
from ...core.waits.announce import Range
from ..database import AnyRow, Tx
from ..prepared import Prepared
from ..tables import Booking, Counter, Ticket, table
from ..tables.day import OPEN_STATES
from .settings import BranchSettings, QueueView, derived

TICKET = table(Ticket)
BOOKING = table(Booking)
COUNTER = table(Counter)

# The values are literal text instead of bound parameters, because only then can the databases use the partial index.
# SQLite compares the text with the index's condition and cannot infer it; it would read the whole history.
IS_OPEN = sa.text(f"ticket.state IN {OPEN_STATES}")
IS_WAITING = sa.text(f"ticket.state IN {OPEN_STATES} AND ticket.state = 'waiting'")
AT_A_COUNTER = sa.text("ticket.state IN ('called', 'serving')")

# Whoever was passed over and is called again has calls left for a recall, unless the branch says another limit.
USUAL_RECALLS_MORE: Final = 2


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket as stored; instants in UTC."""

    id: UUID
    branch_id: UUID
    queue_id: UUID
    series_id: UUID
    service_id: UUID
    business_date: date
    number: int
    code: str
    state: TicketState
    priority: str
    anchor_at: datetime
    issued_at: datetime
    source: str
    language: str
    booking_id: UUID | None
    counter_id: UUID | None
    calls: int
    first_called_at: datetime | None
    called_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    skips: int
    aside: int
    returns: int
    # Until when only one counter or person calls it, and which counter sent it from which service.
    reserved_counter_id: UUID | None
    reserved_staff_id: UUID | None
    reserved_until_at: datetime | None
    sent_counter_id: UUID | None
    sent_service_id: UUID | None
    token: str
    # The range of the wait that was told with the number, in minutes, and when that wait ended: at the first call.
    told_least: int | None
    told_most: int | None
    wait_ended_at: datetime | None
    # How many rows the visit has in the table of services given.
    services_given: int = 0
    # The number with which this one is called, and the own anchor of a number that others are called with.
    joined_to: UUID | None = None
    own_anchor_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnservedView:
    """People in a queue that no open counter serves; `since` is when the first of them took a number."""

    queue: QueueView
    people: int
    since: datetime


NO_SKILLS: Final[frozenset[str]] = frozenset()
COLUMNS = [TICKET.c[name] for name in TicketView.__slots__]
_STATE = TicketView.__slots__.index("state")


def as_view(row: AnyRow) -> TicketView:
    values = list(row)
    values[_STATE] = TicketState(values[_STATE])
    return TicketView(*values)


_IN_BRANCH = TICKET.c.branch_id == sa.bindparam("branch")
_BY_ID = Prepared(sa.select(*COLUMNS).where(_IN_BRANCH, TICKET.c.id == sa.bindparam("ticket")), as_view)
_BY_TOKEN = Prepared(sa.select(*COLUMNS).where(_IN_BRANCH, TICKET.c.token == sa.bindparam("token")), as_view)
_BY_REQUEST = Prepared(sa.select(*COLUMNS).where(_IN_BRANCH, TICKET.c.request_id == sa.bindparam("request")), as_view)
_AT_COUNTER = Prepared(
    sa.select(*COLUMNS).where(_IN_BRANCH, TICKET.c.counter_id == sa.bindparam("counter"), AT_A_COUNTER), as_view
)
_OPEN = Prepared(
    sa.select(*COLUMNS).where(_IN_BRANCH, IS_OPEN).order_by(TICKET.c.anchor_at, TICKET.c.id),
    as_view,
)
_SITTING = Prepared(
    sa.select(COUNTER.c.id).where(
        COUNTER.c.branch_id == sa.bindparam("branch"),
        COUNTER.c.staff_id.is_not(None),
        # A clerk who serves a visitor is at work, however long ago the counter was opened.
        (COUNTER.c.seated_at >= sa.bindparam("since"))
        | sa.exists().where(
            TICKET.c.branch_id == COUNTER.c.branch_id, TICKET.c.counter_id == COUNTER.c.id, AT_A_COUNTER
        ),
    )
)


def ticket(tx: Tx, branch_id: UUID, ticket_id: UUID) -> TicketView:
    """One ticket; raises Missing("ticket")."""
    return _one(tx, _BY_ID, {"branch": branch_id, "ticket": ticket_id})


def ticket_by_token(tx: Tx, branch_id: UUID, token: str) -> TicketView:
    """The ticket behind a secret link; raises Missing("ticket")."""
    return _one(tx, _BY_TOKEN, {"branch": branch_id, "token": token})


def ticket_by_request(tx: Tx, branch_id: UUID, request_id: str) -> TicketView | None:
    """The ticket that an earlier request with this id created."""
    found: TicketView | None = tx.row(_BY_REQUEST, {"branch": branch_id, "request": request_id})
    return found


def as_it_stands(ticket: TicketView, settings: BranchSettings, now: datetime) -> TicketView:
    """The ticket with the state that counts at `now`: once its session is over it counts as closed, also unwritten."""
    if ticket.state not in OPEN or not settings.timetable.session_over(ticket.business_date, now):
        return ticket
    return replace(ticket, state=left_behind(ticket.state))


def in_hall(tx: Tx, settings: BranchSettings) -> list[TicketView]:
    """`open_tickets` of live sessions only: for queries, which cannot close tickets of sessions that are over."""
    return open_tickets(tx, settings.id, since=settings.timetable.first_live_day(tx.now))


def open_tickets(tx: Tx, branch_id: UUID, since: date | None = None) -> list[TicketView]:
    """All open tickets of a branch, optionally of business days from `since` on only; oldest anchor first."""
    found: list[TicketView] = tx.rows(_OPEN, {"branch": branch_id})
    # Not in the statement, because SQLite would then read all numbers of the day by the index of the day.
    return found if since is None else [one for one in found if one.business_date >= since]


def at_counter(tx: Tx, branch_id: UUID, counter_id: UUID) -> TicketView | None:
    """The ticket that is called to or served at a counter."""
    found: TicketView | None = tx.row(_AT_COUNTER, {"branch": branch_id, "counter": counter_id})
    return found


def open_counters(tx: Tx, settings: BranchSettings) -> frozenset[UUID]:
    """The open counters: their clerk opened them in this session, or serves a visitor, and has not left."""
    since = settings.timetable.live_since(tx.now)
    return frozenset(row.id for row in tx.rows(_SITTING, {"branch": settings.id, "since": since}))


def served_queues(settings: BranchSettings, sitting: Iterable[UUID]) -> frozenset[UUID]:
    """The queues that clerks at these counters may call."""
    return frozenset(queue_id for counter_id in sitting for queue_id in settings.counters[counter_id].queues)


def unserved(tickets: Iterable[TicketView], settings: BranchSettings, sitting: Iterable[UUID]) -> list[UnservedView]:
    """The queues in which people wait and that no open counter serves, in the order of the branch."""
    served = served_queues(settings, sitting)
    since: dict[UUID, list[datetime]] = {}
    for view in tickets:
        if view.state is TicketState.WAITING and view.queue_id not in served:
            since.setdefault(view.queue_id, []).append(view.issued_at)
    return [
        UnservedView(queue, len(since[queue.id]), min(since[queue.id]))
        for queue in settings.queues.values()
        if queue.id in since
    ]


def missed_tickets(tx: Tx, settings: BranchSettings, queues: Iterable[UUID], limit: int) -> list[TicketView]:
    """Tickets of this session that missed their call, in some queues; the latest first."""
    # The key (branch, series, date) finds the numbers of the day, so that a long history costs nothing.
    statement = sa.select(*COLUMNS).where(
        TICKET.c.branch_id == settings.id,
        TICKET.c.series_id.in_(list(settings.queues)),
        TICKET.c.business_date >= settings.timetable.first_live_day(tx.now),
        TICKET.c.queue_id.in_(list(queues)),
        TICKET.c.state == TicketState.NO_SHOW.value,
    )
    return [as_view(row) for row in tx.rows(statement.order_by(TICKET.c.ended_at.desc(), TICKET.c.id).limit(limit))]


def numbers_in_use(tx: Tx, settings: BranchSettings, queue_id: UUID, now: datetime) -> set[int]:
    """The numbers of a series, besides those of the day itself, that a new visitor must not get.

    Visitors in the hall, called with another number, or called and absent, have numbers of another day in a session over
    the change of day, and after a clock that ran a day ahead was set back. `now` is the branch's own time, which is then still ahead. In all
    other cases the day's own series is enough, and the table is not read.
    """
    day, since = settings.timetable.business_date(tx.now), settings.timetable.first_live_day(tx.now)
    if since == day == settings.timetable.business_date(now):
        return set()
    statement = sa.select(TICKET.c.number).where(
        TICKET.c.branch_id == settings.id,
        TICKET.c.series_id == queue_id,
        TICKET.c.business_date >= since,
        TICKET.c.business_date != day,
        TICKET.c.state.in_([*OPEN, TicketState.NO_SHOW]) | TICKET.c.joined_to.is_not(None),
    )
    return {row.number for row in tx.rows(statement)}


def as_waiting(tickets: Iterable[TicketView], settings: BranchSettings) -> list[Waiting]:
    """The waiting ones among `tickets`, as values of the calling rule."""
    needed = skills_needed(settings)
    return [
        Waiting(
            ticket_id=view.id,
            queue_id=view.queue_id,
            priority=view.priority,
            weight=weight_of(settings, view.priority),
            anchor_at=view.anchor_at,
            appointment=view.booking_id is not None,
            aside=view.aside,
            reserved_counter=view.reserved_counter_id,
            reserved_staff=view.reserved_staff_id,
            reserved_until=view.reserved_until_at,
            skills=needed.get(view.service_id, NO_SKILLS),
            language=view.language,
        )
        for view in tickets
        if view.state is TicketState.WAITING
    ]


@derived
def skills_needed(settings: BranchSettings) -> Mapping[UUID, frozenset[str]]:
    """The skills that a clerk needs, by service; those that need none are left out."""
    return {service.id: frozenset(service.skills) for service in settings.services.values() if service.skills}


@derived
def calling_rules(settings: BranchSettings) -> CallingRules:
    """The calling rule of a branch, as published."""
    rules = settings.queue_rules
    weights = (priority.weight for priority in settings.priorities.values())
    return CallingRules.of(weights, rules.call_early_min, rules.max_wait_guard_min)


def absence_rule(settings: BranchSettings) -> AbsenceRule:
    """The absence rule of a branch."""
    rules = settings.queue_rules
    others = rules.missed_rejoin_after_calls
    return AbsenceRule(
        calls=rules.no_show_after_calls,
        after=timedelta(minutes=rules.no_show_after_min),
        others_first=OTHERS_FIRST if others is None else others,
        rejoins=rules.missed_rejoin_times,
        keeps_place=others is not None,
    )


def recall_rule(settings: BranchSettings) -> RecallRule:
    """The rule of a branch for calling a visitor again."""
    rules = settings.queue_rules
    limit = rules.recall_limit
    return RecallRule(
        pause=timedelta(seconds=rules.recall_pause_s),
        limit=rules.no_show_after_calls + USUAL_RECALLS_MORE if limit is None else limit,
    )


def told_with(ticket: TicketView) -> Range | None:
    """The range of the wait that was told with the number; None where none was."""
    if ticket.told_least is None or ticket.told_most is None:
        return None
    return Range(ticket.told_least, ticket.told_most)


def agreed_time(ticket: TicketView) -> datetime | None:
    """The booked time of a ticket whose visitor came in time; for a late visitor the time of arrival."""
    return ticket.anchor_at if ticket.booking_id else None


def weight_of(settings: BranchSettings, priority: str) -> float:
    """The weight of a priority class, 1 where the branch does not have it."""
    return settings.priorities[priority].weight if priority in settings.priorities else 1.0


def heavier(settings: BranchSettings, given: str, other: str | None) -> str:
    """The one of two priority classes that gathers priority faster; `given` where the branch lacks one of them."""
    if other is None or not {given, other} <= settings.priorities.keys():
        return given
    return max(given, other, key=lambda slug: settings.priorities[slug].weight)


def is_emergency(settings: BranchSettings, priority: str | None) -> bool:
    """Whether tickets of this class go before all others."""
    return priority in settings.priorities and dispatch.is_emergency(settings.priorities[priority].weight)


def emergencies(settings: BranchSettings, tickets: Iterable[TicketView]) -> list[TicketView]:
    """The waiting emergencies, without those that were passed over, because staff know about them already."""
    return [
        ticket
        for ticket in tickets
        if ticket.state is TicketState.WAITING and not ticket.aside and is_emergency(settings, ticket.priority)
    ]


def fresh(row: dict[str, Any]) -> TicketView:
    """The view of a ticket that has just been inserted as `row`, without reading it back."""
    values: dict[str, Any] = {name: row.get(name) for name in TicketView.__slots__}
    return TicketView(**values | {"state": TicketState(row["state"])})


def _one(tx: Tx, statement: Prepared, values: dict[str, Any]) -> TicketView:
    found: TicketView | None = tx.row(statement, values)
    if found is None:
        raise Missing("ticket")
    return found
