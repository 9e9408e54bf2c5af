"""Deletes what has been kept as long as the branch says: at night, in small steps, so that the hall does not feel it.

Each step locks the branch, looks again what has reached its age, and takes a limited number of rows. Days get their
digests first. A fact says how much went; nothing says of whom. Decision 0026.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
import structlog

from ..core.facts.data import DataTidied
from ..store.database import Database, Tx
from ..store.log import SYSTEM, Locked
from ..store.pruning import drop_entries, reached_age, set_checkpoint, verified_link
from ..store.queries import retention
from ..store.queries.retention import Limits
from ..store.queries.settings import branch_ids, branch_settings
from ..store.setting_rows import Unreadable
from ..store.tables import (
    ORGANISATION,
    Block,
    Booking,
    BookingInvitation,
    BookingMember,
    BookingSeries,
    Call,
    Counter,
    DigestedDay,
    EarlierOffer,
    EarlierWish,
    FreedPlace,
    GivenService,
    HomeVisit,
    Message,
    Participant,
    PhoneCall,
    PrintJob,
    ReturnVoucher,
    Seat,
    Series,
    SeriesDate,
    StaffNote,
    Ticket,
    TicketNote,
    table,
)
from . import apart, contact_proofs
from .asked_texts import forget_texts_about, forget_texts_of_over
from .bookings import expire_due
from .day import in_session
from .digests import digest_next
from .sessions import forget_the_absent

BOOKING, CALL, COUNTER, DIGESTED = table(Booking), table(Call), table(Counter), table(DigestedDay)
BOOKING_MEMBER, HOME_VISIT, MESSAGE = table(BookingMember), table(HomeVisit), table(Message)
INVITATION, PARTICIPANT = table(BookingInvitation), table(Participant)
OFFER, WISH = table(EarlierOffer), table(EarlierWish)
BOOKING_SERIES, SERIES_DATE = table(BookingSeries), table(SeriesDate)
BLOCK, NOTE, PHONE_CALL = table(Block), table(StaffNote), table(PhoneCall)
TICKET_NOTE = table(TicketNote)
FREED, GIVEN, JOB, SEAT = table(FreedPlace), table(GivenService), table(PrintJob), table(Seat)
SERIES, TICKET, VOUCHER = table(Series), table(Ticket), table(ReturnVoucher)

ROWS_AT_ONCE: Final = 200
# A press can be taken back for seconds, so one from an earlier day is of no use.
PRESS_KEPT: Final = timedelta(days=1)
#: A person without what says who it is and how to reach them.
UNNAMED: Final[dict[str, Any]] = {
    "name": "",
    "reference": "",
    "contact": "",
    "contact_way": None,
    "contact_note": "",
    "contact_asked_at": None,
}
#: What a booking is without the person: neither who it was for, nor the id that a program chose for its request, nor the number
#: that another office gave it, nor what makes waiting hard for them.
ERASED: Final = UNNAMED | {"request_id": None, "video_room": None, "issued_number": "", "declared": ""}

log = structlog.get_logger(__name__)

# A piece of the work: takes the lock and what has reached its age, and returns how many rows it took.
Step = Callable[[Locked, Limits], int]


def tidy_everywhere(database: Database) -> collections.Counter[str]:
    """Tidy every branch and what the organisation has once; returns how many rows of each kind went."""
    gone: collections.Counter[str] = collections.Counter()
    for branch_id in database.read_now(branch_ids).values():
        try:
            gone += tidy(database, branch_id)
        except Unreadable as error:
            # The reader of the settings has logged it; a branch that cannot be tidied must not keep the others from it.
            log.warning("tidy.skipped", branch=str(branch_id), code=error.code)
    gone["sessions"] = database.write_in_now(ORGANISATION, forget_the_absent)
    gone["entries"] += _prune(database, ORGANISATION, database.read_now(retention.entries_of_organisation))
    database.scrub(thorough=gone.total() > 0)
    return +gone


def tidy(database: Database, branch_id: UUID) -> collections.Counter[str]:
    """Tidy one branch: first the digests, then names, numbers and bookings, then the log."""
    while digest_next(database, branch_id, thorough=True):
        pass
    gone: collections.Counter[str] = collections.Counter()
    for name, step in STEPS.items():
        while taken := database.write_in_now(branch_id, _run, branch_id, step):
            gone[name] += taken
    if gone:
        database.write_in_now(branch_id, _tell, branch_id, gone)
    for quiet in (_forget_presses, _forget_pairs, _forget_blocks, _forget_proofs, _forget_texts, _forget_ticket_notes):
        database.write_in_now(branch_id, _run, branch_id, quiet)
    gone["entries"] = _prune(database, branch_id, database.read_now(_entries_before, branch_id))
    return +gone


def erase_names(lock: Locked, found: Limits) -> int:
    """Take name and contact out of some bookings that have reached their age."""
    ids = _some(lock, BOOKING, retention.names_due(lock.id, found))
    invited = _some(lock, INVITATION, retention.invitations_due(lock.id, found))
    forget_invitations(lock, invited)
    return erase(lock, ids) + len(invited)


def erase(lock: Locked, ids: list[UUID]) -> int:
    """Take names, contacts, addresses and notes of everybody out of these bookings; returns how many bookings."""
    if not ids:
        return 0
    _forget(lock, PARTICIPANT.c.booking_id.in_(ids))
    lock.tx.execute(sa.delete(WISH).where(WISH.c.branch_id == lock.id, WISH.c.booking_id.in_(ids)))
    for rows in (NOTE, PHONE_CALL):
        # Nobody can be called any more either.
        lock.tx.execute(sa.delete(rows).where(rows.c.branch_id == lock.id, rows.c.booking_id.in_(ids)))
    lock.tx.execute(
        sa.update(HOME_VISIT)
        .where(HOME_VISIT.c.branch_id == lock.id, HOME_VISIT.c.booking_id.in_(ids))
        .values(address="")
    )
    _drop_ticket_notes(lock, TICKET.c.booking_id.in_(ids))
    apart.forget(lock, ids)
    forget_texts_about(lock, ids)
    changed = lock.tx.execute(
        sa.update(BOOKING)
        .where(BOOKING.c.branch_id == lock.id, BOOKING.c.id.in_(ids))
        .values(**ERASED, erased_at=lock.tx.now)
    )
    return changed.rowcount


def forget_participants(lock: Locked, which: Iterable[tuple[UUID, int]]) -> None:
    """Take name and contact of some participants out of bookings of others; each is a booking and a number in it."""
    for booking_id, n in which:
        _forget(lock, (PARTICIPANT.c.booking_id == booking_id) & (PARTICIPANT.c.n == n))
        theirs = PHONE_CALL.c.branch_id == lock.id, PHONE_CALL.c.booking_id == booking_id, PHONE_CALL.c.n == n
        lock.tx.execute(sa.delete(PHONE_CALL).where(*theirs))
        apart.remember(lock, booking_id)


def forget_invitations(lock: Locked, ids: list[UUID]) -> None:
    """Invitations go as a whole, because without whom they are for they say nothing."""
    if ids:
        lock.tx.execute(sa.delete(MESSAGE).where(MESSAGE.c.branch_id == lock.id, MESSAGE.c.invitation_id.in_(ids)))
        lock.tx.execute(sa.delete(INVITATION).where(INVITATION.c.branch_id == lock.id, INVITATION.c.id.in_(ids)))


def _forget(lock: Locked, which: sa.ColumnElement[bool]) -> None:
    lock.tx.execute(sa.update(PARTICIPANT).where(PARTICIPANT.c.branch_id == lock.id, which).values(**UNNAMED))


def _drop_holds(lock: Locked, found: Limits) -> int:
    return _drop_bookings(lock, _some(lock, BOOKING, retention.holds_due(lock.id, found)))


def _drop_tickets(lock: Locked, found: Limits) -> int:
    """Numbers with their calls and slips; the days that they belong to keep their digests from now on."""
    ids = _some(lock, TICKET, retention.tickets_due(lock.id, found))
    here = DIGESTED.c.branch_id == lock.id
    lock.tx.execute(
        sa.update(DIGESTED)
        .where(here, DIGESTED.c.business_date < found.day, DIGESTED.c.tidied_at.is_(None))
        .values(tidied_at=lock.tx.now)
    )
    # A voucher outlives its ticket while the visitor may still come with it.
    lock.tx.execute(sa.delete(VOUCHER).where(VOUCHER.c.branch_id == lock.id, VOUCHER.c.valid_until < found.day))
    lock.tx.execute(sa.delete(SERIES).where(SERIES.c.branch_id == lock.id, SERIES.c.business_date < found.day))
    if not ids:
        return 0
    for rows in (CALL, GIVEN, JOB, TICKET_NOTE):
        lock.tx.execute(sa.delete(rows).where(rows.c.branch_id == lock.id, rows.c.ticket_id.in_(ids)))
    lock.tx.execute(
        sa.update(BOOKING).where(BOOKING.c.branch_id == lock.id, BOOKING.c.ticket_id.in_(ids)).values(ticket_id=None)
    )
    return lock.tx.execute(sa.delete(TICKET).where(TICKET.c.branch_id == lock.id, TICKET.c.id.in_(ids))).rowcount


def _drop_old_bookings(lock: Locked, found: Limits) -> int:
    return _drop_bookings(lock, _some(lock, BOOKING, retention.bookings_due(lock.id, found)))


def _drop_bookings(lock: Locked, ids: list[UUID]) -> int:
    if not ids:
        return 0
    lock.tx.execute(sa.delete(MESSAGE).where(MESSAGE.c.branch_id == lock.id, MESSAGE.c.about.in_(ids)))
    _leave_series(lock, ids)
    _leave_list(lock, ids)
    apart.drop(lock, ids)
    of_these = (INVITATION.c.branch_id == lock.id, INVITATION.c.booking_id.in_(ids))
    lock.tx.execute(sa.update(INVITATION).where(*of_these).values(booking_id=None))
    for rows in (SEAT, BOOKING_MEMBER, FREED, PARTICIPANT, HOME_VISIT, PHONE_CALL, NOTE):
        lock.tx.execute(sa.delete(rows).where(rows.c.branch_id == lock.id, rows.c.booking_id.in_(ids)))
    return lock.tx.execute(sa.delete(BOOKING).where(BOOKING.c.branch_id == lock.id, BOOKING.c.id.in_(ids))).rowcount


def _leave_list(lock: Locked, ids: list[UUID]) -> None:
    """Their wishes for an earlier time go, and the offers to them and of the places that they gave back."""
    places = sa.select(FREED.c.id).where(FREED.c.branch_id == lock.id, FREED.c.booking_id.in_(ids))
    lock.tx.execute(sa.delete(WISH).where(WISH.c.branch_id == lock.id, WISH.c.booking_id.in_(ids)))
    theirs = OFFER.c.booking_id.in_(ids) | OFFER.c.place_id.in_(places)
    lock.tx.execute(sa.delete(OFFER).where(OFFER.c.branch_id == lock.id, theirs))
    lock.tx.execute(sa.delete(SEAT).where(SEAT.c.branch_id == lock.id, SEAT.c.freed_id.in_(places)))


def _leave_series(lock: Locked, ids: list[UUID]) -> None:
    """The dates of these bookings go, and series that have no booking any more."""
    dates = lock.tx.rows(
        sa.select(SERIES_DATE.c.series_id, SERIES_DATE.c.n).where(
            SERIES_DATE.c.branch_id == lock.id, SERIES_DATE.c.booking_id.in_(ids)
        )
    )
    if not dates:
        return
    lock.tx.execute(sa.delete(SERIES_DATE).where(SERIES_DATE.c.branch_id == lock.id, SERIES_DATE.c.booking_id.in_(ids)))
    touched = {one.series_id for one in dates}
    left = lock.tx.rows(
        sa.select(SERIES_DATE.c.series_id).where(
            SERIES_DATE.c.branch_id == lock.id,
            SERIES_DATE.c.series_id.in_(touched),
            SERIES_DATE.c.booking_id.is_not(None),
        )
    )
    empty = touched - {one.series_id for one in left}
    for rows, series_id in ((SERIES_DATE, SERIES_DATE.c.series_id), (BOOKING_SERIES, BOOKING_SERIES.c.id)):
        lock.tx.execute(sa.delete(rows).where(rows.c.branch_id == lock.id, series_id.in_(empty)))


def _forget_presses(lock: Locked, _: Limits) -> int:
    """Presses at counters hold tickets as they were; those that cannot be taken back any more go."""
    pressed = lock.tx.rows(
        sa.select(COUNTER.c.id, COUNTER.c.last_press).where(
            COUNTER.c.branch_id == lock.id, COUNTER.c.last_press.is_not(None)
        )
    )
    old = [one.id for one in pressed if datetime.fromisoformat(one.last_press["at"]) < lock.tx.now - PRESS_KEPT]
    for counter_id in old:
        lock.tx.execute(
            sa.update(COUNTER).where(COUNTER.c.branch_id == lock.id, COUNTER.c.id == counter_id).values(last_press=None)
        )
    return len(old)


def _forget_pairs(lock: Locked, found: Limits) -> int:
    """Pairs that ended as long ago as names are kept go; those that hold stay, because somebody needs them."""
    return apart.drop_ended(lock, found.names)


def _forget_blocks(lock: Locked, found: Limits) -> int:
    """When and why people of the house were away is kept no longer than the name of a visitor."""
    over = sa.delete(BLOCK).where(BLOCK.c.branch_id == lock.id, BLOCK.c.ends_at < found.names)
    return lock.tx.execute(over).rowcount


def _forget_proofs(lock: Locked, found: Limits) -> int:
    """That a contact was proven is kept no longer than the contact of an appointment."""
    return contact_proofs.forget_before(lock, found.names)


def _forget_texts(lock: Locked, _: Limits) -> int:
    """What was written in a request for a second person is of no use once the request is over."""
    return forget_texts_of_over(lock)


def _forget_ticket_notes(lock: Locked, _: Limits) -> int:
    """A note for the next clerk is of no use once the day of the visit is over."""
    timetable = branch_settings(lock.tx, lock.id, lock.config_version).timetable
    return _drop_ticket_notes(lock, TICKET.c.business_date < timetable.first_live_day(lock.tx.now))


def _drop_ticket_notes(lock: Locked, of_tickets: sa.ColumnElement[bool]) -> int:
    theirs = sa.select(TICKET.c.id).where(TICKET.c.branch_id == lock.id, of_tickets)
    over = sa.delete(TICKET_NOTE).where(TICKET_NOTE.c.branch_id == lock.id, TICKET_NOTE.c.ticket_id.in_(theirs))
    return lock.tx.execute(over).rowcount


#: The steps by the names of what they take, which are fields of the fact `DataTidied`.
STEPS: Final[dict[str, Step]] = {
    "holds": _drop_holds,
    "names": erase_names,
    "tickets": _drop_tickets,
    "bookings": _drop_old_bookings,
}


def _run(tx: Tx, branch_id: UUID, step: Step) -> int:
    with in_session(tx, branch_id) as lock:
        expire_due(lock)
        return step(lock, retention.limits(tx, branch_settings(tx, branch_id, lock.config_version)))


def _tell(tx: Tx, branch_id: UUID, gone: collections.Counter[str]) -> None:
    with in_session(tx, branch_id) as lock:
        today = branch_settings(tx, branch_id, lock.config_version).timetable.business_date(tx.now)
        lock.append(DataTidied(subject=today.isoformat(), **{name: gone[name] for name in STEPS}), SYSTEM)


def _some(lock: Locked, rows: sa.Table, condition: sa.ColumnElement[bool]) -> list[UUID]:
    return [row.id for row in lock.tx.rows(sa.select(rows.c.id).where(condition).limit(ROWS_AT_ONCE))]


def _entries_before(tx: Tx, branch_id: UUID) -> datetime:
    return retention.limits(tx, branch_settings(tx, branch_id)).entries


def _prune(database: Database, branch_id: UUID, before: datetime | None) -> int:
    """Delete the entries of a log that have reached their age; none if the log does not hold together up to there."""
    through = database.read_now(reached_age, branch_id, before) if before is not None else None
    if through is not None:
        chain = database.read_now(verified_link, branch_id, through)
        if chain is None:
            log.error("tidy.log_broken", branch=str(branch_id), through=through)
            return 0
        database.write_in_now(branch_id, set_checkpoint, branch_id, through, chain)
    gone = 0
    while taken := database.write_in_now(branch_id, drop_entries, branch_id):
        gone += taken
    return gone
