"""The end of a session, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from queue_system.actions import calling, day, tickets
from queue_system.actions.bookings import HoldOrder, confirm_booking, hold_slot
from queue_system.actions.counters import Desk
from queue_system.actions.families import join, split
from queue_system.actions.sessions import SESSION_IDLE
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.errors import IllegalTransition, Refused, Stale
from queue_system.core.tickets import TicketState
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import SYSTEM, VISITOR
from queue_system.store.queries import bookings, line
from queue_system.store.queries.board import board
from queue_system.store.queries.desk import desk_view
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.place import place
from queue_system.store.queries.standing import standing_of
from queue_system.store.tables import Counter, OpeningHours, table
from tests.kit.hall import Hall, change_settings, enter, furnish

OVER_NIGHT = timedelta(hours=22, minutes=50)  # from 10:00 to 08:50 in Doha: the hall is open again


def close(hall: Hall) -> int:
    return hall.db.write_in_now(hall.branch.id, day.close_day, hall.branch.id)


def as_written(hall: Hall, ticket: TicketView) -> TicketState:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id).state


def holder(hall: Hall, here: Desk) -> object:
    counters = table(Counter)
    return hall.db.read_now(Tx.scalar, sa.select(counters.c.staff_id).where(counters.c.id == here.counter_id))


def test_what_a_day_leaves_open_is_closed_before_the_next(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    here = hall.sit(hall.person("layla"), "c4")
    waiting, called = hall.issue(), hall.issue()
    first = hall.call_next(here)
    assert first is not None
    assert first.id == waiting.ticket.id
    db.write_in_now(hall.branch.id, calling.park, Desk(hall.branch.id, here.counter_id, here.staff_id, first.id))
    second = hall.call_next(here)
    assert second is not None
    assert second.id == called.ticket.id
    later = hall.issue()

    clock.move(timedelta(hours=10))  # 20:00 in Doha: closed, but those inside are still served
    assert close(hall) == 0
    clock.move(timedelta(hours=8))  # 04:00 the next day
    assert close(hall) == 4, "three tickets and the counter that nobody left"
    ends = {
        name: as_written(hall, issued.ticket)
        for name, issued in (("parked", waiting), ("called", called), ("waiting", later))
    }
    assert ends == {"parked": TicketState.VOID, "called": TicketState.NO_SHOW, "waiting": TicketState.VOID}
    assert close(hall) == 0
    assert all(verdict.broken_at is None for verdict in db.read_now(log.verify))

    clock.move(timedelta(hours=6))  # the next morning: the counter is free and numbers start anew
    assert hall.issue().ticket.code == "F001"
    assert holder(hall, here) is None
    assert hall.call_next(hall.sit(here.staff_id, "c4")) is not None


@pytest.mark.parametrize("first_to_act", ["a number", "the desk", "a second telephone"])
def test_nobody_is_called_for_yesterday_by_a_program_that_slept(
    db: Database, clock: FrozenClock, first_to_act: str
) -> None:
    """The laptop was closed in the evening and opened in the morning, and no periodic task has run since."""
    hall = furnish(db)
    layla = hall.person("layla")
    here = hall.sit(layla, "c4")
    in_front, waiting = hall.issue().ticket, hall.issue().ticket
    assert hall.call_next(here) is not None
    clock.move(OVER_NIGHT)

    if first_to_act == "a number":
        assert hall.issue().ticket.code == "F001"
    elif first_to_act == "the desk":
        hall.sit(layla, "c4")
        assert hall.issue().ticket.code == "F001"
    else:
        with pytest.raises(IllegalTransition):
            db.write_in_now(hall.branch.id, tickets.leave, hall.branch.id, waiting.id, VISITOR)
        assert hall.issue().ticket.code == "F001"
    assert as_written(hall, in_front) is TicketState.NO_SHOW
    assert as_written(hall, waiting) is TicketState.VOID
    called = hall.call_next(hall.sit(layla, "c4"))
    assert called is not None
    assert called.business_date > waiting.business_date
    assert all(verdict.broken_at is None for verdict in db.read_now(log.verify))


def test_a_desk_page_left_open_over_night_calls_nobody_of_yesterday(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    here = hall.sit(hall.person("layla"), "c4")
    hall.issue()
    in_front = hall.call_next(here)
    assert in_front is not None
    clock.move(OVER_NIGHT)
    with pytest.raises(Stale):
        hall.call_next(Desk(hall.branch.id, here.counter_id, here.staff_id, in_front.id))
    view = db.read_now(desk_view, hall.branch.id, "c4", SESSION_IDLE)
    assert (view.current, view.waiting, view.missed) == (None, (), ())


def test_nothing_shows_yesterday_before_it_is_closed(db: Database, clock: FrozenClock) -> None:
    """A screen reads at 08:49, before anybody has acted."""
    hall = furnish(db)
    here = hall.sit(hall.person("layla"), "c4")
    hall.issue()
    hall.call_next(here)
    waiting = hall.issue().ticket
    clock.move(OVER_NIGHT)

    shown = db.read_now(board, hall.branch.id, None)
    assert shown.board.calls == ()
    assert not any(people for _, people in shown.board.waiting)
    assert db.read_now(line.in_hall, hall.branch) == []
    stands = db.read_now(place, hall.branch, waiting.token)
    assert (stands.ticket.state, stands.ahead) == (TicketState.VOID, None)
    assert as_written(hall, waiting) is TicketState.WAITING, "looking writes nothing"


def test_a_missed_visitor_of_yesterday_does_not_come_back_into_the_line(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    here = hall.sit(hall.person("layla"), "c4")
    hall.issue()
    missed = hall.call_next(here)
    assert missed is not None
    hall.give_up(Desk(hall.branch.id, here.counter_id, here.staff_id, missed.id), clock)
    clock.move(OVER_NIGHT)
    with pytest.raises(Refused, match="visit-over"):
        db.write_in_now(hall.branch.id, calling.resume, hall.branch.id, missed.id, SYSTEM)


def test_a_clock_put_back_closes_nobody_who_stands_in_the_hall(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    clock.move(timedelta(days=1))
    tomorrow = hall.issue().ticket
    clock.move(timedelta(days=-1))
    today = hall.issue().ticket
    assert today.code != tomorrow.code, "both are in the hall"
    assert as_written(hall, today) is TicketState.WAITING
    clock.move(timedelta(hours=1))
    hall.issue()
    assert as_written(hall, today) is TicketState.WAITING


def test_a_clock_put_back_does_not_keep_that_day_open(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    clock.move(timedelta(days=1))
    hall.issue()
    clock.move(timedelta(days=-1))
    today = hall.issue().ticket
    clock.move(OVER_NIGHT)
    assert close(hall) == 1
    assert as_written(hall, today) is TicketState.VOID


# ---------------------------------------------------------------- a hall that is open over the change of day


@pytest.fixture
def night_hall(db: Database, clock: FrozenClock) -> Hall:
    """Open from 20:00 to 06:00, across the start of the business day at 03:00; it is 02:30."""
    furnish(db)
    hours = table(OpeningHours)
    every_night = {"days": list(range(7)), "opens": datetime(2026, 1, 1, 20).time(), "last_ticket": None}
    closes = datetime(2026, 1, 1, 6).time()
    change_settings(db, sa.update(hours).values(every_night | {"closes": closes, "layer": "regular"}))
    clock.move(timedelta(hours=16, minutes=30))
    return enter(db)


def test_a_session_over_the_change_of_day_keeps_its_line(night_hall: Hall, clock: FrozenClock) -> None:
    hall = night_hall
    here = hall.sit(hall.person("layla"), "c4")
    old = [hall.issue().ticket for _ in range(2)]
    clock.move(timedelta(hours=1))  # 03:30
    assert close(hall) == 0
    new = hall.issue().ticket
    assert new.business_date > old[0].business_date
    assert new.code not in {ticket.code for ticket in old}, "two visitors would come to one call"
    assert len(hall.db.read_now(line.in_hall, hall.branch)) == 3
    called = hall.call_next(here)
    assert called is not None
    assert called.id == old[0].id
    calls = hall.db.read_now(board, hall.branch.id, None).board.calls
    assert [call.code for call in calls] == [called.code]

    clock.move(timedelta(hours=3))  # 06:30: the doors are shut, and what began at 20:00 is over
    assert close(hall) == 3, "the ticket in front of the clerk, the one that waits, and the counter"
    assert as_written(hall, new) is TicketState.WAITING
    assert holder(hall, here) is None


def test_a_number_that_is_called_with_another_is_given_to_nobody_else(night_hall: Hall, clock: FrozenClock) -> None:
    hall = night_hall
    old = [hall.issue().ticket for _ in range(2)]
    hall.db.write_in_now(hall.branch.id, join, hall.branch.id, old[0].id, old[1].id, SYSTEM)
    clock.move(timedelta(hours=1))  # 03:30
    assert {hall.issue().ticket.code for _ in range(2)}.isdisjoint(one.code for one in old)
    split_again = hall.db.write_in_now(hall.branch.id, split, hall.branch.id, old[0].id, SYSTEM)
    assert split_again.state is TicketState.WAITING


def test_a_number_that_is_given_again_after_the_change_of_day_is_called_with_nobody(
    night_hall: Hall, clock: FrozenClock
) -> None:
    hall = night_hall
    here = hall.sit(hall.person("layla"), "c4")
    old = [hall.issue().ticket for _ in range(2)]
    first = hall.db.write_in_now(hall.branch.id, join, hall.branch.id, old[0].id, old[1].id, SYSTEM)
    called = hall.call_next(here)
    assert called == hall.db.read_now(line.ticket, hall.branch.id, first.id)
    assert hall.db.read_now(board, hall.branch.id, None).along == {first.code: (old[0].code,)}
    hall.db.write_in_now(hall.branch.id, calling.finish, Desk(here.branch_id, here.counter_id, here.staff_id, first.id))
    clock.move(timedelta(hours=1))  # 03:30
    while (again := hall.issue().ticket).code != first.code:
        assert again.number < first.number
    assert hall.db.read_now(board, hall.branch.id, None).along == {}


def test_the_database_refuses_a_second_open_ticket_with_the_same_code(
    night_hall: Hall, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    night_hall.issue()
    clock.move(timedelta(hours=1))
    monkeypatch.setattr(line, "numbers_in_use", lambda tx, settings, queue, now: set())
    with pytest.raises(sa.exc.IntegrityError):
        night_hall.issue()


def test_a_booking_whose_visitor_never_came_does_not_count_for_ever(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    service = hall.branch.service("birth")
    today = clock.now().astimezone(hall.branch.calendar.zone).date()
    slot = db.read_now(bookings.free_days, hall.branch, service, today, today)[0].slots[-1]
    order = HoldOrder(hall.branch.id, service.id, slot.start, "أحمد العلي", "+97455123456", "ar", VISITOR)
    held = db.write_in_now(hall.branch.id, hold_slot, order)
    db.write_in_now(hall.branch.id, confirm_booking, hall.branch.id, held.id, VISITOR)
    assert db.read_now(standing_of, hall.branch, service, "+97455123456", "أحمد العلي").active == 1

    clock.move(timedelta(hours=21))
    assert close(hall) == 1
    assert db.read_now(bookings.booking_by_id, hall.branch.id, held.id).state is BookingState.NO_SHOW
    assert db.read_now(standing_of, hall.branch, service, "+97455123456", "أحمد العلي").active == 0
