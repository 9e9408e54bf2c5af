"""The hall now: its queues, its counters, the appointments that are left; on both databases."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from queue_system.actions.sessions import SESSION_IDLE, end_session, start_session
from queue_system.clock import FrozenClock
from queue_system.store.queries.today import HallNow, hall_now
from tests.kit.deciding import booked
from tests.kit.hall import Hall


def now(hall: Hall, *, queues: set[UUID] | None = None) -> HallNow:
    branch = hall.branch
    return hall.db.read_now(
        hall_now,
        branch,
        branch.queues if queues is None else queues,
        branch.services,
        list(branch.counters),
        SESSION_IDLE,
    )


def test_an_empty_hall(hall: Hall) -> None:
    found = now(hall)
    assert (found.waiting, found.appointments, found.since, found.open_counters, found.expected) == (0, 0, None, 0, 0)
    assert [one.queue.id for one in found.queues] == list(hall.branch.queues)


def test_each_counter_says_who_is_there_since_when_and_with_which_number(hall: Hall, clock: FrozenClock) -> None:
    opened = clock.now()
    desk = hall.sit(hall.person("nour"))
    clock.move(timedelta(minutes=5))
    first, second = hall.issue().ticket, hall.issue().ticket
    hall.call_next(desk)
    found = now(hall)
    (there,) = [one for one in found.counters if one.name]
    assert (there.counter.slug, there.name, there.since) == ("c4", "nour name", opened)
    assert there.ticket is not None
    assert there.ticket.id == first.id
    (queue,) = [one for one in found.queues if one.waiting]
    assert (queue.waiting, queue.since) == (1, second.issued_at)
    assert [one.slug for one in queue.open_counters] == ["c4"]


def test_a_queue_of_another_department_is_not_counted(hall: Hall) -> None:
    ticket = hall.issue().ticket
    assert now(hall, queues=set(hall.branch.queues) - {ticket.queue_id}).waiting == 0


def test_those_with_an_appointment_are_counted_apart(hall: Hall, clock: FrozenClock) -> None:
    hall.check_in("civil-extract", clock)
    found = now(hall)
    assert (found.waiting, found.appointments) == (1, 1)


def test_appointments_are_expected_until_their_time(hall: Hall, clock: FrozenClock) -> None:
    start = clock.now().replace(minute=30) + timedelta(hours=2)
    booked(hall, start)
    booked(hall, start + timedelta(days=1), contact="b@example.org")
    assert now(hall).expected == 1
    clock.set(start)
    assert now(hall).expected == 0


def test_a_counter_whose_clerk_has_no_session_any_more_is_left_open_with_nobody_there(
    hall: Hall, clock: FrozenClock
) -> None:
    def gone() -> bool:
        return next(one.gone for one in now(hall).counters if one.counter.slug == "c4")

    assert not gone(), "a closed counter is not one that somebody left"
    layla = hall.person("layla")
    hall.db.write_now(start_session, layla, "test")
    hall.sit(layla)
    assert not gone()
    clock.move(SESSION_IDLE.usual + timedelta(minutes=1))
    assert gone()
    token = hall.db.write_now(start_session, layla, "test")
    assert not gone()
    hall.db.write_now(end_session, token)
    assert gone()
