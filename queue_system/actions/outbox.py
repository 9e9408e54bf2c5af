"""Messages on their way. Promise: each is sent once, except where a connection is lost at its end.

A mail server that has accepted a message may not be able to say so any more. Such a message is sent once more, with the
same Message-ID, and then given up as unknown. A row is written in the transaction of the action that makes the message
necessary; it is sent after the commit, by one node at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..core.bookings import BookingState
from ..core.delivery import OF_CHANNEL, next_attempt
from ..core.facts.messages import MessageFailed, MessageSent
from ..core.messages import (
    MAIL,
    MUST_BE_TOLD,
    OF_EARLIER,
    OF_ONE,
    OF_SERIES,
    OF_VISIT,
    TOLD_OF_SERIES,
    TOLD_OF_VISIT,
    Event,
    Level,
    Outcome,
    channel_of,
    is_due_still,
    is_told,
    reminder_at,
    sent_as,
    strictest,
)
from ..store.database import AnyRow, Tx
from ..store.log import SYSTEM, Locked, locked
from ..store.queries.bookings import BookingView, booking_by_id
from ..store.queries.earlier import Offer, running_offer
from ..store.queries.members import has_stand_in
from ..store.queries.messages import Recipient, due_messages, recipients
from ..store.queries.series import siblings_to_come
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.queries.visit_parts import PartTold, called_off_of, dates_told, parts_told
from . import invitation_letters, phone_calls
from .message_rows import (
    MESSAGE,
    NOTHING_OUT,
    finish,
    is_overtaken,
    is_waiting,
    last_sequence,
    put_off,
    queue,
    row_of,
    take,
    try_again,
    void,
    waiting,
)


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message that this worker alone may send now, to `recipient`; `attempt` counts from 1.

    `series` are the appointments to come of the series that it is about, also those that were called off, as far as they
    concern the recipient.
    It is true as of `claimed_at`. `with_another`: the time that OFFERED tells of is with another person than was promised.
    `earlier` is the offer that EARLIER tells of. `parts` are those of a visit that concern the recipient, by time.
    """

    id: UUID
    event: Event
    level: Level
    language: str
    attempt: int
    booking: BookingView
    recipient: Recipient
    claimed_at: datetime
    series: tuple[BookingView, ...] = ()
    earlier: Offer | None = None
    parts: tuple[PartTold, ...] = ()
    with_another: bool = False


def tell(
    lock: Locked, settings: BranchSettings, booking: BookingView, event: Event, to: Collection[int] | None = None
) -> None:
    """Queue the messages about an event, and the reminders after it; older ones about the booking are not sent any more.

    Each person of the booking is told as they may be contacted; with `to`, only those of these numbers. `booking` is as it
    is after the event. Nothing is queued where nothing may be said, or nothing can be sent; then whom it was booked for
    may have to be called (`phone_calls`). Whom several parts of a visit concern is told about these together.
    """
    tell_parts(lock, settings, (booking,), event, to)


def tell_parts(
    lock: Locked,
    settings: BranchSettings,
    bookings: Iterable[BookingView],
    event: Event,
    to: Collection[int] | None = None,
) -> None:
    """`tell` about several parts of one visit to which the same has happened."""
    tx = lock.tx
    known: set[str] = set()
    for booking in bookings:
        found = recipients(tx, settings, booking) if tx.sends else []
        told = [one for one in found if is_told(one.level, one.contact, tx.sends)]
        if to is None:
            phone_calls.note(lock, booking.id, event, told=any(one.n == 0 for one in told))
        if not tx.sends:
            continue
        void(lock, booking.id, to, OF_EARLIER if event in OF_EARLIER else OF_ONE)
        reminder = reminder_at(event, booking.starts_at, tx.now)
        due = {event: tx.now} | ({Event.REMINDER: reminder} if reminder else {})
        for one in told:
            # Who it was booked for answers an offer; the others are told what comes of it.
            if (to is not None and one.n not in to) or (one.n and event is Event.OFFERED):
                continue
            parts = parts_told(tx, settings, booking, one.contact)
            if len(parts) < 2:
                # What waits to be said about a visit of more parts would remind of this one a second time.
                for part in parts:
                    void(lock, part.booking.id, (part.to.n,), OF_VISIT - {Event.VISIT_CALLED_OFF})
                queue(lock, booking, one, due)
            elif event not in TOLD_OF_VISIT:
                # The reminder of the whole visit is in line already.
                queue(lock, booking, one, {event: tx.now})
            elif one.contact not in known:
                known.add(one.contact)
                _tell_visit(lock, parts, TOLD_OF_VISIT[event])


def _tell_visit(lock: Locked, parts: Sequence[PartTold], event: Event) -> None:
    """Queue one message about the parts of a visit that concern somebody, and a reminder before the first to come.

    It hangs on the part that was made first, whatever time that has, so that newer ones find it.
    """
    tx, first = lock.tx, min(parts, key=lambda one: one.booking.id)
    if is_waiting(lock, first.booking.id, first.to.n, Event.VISIT_CALLED_OFF):
        # Whoever does not receive this one must be called.
        event = Event.VISIT_CALLED_OFF
    for one in parts:
        void(lock, one.booking.id, (one.to.n,), {*TOLD_OF_VISIT, Event.REMINDER} | OF_VISIT)
    starts = [one.booking.starts_at for one in parts if one.is_awaited and one.booking.starts_at > tx.now]
    reminder = reminder_at(Event.CONFIRMED, min(starts), tx.now) if starts else None
    due = {event: tx.now} | ({Event.VISIT_REMINDER: reminder} if reminder else {})
    queue(lock, first.booking, first.to, due)


def tell_series(
    lock: Locked,
    settings: BranchSettings,
    bookings: Sequence[BookingView],
    alone: Event,
    to: Collection[int] | None = None,
) -> None:
    """Queue one message to each person about several appointments of a series, and reminders of each appointment.

    With `to`, only persons of these numbers are told. It hangs on the first of `bookings` to which the person comes, and
    replaces what was to be said about each of them alone, and to the same person about the series before. `bookings` are
    as they are after the event, which is `alone` for each of them; whoever has to be called is called once.
    """
    tx, event = lock.tx, TOLD_OF_SERIES[alone]
    told_of = {
        one.id: [
            person
            for person in (recipients(tx, settings, one) if tx.sends else ())
            if is_told(person.level, person.contact, tx.sends)
        ]
        for one in bookings
    }
    meant = [person for people in told_of.values() for person in people if to is None or person.n in to]
    if meant:
        # Whoever does not receive what must be told is called, which another message about the series does not change.
        _void_of_series(lock, settings, bookings[0], meant, OF_SERIES - MUST_BE_TOLD | {event})
    told: list[Recipient] = []
    for one in bookings:
        if to is None:
            phone_calls.note(lock, one.id, event, told=any(person.n == 0 for person in told_of[one.id]))
        void(lock, one.id, to)
        confirmed = one.state is BookingState.CONFIRMED
        reminder = reminder_at(Event.CONFIRMED, one.starts_at, tx.now) if confirmed else None
        for person in told_of[one.id]:
            if to is None or person.n in to:
                is_new = not any(person.is_like(known) for known in told)
                told.append(person)
                queue(
                    lock,
                    one,
                    person,
                    ({event: tx.now} if is_new else {}) | ({Event.REMINDER: reminder} if reminder else {}),
                )


def _void_of_series(
    lock: Locked,
    settings: BranchSettings,
    booking: BookingView,
    people: Collection[Recipient],
    events: Collection[Event],
) -> None:
    """What waits to be said to these people of these events about a booking's series is said by a newer message."""
    dates = {one.id: one for one in siblings_to_come(lock.tx, lock.id, booking.id)}
    for job in lock.tx.rows(sa.select(MESSAGE).where(*waiting(lock, dates.keys(), events))):
        known = [one for one in recipients(lock.tx, settings, dates[job.about]) if one.n == job.n]
        if not known or any(known[0].is_like(one) for one in people):
            finish(lock, job, "void")


def hand_on(lock: Locked, from_id: UUID, to_id: UUID) -> None:
    """What waits to be said about a series at one of its bookings is said at another, which took its place."""
    for job in lock.tx.rows(sa.select(MESSAGE).where(*waiting(lock, (from_id,), OF_SERIES))):
        sequence = last_sequence(lock.tx, lock.id, to_id, job.n) + 1
        lock.tx.execute(row_of(lock, job).values(about=to_id, sequence=sequence))


def claim_message(
    tx: Tx, branch_id: UUID, channel: str = MAIL, out: Mapping[str, str] = NOTHING_OUT
) -> ClaimedMessage | None:
    """Claim the message about a booking that has been due the longest; those that are true no more are voided first.

    Of one channel. What cannot be sent now (`out`: the errors, by `core.messages.sent_as`) is left; where the channel is to
    blame, it is put off, so that it does not stand in the way of what can be sent. A claim whose lease has run out is taken over once: its worker died, and may have sent the message.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        for job in due_messages(tx, branch_id, channel):
            booking = booking_by_id(tx, branch_id, job.about)
            if job.state == "claimed" and job.doubtful:
                _give_up(lock, job, booking, "interrupted", maybe=True)
                continue
            to = next((one for one in recipients(tx, settings, booking) if one.n == job.n), None)
            parts = parts_of(tx, settings, job, booking, to)
            if to is None or not is_wanted(tx, job, booking, to, parts):
                finish(lock, job, "void")
                continue
            level = strictest(one.to.level for one in parts) if parts else to.level
            if (fault := out.get(sent_as(channel, level))) is not None:
                if not put_off(lock, job, fault, _call_before(tx, job, booking)):
                    _give_up(lock, job, booking, fault, maybe=job.doubtful or job.state == "claimed")
                continue
            if take(lock, job):
                event, attempt = Event(job.event), job.attempts + 1
                series: tuple[BookingView, ...] = ()
                if event in OF_SERIES:
                    series, parts = tuple(one.booking for one in parts), ()
                about = level, job.language, attempt, booking, to, tx.now
                another = event is Event.OFFERED and has_stand_in(
                    tx, settings, booking.id, booking.offered_starts_at or booking.starts_at
                )
                return ClaimedMessage(job.id, event, *about, series, _earlier(tx, job), parts, another)
        return None


def report_message(
    tx: Tx, branch_id: UUID, message_id: UUID, attempt: int, outcome: Outcome, error: str | None = None
) -> None:
    """Store what an attempt came to; `error` is one of `core.delivery.ERRORS`. A late report changes nothing."""
    with locked(tx, branch_id) as lock:
        job = tx.row(sa.select(MESSAGE).where(MESSAGE.c.branch_id == branch_id, MESSAGE.c.id == message_id))
        if job is None or job.state != "claimed" or job.attempts != attempt:
            return
        if job.invitation_id is not None:
            invitation_letters.report(lock, job, outcome, error)
            return
        booking = booking_by_id(tx, branch_id, job.about)
        if outcome is Outcome.SENT:
            finish(lock, job, "sent")
            if job.owner_id is not None:
                # It was given up before, and put whom it is for on the call list.
                for one, n, called_about in to_be_called(lock, job, booking):
                    phone_calls.need_not_call(lock, one.id, n, called_about, told=False)
            lock.append(
                MessageSent(
                    subject=str(job.id), code=booking.code, event=job.event, channel=job.channel, attempt=attempt
                ),
                SYSTEM,
            )
            return
        maybe = outcome is Outcome.MAYBE
        if is_overtaken(tx, job):
            finish(lock, job, "void", error)
            return
        again = next_attempt(attempt, job.wanted_at, tx.now, _call_before(tx, job, booking), error)
        if outcome is Outcome.REFUSED or again is None or (maybe and job.doubtful):
            _give_up(lock, job, booking, error or "internal", maybe=maybe or job.doubtful)
            return
        try_again(lock, job, again, error, maybe=maybe, counted=error not in OF_CHANNEL)


def parts_of(
    tx: Tx, settings: BranchSettings, job: AnyRow, booking: BookingView, to: Recipient | None
) -> tuple[PartTold, ...]:
    """What a message about a visit or a series tells: what is to come, also what was called off, but not in a reminder."""
    if to is not None and job.event in OF_SERIES:
        return tuple(dates_told(tx, settings, booking, to))
    if to is None or job.event not in OF_VISIT:
        return ()
    return tuple(
        one
        for one in parts_told(tx, settings, booking, to.contact)
        if one.booking.starts_at > tx.now
        and (job.event != Event.VISIT_REMINDER.value or (one.is_awaited and not one.booking.taken_away))
    )


def is_wanted(tx: Tx, job: AnyRow, booking: BookingView, to: Recipient, parts: Sequence[PartTold]) -> bool:
    """Whether a message may still be sent: the settings, the contact and the appointment may have changed since."""
    if job.event in OF_VISIT | OF_SERIES:
        return bool(parts) and channel_of(to.contact) == job.channel
    if not is_told(to.level, to.contact, tx.sends) or channel_of(to.contact) != job.channel:
        return False
    return is_due_still(
        Event(job.event),
        booking.state,
        booking.decision,
        booking.starts_at,
        offered=_earlier(tx, job) is not None or booking.offered_starts_at is not None,
        now=tx.now,
    )


def _call_before(tx: Tx, job: AnyRow, booking: BookingView) -> datetime | None:
    """When whoever does not receive a message must have been called; None where nobody is called."""
    if job.event == Event.VISIT_CALLED_OFF.value:
        return min((one.starts_at for one in called_off_of(tx, booking)), default=None)
    return booking.starts_at if job.event in MUST_BE_TOLD else None


def _earlier(tx: Tx, job: AnyRow) -> Offer | None:
    return running_offer(tx, job.branch_id, job.about) if job.event == Event.EARLIER.value else None


def _give_up(lock: Locked, job: AnyRow, booking: BookingView, error: str, *, maybe: bool) -> None:
    finish(lock, job, "unknown" if maybe else "failed", error)
    for one, n, event in to_be_called(lock, job, booking):
        phone_calls.note_person(lock, one.id, n, event)
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


def to_be_called(lock: Locked, job: AnyRow, booking: BookingView) -> list[tuple[BookingView, int, Event]]:
    """Whom of which appointments somebody must call who did not receive a message, and what they must be told of each.

    It is the person whom the message was for, who may have another number in each appointment.
    """
    event, tx = Event(job.event), lock.tx
    if event is not Event.VISIT_CALLED_OFF and event not in MUST_BE_TOLD:
        return []
    settings = branch_settings(tx, lock.id, lock.config_version)
    to = next((one for one in recipients(tx, settings, booking) if one.n == job.n), None)
    if to is None:
        return []
    if event is Event.VISIT_CALLED_OFF:
        parts = [(one, recipients(tx, settings, one)) for one in called_off_of(tx, booking)]
        return [
            (part, next(one.n for one in known if one.contact == to.contact), Event.CALLED_OFF)
            for part, known in parts
            if any(one.contact == to.contact for one in known)
        ]
    if event not in OF_SERIES:
        return [(booking, job.n, event)]
    dates = [
        (date, one.n, event)
        for date in siblings_to_come(tx, lock.id, booking.id)
        for one in recipients(tx, settings, date)
        if one.is_like(to)
    ]
    if event is Event.SERIES_CALLED_OFF:
        return [one for one in dates if one[0].is_called_off]
    # What else has to be said of one that is to be decided is more than who it is with.
    return [one for one in dates if one[0].state is BookingState.CONFIRMED and not one[0].taken_away]
