"""Messages on their way. Promise: each is sent once, except where a connection is lost at its end.

A mail server that has accepted a message may not be able to say so any more. Such a message is sent once more, with the
same Message-ID, and then given up as unknown. A row is written in the transaction of the action that makes the message
necessary; it is sent after the commit, by one node at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.bookings import BookingState
from ..core.facts.messages import MessageFailed, MessageSent
from ..core.messages import (
    MUST_BE_TOLD,
    OF_SERIES,
    Event,
    Level,
    Outcome,
    channel_of,
    is_due_still,
    is_told,
    next_attempt,
    reminder_at,
)
from ..store.database import AnyRow, Tx
from ..store.log import SYSTEM, Locked, locked
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.earlier import Offer, running_offer
from ..store.queries.messages import Recipient, due_messages, recipients
from ..store.queries.series import siblings_to_come
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.tables import Message, table
from . import phone_calls

MESSAGE = table(Message)

# Longer than a mail server may take for one message (`messages.smtp.ANSWER_SECONDS` for each of its answers).
LEASE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message that this worker alone may send now, to `recipient`; `attempt` counts from 1.

    `series` are the appointments to come of the series that it is about, also those that were called off.
    `earlier` is the offer that EARLIER tells of.
    """

    id: UUID
    event: Event
    level: Level
    language: str
    attempt: int
    booking: BookingView
    recipient: Recipient
    series: tuple[BookingView, ...] = ()
    earlier: Offer | None = None


def tell(
    lock: Locked, settings: BranchSettings, booking: BookingView, event: Event, to: Collection[int] | None = None
) -> None:
    """Queue the messages about an event, and the reminders after it; older ones about the booking are not sent any more.

    Each person of the booking is told as they may be contacted; with `to`, only those of these numbers. `booking` is as it
    is after the event. Nothing is queued where nothing may be said, or nothing can be sent; then whom it was booked for
    may have to be called (`phone_calls`).
    """
    tx = lock.tx
    found = recipients(tx, settings, booking) if tx.sends else []
    told = [one for one in found if is_told(one.level, one.contact, tx.sends)]
    if to is None:
        phone_calls.note(lock, booking.id, event, told=any(one.n == 0 for one in told))
    if not tx.sends:
        return
    _void_older(lock, booking.id, to)
    reminder = reminder_at(event, booking.starts_at, tx.now)
    due = {event: tx.now} | ({Event.REMINDER: reminder} if reminder else {})
    for one in told:
        # Who it was booked for answers an offer; the others are told what comes of it.
        if (to is None or one.n in to) and not (one.n and event is Event.OFFERED):
            _queue(lock, booking, one, due)


def tell_series(
    lock: Locked, settings: BranchSettings, bookings: Sequence[BookingView], event: Event, alone: Event
) -> None:
    """Queue one message to each person about several appointments of a series, and reminders of each appointment.

    It replaces what was to be said about each of them alone, and about the series before. `bookings` are as they are
    after the event, which for one of them would be `alone`; whoever has to be called is called once.
    """
    tx = lock.tx
    for one in siblings_to_come(tx, lock.id, bookings[0].id) if bookings else ():
        _void_older(lock, one.id, None, OF_SERIES)
    for one in bookings:
        first = one is bookings[0]
        found = recipients(tx, settings, one) if tx.sends else []
        told = [to for to in found if is_told(to.level, to.contact, tx.sends)]
        phone_calls.note(lock, one.id, alone if first else event, told=any(to.n == 0 for to in told))
        _void_older(lock, one.id, None)
        confirmed = one.state is BookingState.CONFIRMED
        reminder = reminder_at(Event.CONFIRMED, one.starts_at, tx.now) if confirmed else None
        due = ({event: tx.now} if first else {}) | ({Event.REMINDER: reminder} if reminder else {})
        for to in told:
            _queue(lock, one, to, due)


def hand_on(lock: Locked, from_id: UUID, to_id: UUID) -> None:
    """What waits to be said about a series at one of its bookings is said at another, which took its place."""
    of_series = MESSAGE.c.event.in_([one.value for one in OF_SERIES])
    for job in lock.tx.rows(sa.select(MESSAGE).where(*_waiting(lock, from_id), of_series)):
        sequence = _last_sequence(lock.tx, lock.id, to_id, job.n) + 1
        lock.tx.execute(_row(lock, job).values(about=to_id, sequence=sequence))


def _queue(lock: Locked, booking: BookingView, to: Recipient, due: Mapping[Event, datetime]) -> None:
    tx = lock.tx
    if not due:
        return
    sequence = _last_sequence(tx, lock.id, booking.id, to.n) + 1
    rows = [
        {
            "branch_id": lock.id,
            "id": uuid7(),
            "about": booking.id,
            "event": what.value,
            "n": to.n,
            "sequence": sequence,
            "channel": channel_of(to.contact),
            "language": booking.language,
            "state": "queued",
            "created_at": tx.now,
            "wanted_at": at,
            "due_at": at,
            "attempts": 0,
            "doubtful": False,
        }
        for what, at in due.items()
    ]
    tx.execute(sa.insert(MESSAGE), rows)


def claim_message(tx: Tx, branch_id: UUID) -> ClaimedMessage | None:
    """Claim the message of a branch that has been due the longest; those that are true no more are voided first.

    A claim whose lease has run out is taken over once: its worker died, and may have sent the message.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        for job in due_messages(tx, branch_id):
            booking = booking_by_id(tx, branch_id, job.about)
            if job.state == "claimed" and job.doubtful:
                _give_up(lock, job, booking, "interrupted", maybe=True)
                continue
            to = next((one for one in recipients(tx, settings, booking) if one.n == job.n), None)
            if to is None or not _is_wanted(tx, job, booking, to):
                _end(lock, job, "void")
                continue
            taken = tx.execute(
                _row(lock, job)
                .where(MESSAGE.c.state == job.state, MESSAGE.c.attempts == job.attempts)
                .values(
                    state="claimed",
                    lease_until=tx.now + LEASE,
                    due_at=tx.now + LEASE,
                    attempts=job.attempts + 1,
                    doubtful=job.doubtful or job.state == "claimed",
                )
            )
            if taken.rowcount == 1:
                event, attempt = Event(job.event), job.attempts + 1
                series = tuple(siblings_to_come(tx, branch_id, booking.id)) if event in OF_SERIES else ()
                return ClaimedMessage(
                    job.id, event, to.level, job.language, attempt, booking, to, series, _earlier(tx, job)
                )
        return None


def report_message(
    tx: Tx, branch_id: UUID, message_id: UUID, attempt: int, outcome: Outcome, error: str | None = None
) -> None:
    """Store what an attempt came to; `error` is one of `core.messages.ERRORS`. A late report changes nothing."""
    with locked(tx, branch_id) as lock:
        job = tx.row(sa.select(MESSAGE).where(MESSAGE.c.branch_id == branch_id, MESSAGE.c.id == message_id))
        if job is None or job.state != "claimed" or job.attempts != attempt:
            return
        booking = booking_by_id(tx, branch_id, job.about)
        if outcome is Outcome.SENT:
            _end(lock, job, "sent")
            lock.append(
                MessageSent(
                    subject=str(job.id), code=booking.code, event=job.event, channel=job.channel, attempt=attempt
                ),
                SYSTEM,
            )
            return
        maybe = outcome is Outcome.MAYBE
        if job.event not in OF_SERIES and job.sequence < _last_sequence(tx, branch_id, job.about, job.n):
            _end(lock, job, "void", error)
            return
        again = next_attempt(attempt, job.wanted_at, tx.now)
        if outcome is Outcome.REFUSED or again is None or (maybe and job.doubtful):
            _give_up(lock, job, booking, error or "internal", maybe=maybe or job.doubtful)
            return
        state = "unknown" if maybe else "queued"
        tx.execute(
            _row(lock, job).values(
                state=state, lease_until=None, due_at=again, doubtful=job.doubtful or maybe, error=error
            )
        )


def _is_wanted(tx: Tx, job: AnyRow, booking: BookingView, to: Recipient) -> bool:
    """Whether a message may still be sent: the settings, the contact and the appointment may have changed since."""
    if not is_told(to.level, to.contact, tx.sends) or channel_of(to.contact) != job.channel:
        return False
    if job.event in OF_SERIES:
        return bool(siblings_to_come(tx, booking.branch_id, booking.id))
    return is_due_still(
        Event(job.event),
        booking.state,
        booking.decision,
        booking.starts_at,
        offered=_earlier(tx, job) is not None or booking.offered_starts_at is not None,
        now=tx.now,
    )


def _earlier(tx: Tx, job: AnyRow) -> Offer | None:
    return running_offer(tx, job.branch_id, job.about) if job.event == Event.EARLIER.value else None


def _void_older(
    lock: Locked,
    booking_id: UUID,
    to: Collection[int] | None,
    events: Collection[Event] = frozenset(Event) - OF_SERIES,
) -> None:
    """Those that are being sent now are left; they are voided if they fail.

    What waits to be said about a series says how it is when it is sent, so news of one appointment do not end it.
    """
    lock.tx.execute(
        sa.update(MESSAGE)
        .where(
            sa.true() if to is None else MESSAGE.c.n.in_(to),
            *_waiting(lock, booking_id),
            MESSAGE.c.event.in_([one.value for one in events]),
        )
        .values(state="void", ended_at=lock.tx.now)
    )


def _waiting(lock: Locked, booking_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        MESSAGE.c.branch_id == lock.id,
        MESSAGE.c.about == booking_id,
        MESSAGE.c.ended_at.is_(None),
        MESSAGE.c.state != "claimed",
    )


def _last_sequence(tx: Tx, branch_id: UUID, booking_id: UUID, n: int) -> int:
    statement = sa.select(sa.func.max(MESSAGE.c.sequence)).where(
        MESSAGE.c.branch_id == branch_id, MESSAGE.c.about == booking_id, MESSAGE.c.n == n
    )
    last: int | None = tx.scalar(statement)
    return -1 if last is None else last


def _give_up(lock: Locked, job: AnyRow, booking: BookingView, error: str, *, maybe: bool) -> None:
    _end(lock, job, "unknown" if maybe else "failed", error)
    if job.event in MUST_BE_TOLD:
        phone_calls.note(lock, booking.id, Event(job.event), told=False)
    fact = MessageFailed(
        subject=str(job.id),
        code=booking.code,
        event=job.event,
        channel=job.channel,
        attempt=job.attempts,
        error=error,
        maybe=maybe,
    )
    lock.append(fact, SYSTEM)


def _end(lock: Locked, job: AnyRow, state: str, error: str | None = None) -> None:
    lock.tx.execute(_row(lock, job).values(state=state, error=error, lease_until=None, ended_at=lock.tx.now))


def _row(lock: Locked, job: AnyRow) -> sa.Update:
    return sa.update(MESSAGE).where(MESSAGE.c.branch_id == lock.id, MESSAGE.c.id == job.id)
