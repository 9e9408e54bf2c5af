"""Reads past days to make their digests (core/digests.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.attendance import PRESENT, Attendance
from ...core.bookings import BookingState
from ...core.channels import Channel
from ...core.day_parts import Placed, day_parts
from ...core.digests import Appointment, DayDigest, Happening, Visit, digest
from ...core.facts import Fact, tickets
from ...core.tickets import TicketState
from ..database import AnyRow, Tx
from ..log import BRANCH, ENTRY, first_since
from ..tables import Booking, DigestedDay, Participant, Ticket, table
from .outcomes import unmet_outcomes
from .past_places import planned_places, sittings
from .settings import BranchSettings, branch_settings

BOOKING, PARTICIPANT = table(Booking), table(Participant)
TICKET = table(Ticket)
DIGESTED = table(DigestedDay)

IDS_AT_ONCE: Final = 500
# The facts of a day are looked for from its start to this long after it, or after its last ticket ended.
FACTS_WITHIN: Final = timedelta(days=3)
CLOCKS_WITHIN: Final = timedelta(days=1)
#: States of bookings that were never agreed.
_UNCONFIRMED: Final = (BookingState.HELD.value, BookingState.EXPIRED.value)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Digests of days, as the log was up to `seq`."""

    seq: int
    days: tuple[DayDigest, ...]


def gather(tx: Tx, branch_id: UUID, *, thorough: bool = False) -> Gathered:
    """The digest of the earliest past day that has none yet, and those of days about which facts came late.

    Only `thorough` looks for late facts where no new day is over.
    """
    settings = branch_settings(tx, branch_id)
    new = first_undigested(tx, settings)
    days = set() if new is None and not thorough else _late(tx, settings)
    if new is not None:
        days.add(new)
    seq: int = tx.scalar(sa.select(BRANCH.c.last_seq).where(BRANCH.c.id == branch_id))
    return Gathered(seq, tuple(digest_of(tx, settings, day) for day in sorted(days)))


def first_undigested(tx: Tx, settings: BranchSettings) -> date | None:
    """The earliest past day with tickets or bookings that is later than every day with a digest; None if there is none."""
    live_day = settings.timetable.first_live_day(tx.now)
    last = tx.scalar(sa.select(sa.func.max(DIGESTED.c.business_date)).where(DIGESTED.c.branch_id == settings.id))
    since = last or date.min
    of_tickets = tx.scalar(
        sa.select(sa.func.min(TICKET.c.business_date)).where(
            TICKET.c.branch_id == settings.id, TICKET.c.business_date > since, TICKET.c.business_date < live_day
        )
    )
    statement = sa.select(sa.func.min(BOOKING.c.starts_at)).where(
        BOOKING.c.branch_id == settings.id, BOOKING.c.starts_at < _start(settings, live_day)
    )
    if last is not None:
        statement = statement.where(BOOKING.c.starts_at >= _start(settings, last + timedelta(days=1)))
    first_booking = tx.scalar(statement)
    found = [of_tickets] if of_tickets else []
    if first_booking is not None:
        found.append(hours.business_date(first_booking, settings.zone, settings.day_starts))
    return min(found, default=None)


def digest_of(tx: Tx, settings: BranchSettings, day: date) -> DayDigest:
    """Count a day anew from its tickets, its bookings and the log."""
    start, end = hours.day_bounds(day, settings.zone, settings.day_starts)
    bookings = tx.rows(
        sa.select(BOOKING).where(
            BOOKING.c.branch_id == settings.id, BOOKING.c.starts_at >= start, BOOKING.c.starts_at < end
        )
    )
    given = tx.rows(sa.select(TICKET).where(TICKET.c.branch_id == settings.id, TICKET.c.business_date == day))
    booked = {row.id: row.starts_at for row in bookings}
    recorded = {row.booking_id: row.attendance for row in tx.rows(_recorded(settings.id, list(booked)))}
    by_hand = {row.service_id for row in bookings if row.id in recorded}
    # The queues that gave numbers, because where a ticket ended may be a queue that gives none.
    giving = {row.series_id for row in given}
    by_number = {one.id for one in settings.services.values() if one.queue_id in giving}
    visits = visits_of(tx, settings, start, given, booked)
    agreed = [row for row in bookings if _was_agreed(row)]
    placed = [_placed(settings, row, recorded.get(row.id)) for row in agreed if _was_due(settings, row)]
    found = digest(
        day,
        visits,
        (
            replace(
                _appointment(settings, row, recorded.get(row.id)),
                by_hand=row.service_id in by_hand,
                by_number=row.service_id in by_number,
            )
            for row in agreed
        ),
    )
    counters = {str(one.id): one.slug for one in settings.counters.values()}
    places = planned_places(tx, settings, day, start, end)
    return replace(found, parts=day_parts(visits, sittings(tx, settings.id, start, end), counters, placed, places))


def visits_of(
    tx: Tx, settings: BranchSettings, start: datetime, given: Sequence[AnyRow], booked: Mapping[UUID, datetime]
) -> list[Visit]:
    """The tickets of a day that began at `start`, with their facts; `booked` are the times of appointments by id."""
    happenings = _happenings(tx, settings, start, given)
    return [_visit(settings, row, happenings.get(str(row.id), ()), booked) for row in given]


def _late(tx: Tx, settings: BranchSettings) -> set[date]:
    """Past days with a fact about their tickets or bookings that was written after their digest."""
    days = tx.rows(sa.select(DIGESTED).where(DIGESTED.c.branch_id == settings.id))
    if not days:
        return set()
    newest = max(row.seq for row in days)
    # From the newest digest on, because when it was made all entries before it had been looked at.
    rows = tx.rows(
        sa.select(ENTRY.c.subject, ENTRY.c.kind)
        .where(ENTRY.c.branch_id == settings.id, ENTRY.c.seq > newest)
        .where(sa.or_(ENTRY.c.kind.startswith("ticket."), ENTRY.c.kind.startswith("booking.")))
    )
    touched = {"ticket": set[UUID](), "booking": set[UUID]()}
    for row in rows:
        touched[row.kind.partition(".")[0]].add(UUID(row.subject))
    live_day = settings.timetable.first_live_day(tx.now)
    tidied = {row.business_date for row in days if row.tidied_at is not None}
    known = {row.business_date for row in days}
    dates = {
        *_values(tx, TICKET, TICKET.c.business_date, settings.id, touched["ticket"]),
        *(
            hours.business_date(starts_at, settings.zone, settings.day_starts)
            for starts_at in _values(tx, BOOKING, BOOKING.c.starts_at, settings.id, touched["booking"])
        ),
    }
    # A day that was never folded and lies before those that were is late, too: the clock was set back.
    return {day for day in dates if day < live_day and day not in tidied and (day in known or day < max(known))}


def _values(tx: Tx, rows: sa.Table, column: Any, branch_id: UUID, ids: Iterable[UUID]) -> Iterator[Any]:
    every = list(ids)
    for some in (every[at : at + IDS_AT_ONCE] for at in range(0, len(every), IDS_AT_ONCE)):
        statement = sa.select(column).where(rows.c.branch_id == branch_id, rows.c.id.in_(some)).distinct()
        yield from (row[0] for row in tx.rows(statement))


def _happenings(
    tx: Tx, settings: BranchSettings, start: datetime, given: Sequence[AnyRow]
) -> Mapping[str, Sequence[Happening]]:
    """The facts about each of these tickets, by its id as a text."""
    wanted = {str(row.id) for row in given}
    if not wanted:
        return {}
    ends = [row.ended_at + CLOCKS_WITHIN for row in given if row.ended_at is not None]
    until = max([start + FACTS_WITHIN, *ends])
    statement = (
        sa.select(ENTRY.c.subject, ENTRY.c.kind, ENTRY.c.at, ENTRY.c.data)
        .where(
            ENTRY.c.branch_id == settings.id,
            ENTRY.c.seq >= first_since(tx, settings.id, start),
            ENTRY.c.seq < first_since(tx, settings.id, until),
            ENTRY.c.kind.startswith("ticket."),
        )
        .order_by(ENTRY.c.seq)
    )
    found: dict[str, list[Happening]] = {}
    for row in tx.rows(statement):
        if row.subject in wanted:
            found.setdefault(row.subject, []).append(Happening(row.kind, row.at, row.data))
    return found


def _visit(settings: BranchSettings, row: AnyRow, found: Sequence[Happening], booked: Mapping[UUID, datetime]) -> Visit:
    begins = bool(found) and found[0].kind == tickets.TicketIssued.kind
    way = "walk_in" if row.booking_id is None else "appointment"
    return Visit(
        service=_slug(settings.services, row.service_id),
        queue=_slug(settings.queues, row.series_id),
        channel=f"{way}.{row.source}",
        language=row.language,
        local_hour=row.issued_at.astimezone(settings.zone).hour,
        state=TicketState(row.state),
        issued_at=row.issued_at,
        anchor_at=row.anchor_at,
        booked_at=booked.get(row.booking_id),
        outcome=row.outcome,
        priority=row.priority,
        held=_held(row),
        facts=tuple(found if begins else _as_the_ticket_tells(row)),
        unmet=row.outcome in unmet_outcomes(settings),
    )


def _held(row: AnyRow) -> bool | None:
    """Whether the wait was no longer than what was told; of whoever was gone before that time nobody knows."""
    over = row.wait_ended_at or row.ended_at
    if row.told_most is None or over is None:
        return None
    held = over - row.issued_at <= timedelta(minutes=row.told_most)
    return held if row.wait_ended_at is not None or not held else None


def _as_the_ticket_tells(row: AnyRow) -> Iterator[Happening]:
    """The last call and visit of a ticket whose entries have gone already."""
    yield Happening(tickets.TicketIssued.kind, row.issued_at)
    if row.called_at is not None:
        yield Happening(tickets.TicketCalled.kind, row.called_at)
    if row.started_at is not None:
        yield Happening(tickets.TicketStarted.kind, row.started_at)
    ends: dict[str, type[Fact]] = {
        TicketState.SERVED.value: tickets.TicketServed,
        TicketState.NO_SHOW.value: tickets.TicketNoShow,
        TicketState.LEFT.value: tickets.TicketLeft,
        TicketState.VOID.value: tickets.TicketVoided,
    }
    if row.state in ends and row.ended_at is not None:
        yield Happening(ends[row.state].kind, row.ended_at)


def _was_agreed(row: AnyRow) -> bool:
    return row.state not in _UNCONFIRMED and row.confirmed_at is not None


def _was_due(settings: BranchSettings, row: AnyRow) -> bool:
    """Whether it had a place in the hall until its time."""
    service = settings.services.get(row.service_id)
    in_hall = service is not None and service.takes_place(_chosen(row)).is_received
    return in_hall and row.state != BookingState.CANCELLED.value


def _placed(settings: BranchSettings, row: AnyRow, recorded: str | None) -> Placed:
    queue = settings.queues[settings.services[row.service_id].queue_id]
    came = row.ticket_id is not None or (recorded is not None and Attendance(recorded) in PRESENT)
    return Placed(queue.slug, row.starts_at, row.ends_at, came)


def _recorded(branch_id: UUID, booking_ids: list[UUID]) -> sa.Select[Any]:
    """What staff recorded about those for whom these bookings were."""
    return sa.select(PARTICIPANT.c.booking_id, PARTICIPANT.c.attendance).where(
        PARTICIPANT.c.branch_id == branch_id,
        PARTICIPANT.c.booking_id.in_(booking_ids),
        PARTICIPANT.c.n == 0,
        PARTICIPANT.c.attendance.is_not(None),
    )


def _appointment(settings: BranchSettings, row: AnyRow, recorded: str | None) -> Appointment:
    service = settings.services.get(row.service_id)
    day, made = (at.astimezone(settings.zone).date() for at in (row.starts_at, row.created_at))
    return Appointment(
        service=_slug(settings.services, row.service_id),
        channel=f"booking.{row.source}",
        state=BookingState(row.state),
        in_hall=service is None or service.takes_place(_chosen(row)).is_received,
        came=row.ticket_id is not None,
        lead_days=max((day - made).days, 0),
        recorded=None if recorded is None else Attendance(recorded),
    )


def _chosen(row: AnyRow) -> Channel | None:
    return None if row.channel is None else Channel(row.channel)


def _slug(things: Mapping[UUID, Any], thing_id: UUID) -> str:
    """The name of a service or queue; "" of one that settings do not have any more."""
    thing = things.get(thing_id)
    return thing.slug if thing is not None else ""


def _start(settings: BranchSettings, day: date) -> datetime:
    return hours.day_bounds(day, settings.zone, settings.day_starts)[0]
