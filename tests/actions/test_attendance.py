"""Who came is recorded person by person, late with a reason, and counted as what it is. On both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from queue_system.actions import bookings
from queue_system.actions.attendance import record_attendance
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.day import close_day
from queue_system.actions.participants import name_participants
from queue_system.actions.said import Said
from queue_system.clock import FrozenClock
from queue_system.core.attendance import Attendance, LateReason
from queue_system.core.bookings import Booker
from queue_system.core.errors import Invalid, Missing, Refused
from queue_system.core.participants import Person, Role
from queue_system.store import log
from queue_system.store.database import AnyRow, Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.attendance import Attended, due_attendance
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.store.queries.past_days import digest_of
from tests.kit.hall import Hall, furnish

# A Tuesday.
DAY = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
CAME, LATE, EXCUSED, ABSENT, BY_US = Attendance


@pytest.fixture
def wifaq(db: Database) -> Hall:
    return furnish(db, "social-work", "wifaq")


def test_scenario_19_a_group_is_recorded_one_by_one(wifaq: Hall, clock: FrozenClock) -> None:
    others = tuple(Person(Role.COMPANION, name) for name in ("هدى", "رنا", "باسل", "سامر"))
    one = book(wifaq, "family-counsel", Said("سلمى", "", "ar", others=others))
    clock.set(one.starts_at + timedelta(hours=1))
    record(wifaq, {(one, n): answer for n, answer in enumerate(Attendance)})
    (found,) = due(wifaq)
    assert [person.attendance for person in found.people] == [CAME, LATE, EXCUSED, ABSENT, BY_US]
    facts = [row.data for row in entries(wifaq)]
    assert [(fact["person"], fact["attendance"]) for fact in facts] == [
        (n, answer.value) for n, answer in enumerate(Attendance, 1)
    ]
    assert not [fact for fact in facts if "هدى" in str(fact)]
    # Once more changes nothing and says nothing.
    assert record(wifaq, {(one, 0): CAME}) == 0
    assert record(wifaq, {(one, 3): EXCUSED}) == 1
    assert len(entries(wifaq)) == 6


def test_what_is_not_recorded_is_due_and_no_absence(wifaq: Hall, clock: FrozenClock) -> None:
    first, second = book(wifaq, "family-counsel"), book(wifaq, "family-counsel")
    clock.set(first.starts_at + timedelta(days=1))
    wifaq.db.write_in_now(wifaq.branch.id, close_day, wifaq.branch.id)
    assert [person.attendance for one in due(wifaq) for person in one.people] == [None, None]
    record(wifaq, {(first, 0): CAME})
    assert [one.booking.id for one in due(wifaq)] == [second.id]


def test_five_kinds_are_counted_apart(wifaq: Hall, clock: FrozenClock) -> None:
    found = [book(wifaq, "family-counsel") for _ in Attendance]
    forgotten = book(wifaq, "family-counsel")
    day = wifaq.branch.timetable.business_date(found[0].starts_at)
    clock.set(forgotten.starts_at + timedelta(days=1))
    wifaq.db.write_in_now(wifaq.branch.id, close_day, wifaq.branch.id)
    record(wifaq, {(one, 0): answer for one, answer in zip(found, Attendance, strict=True)})
    (tally,) = wifaq.db.read_now(digest_of, wifaq.branch, day).services.values()
    kinds = ("due", "arrived", "absent", "excused", "cancelled_by_us", "cancelled", "not_recorded")
    assert {name: tally.counts.get(name, 0) for name in kinds} == {
        "due": 3,
        "arrived": 2,
        "absent": 1,
        "excused": 1,
        "cancelled_by_us": 1,
        "cancelled": 0,
        "not_recorded": 1,
    }


def test_after_five_days_it_needs_a_reason(wifaq: Hall, clock: FrozenClock) -> None:
    one = book(wifaq, "family-counsel")
    clock.set(one.starts_at + timedelta(days=5))
    record(wifaq, {(one, 0): ABSENT})
    clock.move(timedelta(days=1))
    with pytest.raises(Invalid, match="attendance-reason"):
        record(wifaq, {(one, 0): CAME})
    record(wifaq, {(one, 0): CAME}, LateReason.CORRECTED)
    assert [row.data["reason"] for row in entries(wifaq)] == [None, "corrected"]


def test_a_number_of_the_hall_records_itself(hall: Hall, clock: FrozenClock) -> None:
    ticket = hall.check_in("edu-attest", clock)
    (found,) = due(hall)
    assert (found.people[0].attendance, found.people[0].by_ticket, found.open) == (CAME, True, False)
    assert found.booking.id == ticket.booking_id
    with pytest.raises(Refused, match="attendance-by-ticket"):
        record(hall, {(found.booking, 0): ABSENT})


def test_all_are_recorded_or_nobody(wifaq: Hall, clock: FrozenClock) -> None:
    today, later = book(wifaq, "family-counsel"), book(wifaq, "family-counsel", days=1)
    clock.set(today.starts_at)
    with pytest.raises(Refused, match="attendance-early"):
        record(wifaq, {(today, 0): CAME, (later, 0): CAME})
    with pytest.raises(Missing):
        record(wifaq, {(today, 0): CAME, (today, 7): CAME})
    assert entries(wifaq) == []


def test_whoever_is_recorded_stays_a_participant(wifaq: Hall, clock: FrozenClock) -> None:
    one = book(wifaq, "family-counsel", Said("سلمى", "", "ar", others=(Person(Role.COMPANION, "هدى"),)))
    clock.set(one.starts_at)
    record(wifaq, {(one, 1): CAME})
    with pytest.raises(Refused, match="participant-recorded"):
        wifaq.db.write_in_now(wifaq.branch.id, name_participants, wifaq.branch.id, one.id, SYSTEM, ())


def book(hall: Hall, slug: str, said: Said | None = None, days: int = 0) -> BookingView:
    service, day = hall.branch.service(slug), DAY.date() + timedelta(days=days)
    (found,) = hall.db.read_now(free_days, hall.branch, service, day, day, public=False)
    order = HoldOrder(hall.branch.id, service.id, found.slots[0].start, "", "", "ar", SYSTEM, booker=Booker.STAFF)
    held = hall.db.write_in_now(hall.branch.id, bookings.hold_slot, order)
    what = said or Said("سلمى", "", "ar")
    return hall.db.write_in_now(hall.branch.id, bookings.confirm_booking, hall.branch.id, held.id, SYSTEM, what)


def record(hall: Hall, said: dict[tuple[BookingView, int], Attendance], reason: LateReason | None = None) -> int:
    answers = {(one.id, n): answer for (one, n), answer in said.items()}
    return hall.db.write_in_now(hall.branch.id, record_attendance, hall.branch.id, SYSTEM, answers, reason)


def due(hall: Hall) -> list[Attended]:
    today = hall.branch.timetable.business_date(hall.db.clock.now())
    return hall.db.read_now(due_attendance, hall.branch, set(hall.branch.services), today)


def entries(hall: Hall) -> list[AnyRow]:
    rows = hall.db.read_now(log.after, hall.branch.id, 0)
    return [row for row in rows if row.kind == "booking.attendance_recorded"]
