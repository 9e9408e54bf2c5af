"""Series of appointments in a hall, for tests of what can be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from queue_system.actions import bookings, series, series_changes, settings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.series import SeriesOrder
from queue_system.core.bookings import Booker
from queue_system.core.series import Rhythm, Scope, SeriesRule
from queue_system.core.support import Why
from queue_system.settings.edits import Edit
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.series import SeriesView, series_by_id
from queue_system.store.queries.series_chances import Prospect, WantedDate, dates_shown, planned, prospects
from queue_system.store.queries.series_changes import endings_of, endings_shown
from tests.kit.hall import Hall

WEEKLY = Rhythm.WEEKLY


def booked(hall: Hall, service: str, starts_at: datetime, name: str = "وفاء الحسن", **said: Any) -> BookingView:
    """An appointment that staff made."""
    values: dict[str, Any] = {"contact": "wafa@example.org", "language": "ar", **said}
    order = HoldOrder(
        hall.branch.id, hall.service(service), starts_at, name, actor=SYSTEM, booker=Booker.STAFF, **values
    )
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, SYSTEM)


def chances(hall: Hall, first: BookingView, rule: SeriesRule) -> list[Prospect]:
    """What becomes of each date of a series that is to be made, the first one included."""
    wishes = [WantedDate(n, at, first.id if n == 1 else None) for n, at in planned(hall.branch, first, rule)]
    service = hall.branch.services[first.service_id]
    return hall.db.read_now(lambda tx: prospects(tx, hall.branch, service, wishes))


def repeat(
    hall: Hall,
    first: BookingView,
    rule: SeriesRule,
    others: Mapping[int, datetime | None] | None = None,
    asked: Mapping[UUID, UUID] | None = None,
) -> SeriesView:
    """A series at the times of its rule, apart from the `others`."""
    dates = planned(hall.branch, first, rule)
    order = SeriesOrder(first.id, rule, {**dict(dates), **(others or {})}, dates_shown(first, dates), asked or {})
    made = hall.db.write_in_now(hall.branch.id, series.make_series, hall.branch.id, order, SYSTEM)
    return look(hall, made)


def look(hall: Hall, series_id: UUID) -> SeriesView:
    return hall.db.read_now(series_by_id, hall.branch.id, series_id)


def end(hall: Hall, found: SeriesView, n: int, scope: Scope, why: Why | None = None) -> list[BookingView]:
    """End what the scope means, as it is now: for a reason of the house, or as the visitor wishes."""
    endings = hall.db.read_now(lambda tx: endings_of(found, n, scope, tx.now))
    here = hall.branch.id
    shown = endings_shown(found, endings)
    return hall.db.write_in_now(here, series_changes.end_series, here, found.id, n, scope, shown, SYSTEM, why)


def fill(hall: Hall, found: SeriesView, n: int, starts_at: datetime) -> BookingView:
    here = hall.branch.id
    return hall.db.write_in_now(here, series_changes.fill_date, here, found.id, n, starts_at, SYSTEM)


def officers(hall: Hall, service: str, kind: str = "person", public_lanes: int = 1) -> None:
    """Two officers, or members of another kind, one of whom the service needs, and lanes for both."""
    people: dict[str, dict[str, Any]] = {slug: {"kind": kind} for slug in ("amal", "basel")}
    people["officers"] = {"kind": "group", "any_of": ["amal", "basel"]}
    edits = [
        Edit("resource", slug, None, {"names": {"ar": slug, "en": slug}, **values}) for slug, values in people.items()
    ]
    queue = hall.branch.queue_of(hall.branch.service(service))
    lanes = {"lanes": queue.lanes, "public_lanes": queue.public_lanes}
    edits += [
        Edit("service", service, {"needs": []}, {"needs": ["officers"]}),
        Edit("queue", queue.slug, lanes, {"lanes": 4, "public_lanes": public_lanes}),
    ]
    told = hall.db.read_now(settings.preview, hall.branch.id, edits)
    hall.db.write_now(settings.save, hall.branch.id, edits, told.sha256, actor=SYSTEM, person=None)
