"""Bookings whose time a change of settings takes away, and what is decided on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from queue_system.actions import bookings as actions
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.decisions import decide, give_back_time
from queue_system.actions.lost_holds import end_lost
from queue_system.actions.seats import put_in_order
from queue_system.core.decision_reasons import Because, Reasons
from queue_system.core.effect import Effect, effect
from queue_system.core.promises import Choice, Choices, Decided
from queue_system.store.database import Tx
from queue_system.store.editing import editing
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.store.queries.effect import live_of, offer_of, showing_devices
from queue_system.store.queries.settings import branch_settings
from queue_system.store.tables import ClosureRow, table
from tests.kit.hall import Hall

Change = Callable[[Tx], Any]
#: A reason for whatever is decided.
BECAUSE = Reasons(
    {Choice.MOVE: Because.CAN_WAIT, Choice.KEEP: Because.COVERED, Choice.CANCEL: Because.NOT_NEEDED},
)


def save(hall: Hall, change: Change, choices: Choices | None = None) -> tuple[Effect, dict[UUID, Decided]]:
    """Change settings as a save does: the effect of the change, and its decisions, in one transaction."""

    def work(tx: Tx) -> tuple[Effect, dict[UUID, Decided]]:
        with editing(tx, [hall.branch.id]) as found:
            lock = found[hall.branch.id]
            showing = showing_devices(tx, lock.id)
            before = branch_settings(tx, lock.id)
            change(tx)
            after = branch_settings(tx, lock.id)
            taken = effect(offer_of(before, showing), offer_of(after, showing), live_of(tx, before))
            lost = {one.id: one.why for one in taken.bookings}
            put_in_order(lock, after)
            if end_lost(lock, before, after, SYSTEM):
                put_in_order(lock, after)
            decided = decide(lock, after, lost, choices or Choices(), uuid4(), SYSTEM)
            give_back_time(lock, after, SYSTEM)
            return taken, decided

    return hall.db.write_now(work)


def closing(hall: Hall, day: date) -> Change:
    """Closes the branch for a day."""
    row = {
        "branch_id": hall.branch.id,
        "id": uuid4(),
        "calendar": "",
        "first": day,
        "last": day,
        "provisional": False,
        "names": {"ar": "إغلاق", "en": "Closed"},
    }
    return lambda tx: tx.execute(sa.insert(table(ClosureRow)), row)


def for_all(choice: Choice) -> Choices:
    """The same choice for every reason."""
    from queue_system.core.support import Why

    return Choices(dict.fromkeys(Why, choice))


def booked(hall: Hall, starts_at: Any, service: str = "civil-extract", contact: str = "a@example.org") -> BookingView:
    """A confirmed appointment."""
    one = held(hall, starts_at, service, contact)
    return hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, one.id, VISITOR)


def held(hall: Hall, starts_at: Any, service: str = "civil-extract", contact: str = "a@example.org") -> BookingView:
    """A time that is held, and not confirmed."""
    order = HoldOrder(hall.branch.id, hall.service(service), starts_at, "سلمى الحسن", contact, "ar", VISITOR)
    return hall.db.write_in_now(hall.branch.id, actions.hold_slot, order)


def as_stored(hall: Hall, one: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, one.id)
