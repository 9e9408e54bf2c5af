"""Places that are kept for whoever they were offered to, whole and apart from everything else. On both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, earlier, freed_places
from queue_system.actions.decisions import decide_listed
from queue_system.actions.series_changes import ChangeOrder, change_series
from queue_system.core.earlier import Wish
from queue_system.core.errors import Refused
from queue_system.core.promises import Choice
from queue_system.core.series import Scope, SeriesRule
from queue_system.settings.edits import Edit
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.appointments import members_had
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.store.queries.earlier import Offer, running_offer
from queue_system.store.queries.freed import kept_places
from queue_system.store.queries.helping import helper_named, places_taken, stretch_of
from queue_system.store.queries.series_changes import Change, changes_of, changes_shown
from queue_system.store.queries.settings import branch_settings
from queue_system.store.tables import Booking, PolicyRow, Seat, table
from tests.kit.deciding import BECAUSE, as_stored
from tests.kit.hall import Hall, change_settings, enter
from tests.kit.legal_aid import START as NINE
from tests.kit.legal_aid import booked as appointment
from tests.kit.legal_aid import legal_aid, member
from tests.kit.repeating import WEEKLY, booked, end, fill, look, repeat
from tests.kit.services import save, set_place, set_service

BOOKING, SEAT = table(Booking), table(Seat)
SERVICE = "civil-extract"
# 24 November, 08:30 in Doha, two days after the tests' clock.
START = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
LATER = START + timedelta(days=2)
NAMES = {"ar": "نقابة المحامين", "en": "Bar association"}


@pytest.fixture
def listed(hall: Hall) -> Hall:
    """A hall that offers places to those who wait, in order."""
    change_settings(hall.db, sa.update(table(PolicyRow)).values(freed_slot="waitlist_in_order"))
    return Hall(hall.db, hall.db.read_now(branch_settings, hall.branch.id))


def test_what_is_offered_to_somebody_stays_theirs_when_its_giver_comes_back(listed: Hall) -> None:
    queue = listed.branch.queue_of(listed.branch.service(SERVICE))
    lanes = {"lanes": queue.lanes, "public_lanes": queue.public_lanes}
    listed = save(listed, [Edit("queue", queue.slug, lanes, dict.fromkeys(lanes, 3))])
    made = repeat(listed, booked(listed, SERVICE, START), SeriesRule(WEEKLY, dates=2))
    place = START + timedelta(weeks=1)
    first = book(listed, place + timedelta(days=2), "first@example.org")
    wait(listed, first)
    before, free = seats(listed, first), places(listed, place)
    end(listed, made, 2, Scope.THIS)
    offer = offer_of(listed, first)
    assert offer is not None
    assert offer.starts_at == place
    # Another place at the same time is free for the giver.
    assert places(listed, place) == free > 0
    fill(listed, look(listed, made.id), 2, place)
    assert [one.id for one in listed.db.read_now(kept_places, listed.branch.id)] == [offer.place_id]
    # It is offered to nobody else then, so it waits for its lot, and no seat is lost.
    listed.db.write_in_now(listed.branch.id, earlier.decline_earlier, listed.branch.id, first.id, offer.id, VISITOR)
    (kept,) = listed.db.read_now(kept_places, listed.branch.id)
    listed.db.write_in_now(listed.branch.id, freed_places.release_places, listed.branch.id, [kept.id], SYSTEM)
    assert (places(listed, place), seats(listed, first)) == (free, before)


def test_what_a_series_leaves_by_a_change_is_offered_with_the_change_itself(listed: Hall) -> None:
    made = repeat(listed, booked(listed, SERVICE, START), SeriesRule(WEEKLY, dates=2))
    place = START + timedelta(weeks=1)
    first = book(listed, place + timedelta(days=2), "first@example.org")
    wait(listed, first)
    moved = Change(2, Scope.THIS, place + timedelta(hours=1))
    order = listed.db.read_now(
        lambda tx: ChangeOrder(
            made.id,
            moved,
            {2: moved.starts_at},
            changes_shown(made, changes_of(tx, listed.branch, made, moved)),
        )
    )
    listed.db.write_in_now(listed.branch.id, change_series, listed.branch.id, order, SYSTEM)
    offer = offer_of(listed, first)
    assert offer is not None
    assert offer.starts_at == place


def test_a_place_that_is_too_short_now_is_offered_to_nobody(listed: Hall) -> None:
    giver, first = book(listed, START, "giver@example.org"), book(listed, LATER, "first@example.org")
    wait(listed, first)
    minutes = listed.branch.service(SERVICE).duration_min
    longer = set_service(listed, SERVICE, duration_min=3 * minutes)
    cancel(longer, giver)
    assert offer_of(longer, first) is None


def test_another_time_leaves_the_way_there_and_back_between_it_and_the_lost_one(db: Database) -> None:
    hall = set_service(legal_aid(db), "assoc-compliance", channel="field", travel_min=30)
    one = booked(hall, "assoc-compliance", NINE + timedelta(hours=2))
    lost = {"decision": "later", "lost_why": "member"}
    hall.db.write_now(Tx.execute, sa.update(BOOKING).where(BOOKING.c.id == one.id).values(lost))
    hall.db.write_in_now(hall.branch.id, decide_listed, hall.branch.id, {one.id: Choice.MOVE}, BECAUSE, SYSTEM)
    offered = as_stored(hall, one)
    assert offered.offered_starts_at is not None
    assert offered.offered_ends_at is not None
    way = timedelta(minutes=30)
    assert offered.offered_starts_at > one.ends_at + way or offered.offered_ends_at + way < one.starts_at
    before = seats(hall, one)
    moved = hall.db.write_in_now(
        hall.branch.id, bookings.change_booking, hall.branch.id, one.id, offered.offered_starts_at, VISITOR
    )
    # One member for its whole stretch, and nothing else.
    assert 2 * seats(hall, moved) == before
    assert len(hall.db.read_now(members_had, hall.branch, [moved])[moved.id]) == 1


def test_whom_an_organisation_booked_is_asked_where_it_has_a_place_and_counts_there(listed: Hall) -> None:
    values = {"slug": "bar", "names": NAMES, "services": [SERVICE], "places": 1, "per": "day"}
    hall = set_place(listed, helpers={"bar": values})
    bar = helper_named(hall.branch, "bar")
    assert bar is not None
    giver, first = book(hall, START, "giver@example.org"), book(hall, LATER, "first@example.org")
    other = book(hall, START + timedelta(hours=1), "other@example.org")
    as_booked_by_it = BOOKING.c.id.in_([other.id, first.id])
    hall.db.write_now(Tx.execute, sa.update(BOOKING).where(as_booked_by_it).values(helper="bar"))
    wait(hall, first)
    cancel(hall, giver)
    assert offer_of(hall, first) is None
    # Its own appointment goes, and with it the reason.
    cancel(hall, other)
    assert offer_of(hall, first) is not None
    assert hall.db.read_now(places_taken, hall.branch, bar, stretch_of(hall.branch, bar, START)) == 1


def test_a_member_that_is_kept_for_somebody_is_free_for_nobody_else(db: Database) -> None:
    legal_aid(db)
    change_settings(db, sa.update(table(PolicyRow)).values(freed_slot="waitlist_in_order"))
    hall = enter(db, "istanbul")
    # Promised, so that nobody can take the place of whom the other has.
    giver, first = (
        appointment(hall, at, asked="amal", contact=f"{who}@example.org")
        for at, who in ((NINE, "giver"), (NINE + timedelta(days=2), "first"))
    )
    wait(hall, first)
    cancel(hall, giver)
    assert offer_of(hall, first) is not None
    assert NINE not in free_with(hall, "amal")
    assert NINE in free_with(hall, "basel")
    # Nobody makes room by taking whom somebody else is about to have.
    one = appointment(hall, NINE, asked="", contact="one@example.org")
    assert members_of_booking(hall, one) == {member(hall, "basel")}
    with pytest.raises(Refused, match="slot-taken"):
        appointment(hall, NINE, asked="", contact="two@example.org")


def book(hall: Hall, start: datetime, contact: str) -> BookingView:
    return booked(hall, SERVICE, start, "سلمى الحسن", contact=contact)


def places(hall: Hall, start: datetime) -> int:
    """How many can be booked at a time."""
    day = start.astimezone(hall.branch.zone).date()
    (found,) = hall.db.read_now(free_days, hall.branch, hall.branch.service(SERVICE), day, day, public=False)
    return sum(slot.places for slot in found.slots if slot.start == start)


def free_with(hall: Hall, slug: str) -> list[datetime]:
    """The times at which a lawyer can be booked on the day of NINE."""
    service, day = hall.branch.service("assoc-compliance"), NINE.astimezone(hall.branch.zone).date()
    asked = {member(hall, "lawyers"): member(hall, slug)}
    (found,) = hall.db.read_now(free_days, hall.branch, service, day, day, public=False, asked=asked)
    return [slot.start for slot in found.slots]


def members_of_booking(hall: Hall, one: BookingView) -> set[UUID]:
    return {had.member for had in hall.db.read_now(members_had, hall.branch, [one])[one.id]}


def wait(hall: Hall, one: BookingView) -> None:
    hall.db.write_in_now(hall.branch.id, earlier.wait_for_earlier, hall.branch.id, one.id, Wish(), VISITOR)


def cancel(hall: Hall, one: BookingView) -> None:
    hall.db.write_in_now(hall.branch.id, bookings.cancel_booking, hall.branch.id, one.id, VISITOR)


def offer_of(hall: Hall, one: BookingView) -> Offer | None:
    return hall.db.read_now(running_offer, hall.branch.id, one.id)


def seats(hall: Hall, one: BookingView) -> int:
    """How many seats it has, without those that it gave back."""
    here = (SEAT.c.booking_id == one.id) & SEAT.c.freed_id.is_(None)
    return len(hall.db.read_now(Tx.rows, sa.select(SEAT.c.tick).where(here)))
