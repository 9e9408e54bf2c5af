"""What a hold and its confirmation will read, so that a server answers it in one round trip (`Tx.foresee`).

These are the reads of `bookings`, `standing`, `known_members`, `blocks` and `contact_ways` with the values that those will
use. Nothing depends on it but the time: what is not foreseen is read where it is needed.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ...core import hours, slots
from ..database import Tx
from . import blocks, bookings, contact_ways, known_members, standing
from .bookings import BookingView
from .settings import BranchSettings, ServiceView


def before_hold(tx: Tx, branch_id: UUID, request_id: str | None) -> None:
    """Before the branch is locked: the booking of the same request."""
    if request_id is not None:
        tx.foresee((bookings.BY_REQUEST, {"branch": branch_id, "request": request_id}))


def for_hold(
    tx: Tx, settings: BranchSettings, service: ServiceView, starts_at: datetime, contact: str, name: str
) -> None:
    """Once the branch is locked: the standing of the booker, whom they have met, and what is taken at the time."""
    if not tx.has_round_trips:
        return
    _standing(tx, settings, service, contact)
    tx.foresee(*known_members.reads_of_met(settings, service, name, contact))
    plan = bookings.plan_on(settings, service, hours.opening_day(starts_at, settings.calendar, service.id))
    visit = slots.seats_span(starts_at, plan, settings.tick_minutes)
    tx.foresee(*bookings.reads_of_lanes(settings.id, plan, visit))


def before_confirmation(tx: Tx, branch_id: UUID, booking_id: UUID) -> None:
    """Before the branch is locked: the hold."""
    tx.foresee((bookings.BY_ID, {"branch": branch_id, "booking": booking_id}))


def for_confirmation(tx: Tx, settings: BranchSettings, service: ServiceView, hold: BookingView) -> None:
    """Once the hold is known: its seats, its booker's standing and ways to be contacted, and who is away."""
    if not tx.has_round_trips:
        return
    _standing(tx, settings, service, hold.contact)
    tx.foresee(blocks.read_of_blocks(tx, settings))
    tx.foresee((bookings.SEATS_OF, {"branch": settings.id, "booking": hold.id}))
    if hold.contact and hold.contact_way is None and not contact_ways.asks_anew(settings):
        tx.foresee(*contact_ways.reads_of_answers(settings, hold.contact))


def _standing(tx: Tx, settings: BranchSettings, service: ServiceView, contact: str) -> None:
    if contact and not service.confidentiality.discreet:
        tx.foresee(standing.read_of_standing(tx, settings, contact))
