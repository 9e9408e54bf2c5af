"""Places that confirmed bookings give back: who gets them and when. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings as actions
from queue_system.actions import freed_places
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.core import slots
from queue_system.core.bookings import Booker
from queue_system.core.errors import Refused
from queue_system.core.freed import returns_at
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import VISITOR, Actor
from queue_system.store.queries import audit, bookings
from queue_system.store.queries import freed as kept
from queue_system.store.queries.bookings import BookingView
from queue_system.store.queries.freed import KeptPlace
from queue_system.store.tables import Seat, table
from tests.kit.hall import Hall, furnish

# 24 November, 08:30 in Doha, two days after the tests' clock.
START = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
PLAIN, SCARCE = "civil-extract", "passport-lost"


def test_a_place_given_back_returns_to_everybody_when_its_lot_says(hall: Hall, clock: FrozenClock) -> None:
    before = places(hall)
    cancel(hall, book(hall))
    (place,) = kept_places(hall)
    assert places(hall) == before - 1
    assert place.returns_at == returns_at(place.lot, clock.now(), START, hall.branch.freed_places_at, hall.branch.zone)
    assert place.returns_at is not None
    clock.set(place.returns_at - timedelta(seconds=1))
    tidy(hall)
    assert places(hall) == before - 1
    clock.set(place.returns_at)
    tidy(hall)
    assert places(hall) == before
    assert kept_places(hall) == []
    entry = facts(hall, "booking.place_returned")[-1]
    assert (entry.actor_kind, entry.data["lot"], entry.data["code"]) == ("system", place.lot, place.code)
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(log.verify))


def test_whoever_books_next_finds_the_place_that_has_returned_without_a_tidying(hall: Hall, clock: FrozenClock) -> None:
    given_up = book(hall)
    fill(hall)
    cancel(hall, given_up)
    with pytest.raises(Refused, match="slot-taken"):
        book(hall, contact="buyer@example.org")
    (place,) = kept_places(hall)
    assert place.returns_at is not None
    clock.set(place.returns_at)
    assert book(hall, contact="buyer@example.org").starts_at == START


def test_a_moved_booking_gives_each_of_its_old_times_back_once(hall: Hall, clock: FrozenClock) -> None:
    before = [places(hall, START + timedelta(days=day)) for day in range(3)]
    one = book(hall)
    for day in (1, 2):
        move(hall, one, START + timedelta(days=day))
    assert [place.starts_at for place in kept_places(hall)] == [START, START + timedelta(days=1)]
    clock.set(START - timedelta(hours=1))
    tidy(hall)
    clock.move(timedelta(days=1))
    tidy(hall)
    assert kept_places(hall) == []
    assert seats_of(hall, one) == needed(hall, PLAIN)
    assert [places(hall, START + timedelta(days=day)) for day in (1, 2)] == [before[1], before[2] - 1]


def test_one_can_move_back_to_the_time_one_gave_up_by_moving(hall: Hall) -> None:
    one = book(hall)
    fill(hall)
    moved = move(hall, one, START + timedelta(days=1))
    with pytest.raises(Refused, match="slot-taken"):
        book(hall, contact="other@example.org")
    assert START in offered(hall, own=moved.id)
    assert START not in offered(hall)
    back = move(hall, moved, START)
    assert (back.starts_at, back.changes) == (START, 2)
    # Only the time that was left the second time is kept now.
    assert [place.starts_at for place in kept_places(hall)] == [START + timedelta(days=1)]
    assert seats_of(hall, one) == 2 * needed(hall, PLAIN)


def test_moving_back_is_not_possible_once_others_could_take_the_time(hall: Hall, clock: FrozenClock) -> None:
    one = book(hall)
    moved = move(hall, one, START + timedelta(days=1))
    clock.set(kept_places(hall)[0].returns_at or START)
    tidy(hall)
    fill(hall)
    with pytest.raises(Refused, match="slot-taken"):
        move(hall, moved, START)


def test_ones_own_time_does_not_stand_in_the_way_of_one_that_overlaps_it(db: Database) -> None:
    """The wanted hour overlaps the person's own booking by half, so only the other half must be free."""
    berlin, service = furnish(db, "civil-society", "berlin"), "fundraising"
    first, second, *_ = offered(berlin, service)
    assert second - first < timedelta(minutes=berlin.branch.service(service).duration_min)
    one = book(berlin, first, service)
    fill(berlin, first, service)
    assert second not in offered(berlin, service)
    assert second in offered(berlin, service, own=one.id)
    moved = move(berlin, one, second)
    assert moved.starts_at == second
    further = (second - first) // timedelta(minutes=berlin.branch.tick_minutes)
    assert seats_of(berlin, one) == needed(berlin, service) + further
    assert move(berlin, moved, first).starts_at == first
    assert seats_of(berlin, one) == needed(berlin, service) + further


def test_places_of_a_scarce_service_wait_for_staff(hall: Hall, clock: FrozenClock) -> None:
    before = places(hall, service=SCARCE)
    cancel(hall, book(hall, service=SCARCE))
    (place,) = kept_places(hall)
    assert place.returns_at is None
    clock.set(START - timedelta(hours=3))
    tidy(hall)
    assert places(hall, service=SCARCE) == before - 1
    clerk = Actor("staff", str(hall.person("supervisor")))
    assert release(hall, [place.id], clerk) == 1
    assert places(hall, service=SCARCE) == before
    assert release(hall, [place.id], clerk) == 0
    (entry,) = facts(hall, "booking.place_released")
    assert (entry.actor_kind, entry.data["code"]) == ("staff", place.code)


def test_staff_may_release_before_the_lot_does(hall: Hall, clock: FrozenClock) -> None:
    before = places(hall)
    cancel(hall, book(hall))
    release(hall, [kept_places(hall)[0].id], VISITOR)
    assert places(hall) == before
    clock.set(START - timedelta(hours=1))
    tidy(hall)
    assert facts(hall, "booking.place_returned") == []


def test_a_hold_that_is_left_is_free_at_once(hall: Hall) -> None:
    before = places(hall)
    held = hall.db.write_in_now(hall.branch.id, actions.hold_slot, order(hall))
    cancel(hall, held)
    assert places(hall) == before
    assert kept_places(hall) == []


def test_what_is_over_is_no_longer_anybodys_to_release(hall: Hall, clock: FrozenClock) -> None:
    cancel(hall, book(hall, service=SCARCE))
    (place,) = kept_places(hall)
    clock.set(START)
    assert kept_places(hall) == []
    assert release(hall, [place.id], VISITOR) == 0


# ---------------------------------------------------------------- shorthands


def order(hall: Hall, start: datetime = START, service: str = PLAIN, **changes: Any) -> HoldOrder:
    plain = HoldOrder(hall.branch.id, hall.service(service), start, "سلمى الحسن", "a@example.org", "ar", VISITOR)
    return replace(plain, **changes)


def book(
    hall: Hall, start: datetime = START, service: str = PLAIN, contact: str = "a@example.org", **changes: Any
) -> BookingView:
    wanted = order(hall, start, service, contact=contact, **changes)
    held = hall.db.write_in_now(hall.branch.id, actions.hold_slot, wanted)
    return hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, held.id, VISITOR)


def fill(hall: Hall, start: datetime = START, service: str = PLAIN) -> None:
    """Let others book every place of a time."""
    for number in range(places(hall, start, service)):
        book(hall, start, service, f"other{number}@example.org")


def move(hall: Hall, one: BookingView, start: datetime) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, actions.change_booking, hall.branch.id, one.id, start, VISITOR)


def cancel(hall: Hall, one: BookingView, booker: Booker = Booker.PUBLIC) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, actions.cancel_booking, hall.branch.id, one.id, VISITOR, booker)


def tidy(hall: Hall) -> None:
    hall.db.write_in_now(hall.branch.id, actions.expire_holds, hall.branch.id)


def release(hall: Hall, ids: list[UUID], actor: Actor) -> int:
    return hall.db.write_in_now(hall.branch.id, freed_places.release_places, hall.branch.id, ids, actor)


def kept_places(hall: Hall) -> list[KeptPlace]:
    return hall.db.read_now(kept.kept_places, hall.branch.id)


def day(hall: Hall, service: str = PLAIN, start: datetime = START, own: UUID | None = None) -> Any:
    date = start.astimezone(hall.branch.zone).date()
    found = hall.db.read_now(bookings.free_days, hall.branch, hall.branch.service(service), date, date, own=own)
    return found[0].slots


def offered(hall: Hall, service: str = PLAIN, own: UUID | None = None) -> list[datetime]:
    return [slot.start for slot in day(hall, service, own=own)]


def places(hall: Hall, start: datetime = START, service: str = PLAIN) -> int:
    """How many places of a time everybody can book."""
    return sum(slot.places for slot in day(hall, service, start) if slot.start == start)


def needed(hall: Hall, service: str) -> int:
    """How many seats one booking takes."""
    plan = bookings.plan_on(hall.branch, hall.branch.service(service), START.date())
    return len(plan.resources) * slots.ticks_needed(plan, hall.branch.tick_minutes)


def seats_of(hall: Hall, one: BookingView) -> int:
    seat = table(Seat)
    statement = sa.select(sa.func.count()).select_from(seat).where(seat.c.booking_id == one.id)
    return int(hall.db.read_now(Tx.scalar, statement))


def facts(hall: Hall, kind: str) -> list[Any]:
    return hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind=kind), 10)
