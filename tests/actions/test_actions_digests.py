"""Past days get their digests, from the log and the tables, on both databases."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa

from queue_system.actions import calling, day, digests, tickets, transferring
from queue_system.actions.bookings import HoldOrder, cancel_booking, confirm_booking, hold_slot
from queue_system.actions.counters import Desk
from queue_system.actions.digests import digest_next, write_digests
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.digests import Tally
from queue_system.core.tickets import TicketState
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries.digests import by_hour, by_service
from queue_system.store.queries.past_days import gather
from queue_system.store.tables import DigestedDay, table
from tests.kit.hall import Hall

SUNDAY = date(2026, 11, 22)
DIGESTED = table(DigestedDay)


def busy_morning(hall: Hall, clock: FrozenClock) -> None:
    """Four numbers: one served after 10 + 5 minutes of waiting, one absent, one left, one still waiting at the close."""
    here = hall.sit(hall.person("layla"))
    hall.issue()
    hall.issue()
    leaves = hall.issue().ticket
    hall.issue()
    clock.move(timedelta(minutes=10))
    served = calls(hall, here)
    clock.move(timedelta(minutes=1))
    hall.db.write_in_now(hall.branch.id, calling.start_serving, served)
    clock.move(timedelta(minutes=4))
    hall.db.write_in_now(hall.branch.id, calling.finish, served, "done")
    gone = calls(hall, here)
    for _ in range(20):
        ticket = hall.give_up(gone, clock)
        if ticket.state is TicketState.NO_SHOW:
            break
        gone = calls(hall, here)
    hall.db.write_in_now(hall.branch.id, tickets.leave, hall.branch.id, leaves.id, VISITOR)


def calls(hall: Hall, here: Desk) -> Desk:
    """Call the next visitor; returns the desk with its ticket."""
    ticket = hall.call_next(here)
    assert ticket is not None
    return Desk(here.branch_id, here.counter_id, here.staff_id, ticket.id)


def next_morning(hall: Hall, clock: FrozenClock) -> None:
    clock.set(datetime(2026, 11, 23, 5, 30, tzinfo=clock.now().tzinfo))
    hall.db.write_in_now(hall.branch.id, day.close_day, hall.branch.id)


def book(hall: Hall, starts_at: datetime, service: str = "civil-extract") -> None:
    order = HoldOrder(hall.branch.id, hall.service(service), starts_at, "هالة الحسن", "hala@example.org", "ar", VISITOR)
    held = hall.db.write_in_now(hall.branch.id, hold_slot, order)
    hall.db.write_in_now(hall.branch.id, confirm_booking, hall.branch.id, held.id, VISITOR)


def of_sunday(hall: Hall) -> dict[tuple[str, str], Tally]:
    found = hall.db.read_now(by_service, hall.branch.id, SUNDAY, SUNDAY)
    return {(service, channel): tally for (_, service, channel), tally in found.items()}


def digested(hall: Hall) -> list[date]:
    statement = sa.select(DIGESTED.c.business_date).where(DIGESTED.c.branch_id == hall.branch.id)
    statement = statement.order_by(DIGESTED.c.business_date)
    return [row.business_date for row in hall.db.read_now(Tx.rows, statement)]


def test_a_day_gets_its_digest_when_it_is_over(hall: Hall, clock: FrozenClock) -> None:
    busy_morning(hall, clock)
    assert digest_next(hall.db, hall.branch.id, thorough=True) == 0
    next_morning(hall, clock)
    assert digest_next(hall.db, hall.branch.id) == 1
    tally = of_sunday(hall)["attest-single", "walk_in.kiosk"]
    ends = {name: tally.counts.get(name) for name in ("issued", "served", "missed", "left", "voided")}
    assert ends == {"issued": 4, "served": 1, "missed": 1, "left": 1, "voided": 1}
    assert tally.spreads["serve"] == {4: 1}
    assert tally.spreads["walk"] == {1: 1}
    assert tally.spreads["wait"][10] == 1
    assert tally.words["outcome"] == {"done": 1}
    (hour,) = hall.db.read_now(by_hour, hall.branch.id, SUNDAY, SUNDAY).values()
    assert (hour.counts["issued"], hour.spreads["serve"]) == (4, {4: 1})
    assert digest_next(hall.db, hall.branch.id, thorough=True) == 0


def test_a_digest_says_what_became_of_appointments(hall: Hall, clock: FrozenClock) -> None:
    came = hall.check_in("edu-attest", clock)
    book(hall, clock.now() + timedelta(hours=1))
    # Somebody without an appointment has a number of the same queue, so whoever came has one, too.
    hall.issue("civil-extract")
    next_morning(hall, clock)
    digest_next(hall.db, hall.branch.id)
    found = of_sunday(hall)
    assert found["edu-attest", "booking.web"].counts == {"due": 1, "arrived": 1}
    assert found["civil-extract", "booking.web"].counts == {"due": 1, "absent": 1}
    assert came.booking_id is not None
    assert found["edu-attest", "appointment.kiosk"].counts["issued"] == 1


def test_a_day_with_appointments_alone_has_a_digest_too(hall: Hall, clock: FrozenClock) -> None:
    """The queue gave no number to anybody, so nobody knows who came, which is no absence."""
    book(hall, clock.now() + timedelta(hours=1))
    next_morning(hall, clock)
    assert digest_next(hall.db, hall.branch.id) == 1
    assert of_sunday(hall)["civil-extract", "booking.web"].counts == {"not_recorded": 1}


def test_a_queue_to_which_somebody_was_passed_on_gave_no_number(hall: Hall, clock: FrozenClock) -> None:
    book(hall, clock.now() + timedelta(hours=1))
    hall.issue()
    desk = calls(hall, hall.sit(hall.person("layla")))
    hall.db.write_in_now(hall.branch.id, calling.start_serving, desk)
    hall.db.write_in_now(hall.branch.id, transferring.transfer, desk, Goal(hall.service("civil-extract")))
    next_morning(hall, clock)
    digest_next(hall.db, hall.branch.id)
    assert of_sunday(hall)["civil-extract", "booking.web"].counts == {"not_recorded": 1}


def test_days_before_this_program_are_made_up_for(hall: Hall, clock: FrozenClock) -> None:
    for _ in range(3):
        hall.issue()
        clock.move(timedelta(days=1))
    hall.db.write_in_now(hall.branch.id, day.close_day, hall.branch.id)
    while digest_next(hall.db, hall.branch.id, thorough=True):
        pass
    assert digested(hall) == [SUNDAY, SUNDAY + timedelta(days=1), SUNDAY + timedelta(days=2)]


def test_a_late_fact_makes_a_digest_anew(hall: Hall, clock: FrozenClock) -> None:
    """The clock was ahead, so the day was folded too early; then the number is voided at its real close."""
    hall.issue()
    next_morning(hall, clock)
    digest_next(hall.db, hall.branch.id)
    assert of_sunday(hall)["attest-single", "walk_in.kiosk"].counts["voided"] == 1
    clock.set(datetime(2026, 11, 22, 8, 0, tzinfo=clock.now().tzinfo))
    hall.issue()
    next_morning(hall, clock)
    assert digest_next(hall.db, hall.branch.id) == 0
    assert digest_next(hall.db, hall.branch.id, thorough=True) == 1
    assert of_sunday(hall)["attest-single", "walk_in.kiosk"].counts["issued"] == 2


def test_an_older_reading_does_not_replace_a_newer_one(hall: Hall, clock: FrozenClock) -> None:
    """Two nodes digest the same day, and the slower one read before a late fact."""
    hall.issue()
    next_morning(hall, clock)
    slow = hall.db.read_now(gather, hall.branch.id)
    clock.set(datetime(2026, 11, 22, 8, 0, tzinfo=clock.now().tzinfo))
    hall.issue()
    next_morning(hall, clock)
    digest_next(hall.db, hall.branch.id)
    hall.db.write_in_now(hall.branch.id, write_digests, hall.branch.id, slow)
    assert of_sunday(hall)["attest-single", "walk_in.kiosk"].counts["issued"] == 2


def test_a_cancelled_appointment_was_not_due(hall: Hall, clock: FrozenClock) -> None:
    starts_at = clock.now() + timedelta(hours=3)
    order = HoldOrder(
        hall.branch.id, hall.service("civil-extract"), starts_at, "هالة الحسن", "hala@example.org", "ar", VISITOR
    )
    held = hall.db.write_in_now(hall.branch.id, hold_slot, order)
    hall.db.write_in_now(hall.branch.id, confirm_booking, hall.branch.id, held.id, VISITOR)
    hall.db.write_in_now(hall.branch.id, cancel_booking, hall.branch.id, held.id, SYSTEM)
    next_morning(hall, clock)
    digests.digest_next(hall.db, hall.branch.id)
    assert of_sunday(hall)["civil-extract", "booking.web"].counts == {"cancelled": 1}
