"""How many are ahead: the shortest line of a ticket, in the order of the calling rule."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queue_system.actions import calling, counters, tickets, transferring
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.errors import Missing
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.place import PlaceView, paper, place
from tests.kit.hall import Hall, furnish
from tests.kit.kiosk_hall import book
from tests.kit.people import let_choose


def stands(hall: Hall, issued: tickets.Issued) -> PlaceView:
    return hall.db.read_now(place, hall.branch, issued.ticket.token)


def ahead(hall: Hall, issued: tickets.Issued) -> int | None:
    return stands(hall, issued).ahead


def test_those_who_came_before_are_ahead_and_those_who_came_since_are_not(hall: Hall) -> None:
    first, second, third = (hall.issue() for _ in range(3))
    assert [ahead(hall, one) for one in (first, second, third)] == [0, 1, 2]


def test_other_queues_of_the_only_counter_are_ahead_too(hall: Hall) -> None:
    """Only room 8 serves both queues, so visitors who came earlier for the other service are called first."""
    for _ in range(3):
        hall.issue("complaint")
    mine = hall.issue("hajj-payment")
    hall.sit(hall.person("nour"), "r8")
    assert ahead(hall, mine) == 3


def test_the_shortest_line_of_the_counters_where_somebody_sits_decides(hall: Hall) -> None:
    # Counter 1: passports and urgent cases. Counter 2: passports and collection.
    for _ in range(2):
        hall.issue("death")
    mine = hall.issue("passport-apply")
    assert ahead(hall, mine) == 0
    first = hall.sit(hall.person("nour"), "c1")
    assert ahead(hall, mine) == 2
    hall.sit(hall.person("omar"), "c2")
    assert ahead(hall, mine) == 0
    hall.db.write_in_now(hall.branch.id, counters.close_counter, first)
    assert ahead(hall, mine) == 0


def test_priority_overtakes_with_time(hall: Hall, clock: FrozenClock) -> None:
    ordinary = hall.issue()
    clock.move(timedelta(minutes=5))
    faster = hall.issue(priority="disability")
    assert (ahead(hall, ordinary), ahead(hall, faster)) == (0, 1)
    clock.move(timedelta(minutes=5))
    assert (ahead(hall, ordinary), ahead(hall, faster)) == (1, 0)


def test_an_early_appointment_knows_from_when_it_may_be_called(hall: Hall, clock: FrozenClock) -> None:
    at = clock.now() + timedelta(minutes=10)
    made = book(hall, at)
    mine = hall.db.write_in_now(hall.branch.id, tickets.check_in, hall.branch.id, made.id, SYSTEM)
    hall.issue("passport-apply")
    assert stands(hall, mine).not_before == at - timedelta(minutes=5)
    assert ahead(hall, mine) == 1
    clock.move(timedelta(minutes=6))
    assert stands(hall, mine).not_before is None


def test_nobody_is_ahead_of_who_no_longer_waits(hall: Hall) -> None:
    mine = hall.issue()
    before = stands(hall, mine).seq
    hall.call_next(hall.sit(hall.person("layla")))
    after = stands(hall, mine)
    assert after.ahead is None
    assert after.seq > before


def test_who_is_served_is_told_by_letter_and_never_of_protected_visits(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db, "forum")
    clock.move(timedelta(days=1))
    protected = next(one for one in hall.branch.services.values() if one.confidentiality.hides_service and one.walk_in)
    open_one = next(
        one
        for one in hall.branch.services.values()
        if one.walk_in and one.queue_id != protected.queue_id and not one.confidentiality.hides_service
    )
    counter = next(one for one in hall.branch.counters.values() if open_one.queue_id in one.queues)
    hall.issue(open_one.slug)
    mine = hall.issue(open_one.slug)
    here = hall.sit(hall.person("nour", ()), counter.slug)
    let_choose(hall, "nour")
    called = hall.call_next(here)
    assert called is not None
    assert [(one.code, one.counter_id) for one in stands(hall, mine).served] == [(called.code, counter.id)]
    # After the transfer to a protected service, the visit must not be shown any more.
    hall.db.write_in_now(
        hall.branch.id, transferring.transfer, hall.at(here.staff_id, counter.slug, called.id), Goal(protected.id)
    )
    wanted = (hall.at(here.staff_id, counter.slug), called.id, None, "own_case")
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, *wanted)
    assert stands(hall, mine).served == ()


def test_a_ticket_that_is_not_there(hall: Hall) -> None:
    with pytest.raises(Missing):
        hall.db.read_now(place, hall.branch, "nobody")
    assert hall.db.read_now(paper, hall.branch.id, hall.issue().ticket.id) is None
