"""What has been kept as long as the branch says (`retention_days`), by business days and never by creation.

A day's data stay for so many whole days after it. An appointment counts from its day, one that was cancelled from the
day on which it was; whatever is still live is kept, however old it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from ...core import hours
from ...core.bookings import BookingState
from ...core.facts.data import DataErased, DataTidied
from ...core.tickets import OPEN
from ..database import Tx
from ..log import first_since, newest_checkpoint
from ..pruning import reached_age
from ..tables import Booking, BookingInvitation, Ticket, table
from .audit import EntryView, Wanted, entries
from .past_days import first_undigested
from .settings import BranchSettings, branch_ids, branch_settings

BOOKING = table(Booking)
INVITATION = table(BookingInvitation)
TICKET = table(Ticket)

# For this long pages look back for what was done.
LOOK_BACK: Final = timedelta(days=40)
#: States whose time counts from their end, because they never come to their day.
_CALLED_OFF: Final = (BookingState.CANCELLED.value, BookingState.EXPIRED.value)


@dataclass(frozen=True, slots=True)
class Limits:
    """Everything before these has reached its age: instants in UTC, `day` a business day.

    `names`: name and contact of a booking. `holds`: what was never confirmed. `day`: numbers with calls and slips, and
    bookings without a name. `entries`: the log.
    """

    names: datetime
    holds: datetime
    day: date
    bookings: datetime
    entries: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """How many bookings lose name and contact, and how many rows of each kind go; `entries` are those of the log."""

    names: int = 0
    holds: int = 0
    tickets: int = 0
    bookings: int = 0
    entries: int = 0

    @property
    def anything(self) -> bool:
        return any((self.names, self.holds, self.tickets, self.bookings, self.entries))


def limits(tx: Tx, settings: BranchSettings) -> Limits:
    """What has reached its age now. Nothing of a day that has no digest yet."""
    today = settings.timetable.first_live_day(tx.now)
    undigested = first_undigested(tx, settings)
    return _limits(settings, today, min(today, undigested or today))


def tonight(tx: Tx, branch_id: UUID) -> Due:
    """What goes in the coming night, as it is now; by then all days before will have their digests."""
    settings = branch_settings(tx, branch_id)
    tomorrow = settings.timetable.business_date(tx.now) + timedelta(days=1)
    return _counted(tx, settings, _limits(settings, tomorrow, tomorrow))


def due_now(tx: Tx, branch_id: UUID) -> Due:
    """What goes if it is tidied now, once every past day has its digest."""
    settings = branch_settings(tx, branch_id)
    today = settings.timetable.first_live_day(tx.now)
    return _counted(tx, settings, _limits(settings, today, today))


def names_due(branch_id: UUID, found: Limits) -> sa.ColumnElement[bool]:
    """Bookings whose name and contact have reached their age."""
    took_place = sa.and_(
        BOOKING.c.state.not_in([*_CALLED_OFF, BookingState.HELD.value]),
        BOOKING.c.starts_at < found.names,
        # Another time may be offered, which the visitor can still accept.
        sa.or_(BOOKING.c.offer_until.is_(None), BOOKING.c.offer_until < found.names),
    )
    called_off = sa.and_(BOOKING.c.state.in_(_CALLED_OFF), BOOKING.c.ended_at < found.names)
    return sa.and_(BOOKING.c.branch_id == branch_id, BOOKING.c.erased_at.is_(None), sa.or_(took_place, called_off))


def invitations_due(branch_id: UUID, found: Limits) -> sa.ColumnElement[bool]:
    """Invitations whose last day to answer is as old as names may be."""
    return sa.and_(INVITATION.c.branch_id == branch_id, INVITATION.c.answer_until < found.names)


def holds_due(branch_id: UUID, found: Limits) -> sa.ColumnElement[bool]:
    """Bookings that were held and never confirmed, from the day after on."""
    return sa.and_(
        BOOKING.c.branch_id == branch_id,
        BOOKING.c.erased_at.is_(None),
        BOOKING.c.state.in_(_CALLED_OFF),
        BOOKING.c.confirmed_at.is_(None),
        BOOKING.c.ended_at < found.holds,
    )


def tickets_due(branch_id: UUID, found: Limits) -> sa.ColumnElement[bool]:
    """Numbers that have reached their age."""
    return sa.and_(
        TICKET.c.branch_id == branch_id,
        TICKET.c.business_date < found.day,
        TICKET.c.state.not_in([state.value for state in OPEN]),
    )


def bookings_due(branch_id: UUID, found: Limits) -> sa.ColumnElement[bool]:
    """Bookings without a name whose day is as old as numbers may be."""
    return sa.and_(
        BOOKING.c.branch_id == branch_id,
        BOOKING.c.erased_at.is_not(None),
        BOOKING.c.starts_at < found.bookings,
    )


def entries_of_organisation(tx: Tx) -> datetime | None:
    """Entries of the organisation's own log before this have reached their age: the longest of its branches' times."""
    limits_of_all = []
    for branch_id in branch_ids(tx).values():
        settings = branch_settings(tx, branch_id)
        limits_of_all.append(_limits(settings, settings.timetable.business_date(tx.now), date.max).entries)
    return min(limits_of_all, default=None)


def last_tidied(tx: Tx, branch_id: UUID) -> EntryView | None:
    """The newest fact that data went at their age; None if nothing did lately."""
    return _newest(tx, branch_id, DataTidied.kind)


def receipt_of(tx: Tx, branch_id: UUID, number: str) -> EntryView | None:
    """The fact that a person was erased, by the number of the receipt; None if there is none lately."""
    return _newest(tx, branch_id, DataErased.kind, number)


def _newest(tx: Tx, branch_id: UUID, kind: str, subject: str = "") -> EntryView | None:
    wanted = Wanted(kind=kind, subject=subject, since=tx.now - LOOK_BACK)
    found = entries(tx, branch_id, wanted, 1, first_since(tx, branch_id, tx.now - LOOK_BACK))
    return found[0] if found else None


def _limits(settings: BranchSettings, today: date, digested_before: date) -> Limits:
    kept = settings.retention_days

    def start(day: date) -> datetime:
        return hours.day_bounds(day, settings.zone, settings.day_starts)[0]

    day = min(today - timedelta(days=kept.ticket), digested_before)
    return Limits(
        names=start(today - timedelta(days=kept.booking_personal_data)),
        holds=start(today),
        day=day,
        bookings=start(day),
        entries=start(min(today - timedelta(days=kept.audit), digested_before)),
    )


def _counted(tx: Tx, settings: BranchSettings, found: Limits) -> Due:
    def count(rows: sa.Table, condition: sa.ColumnElement[bool]) -> int:
        return int(tx.scalar(sa.select(sa.func.count()).select_from(rows).where(condition)))

    through = reached_age(tx, settings.id, found.entries)
    checkpoint = newest_checkpoint(tx, settings.id)
    holds = count(BOOKING, holds_due(settings.id, found))
    return Due(
        # A hold that goes as a whole loses no name beside that.
        names=count(BOOKING, sa.and_(names_due(settings.id, found), sa.not_(holds_due(settings.id, found))))
        + count(INVITATION, invitations_due(settings.id, found)),
        holds=holds,
        tickets=count(TICKET, tickets_due(settings.id, found)),
        bookings=count(BOOKING, bookings_due(settings.id, found)),
        entries=through - (checkpoint.seq if checkpoint else 0) if through else 0,
    )
