"""A hold whose time is taken away ends in the transaction that takes it, and says why. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from queue_system.actions import bookings, settings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.together import hold_together
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.calendars import Layer
from queue_system.core.errors import Refused
from queue_system.core.support import Why
from queue_system.settings.agenda import HoursRule, OutreachDay
from queue_system.settings.branch import Branch
from queue_system.settings.edits import Edit, difference
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries import audit
from queue_system.store.queries.audit import EntryView
from queue_system.store.queries.bookings import BookingView, bookings_together, free_days, seats_of
from queue_system.store.queries.previews import prospect
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.settings import branch_settings
from queue_system.store.queries.values import branch_at
from tests.kit.deciding import as_stored, booked, held
from tests.kit.hall import Hall

# Tuesday 24 November, 08:30 in Doha, two days after the tests' clock.
START = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)
NEXT = START + timedelta(minutes=10)
DAY = date(2026, 11, 24)
SERVICE = "civil-extract"
Change = Callable[[Branch], Branch]


def test_scenario_2_a_hold_under_a_removed_window_ends_at_once_and_says_so(hall: Hall) -> None:
    one, other = held(hall, START), held(hall, START + timedelta(days=1), contact="b@example.org")
    places = free(hall, other.starts_at)
    save(hall, opening_at(10))
    ended = as_stored(hall, one)
    assert (ended.state, ended.lost_why) == (BookingState.EXPIRED, Why.HOURS)
    assert not hall.db.read_now(seats_of, hall.branch.id, one.id)
    assert [(fact.subject, fact.data) for fact in facts(hall)] == [
        (str(one.id), {"code": one.code, "why": "hours"}),
    ]
    with pytest.raises(Refused) as refusal:
        confirm(hall, one)
    assert (refusal.value.code, refusal.value.values) == ("slot-withdrawn", {"why": Why.HOURS})
    # Who holds a time of another day is not disturbed, and has nobody beside them either.
    assert free(hall, other.starts_at) == places
    assert confirm(hall, other).state is BookingState.CONFIRMED


def test_scenario_2_removing_one_of_two_equal_windows_disturbs_nobody(hall: Hall) -> None:
    window = next(one for one in stored(hall).hours if one.layer is Layer.REGULAR)
    equal = window.changed(layer=Layer.SERVICE, service=SERVICE)
    save(hall, lambda branch: branch.changed(hours=(*branch.hours, equal)))
    ones = held(hall, START), booked(hall, NEXT, contact="b@example.org")
    told = save(hall, lambda branch: branch.changed(hours=tuple(one for one in branch.hours if one != equal)))
    assert not told.effects[hall.branch.id].bookings
    assert as_stored(hall, ones[1]).decision is None
    assert facts(hall) == []
    assert confirm(hall, ones[0]).state is BookingState.CONFIRMED


def test_scenario_2_of_two_equal_lanes_one_is_enough_for_one_hold_and_the_newer_of_two_ends(hall: Hall) -> None:
    save(hall, lanes(2))
    first = held(hall, START)
    save(hall, lanes(1))
    assert as_stored(hall, first).state is BookingState.HELD
    save(hall, lanes(2))
    newer = held(hall, START, contact="b@example.org")
    save(hall, lanes(1))
    assert (as_stored(hall, first).state, as_stored(hall, newer).lost_why) == (BookingState.HELD, Why.LANES)
    assert confirm(hall, first).state is BookingState.CONFIRMED
    assert free(hall, START) == 0


def test_a_hold_gives_way_to_an_appointment_that_needs_the_last_place(hall: Hall) -> None:
    save(hall, lanes(2))
    hold, appointment = held(hall, START), booked(hall, START, contact="b@example.org")
    told = save(hall, lanes(1))
    assert not told.effects[hall.branch.id].bookings
    assert (as_stored(hall, hold).state, as_stored(hall, hold).lost_why) == (BookingState.EXPIRED, Why.LANES)
    stays = as_stored(hall, appointment)
    assert (stays.state, stays.decision) == (BookingState.CONFIRMED, None)
    assert {seat.lane for seat in hall.db.read_now(seats_of, hall.branch.id, stays.id)} == {1}
    assert free(hall, START) == 0


CHANGES: dict[str, tuple[Change, Why]] = {
    "the day is closed": (
        lambda branch: branch.changed(
            closures=({"first": DAY, "last": DAY, "names": {"ar": "إغلاق", "en": "Closed"}},)
        ),
        Why.CLOSED,
    ),
    "its service is retired": (lambda branch: with_service(branch, until=DAY - timedelta(days=1)), Why.SERVICE),
    "its service takes no appointments": (lambda branch: with_service(branch, mode="walkin_only"), Why.WALK_IN),
    "the branch works elsewhere": (lambda branch: branch.changed(outreach_days=(outing(1),)), Why.PLACE),
}


@pytest.mark.parametrize(("change", "why"), CHANGES.values(), ids=CHANGES)
def test_each_way_to_lose_a_time_ends_its_hold_with_the_true_reason(hall: Hall, change: Change, why: Why) -> None:
    one = held(hall, START)
    save(hall, change)
    assert (as_stored(hall, one).state, as_stored(hall, one).lost_why) == (BookingState.EXPIRED, why)


def test_an_outing_that_takes_fewer_ends_the_newest_hold(hall: Hall) -> None:
    save(hall, lambda branch: branch.changed(outreach_days=(outing(3),)))
    older, newer = (
        held(hall, at, contact=contact) for at, contact in ((NEXT, "a@example.org"), (START, "b@example.org"))
    )
    save(hall, lambda branch: branch.changed(outreach_days=(outing(2),)))
    assert facts(hall) == []
    save(hall, lambda branch: branch.changed(outreach_days=(outing(1),)))
    assert as_stored(hall, newer).lost_why is Why.OUTING
    assert confirm(hall, older).state is BookingState.CONFIRMED


def test_a_hold_that_was_made_after_the_change_was_foreseen_ends_with_the_others(hall: Hall) -> None:
    before = held(hall, START)
    edits = edits_of(hall, opening_at(10))
    found = hall.db.read_now(prospect, hall.branch.id, edits)
    after = held(hall, NEXT, contact="b@example.org")
    how: dict[str, Any] = {"actor": SYSTEM, "person": None, "foreseen": found}
    hall.db.write_now(settings.save, hall.branch.id, edits, found.preview.sha256, **how)
    assert [as_stored(hall, one).lost_why for one in (before, after)] == [Why.HOURS, Why.HOURS]


def test_all_parts_of_a_visit_end_with_the_one_that_loses_its_time(hall: Hall) -> None:
    orders = [
        HoldOrder(hall.branch.id, hall.service(SERVICE), at, "سلمى", "a@example.org", "ar", VISITOR)
        for at in (START, START + timedelta(hours=2))
    ]
    visit = hall.db.write_in_now(hall.branch.id, hold_together, hall.branch.id, orders)
    other = held(hall, START + timedelta(hours=3), contact="b@example.org")
    save(hall, opening_at(9))
    parts = hall.db.read_now(bookings_together, hall.branch.id, visit)
    assert [(one.state, one.lost_why) for one in parts] == [(BookingState.EXPIRED, Why.HOURS)] * 2
    assert as_stored(hall, other).state is BookingState.HELD


def test_a_hold_that_has_run_out_ends_for_that(hall: Hall, clock: FrozenClock) -> None:
    one = held(hall, START)
    clock.move(timedelta(minutes=10))
    save(hall, opening_at(10))
    hall.db.write_in_now(hall.branch.id, bookings.expire_holds, hall.branch.id)
    assert (as_stored(hall, one).state, as_stored(hall, one).lost_why) == (BookingState.EXPIRED, None)
    assert facts(hall) == []


# ---------------------------------------------------------------- shorthands


def save(hall: Hall, change: Change) -> settings.Preview:
    """Save a change of the branch, and what it was said to do."""
    edits = edits_of(hall, change)
    told = hall.db.read_now(settings.preview, hall.branch.id, edits)
    assert hall.db.write_now(settings.save, hall.branch.id, edits, told.sha256, actor=SYSTEM, person=None)
    return told


def edits_of(hall: Hall, change: Change) -> list[Edit]:
    before = stored(hall)
    return list(difference(before, change(before)))


def stored(hall: Hall) -> Branch:
    return hall.db.read_now(lambda tx: branch_at(StoredRows(tx), hall.branch.id))


def opening_at(hour: int) -> Change:
    """Opens later on that day."""
    return lambda branch: branch.changed(
        hours=(
            *branch.hours,
            HoursRule(layer=Layer.EXCEPTION, days=(1,), opens=time(hour), closes=time(14), first=DAY, last=DAY),
        )
    )


def lanes(count: int) -> Change:
    def change(branch: Branch) -> Branch:
        slug = branch.services[SERVICE].queue
        queue = branch.queues[slug].changed(lanes=count, public_lanes=count)
        return branch.changed(queues={**branch.queues, slug: queue})

    return change


def with_service(branch: Branch, **said: object) -> Branch:
    return branch.changed(services={**branch.services, SERVICE: branch.services[SERVICE].changed(**said)})


def outing(capacity: int) -> OutreachDay:
    """The branch is elsewhere on that day."""
    place = {"ar": "الخور", "en": "Al Khor"}
    return OutreachDay(day=DAY, opens=time(8), closes=time(14), place=place, capacity=capacity)


def confirm(hall: Hall, one: BookingView) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, one.id, VISITOR)


def free(hall: Hall, start: datetime) -> int:
    """How many others can be booked at that time."""
    branch = hall.db.read_now(branch_settings, hall.branch.id)
    (found,) = hall.db.read_now(free_days, branch, branch.service(SERVICE), start.date(), start.date())
    return sum(slot.places for slot in found.slots if slot.start == start)


def facts(hall: Hall) -> list[EntryView]:
    return hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind="booking.hold_lost"), 50)
