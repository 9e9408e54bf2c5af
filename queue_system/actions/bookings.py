"""Bookings: hold a time, confirm it, change it, cancel it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core import bookings, contacts
from ..core.apart import NO_LEAVE, Leave, references
from ..core.bookings import Booker, BookingState, BookingStep
from ..core.contact_proof import still_until
from ..core.errors import Missing, Refused, Stale
from ..core.facts.bookings import (
    BookingCancelled,
    BookingChanged,
    BookingConfirmed,
    BookingExpired,
    BookingHeld,
)
from ..core.messages import Event
from ..store.database import Tx
from ..store.log import SYSTEM, Actor, Locked, locked
from ..store.prepared import Prepared
from ..store.queries import foreseen
from ..store.queries.bookings import (
    BookingView,
    booking_by_id,
    booking_by_request,
    due_holds,
    new_view,
    policy_of,
)
from ..store.queries.due import next_due, nothing_due_before
from ..store.queries.known_members import met_members
from ..store.queries.moves import against_moving
from ..store.queries.settings import BranchSettings, branch_settings
from ..store.queries.standing import against_one_more, standing_of
from ..store.tables import Booking, table
from . import apart, channels, contact_proofs, freed_places, listed_places, offers, outbox, placing, safe_contact, seats
from .booking_rows import take_step
from .channels import How
from .codes import likely_code, new_code
from .lost_holds import against_ended, refuse_withdrawn
from .placing import Wanted
from .said import Said, as_said, as_said_before, contact_of, issued_of

BOOKING = table(Booking)
_HOLD = Prepared(sa.insert(BOOKING))


@dataclass(frozen=True, slots=True)
class HoldOrder:
    """A request for a time, with name and contact as typed. `members`: who is wanted, by need (`core.members.MemberNeed`).

    `contact_sure`: the booker was asked about an ambiguous contact and confirmed it. `persons`: how many people come, of
    `most_persons`, None for as many as the service says. `how`: how it takes place, where that was asked.
    `settings_version`: the version of the settings that the order was made with; None for the present one. `issued_number`: the
    number that another office gave the request, which a service may ask for; staff ask for it only when they confirm.
    """

    branch_id: UUID
    service_id: UUID
    starts_at: datetime
    name: str
    contact: str
    language: str
    actor: Actor
    source: str = "web"
    request_id: str | None = None
    booker: Booker = Booker.PUBLIC
    contact_sure: bool = False
    members: Mapping[UUID, UUID] = field(default_factory=dict)
    persons: int = 1
    how: How | None = None
    leave: Leave = NO_LEAVE
    most_persons: int | None = None
    settings_version: int | None = None
    issued_number: str = ""


def hold_slot(tx: Tx, order: HoldOrder) -> BookingView:
    """Reserve a time for ten minutes, until it is confirmed.

    It is idempotent by `request_id`: a repeated request returns the first booking, and corrects the hold where name or
    contact differ. Raises Missing("service"), Invalid for a wrong name, contact or start, Refused with "slot-taken",
    "slot-past", "request-reused" (for another service, time or person, or for a correction after the hold has ended)
    or a rule of the policy. Staff may hold a time before they know for whom.
    """
    foreseen.before_hold(tx, order.branch_id, order.request_id)
    with locked(tx, order.branch_id) as lock:
        return hold_in(lock, order)


def hold_instead(tx: Tx, order: HoldOrder, earlier_id: UUID) -> BookingView:
    """Hold a time in place of an earlier hold of the same branch, which is released only once the new one succeeds.

    The new hold may take the same time, until the end of the earlier hold; this is how a name is corrected. Where name
    and contact both differ, the earlier hold stays and this is a further one. Raises what `hold_slot` raises.
    """
    with locked(tx, order.branch_id) as lock:
        return hold_in(lock, order, earlier_id)


def confirm_booking(tx: Tx, branch_id: UUID, booking_id: UUID, actor: Actor, said: Said | None = None) -> BookingView:
    """Make a hold binding; idempotent. What was `said` to staff replaces what the hold has.

    Raises Refused with "hold-expired", "slot-withdrawn" where its time was taken away, "booking-bound" where another
    person was said before, the refusals of `core.bookings.against_person`, and for `said` what `hold_slot` raises for a wrong
    name or contact, Invalid("parties-missing") and what `said.as_said` raises.
    """
    foreseen.before_confirmation(tx, branch_id, booking_id)
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        return confirm_in(lock, settings, booking_by_id(tx, branch_id, booking_id), actor, said)


def change_booking(
    tx: Tx,
    branch_id: UUID,
    booking_id: UUID,
    starts_at: datetime,
    actor: Actor,
    booker: Booker = Booker.PUBLIC,
    members: Mapping[UUID, UUID] | None = None,
    leave: Leave = NO_LEAVE,
) -> BookingView:
    """Move a confirmed booking to another time of the same service; the old time is released only on success.

    Seats that the booking holds, or gave back and that have not returned to others yet, count as free for it. Moving to
    the time that the branch offers accepts the offer; no limit applies where the branch took the time away. Members who
    were promised stay, also beside `members`, those who are wanted then, by need; {} is for anybody. Raises Refused with
    "slot-taken", "member-taken", "member-promised", "slot-past", "booking-changes-used", "booking-given-back",
    "booking-too-late", "booking-over", and "helper-places" where an organisation booked it and has no place at that time.
    """
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        wanted = Wanted(starts_at, booker, asked=members or {}, released=members == {}, leave=leave)
        return change_in(lock, settings, booking_by_id(tx, branch_id, booking_id), wanted, actor)


def cancel_booking(
    tx: Tx, branch_id: UUID, booking_id: UUID, actor: Actor, booker: Booker = Booker.PUBLIC
) -> BookingView:
    """Cancel a booking; idempotent. Raises Refused with "booking-too-late" or "booking-over"."""
    with locked(tx, branch_id) as lock:
        settings = branch_settings(tx, branch_id, lock.config_version)
        expire_due(lock)
        booking = booking_by_id(tx, branch_id, booking_id)
        if booking.state is BookingState.CANCELLED:
            return booking
        policy = policy_of(settings, settings.services[booking.service_id])
        refusal = bookings.against_cancel(policy, booking.limited_as(booker), booking.state, booking.starts_at, tx.now)
        if refusal is not None:
            raise refusal
        cancelled = end(lock, settings, booking, actor)
        if booking.state is not BookingState.HELD:
            outbox.tell(lock, settings, cancelled, Event.CANCELLED)
            listed_places.pass_on(lock)
        return cancelled


def expire_holds(tx: Tx, branch_id: UUID) -> int:
    """Release holds that have expired and places whose lot lets them return now; returns how many."""
    with locked(tx, branch_id) as lock:
        return expire_due(lock)


def expire_due(lock: Locked) -> int:
    """`expire_holds` within an action that has locked the branch."""
    if lock.tx.now < next_due(lock):
        return 0
    due = due_holds(lock.tx, lock.id)
    for booking in due:
        seats.release(lock, booking)
        take_step(lock, booking, BookingStep.EXPIRE, ended_at=lock.tx.now)
        lock.append(BookingExpired(subject=str(booking.id), code=booking.code), SYSTEM)
    return len(due) + freed_places.return_due(lock) + offers.end_due(lock) + listed_places.pass_on(lock)


def confirm_in(
    lock: Locked, settings: BranchSettings, booking: BookingView, actor: Actor, said: Said | None = None
) -> BookingView:
    """`confirm_booking` within an action that has locked the branch and ended what has expired."""
    confirmed = confirm_silently(lock, settings, booking, actor, said)
    if booking.state is not BookingState.CONFIRMED:
        outbox.tell(lock, settings, confirmed, Event.CONFIRMED)
    return confirmed


def confirm_silently(
    lock: Locked, settings: BranchSettings, booking: BookingView, actor: Actor, said: Said | None = None
) -> BookingView:
    """`confirm_in`, but tells nobody."""
    if booking.state is BookingState.CONFIRMED:
        return as_said_before(settings, booking, said)
    if booking.state is BookingState.EXPIRED:
        raise against_ended(booking)
    service = settings.services[booking.service_id]
    if said is not None:
        booking = as_said(lock, settings, booking, said, actor)
    foreseen.for_confirmation(lock.tx, settings, service, booking)
    refusal = against_one_more(lock.tx, settings, booking)
    if refusal is not None:
        raise refusal
    refuse_withdrawn(lock.tx, settings, booking)
    return contact_proofs.ask(lock, settings, bind(lock, booking, actor, said.leave if said else NO_LEAVE))


def change_in(
    lock: Locked, settings: BranchSettings, booking: BookingView, wanted: Wanted, actor: Actor
) -> BookingView:
    """`change_booking` within an action that has locked the branch and ended what has expired."""
    if booking.starts_at == wanted.starts_at and booking.state is BookingState.CONFIRMED:
        return booking
    if booking.taken_away and booking.offered_starts_at == wanted.starts_at:
        return offers.accept(lock, settings, booking, actor)
    refusal = against_moving(lock.tx, settings, booking, wanted.starts_at, wanted.booker)
    if refusal is not None:
        raise refusal
    changed = move_to(lock, settings, booking, wanted, actor)
    outbox.tell(lock, settings, changed, Event.CHANGED)
    listed_places.pass_on(lock)
    return changed


def bind(lock: Locked, booking: BookingView, actor: Actor, leave: Leave = NO_LEAVE) -> BookingView:
    """Make a hold binding within an action that has looked whether it may; tells nobody. Raises as `refuse_binding`."""
    booking = safe_contact.carry_over(lock, booking)
    settings = branch_settings(lock.tx, lock.id, lock.config_version)
    apart.refuse_binding(lock, settings, booking, leave)
    apart.remember(lock, booking.id)
    take_step(lock, booking, BookingStep.CONFIRM, confirmed_at=lock.tx.now, held_until=None)
    with nothing_due_before(lock):
        lock.append(BookingConfirmed(subject=str(booking.id), code=booking.code), actor)
    apart.accept_now(lock, settings, booking, leave, actor)
    # What would be read now: nobody else changes it under the lock.
    return replace(booking, state=BookingState.CONFIRMED, confirmed_at=lock.tx.now, held_until=None)


def move_to(lock: Locked, settings: BranchSettings, booking: BookingView, wanted: Wanted, actor: Actor) -> BookingView:
    """Give a confirmed booking another place within an action that has looked whether it may move; tells nobody.

    Its own seats count as free, and it keeps whom it was promised. Raises what `placing.find` raises.
    """
    place = placing.find_instead(lock, settings, settings.services[booking.service_id], booking, wanted)
    slot, kept = place.slot, freed_places.accept_what_is_used(lock, booking.id, place.seats, actor)
    _leave(lock, settings, booking)
    placing.take_instead(lock, place, booking.id)
    listed_places.use_up(lock, kept)
    changes = booking.changes + (not booking.taken_away and (kept is None or kept.starts_at != slot.start))
    until = still_until(booking.prove_until, slot.start, lock.tx.now)
    time = {"starts_at": slot.start, "ends_at": slot.end, "changes": changes, "prove_until": until}
    take_step(lock, booking, BookingStep.CHANGE, **time, **offers.SETTLED)
    fact = BookingChanged(
        subject=str(booking.id),
        code=booking.code,
        from_starts_at=booking.starts_at.isoformat(),
        to_starts_at=slot.start.isoformat(),
    )
    lock.append(fact, actor)
    apart.accept_now(lock, settings, booking, wanted.leave, actor)
    moved = booking_by_id(lock.tx, lock.id, booking.id)
    contact_proofs.wait_as_one(lock, settings, moved)
    return moved


def end(lock: Locked, settings: BranchSettings, booking: BookingView, actor: Actor) -> BookingView:
    """Cancel a booking within an action that has looked whether it may be; tells nobody."""
    if booking.state is BookingState.HELD:
        seats.release(lock, booking)
    else:
        _leave(lock, settings, booking)
    take_step(lock, booking, BookingStep.CANCEL, ended_at=lock.tx.now, prove_until=None)
    lock.append(BookingCancelled(subject=str(booking.id), code=booking.code), actor)
    return booking_by_id(lock.tx, lock.id, booking.id)


def leave_unproven(lock: Locked, settings: BranchSettings, booking: BookingView) -> BookingView:
    """Cancel a booking for want of an answer at its contact, which its page goes on saying; logs nothing, tells nobody."""
    _leave(lock, settings, booking)
    take_step(lock, booking, BookingStep.CANCEL, ended_at=lock.tx.now)
    return booking_by_id(lock.tx, lock.id, booking.id)


def hold_in(lock: Locked, order: HoldOrder, earlier_id: UUID | None = None) -> BookingView:
    """`hold_slot` within an action that has locked the branch; `earlier_id` is the hold that this one is to replace."""
    tx = lock.tx
    if order.settings_version not in (None, lock.config_version):
        raise Stale("settings-changed")
    settings = branch_settings(tx, order.branch_id, lock.config_version)
    service = settings.services.get(order.service_id)
    if service is None:
        raise Missing("service")
    by_staff = order.booker is Booker.STAFF
    name = contacts.read_called(order.name) if by_staff else contacts.read_name(order.name)
    contact = contact_of(settings, service, order.contact, sure=order.contact_sure, needed=not by_staff)
    persons = bookings.checked_persons(order.persons, order.most_persons or service.most_persons)
    said: dict[str, Any] = {"name": name, "contact": contact, "persons": persons}
    if not by_staff:
        said["issued_number"] = issued_of(service, order.issued_number, needed=True)
    if order.request_id is not None:
        same = booking_by_request(tx, order.branch_id, order.request_id)
        if same is not None:
            if (same.service_id, same.starts_at) != (service.id, order.starts_at):
                raise Refused("request-reused")
            if any(getattr(same, one) != value for one, value in said.items()):
                same = _corrected(lock, settings, same, said)
            return channels.keep(lock, settings, same, order.how if same.state is BookingState.HELD else None)
    expire_due(lock)
    foreseen.for_hold(tx, settings, service, order.starts_at, contact, name)
    likely = likely_code(tx, lock.id)
    earlier = None if earlier_id is None else _replaced(lock, earlier_id, name, contact, order.actor)
    standing = standing_of(tx, settings, service, contact, name)
    # Whoever sees pairs is asked for a reason when it becomes binding.
    people = () if order.leave.sees else references(name, contact)
    known = met_members(tx, settings, service, name, contact)
    wanted = Wanted(order.starts_at, order.booker, standing, asked=order.members, known=known, people=people)
    place = placing.find(lock, settings, service, wanted)
    slot = place.slot
    kept = earlier.held_until if earlier and earlier.starts_at < slot.end and slot.start < earlier.ends_at else None
    row: dict[str, Any] = {
        "branch_id": lock.id,
        "id": uuid7(),
        "code": new_code(tx, lock.id, likely),
        "state": BookingState.HELD.value,
        "service_id": service.id,
        "starts_at": slot.start,
        "ends_at": slot.end,
        "language": order.language,
        "source": order.source,
        "held_until": bookings.held_until(tx.now, kept),
        "created_at": tx.now,
        **dict.fromkeys(("changes", "last_gone"), 0),
        **dict.fromkeys(("helper", "reference", "contact_note", "issued_number", "declared"), ""),
        **said,
        "request_id": order.request_id,
        "token": settings.key + secrets.token_urlsafe(16),
    }
    tx.later(_HOLD, row)
    placing.take(lock, place, row["id"])
    fact = BookingHeld(
        subject=str(row["id"]),
        code=row["code"],
        service=service.slug,
        starts_at=slot.start.isoformat(),
        source=order.source,
    )
    with nothing_due_before(lock, row["held_until"]):
        lock.append(fact, order.actor)
    apart.remember(lock, row["id"])
    return channels.keep(lock, settings, new_view(row), order.how)


def _replaced(lock: Locked, earlier_id: UUID, name: str, contact: str, actor: Actor) -> BookingView | None:
    """The earlier hold that this person replaces; None where it has ended or belongs to another person."""
    earlier = booking_by_id(lock.tx, lock.id, earlier_id)
    if earlier.state is not BookingState.HELD or not bookings.may_replace(earlier.name, earlier.contact, name, contact):
        return None
    seats.release(lock, earlier)
    take_step(lock, earlier, BookingStep.CANCEL, ended_at=lock.tx.now)
    lock.append(BookingCancelled(subject=str(earlier.id), code=earlier.code), actor)
    return earlier


def _corrected(lock: Locked, settings: BranchSettings, hold: BookingView, said: Mapping[str, Any]) -> BookingView:
    """The hold with the answers of the latest form, because the form was sent again with corrections."""
    is_over = hold.state is not BookingState.HELD or hold.held_until is None or hold.held_until <= lock.tx.now
    if is_over or not bookings.may_replace(hold.name, hold.contact, said["name"], said["contact"]):
        raise Refused("request-reused")
    service = settings.services[hold.service_id]
    standing = standing_of(lock.tx, settings, service, said["contact"], said["name"], hold.together_id)
    refusal = bookings.against_person(policy_of(settings, service), standing)
    if refusal is not None:
        raise refusal
    lock.tx.execute(sa.update(BOOKING).where(BOOKING.c.branch_id == lock.id, BOOKING.c.id == hold.id).values(**said))
    apart.remember(lock, hold.id)
    return booking_by_id(lock.tx, lock.id, hold.id)


def _leave(lock: Locked, settings: BranchSettings, booking: BookingView) -> None:
    """Give up the time of a booking: to the lot, but a time that the branch took away needs no lot, and no limit."""
    if booking.taken_away:
        seats.release(lock, booking)
    else:
        freed_places.give_back(lock, settings, booking)
