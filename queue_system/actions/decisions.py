"""What becomes of appointments whose time the settings no longer support: kept, moved, called off, or decided later."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from ..core.bookings import BookingState
from ..core.decision_reasons import Because, Reasons
from ..core.facts.bookings import BookingCalledOff, BookingKept, BookingPutOff, BookingRegained
from ..core.messages import Event
from ..core.promises import Choice, Choices, Decided
from ..core.staff_notes import read_note
from ..core.support import Why
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.queries.bookings import BookingView, booking_by_id, booking_views
from ..store.queries.effect import regained, undecided
from ..store.queries.members import with_stand_in
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.tables import Booking, table
from . import offers, outbox, seats
from .bookings import expire_due
from .day import in_session
from .offers import FreePlaces
from .second_person import MANY, SecondPersonNeeded, takes_many
from .staff_notes import keep_note

BOOKING = table(Booking)
NOT_ASKED: Final = Reasons()


def decide(
    lock: Locked,
    settings: BranchSettings,
    lost: Mapping[UUID, Why],
    choices: Choices,
    change_id: UUID | None,
    actor: Actor,
) -> dict[UUID, Decided]:
    """Settle what a change to `settings` takes away, in the transaction that makes the change and after its rows.

    `lost` are the appointments of its effect, with their reasons. Each gets a decision. To be decided later are those
    without a choice, those for which no other time is free, and those to be kept whose open offer is lost, because the
    visitor has agreed to no time. Returns the decisions; appointments that are over meanwhile have none. Seats are put in
    order before (`seats.put_in_order`).
    """
    wanted = {booking_id: (why, choices.of(booking_id, why)) for booking_id, why in lost.items()}
    return _decide_each(lock, settings, wanted, change_id, actor)


def give_back_time(lock: Locked, settings: BranchSettings, actor: Actor, seen: Collection[UUID] | None = None) -> None:
    """Let appointments stand whose time `settings` support again before anything was decided or answered.

    For the transaction that makes the change, after its rows and its decisions. An offer of another time ends. `seen` are
    these appointments, as they were seen before it; None where they are still to be found, which takes all that is booked.
    """
    found = regained(lock.tx, settings) if seen is None else _confirmed(lock, seen)
    for booking in found:
        offers.withdraw(lock, settings, booking)
        offers.store(lock, booking, **offers.SETTLED)
        lock.append(BookingRegained(subject=str(booking.id), code=booking.code), actor)
    _tell_they_stand(lock, settings, found)


def decide_listed(
    tx: Tx,
    branch_id: UUID,
    choices: Mapping[UUID, Choice],
    reasons: Reasons,
    actor: Actor,
    *,
    approved: bool = False,
) -> dict[UUID, Decided]:
    """Decide on appointments of the list of what is to be decided; those that are no longer on it are left out.

    The log has the reasons; a text for another one becomes a note of each appointment, because the log keeps no texts.
    Raises SecondPersonNeeded where one person would move or call off many within a day, and Invalid for `reasons` with
    `mistakes`, unless a second one has `approved`.
    """
    if not approved:
        require_reasons(reasons, choices.values())
    with in_session(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        wanted = {
            one.booking.id: (one.why, choices[one.booking.id])
            for one in undecided(tx, settings, apart=True)
            if one.booking.id in choices
        }
        chosen = ((booking_id, choice) for booking_id, (_, choice) in wanted.items())
        if not approved and takes_many(tx, (branch_id,), chosen, actor):
            raise SecondPersonNeeded((MANY,))
        return _decide_each(lock, settings, wanted, None, actor, reasons)


def require_reasons(reasons: Reasons, choices: Iterable[Choice]) -> None:
    """Raise Invalid for the first mistake in the reasons for some decisions."""
    for mistake in reasons.mistakes(set(choices)):
        raise mistake


def _decide_each(
    lock: Locked,
    settings: BranchSettings,
    wanted: Mapping[UUID, tuple[Why, Choice]],
    change_id: UUID | None,
    actor: Actor,
    reasons: Reasons = NOT_ASKED,
) -> dict[UUID, Decided]:
    places = FreePlaces(lock, settings)
    found: dict[UUID, Decided] = {}
    for booking in _confirmed(lock, list(wanted)):
        why, choice = wanted[booking.id]
        because = reasons.of(choice)
        if why is Why.APART and choice is not Choice.CANCEL:
            found[booking.id] = _not_then(lock, places, booking, choice, actor, because)
            continue
        if choice is Choice.KEEP and booking.offered_starts_at is not None:
            # The visitor has agreed to neither time: the offered one is lost, too, and the old one was lost before.
            choice = Choice.LATER
        _withdraw(lock, places, booking)
        if choice is Choice.CANCEL:
            places.forget()
        change = change_id or booking.change_id
        if choice is Choice.MOVE and offers.make_offer(lock, places, booking, why, change, actor, because):
            found[booking.id] = Decided.MOVE
        else:
            found[booking.id] = decide_at_once(lock, settings, booking, choice, why, change, actor, because)
    _note_reasons(lock, settings, found, reasons, actor)
    return found


def _note_reasons(
    lock: Locked, settings: BranchSettings, decided: Mapping[UUID, Decided], reasons: Reasons, actor: Actor
) -> None:
    """Keep what was written of another reason with each appointment that it is about.

    Nothing is left of it where somebody whom it was about was erased while a second person was asked.
    """
    if not reasons.text:
        return
    noted = {choice.value for choice, because in reasons.by_choice.items() if because is Because.OTHER}
    for booking_id, how in decided.items():
        booking = booking_by_id(lock.tx, lock.id, booking_id)
        if how.value in noted and booking.erased_at is None:
            keep_note(lock, settings, booking, read_note(reasons.text), UUID(actor.id), actor)


def _not_then(
    lock: Locked, places: FreePlaces, booking: BookingView, choice: Choice, actor: Actor, because: Because | None
) -> Decided:
    """Decide on an appointment at which people may meet who must not.

    Nothing is stored with it unless another time is offered, because its visitor must not see that anything is wrong. Where
    one was offered in vain, it can be kept by those, too, who may not know why; whether people may meet at it stays to be
    decided with `guarded_meetings.keep_meetings`.
    """
    if choice is Choice.MOVE:
        _withdraw(lock, places, booking)
        if offers.make_offer(lock, places, booking, Why.APART, None, actor, because):
            return Decided.MOVE
    if choice is Choice.KEEP and let_stand(lock, places.settings, booking):
        fact = BookingKept(subject=str(booking.id), code=booking.code, why=Why.APART.value, because=because)
        lock.append(fact, actor)
        return Decided.KEEP
    return Decided.LATER


def _withdraw(lock: Locked, places: FreePlaces, booking: BookingView) -> None:
    """End an open offer, whose place others can then be offered."""
    offers.withdraw(lock, places.settings, booking)
    if booking.offered_starts_at is not None:
        places.forget()


def decide_at_once(
    lock: Locked,
    settings: BranchSettings,
    booking: BookingView,
    choice: Choice,
    why: Why,
    change_id: UUID | None,
    actor: Actor,
    because: Because | None = None,
) -> Decided:
    """Keep an appointment, call it off, or put it on the list; the caller has withdrawn an open offer."""
    marks = {"lost_why": why.value, "change_id": change_id}
    subject, code = str(booking.id), booking.code
    if choice is Choice.KEEP:
        offers.store(lock, booking, decision=Decided.KEEP.value, **marks)
        lock.append(BookingKept(subject=subject, code=code, why=why.value, because=because), actor)
        _tell_they_stand(lock, settings, [booking])
        return Decided.KEEP
    if choice is Choice.CANCEL:
        outbox.tell(lock, settings, _end(lock, booking, why, change_id, actor, because), Event.CALLED_OFF)
        return Decided.CANCEL
    offers.store(lock, booking, decision=Decided.LATER.value, **marks)
    # A list that was only looked through again is no news.
    if booking.decision is not Decided.LATER:
        lock.append(BookingPutOff(subject=subject, code=code, why=why.value), actor)
    return Decided.LATER


def let_stand(lock: Locked, settings: BranchSettings, booking: BookingView) -> bool:
    """End what was decided before on an appointment that stays as it is; False where there was nothing.

    What was kept against the settings stays so; its visitor knows.
    """
    if booking.decision in (None, Decided.KEEP):
        return False
    offers.withdraw(lock, settings, booking)
    offers.store(lock, booking, **offers.SETTLED)
    _tell_they_stand(lock, settings, [booking])
    return True


def call_off(lock: Locked, settings: BranchSettings, booking: BookingView, why: Why, actor: Actor) -> BookingView:
    """Call a confirmed appointment off, which ends an open offer; tells nobody."""
    offers.withdraw(lock, settings, booking)
    return _end(lock, booking, why, None, actor)


def _end(
    lock: Locked, booking: BookingView, why: Why, change_id: UUID | None, actor: Actor, because: Because | None = None
) -> BookingView:
    seats.release(lock, booking)
    ended = {"state": BookingState.CANCELLED.value, "ended_at": lock.tx.now}
    marks = {"decision": Decided.CANCEL.value, "lost_why": why.value, "change_id": change_id}
    offers.store(lock, booking, **marks, **ended)
    starts_at = booking.starts_at.isoformat()
    subject, code = str(booking.id), booking.code
    fact = BookingCalledOff(subject=subject, code=code, starts_at=starts_at, why=why.value, because=because)
    lock.append(fact, actor)
    return booking_by_id(lock.tx, lock.id, booking.id)


def _tell_they_stand(lock: Locked, settings: BranchSettings, bookings: Sequence[BookingView]) -> None:
    """To people to whom another time was offered, and whose person changed meanwhile; `bookings` are as they were before."""
    offered = [one for one in bookings if one.decision in (Decided.MOVE, Decided.UNANSWERED)]
    # A hand-over is not told while the time is lost.
    were_lost = {
        one.id: one.starts_at
        for one in bookings
        if one.is_lost and one.decision not in (Decided.MOVE, Decided.UNANSWERED)
    }
    handed_over = with_stand_in(lock.tx, settings, were_lost)
    for one in offered:
        outbox.tell(lock, settings, one, Event.STANDS)
    for one in bookings:
        if one.id in handed_over:
            outbox.tell(lock, settings, one, Event.HANDED_OVER)


def _confirmed(lock: Locked, ids: Collection[UUID]) -> list[BookingView]:
    """Those of some appointments that are still confirmed; by time, so that the first find the nearest places."""
    if not ids:
        return []
    found = booking_views(
        lock.tx,
        BOOKING.c.branch_id == lock.id,
        BOOKING.c.id.in_(ids),
        BOOKING.c.state == BookingState.CONFIRMED.value,
    )
    return sorted(found, key=lambda one: (one.starts_at, one.created_at, one.id))
