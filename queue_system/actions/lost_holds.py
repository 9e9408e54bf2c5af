"""Holds whose time is taken away: they end at once, so that nobody types on for a time that is gone."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from ..core.bookings import BookingState, BookingStep
from ..core.errors import Refused
from ..core.facts.bookings import BookingHoldLost
from ..core.support import Why
from ..store.database import Tx
from ..store.log import Actor, Locked
from ..store.queries.blocks import blocked_bookings
from ..store.queries.bookings import BookingView, booking_by_id, bookings_together, held_among
from ..store.queries.effect import why_withdrawn
from ..store.queries.lost_holds import lost_holds
from ..store.queries.settings import BranchSettings
from . import seats
from .booking_rows import take_step


def end_lost(lock: Locked, before: BranchSettings, settings: BranchSettings, actor: Actor) -> int:
    """End the holds that lose their time when `settings` follow on those of `before`; returns how many.

    For the transaction that makes the change, after its rows, and after seats were put in order (`seats.put_in_order`).
    """
    return _end(lock, lost_holds(lock.tx, before, settings), actor)


def end_blocked(lock: Locked, settings: BranchSettings, actor: Actor) -> int:
    """End the holds whose member is away, for the transaction that makes a block; returns how many."""
    blocked = blocked_bookings(lock.tx, settings)
    held = held_among(lock.tx, lock.id, blocked.keys()) if blocked else set()
    return _end(lock, dict.fromkeys(held, Why.MEMBER), actor)


def against_ended(hold: BookingView) -> Refused:
    """Why a hold that has ended cannot become an appointment: it has run out, or its time was taken away."""
    return Refused("slot-withdrawn", why=hold.lost_why) if hold.lost_why else Refused("hold-expired")


def refuse_withdrawn(tx: Tx, settings: BranchSettings, hold: BookingView) -> None:
    """Raise Refused("slot-withdrawn") where a hold could not be made any more, as after a change that ended no holds."""
    if (why := why_withdrawn(tx, settings, hold)) is not None:
        raise Refused("slot-withdrawn", why=why)


def _end(lock: Locked, lost: Mapping[UUID, Why], actor: Actor) -> int:
    ended: set[UUID] = set()
    for hold_id, why in lost.items():
        for hold in _with_its_visit(lock, booking_by_id(lock.tx, lock.id, hold_id)):
            if hold.state is BookingState.HELD and hold.id not in ended:
                ended.add(hold.id)
                seats.release(lock, hold)
                its_why = lost.get(hold.id, why).value
                take_step(lock, hold, BookingStep.EXPIRE, ended_at=lock.tx.now, lost_why=its_why)
                lock.append(BookingHoldLost(subject=str(hold.id), code=hold.code, why=its_why), actor)
    return len(ended)


def _with_its_visit(lock: Locked, hold: BookingView) -> list[BookingView]:
    """A hold, or all parts of its visit, because these are confirmed all or none."""
    return [hold] if hold.together_id is None else bookings_together(lock.tx, lock.id, hold.together_id)
