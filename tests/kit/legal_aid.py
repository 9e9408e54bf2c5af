"""The legal aid of the forum, with lawyers and an interpreter who have names: for tests of members."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from queue_system.actions import bookings, settings
from queue_system.actions.bookings import HoldOrder
from queue_system.core.bookings import Booker
from queue_system.settings.edits import Edit
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.store.queries.members import members_of
from queue_system.store.tables import BookingMember, table
from tests.kit.furnished import prepared
from tests.kit.hall import Hall, enter, furnish

BRANCH: Final = "istanbul"
# A Tuesday, 09:00 in Istanbul, two days after the tests' clock.
START: Final = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
HAS = table(BookingMember)


def legal_aid(db: Database) -> Hall:
    """Lawyers amal and basel, and the interpreter cemil; case-follow needs one of both, assoc-compliance a lawyer."""
    prepared(db, "legal aid", lambda: _appoint(furnish(db, "forum", BRANCH)))
    return enter(db, BRANCH)


def _appoint(hall: Hall) -> None:
    people: dict[str, dict[str, Any]] = {
        "amal": {"kind": "person"},
        "basel": {"kind": "person"},
        "cemil": {"kind": "interpreter"},
        "lawyers": {"kind": "group", "any_of": ["amal", "basel"]},
    }
    needs = {"case-follow": ["lawyers", "cemil"], "assoc-compliance": ["lawyers"]}
    names = {
        "amal": ("أمل", "Amal"),
        "basel": ("باسل", "Basel"),
        "cemil": ("جميل", "Cemil"),
        "lawyers": ("محامون", "Lawyers"),
    }
    edits = [
        Edit("resource", slug, None, {"names": {"ar": names[slug][0], "en": names[slug][1]}, **values})
        for slug, values in people.items()
    ]
    for slug, wanted in needs.items():
        known = hall.branch.service(slug)
        before = {"needs": [hall.branch.resources[one].slug for one in known.resources], "policy": known.policy}
        edits.append(Edit("service", slug, before, {"needs": wanted, "policy": "staff_only"}))
    queues = {hall.branch.queue_of(hall.branch.service(slug)).slug for slug in needs}
    for one in hall.branch.queues.values():
        if one.slug in queues:
            was = {"lanes": one.lanes, "public_lanes": one.public_lanes}
            edits.append(Edit("queue", one.slug, was, {"lanes": 3, "public_lanes": 1}))
    save(hall, *edits)


def save(hall: Hall, *edits: Edit) -> Hall:
    """The hall with these edits."""
    told = hall.db.read_now(settings.preview, hall.branch.id, list(edits))
    hall.db.write_now(settings.save, hall.branch.id, list(edits), told.sha256, actor=SYSTEM, person=None)
    return enter(hall.db, hall.branch.slug)


def member(hall: Hall, slug: str) -> UUID:
    """The id of a member, or of a group."""
    return next(one.id for one in hall.branch.resources.values() if one.slug == slug)


def held(
    hall: Hall,
    at: datetime,
    service: str = "assoc-compliance",
    asked: str = "",
    contact: str = "hala@example.org",
    name: str = "هالة الحسن",
) -> BookingView:
    """A hold; `asked` is the lawyer whom the visitor was promised."""
    wanted = {member(hall, "lawyers"): member(hall, asked)} if asked else {}
    order = HoldOrder(
        hall.branch.id,
        hall.service(service),
        at,
        name,
        contact,
        "ar",
        SYSTEM,
        booker=Booker.STAFF,
        members=wanted,
    )
    return hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)


def booked(hall: Hall, at: datetime, service: str = "assoc-compliance", asked: str = "", **whose: str) -> BookingView:
    """A confirmed appointment."""
    found = held(hall, at, service, asked, **whose)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, found.id, SYSTEM)


def as_stored(hall: Hall, booking: BookingView) -> BookingView:
    """The appointment as it is now."""
    return hall.db.read_now(booking_by_id, hall.branch.id, booking.id)


def who(hall: Hall, booking: BookingView) -> list[str]:
    """The slugs of all members that an appointment has, also at a time that is only offered."""

    def read(tx: Tx) -> list[str]:
        rows = tx.rows(sa.select(HAS.c.member_id).where(HAS.c.booking_id == booking.id))
        return sorted(members_of(hall.branch)[row.member_id].slug for row in rows)

    return hall.db.read_now(read)
