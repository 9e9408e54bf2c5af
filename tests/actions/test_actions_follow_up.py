"""After an appointment that nobody came to, staff see to the person where the branch wants it. On both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import calling, day, tickets
from queue_system.actions.counters import Desk
from queue_system.actions.phone_calls import tick
from queue_system.clock import FrozenClock
from queue_system.core.absence import FollowUp
from queue_system.store.log import SYSTEM
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.phone_calls import missed, phone_calls
from queue_system.store.tables import Booking, Branch, table
from tests.kit.hall import Hall, edit, enter
from tests.kit.kiosk_hall import book

BRANCHES, BOOKINGS = table(Branch), table(Booking)
SERVICE = "passport-lost"


def with_rules(hall: Hall, **changed: Any) -> Hall:
    """The hall with other queue rules: one call is enough, and what else is said."""
    rules = hall.branch.queue_rules.model_dump(exclude_unset=True)
    rules |= {"no_show_after_calls": 1, "no_show_after_min": 0} | changed
    change = sa.update(BRANCHES).where(BRANCHES.c.id == hall.branch.id).values(queue_rules=rules)
    edit(hall, lambda tx: tx.execute(change))
    return enter(hall.db)


@pytest.fixture
def careful(hall: Hall) -> Hall:
    return with_rules(hall, no_show_action="staff_safe_follow_up")


def listed(hall: Hall) -> list[str]:
    return [one.booking.code for one in hall.db.read_now(missed, hall.branch) if one.reached_at is None]


def absent(hall: Hall, clock: FrozenClock) -> tuple[TicketView, Desk]:
    """Somebody with an appointment who was called and did not come."""
    ticket = hall.check_in(SERVICE, clock)
    here = hall.sit(hall.person("layla"), "c1")
    assert hall.call_next(here) is not None
    here = hall.at(here.staff_id, "c1", ticket.id)
    hall.db.write_in_now(hall.branch.id, calling.mark_absent, here)
    return ticket, hall.at(here.staff_id, "c1")


def test_whoever_missed_the_call_of_an_appointment_is_put_on_the_call_list(careful: Hall, clock: FrozenClock) -> None:
    ticket, _ = absent(careful, clock)
    (one,) = careful.db.read_now(missed, careful.branch)
    assert (one.booking.id, one.event, one.tries) == (ticket.booking_id, FollowUp.MISSED, 0)
    assert careful.db.read_now(phone_calls, careful.branch) == [], "nothing has to be told to them"


def test_without_the_rule_nobody_is_put_there(hall: Hall, clock: FrozenClock) -> None:
    hall = with_rules(hall)
    absent(hall, clock)
    assert hall.db.read_now(missed, hall.branch) == []


def test_a_number_without_an_appointment_concerns_nobody_who_could_be_called(careful: Hall) -> None:
    careful.issue(SERVICE)
    here = careful.sit(careful.person("layla"), "c1")
    called = careful.call_next(here)
    assert called is not None
    careful.db.write_in_now(careful.branch.id, calling.mark_absent, careful.at(here.staff_id, "c1", called.id))
    assert listed(careful) == []


def test_whoever_never_came_is_on_the_list_once_the_day_is_over(careful: Hall, clock: FrozenClock) -> None:
    starts_at = clock.now().replace(minute=0) + timedelta(hours=1)
    booking = book(careful, starts_at)
    clock.move(timedelta(days=1))
    assert listed(careful) == []
    careful.db.write_in_now(careful.branch.id, day.close_day, careful.branch.id)
    assert listed(careful) == [booking.code]


def test_whoever_comes_after_all_is_taken_off_the_list(careful: Hall, clock: FrozenClock) -> None:
    ticket, _ = absent(careful, clock)
    assert len(listed(careful)) == 1
    assert ticket.booking_id is not None
    careful.db.write_in_now(careful.branch.id, tickets.check_in, careful.branch.id, ticket.booking_id, SYSTEM)
    assert listed(careful) == []


def test_a_press_that_is_taken_back_leaves_nobody_on_the_list(careful: Hall, clock: FrozenClock) -> None:
    _, here = absent(careful, clock)
    careful.db.write_in_now(careful.branch.id, calling.take_back, here)
    assert listed(careful) == []


def test_whom_somebody_saw_to_is_done_and_the_log_has_it(careful: Hall, clock: FrozenClock) -> None:
    ticket, _ = absent(careful, clock)
    assert ticket.booking_id is not None
    branch = careful.branch.id
    careful.db.write_in_now(branch, tick, branch, ticket.booking_id, 0, SYSTEM, reached=False)
    assert [one.tries for one in careful.db.read_now(missed, careful.branch)] == [1]
    careful.db.write_in_now(branch, tick, branch, ticket.booking_id, 0, SYSTEM, reached=True)
    assert listed(careful) == []


def test_nobody_is_on_the_list_whose_data_are_deleted(careful: Hall, clock: FrozenClock) -> None:
    ticket, _ = absent(careful, clock)
    erased = sa.update(BOOKINGS).where(BOOKINGS.c.id == ticket.booking_id).values(erased_at=clock.now())
    careful.db.write_now(lambda tx: tx.execute(erased))
    assert listed(careful) == []
