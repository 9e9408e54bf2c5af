"""Moving an appointment to another day, and one that takes several people."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from queue_system.actions import bookings
from queue_system.actions.blocks import BlockOrder, block_members
from queue_system.actions.digests import digest_next
from queue_system.actions.freed_places import release_places
from queue_system.clock import FrozenClock
from queue_system.core.blocks import Absence, BlockReason, fingerprint
from queue_system.core.bookings import Booker, BookingState
from queue_system.core.errors import Refused
from queue_system.core.facts.bookings import BookingChanged, PlaceReleased
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.bookings import BookingView, booking_by_id, booking_by_token, free_days
from queue_system.store.queries.digests import by_service
from queue_system.store.queries.freed import kept_places
from tests.kit.hall import Hall
from tests.kit.legal_aid import HOUR, START, booked, held, legal_aid, member, who


def test_scenario_6_an_appointment_moved_to_another_day_counts_on_that_day_alone(
    db: Database, clock: FrozenClock
) -> None:
    hall = legal_aid(db)
    one = booked(hall, START, "assoc-compliance", "basel")
    other = booked(hall, START + timedelta(days=7), "assoc-compliance", name="ريم", contact="rim@example.org")
    later = START + timedelta(days=1)
    moved = move(hall, one, later)
    assert (moved.id, moved.code, moved.name, moved.contact) == (one.id, one.code, one.name, one.contact)
    # The same person receives them, and whoever has another one's link cannot move it.
    assert (who(hall, one), who(hall, moved)) == (["basel"], ["basel"])
    assert hall.db.read_now(booking_by_token, hall.branch.id, one.token) == moved
    assert hall.db.read_now(booking_by_token, hall.branch.id, other.token) == other
    # Two facts: the appointment is at another time, and its old one can be booked again.
    (place,) = hall.db.read_now(kept_places, hall.branch.id)
    hall.db.write_in_now(hall.branch.id, release_places, hall.branch.id, [place.id], SYSTEM)
    entries = hall.db.read_now(log.after, hall.branch.id, 0, 1_000)
    facts = [one for one in entries if one.kind in (BookingChanged.kind, PlaceReleased.kind)]
    assert [fact.subject for fact in facts] == [str(one.id)] * 2
    named = [{key: at for key, at in fact.data.items() if key.endswith("starts_at")} for fact in facts]
    assert named == [
        {"from_starts_at": START.isoformat(), "to_starts_at": later.isoformat()},
        {"starts_at": START.isoformat()},
    ]
    clock.set(START + timedelta(days=2))
    while digest_next(hall.db, hall.branch.id):
        pass
    days = [START.date(), later.date()]
    figures = hall.db.read_now(by_service, hall.branch.id, days[0], days[1])
    found = {
        day: sum((Counter(tally.counts) for key, tally in figures.items() if key[0] == day), Counter()) for day in days
    }
    # Nobody recorded whether they came.
    assert found == {days[0]: Counter(), days[1]: Counter(not_recorded=1)}


def test_scenario_17_an_appointment_that_takes_two_people_moves_only_where_both_are_free_for_all_of_it(
    db: Database,
) -> None:
    hall = legal_aid(db)
    one = booked(hall, START, "case-follow")
    long, day = one.ends_at - one.starts_at, START + timedelta(days=1)
    before = free(hall, "case-follow", day)
    # Of the lawyers two are there, of the interpreter one: she is taken for one appointment, and away in the middle of
    # another, of which the second lawyer is free all the time.
    taken = booked(hall, day + HOUR, "case-follow")
    away = (day + 3 * HOUR + long / 2, day + 3 * HOUR + long)
    block(hall, "cemil", *away)
    offered = free(hall, "case-follow", day)
    assert set(before) - set(offered) == {
        start
        for start in before
        if any(start < end and begin < start + long for begin, end in ((taken.starts_at, taken.ends_at), away))
    }
    assert day + 3 * HOUR in before
    for refused in (taken.starts_at, day + 3 * HOUR):
        with pytest.raises(Refused):
            move(hall, one, refused)
        assert read(hall, one).starts_at == one.starts_at
    # With the whole length, and with both of them.
    moved = move(hall, one, offered[-1])
    assert moved.ends_at - moved.starts_at == long
    assert len(who(hall, moved)) == 2


def test_scenario_16_a_time_that_was_taken_on_the_last_step_leaves_the_hold_with_what_was_typed(
    db: Database, clock: FrozenClock
) -> None:
    hall = legal_aid(db)
    mine = held(hall, START, "case-follow")
    clock.move(timedelta(minutes=11))
    booked(hall, START, "case-follow", contact="rim@example.org", name="ريم")
    with pytest.raises(Refused):
        hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, mine.id, VISITOR)
    left = read(hall, mine)
    assert left.state is not BookingState.CONFIRMED
    assert (left.name, left.contact) == (mine.name, mine.contact)


def block(hall: Hall, slug: str, starts_at: datetime, ends_at: datetime) -> None:
    """A member is away at a time at which it has no appointment."""
    absence = Absence(member(hall, slug), starts_at, ends_at)
    order = BlockOrder((absence,), BlockReason.ILLNESS, fingerprint(()), {})
    hall.db.write_in_now(hall.branch.id, block_members, hall.branch.id, order, SYSTEM)


def move(hall: Hall, one: BookingView, start: datetime) -> BookingView:
    return hall.db.write_in_now(
        hall.branch.id, bookings.change_booking, hall.branch.id, one.id, start, VISITOR, Booker.STAFF
    )


def read(hall: Hall, one: BookingView) -> BookingView:
    return hall.db.read_now(booking_by_id, hall.branch.id, one.id)


def free(hall: Hall, service: str, day: datetime) -> list[datetime]:
    (found,) = hall.db.read_now(
        free_days, hall.branch, hall.branch.service(service), day.date(), day.date(), public=False
    )
    return [slot.start for slot in found.slots]
