"""Classes with a longest wait that is aimed at: who is named, what is measured, and that the order stays. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from queue_system.actions import calling
from queue_system.clock import FrozenClock
from queue_system.core.class_targets import ClassWait, measured, waited
from queue_system.store.queries import line
from queue_system.store.queries.class_targets import Beyond, beyond_target, class_targets
from queue_system.store.tables import Priority, table
from tests.kit.hall import Hall, change_settings, enter

MINUTE = timedelta(minutes=1)
CLASSES = table(Priority)


@pytest.fixture
def aimed(hall: Hall) -> Hall:
    """The hall whose class for persons with disabilities is to be called within ten minutes."""
    aim = sa.update(CLASSES).where(CLASSES.c.slug == "disability").values(data={"max_wait_target_min": 10})
    change_settings(hall.db, aim)
    return enter(hall.db)


def beyond(hall: Hall, clock: FrozenClock) -> list[Beyond]:
    return beyond_target(hall.branch, hall.db.read_now(line.in_hall, hall.branch), clock.now())


def codes(found: list[Beyond]) -> list[tuple[str, list[str]]]:
    return [(one.priority.slug, [ticket.code for ticket in one.tickets]) for one in found]


def test_whoever_waits_longer_than_the_target_is_named_and_nobody_before(aimed: Hall, clock: FrozenClock) -> None:
    first = aimed.issue(priority="disability").ticket
    aimed.issue()
    clock.move(5 * MINUTE)
    second = aimed.issue(priority="disability").ticket
    clock.move(5 * MINUTE)
    assert beyond(aimed, clock) == []
    clock.move(MINUTE)
    assert codes(beyond(aimed, clock)) == [("disability", [first.code])]
    clock.move(5 * MINUTE)
    assert codes(beyond(aimed, clock)) == [("disability", [first.code, second.code])]
    aimed.call_next(aimed.sit(aimed.person("layla")))
    assert codes(beyond(aimed, clock)) == [("disability", [second.code])]


def test_the_target_changes_the_order_of_nobody(aimed: Hall, clock: FrozenClock) -> None:
    over = aimed.issue(priority="disability").ticket
    clock.move(30 * MINUTE)
    emergency = aimed.issue(priority="bereavement").ticket
    assert codes(beyond(aimed, clock)) == [("disability", [over.code])]
    called = aimed.call_next(aimed.sit(aimed.person("layla")))
    assert called is not None
    assert called.id == emergency.id


def test_who_was_called_and_was_not_here_is_not_named(aimed: Hall, clock: FrozenClock) -> None:
    ticket = aimed.issue(priority="disability").ticket
    clock.move(20 * MINUTE)
    here = aimed.sit(aimed.person("layla"))
    aimed.call_next(here)
    aimed.db.write_in_now(aimed.branch.id, calling.mark_absent, replace(here, expected=ticket.id))
    assert beyond(aimed, clock) == []


def test_the_share_that_was_called_in_time_is_measured(aimed: Hall, clock: FrozenClock) -> None:
    here, expected = aimed.sit(aimed.person("layla")), None
    for minutes in (5, 10, 11, 30):
        aimed.issue(priority="disability")
        clock.move(minutes * MINUTE)
        called = aimed.call_next(replace(here, expected=expected))
        assert called is not None
        expected = called.id
    day = aimed.branch.timetable.business_date(clock.now())
    queues = set(aimed.branch.queues)
    ((priority, aim),) = [
        one for one in aimed.db.read_now(class_targets, aimed.branch, day, day, queues) if one[0].slug == "disability"
    ]
    assert (priority.max_wait_target_min, aim.people, aim.within, aim.percent) == (10, 4, 2, 50)
    others = queues - {aimed.branch.services[aimed.service("attest-single")].queue_id}
    assert [one.people for _, one in aimed.db.read_now(class_targets, aimed.branch, day, day, others)] == [0]


def test_whoever_left_in_time_says_nothing_and_whoever_left_late_was_not_called_in_time() -> None:
    waits = [
        ClassWait("a", 3 * MINUTE, called=True),
        ClassWait("a", 3 * MINUTE, called=False),
        ClassWait("a", 9 * MINUTE, called=False),
        ClassWait("b", 9 * MINUTE, called=True),
    ]
    aim = measured(waits, "a", 5 * MINUTE)
    assert (aim.people, aim.within, aim.percent) == (2, 1, 50)


def test_an_appointment_waits_from_its_time_and_not_from_an_early_check_in(clock: FrozenClock) -> None:
    now = clock.now()
    assert waited(now, now + 20 * MINUTE, now + 25 * MINUTE) == 5 * MINUTE
    assert waited(now, now + 20 * MINUTE, now + 10 * MINUTE) == timedelta()
    assert waited(now, None, now + 10 * MINUTE) == 10 * MINUTE
