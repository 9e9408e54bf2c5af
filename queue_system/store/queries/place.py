"""The place of a visitor: how many are ahead, the tickets being served, the state of the slip.

How many are ahead (decision 0014) is computed by `core.ahead` from the line and the counters. All surfaces use this
module, also before there is a ticket: a prospective visitor is placed in line as if the number were taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple, TypedDict
from uuid import UUID

import sqlalchemy as sa

from ...core import dispatch
from ...core.ahead import ahead_of, may_be_called
from ...core.calling_profiles import Caller
from ...core.dispatch import Waiting
from ...core.tickets import AT_COUNTER, ORDINARY
from ..database import Tx
from ..prepared import Prepared
from ..tables import Booking, Branch, Device, Entry, PrintJob, table
from ..tx import Appended
from . import line
from .bookings import plan_on
from .calling_profiles import callers_of
from .classes import for_service
from .line import TicketView
from .screens import Live, is_kept_off, live_zones, where_to_wait
from .settings import BranchSettings, ServiceView, ZoneView, derived
from .walkin_share import is_full

BOOKING = table(Booking)
BRANCH = table(Branch)
DEVICE = table(Device)
ENTRY = table(Entry)
JOB = table(PrintJob)

# The last id, so that a newcomer comes after tickets of the same moment and priority.
NEWCOMER: Final = UUID(int=2**128 - 1)
_POSITION: Final = Prepared(sa.select(BRANCH.c.last_seq).where(BRANCH.c.id == sa.bindparam("branch")))
# Facts that do not affect the tickets in the hall before them. After any other fact all tickets are read again.
_ADDS: Final = frozenset({"ticket.issued", "booking.checked_in", "slip.queued", "slip.printed"})
# After so many facts, reading all tickets again costs the same.
_MANY: Final = 64
_SINCE: Final = Prepared(
    sa.select(ENTRY.c.kind, ENTRY.c.subject).where(
        ENTRY.c.branch_id == sa.bindparam("branch"), ENTRY.c.seq > sa.bindparam("seq")
    )
)


@dataclass(frozen=True, slots=True)
class ServedView:
    """A ticket of the same queue that is at a counter now."""

    code: str
    counter_id: UUID


@dataclass(frozen=True, slots=True)
class AppointmentView:
    """The booked time of a visit, for so many people; a `late` visitor waits from the arrival, in a class of its own."""

    at: datetime
    late: bool
    persons: int = 1


class Agreed(NamedTuple):
    """The time of a booking, and for how many people."""

    at: datetime
    persons: int


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A ticket and its place, as a snapshot: `seq` is the branch's position at that moment.

    `ahead` is None unless the ticket waits. `counter_open`: a counter that may call it is open. `wait_in` are the zones
    in which its call will be shown, empty where that is every zone or where the zone would reveal the service;
    `on_screen`: a screen will show the call. `not_before` is the earliest time at which an appointment may be called,
    None once it may be called. `served` are the tickets at counters now, latest call first.
    """

    ticket: TicketView
    seq: int
    ahead: int | None
    counter_open: bool
    wait_in: tuple[ZoneView, ...]
    on_screen: bool
    appointment: AppointmentView | None
    not_before: datetime | None
    served: tuple[ServedView, ...]


@dataclass(frozen=True, slots=True)
class ProspectView:
    """The outlook for a number taken for a service now: how many are ahead, and whether a counter is open.

    `full`: all places of the day for people without an appointment are gone.
    """

    ahead: int
    counter_open: bool
    full: bool = False


@dataclass(frozen=True, slots=True)
class PaperView:
    """The latest slip of a ticket, and the printer it was sent to."""

    state: str
    copy_number: int
    error: str | None
    printer_id: UUID
    printer_status: str


@dataclass(frozen=True, slots=True)
class LineView:
    """All tickets in the hall, as a snapshot; the page of each telephone shows one of them.

    `open` are the open tickets by their secret; `ahead` and `early` (the earliest time of a call) are by ticket.
    `sitting` are the open counters and `served_queues` their queues, `reachable` the tickets that wait and that one of these
    counters may call, `live` the zones with a live screen, `appointments` what was agreed, by ticket. `read_at` is when
    all this was read; `waiting` is in the order of `dispatch.by_right`, `at_counters` are the tickets at counters, latest
    call first.
    """

    settings: BranchSettings
    seq: int
    read_at: datetime
    waiting: Sequence[Waiting]
    at_counters: Sequence[TicketView]
    open: Mapping[str, TicketView]
    ahead: Mapping[UUID, int]
    reachable: frozenset[UUID]
    early: Mapping[UUID, datetime]
    sitting: Sequence[Caller]
    served_queues: frozenset[UUID]
    live: Live
    appointments: Mapping[UUID, Agreed]

    def place(self, ticket: TicketView) -> PlaceView:
        """The place of a ticket of this snapshot."""
        waits = ticket.id in self.ahead
        kept_off = is_kept_off(self.settings, ticket.service_id, ticket.series_id)
        booked = self.appointments.get(ticket.id)
        return PlaceView(
            ticket=ticket,
            seq=self.seq,
            ahead=self.ahead.get(ticket.id),
            counter_open=ticket.id in self.reachable if waits else ticket.queue_id in self.served_queues,
            wait_in=() if kept_off else where_to_wait(self.settings, ticket.queue_id, self.live),
            on_screen=bool(self.live) and not kept_off,
            appointment=AppointmentView(booked.at, ticket.anchor_at > booked.at, booked.persons) if booked else None,
            not_before=self.early.get(ticket.id),
            served=_served(self.at_counters, self.settings, ticket) if waits else (),
        )

    def is_as_in(self, earlier: LineView, ticket: TicketView) -> bool:
        """Whether `place` says the same of a ticket as an earlier snapshot; may be False where it does.

        Much cheaper than two places, because what the snapshots share (`joined`) is not looked at.
        """
        if self is earlier:
            return True
        one = ticket.id
        return (
            self.settings is earlier.settings
            and self.at_counters is earlier.at_counters
            and self.sitting is earlier.sitting
            and self.served_queues is earlier.served_queues
            and self.live is earlier.live
            and self.appointments is earlier.appointments
            and ticket is earlier.open.get(ticket.token)
            and self.ahead.get(one) == earlier.ahead.get(one)
            and self.early.get(one) == earlier.early.get(one)
            and (one in self.reachable) == (one in earlier.reachable)
        )


def whole_line(tx: Tx, settings: BranchSettings, earlier: LineView | None = None) -> LineView:
    """The whole line. Tickets of an `earlier` snapshot are reused where only new numbers were given since."""
    seq = int(tx.scalar(_POSITION, {"branch": settings.id}) or 0)
    tickets = _in_hall(tx, settings, seq, earlier)
    opened = line.open_counters(tx, settings)
    waiting = line.as_waiting(tickets, settings)
    sitting = callers_of(tx, settings, opened, waiting)
    return LineView(
        settings=settings,
        seq=seq,
        read_at=tx.now,
        at_counters=_at_counters(tickets),
        open={ticket.token: ticket for ticket in tickets},
        sitting=sitting,
        served_queues=line.served_queues(settings, opened),
        live=live_zones(tx, settings.id),
        appointments=_appointments(tx, settings.id, tickets, earlier.appointments if earlier else {}),
        **_order(waiting, settings, sitting, tx.now),
    )


def joined(earlier: LineView, appended: Iterable[Appended], now: datetime) -> LineView | None:
    """The whole line after the entries that followed an `earlier` snapshot, without reading it.

    None if these entries did more than give numbers to visitors without an appointment; then it must be read.
    """
    settings, seq = earlier.settings, earlier.seq
    new: list[TicketView] = []
    if settings.timetable.first_live_day(earlier.read_at) != settings.timetable.first_live_day(now):
        return None
    for one in appended:
        if one.version != settings.config_version or not _ADDS.issuperset(one.kinds):
            return None
        seq = one.seq
        new += [view for view in one.created if isinstance(view, TicketView)]
    if any(ticket.booking_id for ticket in new):
        return None
    return replace(
        earlier,
        seq=seq,
        open={**earlier.open, **{ticket.token: ticket for ticket in new}},
        **_order([*earlier.waiting, *line.as_waiting(new, settings)], settings, earlier.sitting, now),
    )


def prospects(tx: Tx, settings: BranchSettings, language: str | None = None) -> dict[UUID, ProspectView]:
    """The outlook by service for a number taken now in a language (the branch's own), with the class of the service."""
    waiting = line.as_waiting(line.in_hall(tx, settings), settings)
    rules = line.calling_rules(settings)
    sitting = callers_of(tx, settings, line.open_counters(tx, settings), waiting)
    spoken = language or settings.default_language
    newcomers = {one.id: _newcomer(settings, one, spoken, tx.now) for one in settings.services.values()}
    found = {
        newcomer: ahead_of(dispatch.by_right([*waiting, newcomer], rules, tx.now), sitting, _counters(settings), tx.now)
        for newcomer in set(newcomers.values())
    }
    full = full_services(tx, settings)
    return {
        service_id: ProspectView(
            found[newcomer].people[NEWCOMER], NEWCOMER in found[newcomer].reachable, full=service_id in full
        )
        for service_id, newcomer in newcomers.items()
    }


def full_services(tx: Tx, settings: BranchSettings) -> set[UUID]:
    """The services that have no place left today for people without an appointment."""
    day = settings.timetable.business_date(tx.now)
    sharing = [one for one in settings.services.values() if one.walkin_share_pct]
    return {one.id for one in sharing if is_full(tx, settings, one, plan_on(settings, one, day), day)}


def place(tx: Tx, settings: BranchSettings, token: str) -> PlaceView:
    """The place of the ticket behind a secret link; raises Missing("ticket")."""
    everybody = whole_line(tx, settings)
    ticket = everybody.open.get(token) or line.ticket_by_token(tx, settings.id, token)
    return everybody.place(line.as_it_stands(ticket, settings, tx.now))


def served_tickets(tx: Tx, settings: BranchSettings, tickets: Collection[TicketView]) -> frozenset[UUID]:
    """Those of some open tickets for which a counter is open that may call them; of a parked one its queue decides."""
    opened = line.open_counters(tx, settings)
    waiting = line.as_waiting(tickets, settings)
    able = may_be_called(waiting, callers_of(tx, settings, opened, waiting), tx.now)
    queues, others = line.served_queues(settings, opened), {one.ticket_id for one in waiting}
    return able | {one.id for one in tickets if one.id not in others and one.queue_id in queues}


def paper(tx: Tx, branch_id: UUID, ticket_id: UUID) -> PaperView | None:
    """The latest slip of a ticket; None without one."""
    statement = (
        sa.select(JOB.c.state, JOB.c.copy_number, JOB.c.error, JOB.c.printer_id, DEVICE.c.status)
        .join(DEVICE, sa.and_(DEVICE.c.branch_id == JOB.c.branch_id, DEVICE.c.id == JOB.c.printer_id))
        .where(JOB.c.branch_id == branch_id, JOB.c.ticket_id == ticket_id)
        .order_by(JOB.c.copy_number.desc())
        .limit(1)
    )
    row = tx.row(statement)
    return PaperView(*row) if row else None


class _Order(TypedDict):
    """The fields of a `LineView` that depend only on the waiting tickets and their anchors."""

    waiting: Sequence[Waiting]
    ahead: Mapping[UUID, int]
    reachable: frozenset[UUID]
    early: Mapping[UUID, datetime]


def _order(waiting: Iterable[Waiting], settings: BranchSettings, sitting: Sequence[Caller], now: datetime) -> _Order:
    rules = line.calling_rules(settings)
    in_order = dispatch.by_right(waiting, rules, now)
    early = {
        ticket.ticket_id: ticket.anchor_at - rules.call_early
        for ticket in in_order
        if not ticket.aside and not dispatch.is_callable(ticket, rules, now)
    }
    found = ahead_of(in_order, sitting, _counters(settings), now)
    return _Order(waiting=in_order, ahead=found.people, reachable=found.reachable, early=early)


def _in_hall(tx: Tx, settings: BranchSettings, seq: int, earlier: LineView | None) -> list[TicketView]:
    """All tickets in the hall, oldest anchor first, as from `line.in_hall`."""
    # Settings are a new object after every change of them, and after a backup was restored.
    if earlier is None or earlier.settings is not settings or not 0 <= seq - earlier.seq <= _MANY:
        return line.in_hall(tx, settings)
    facts = tx.rows(_SINCE, {"branch": settings.id, "seq": earlier.seq})
    if any(fact.kind not in _ADDS for fact in facts):
        return line.in_hall(tx, settings)
    since = settings.timetable.first_live_day(tx.now)
    known = [ticket for ticket in earlier.open.values() if ticket.business_date >= since]
    new = [line.ticket(tx, settings.id, UUID(fact.subject)) for fact in facts if fact.kind == "ticket.issued"]
    return sorted([*known, *new], key=lambda ticket: (ticket.anchor_at, ticket.id))


def _appointments(
    tx: Tx, branch_id: UUID, tickets: Iterable[TicketView], known: Mapping[UUID, Agreed]
) -> dict[UUID, Agreed]:
    """What was agreed for tickets with an appointment, by ticket; `known` ones are not read again.

    They cannot change, because the booking of a visit that has begun cannot be moved.
    """
    with_booking = {ticket.id: ticket.booking_id for ticket in tickets if ticket.booking_id}
    found = {ticket_id: known[ticket_id] for ticket_id in with_booking if ticket_id in known}
    booked = {booking_id: ticket_id for ticket_id, booking_id in with_booking.items() if ticket_id not in found}
    if not booked:
        return found
    statement = sa.select(BOOKING.c.id, BOOKING.c.starts_at, BOOKING.c.persons).where(
        BOOKING.c.branch_id == branch_id, BOOKING.c.id.in_(list(booked))
    )
    return found | {booked[row.id]: Agreed(row.starts_at, row.persons) for row in tx.rows(statement)}


def _newcomer(settings: BranchSettings, service: ServiceView, language: str, now: datetime) -> Waiting:
    """A ticket as the service would give it now."""
    priority = for_service(settings, service, ORDINARY, settings.timetable.business_date(now))
    weight, skills = line.weight_of(settings, priority), line.skills_needed(settings).get(service.id, line.NO_SKILLS)
    return Waiting(NEWCOMER, service.queue_id, priority, weight, now, skills=skills, language=language)


@derived
def _counters(settings: BranchSettings) -> Sequence[Caller]:
    """All counters of the branch, also those where nobody sits."""
    return [Caller(one.id, frozenset(one.queues)) for one in settings.counters.values()]


def _at_counters(tickets: Iterable[TicketView]) -> list[TicketView]:
    found = [ticket for ticket in tickets if ticket.state in AT_COUNTER]
    return sorted(found, key=lambda ticket: (ticket.called_at or ticket.issued_at, ticket.id), reverse=True)


def _served(at_counters: Iterable[TicketView], settings: BranchSettings, ticket: TicketView) -> tuple[ServedView, ...]:
    """Tickets of the same letter that are at a counter, without those that are hidden from screens."""
    prefix = settings.queues[ticket.queue_id].prefix
    return tuple(
        ServedView(other.code, other.counter_id)
        for other in at_counters
        if other.queue_id == ticket.queue_id
        and other.counter_id
        and other.code.startswith(prefix)
        and settings.services[other.service_id].confidentiality.on_screens
    )
