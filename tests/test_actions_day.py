"""The end of a day, on both databases."""

from __future__ import annotations

from datetime import timedelta

from queue_system.actions import day, desk
from queue_system.actions.booking import HoldOrder, confirm_booking, hold_slot
from queue_system.actions.desk import Desk
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.tickets import TicketState
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.log import CITIZEN
from queue_system.store.queries import bookings, line
from tests.hall import Hall, furnish


def close(hall: Hall) -> int:
    return hall.db.write_in_now(hall.branch.id, day.close_day, hall.branch.id)


def test_what_a_day_leaves_open_is_closed_before_the_next(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    here = hall.sit(hall.person("layla"), "c4")
    waiting, called = hall.issue(), hall.issue()
    first = hall.call_next(here)
    assert first is not None
    assert first.id == waiting.ticket.id
    db.write_in_now(hall.branch.id, desk.hold, Desk(hall.branch.id, here.counter_id, here.staff_id, first.id))
    second = hall.call_next(here)
    assert second is not None
    assert second.id == called.ticket.id
    later = hall.issue()

    clock.move(timedelta(hours=10))  # 20:00 in Doha: closed, but the business day lasts until 03:00
    assert close(hall) == 0
    clock.move(timedelta(hours=8))  # 04:00 the next day
    assert close(hall) == 3
    ends = {
        name: db.read_now(line.ticket, hall.branch.id, issued.ticket.id).state
        for name, issued in (("held", waiting), ("called", called), ("waiting", later))
    }
    assert ends == {"held": TicketState.VOID, "called": TicketState.NO_SHOW, "waiting": TicketState.VOID}
    assert close(hall) == 0
    assert all(verdict.broken_at is None for verdict in db.read_now(log.verify))

    clock.move(timedelta(hours=6))  # the next morning: the counter is free and numbers start anew
    assert hall.issue().ticket.code == "F001"
    assert hall.call_next(here) is not None


def test_a_booking_whose_visitor_never_came_does_not_count_for_ever(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    service = hall.branch.service("birth")
    today = clock.now().astimezone(hall.branch.calendar.zone).date()
    slot = db.read_now(bookings.free_days, hall.branch, service, today, today)[0].slots[-1]
    order = HoldOrder(hall.branch.id, service.id, slot.start, "أحمد العلي", "+97455123456", "ar", CITIZEN)
    held = db.write_in_now(hall.branch.id, hold_slot, order)
    db.write_in_now(hall.branch.id, confirm_booking, hall.branch.id, held.id, CITIZEN)
    assert db.read_now(bookings.active_bookings, hall.branch, service, "+97455123456") == 1

    clock.move(timedelta(hours=21))
    assert close(hall) == 1
    assert db.read_now(bookings.booking, hall.branch.id, held.id).state is BookingState.NO_SHOW
    assert db.read_now(bookings.active_bookings, hall.branch, service, "+97455123456") == 0
