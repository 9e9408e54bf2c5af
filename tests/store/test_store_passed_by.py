"""Who was called before a visitor: every kind of call, the promise, and nothing that screens would not show."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest
import sqlalchemy as sa

from queue_system.actions import calling, transferring
from queue_system.actions.counters import Desk
from queue_system.actions.raising import raise_ticket
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.dispatch import Reason
from queue_system.core.passing import Kind, why_passed
from queue_system.core.reasons import OUT_OF_TURN
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.passed_by import PassedByView, passed_by
from queue_system.store.tables import Service, table
from tests.kit.hall import Hall, edit, enter, furnish, set_rules
from tests.kit.people import let_choose

SERVICES: Final = table(Service)
GUARDED: Final = timedelta(minutes=45)


@pytest.fixture
def here(hall: Hall) -> Desk:
    found = hall.sit(hall.person("layla"))
    let_choose(hall, "layla")
    return found


def passed(hall: Hall, mine: TicketView) -> PassedByView:
    now = hall.db.read_now(line.ticket, hall.branch.id, mine.id)
    return hall.db.read_now(passed_by, hall.branch, now)


def codes(hall: Hall, mine: TicketView) -> dict[Kind, list[str]]:
    return {kind: [one.code for one in ones] for kind, ones in passed(hall, mine).kinds.items()}


def free(hall: Hall, here: Desk) -> Desk:
    current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
    return Desk(here.branch_id, here.counter_id, here.staff_id, current.id if current else None)


def test_whoever_came_later_and_was_called_first_is_told_with_the_kind_of_reason(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    before, mine = hall.issue().ticket, hall.issue().ticket
    clock.move(timedelta(minutes=1))
    older = hall.issue(priority="elderly").ticket
    unwell, other = hall.issue().ticket, hall.issue().ticket
    assert hall.call_next(here) is not None
    assert codes(hall, mine) == {}
    clock.move(timedelta(minutes=9))
    called = hall.call_next(free(hall, here))
    assert called is not None
    assert called.id == older.id
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, free(hall, here), unwell.id, "done", "unwell")
    assert codes(hall, mine) == {Kind.PRIORITY: [older.code], Kind.NEED: [unwell.code]}
    # Whoever came last reads of nobody, and whoever came first was called first.
    assert codes(hall, other) == codes(hall, before) == {}
    told = passed(hall, mine)
    assert (told.promise, told.furthest, told.kept) == (GUARDED, timedelta(minutes=1), True)


def test_what_was_called_first_stays_told_after_ones_own_call(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    mine = hall.issue().ticket
    clock.move(timedelta(minutes=1))
    older, later = hall.issue(priority="elderly").ticket, hall.issue().ticket
    clock.move(timedelta(minutes=9))
    for _ in range(3):
        hall.call_next(free(hall, here))
        clock.move(timedelta(seconds=10))
    assert codes(hall, mine) == {Kind.PRIORITY: [older.code]}
    assert later.code not in str(codes(hall, mine))


def test_an_appointment_is_told_with_its_time(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    mine = hall.issue().ticket
    booked = hall.check_in("attest-single", clock, early=timedelta(minutes=3))
    here = hall.sit(here.staff_id)
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, here, booked.id, None, "mistake")
    assert codes(hall, mine) == {Kind.MISTAKE: [booked.code]}
    hall.db.write_in_now(hall.branch.id, calling.take_back, free(hall, here))
    # A call that was taken back has passed nobody.
    assert codes(hall, mine) == {}
    clock.move(timedelta(minutes=3))
    second = hall.issue().ticket
    clock.move(timedelta(minutes=59))
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, here, mine.id, None, "mistake")
    called = hall.call_next(free(hall, here))
    assert called is not None
    assert called.id == booked.id
    assert second.code not in str(codes(hall, mine))


def test_another_queue_at_another_counter_is_told_as_such(hall: Hall, here: Desk) -> None:
    mine = hall.issue("attest-single").ticket
    far = next(
        one for one in hall.branch.counters.values() if mine.queue_id not in one.queues and one.id != here.counter_id
    )
    service = next(one for one in hall.branch.services.values() if one.queue_id in far.queues and one.walk_in)
    other = hall.issue(service.slug).ticket
    hall.call_next(hall.sit(hall.person("omar"), far.slug))
    assert codes(hall, mine) == {Kind.ELSEWHERE: [other.code]}
    assert passed(hall, mine).furthest == timedelta(0)


def test_of_whoever_missed_a_call_no_promise_is_told_as_kept(hall: Hall, here: Desk) -> None:
    mine, later = hall.issue().ticket, hall.issue().ticket
    hall.call_next(here)
    hall.db.write_in_now(hall.branch.id, calling.mark_absent, free(hall, here))
    hall.call_next(here)
    assert passed(hall, mine).kept is None
    assert later.code not in str(codes(hall, mine))


def test_a_raised_number_is_not_told_that_the_promise_of_its_new_class_was_broken_before(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    """Before it was raised, the longer promise of its lighter class counted."""
    mine = hall.issue().ticket
    clock.move(timedelta(minutes=20))
    heavy = hall.issue(priority="elderly").ticket
    clock.move(timedelta(minutes=20))
    called = hall.call_next(here)
    assert called is not None
    assert called.id == heavy.id
    assert passed(hall, mine).kept
    raised = (hall.branch.id, mine.id, "elderly", "seen", SYSTEM)
    hall.db.write_in_now(hall.branch.id, raise_ticket, *raised)
    told = passed(hall, mine)
    assert told.promise is not None
    assert told.promise < told.furthest == timedelta(minutes=20) < GUARDED
    assert told.kept is None


@pytest.mark.parametrize("decides", ["language", "skill"])
def test_where_others_may_not_call_a_visitor_nothing_is_promised(
    hall: Hall, here: Desk, clock: FrozenClock, decides: str
) -> None:
    mine = hall.issue().ticket
    assert passed(hall, mine).kept
    if decides == "language":
        set_rules(hall, language_match="only")
    else:
        here_only = SERVICES.c.branch_id == hall.branch.id, SERVICES.c.id == mine.service_id
        data = {"skills": ["notary"]}
        edit(hall, lambda tx: tx.execute(sa.update(SERVICES).where(*here_only).values(data=data)))
    assert passed(enter(hall.db), mine).kept is None


def test_protected_visits_are_never_told_and_discreet_ones_without_a_reason(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db, "forum")
    clock.move(timedelta(days=1))
    services = [one for one in hall.branch.services.values() if one.walk_in]
    openly = next(one for one in services if one.confidentiality.display == "code")
    hidden = next(one for one in services if not one.confidentiality.on_screens)
    counter = next(one for one in hall.branch.counters.values() if openly.queue_id in one.queues)
    mine = hall.issue(openly.slug).ticket
    clock.move(timedelta(seconds=1))
    secret, public = hall.issue(hidden.slug).ticket, hall.issue(openly.slug).ticket
    here = hall.sit(hall.person("nour", ()), counter.slug)
    let_choose(hall, "nour")
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, here, public.id, None, "unwell")
    assert codes(hall, mine) == {Kind.NEED: [public.code]}
    # After the transfer to a protected service the number is off the screens, and off this page.
    hall.db.write_in_now(hall.branch.id, transferring.transfer, free(hall, here), Goal(hidden.id))
    assert codes(hall, mine) == {}
    assert secret.code not in str(passed(hall, mine))
    for basis in OUT_OF_TURN:
        reason = Reason("chosen-by-staff", {"basis": basis})
        assert why_passed(reason, same_line=True, discreet=True) is Kind.RULE
        assert why_passed(reason, same_line=True, discreet=False) is not Kind.TURN


def test_a_call_that_was_taken_back_is_not_told(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    mine = hall.issue().ticket
    clock.move(timedelta(minutes=1))
    later = hall.issue().ticket
    hall.db.write_in_now(hall.branch.id, calling.call_ticket, here, later.id, None, "unwell")
    hall.db.write_in_now(hall.branch.id, calling.take_back, free(hall, here))
    clock.move(timedelta(minutes=1))
    assert hall.call_next(free(hall, here)) is not None
    clock.move(timedelta(minutes=1))
    called = hall.call_next(free(hall, here))
    assert called is not None
    assert called.id == later.id
    assert codes(hall, mine) == {}
