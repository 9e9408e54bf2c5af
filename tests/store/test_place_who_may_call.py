"""How many are ahead where not every counter of a queue may call everybody: reservations, skills, languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from queue_system.actions import transferring
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.tickets import TicketState
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.place import ProspectView, place, prospects, served_tickets
from queue_system.store.queries.settings import branch_settings
from queue_system.store.queries.waits import hall_of
from tests.kit.hall import Hall
from tests.kit.morning import SKILL, Morning, change_rules, need_skill

#: Two counters that serve the queue of this service.
SERVICE, NEAR, FAR = "attest-single", "c4", "c5"


@pytest.fixture
def morning(hall: Hall, clock: FrozenClock) -> Morning:
    """Clerks at counters 4 and 5, who are the second and third of the morning."""
    clerks = [hall.person(f"clerk-{number}") for number in range(3)]
    hall.sit(clerks[1], NEAR)
    hall.sit(clerks[2], FAR)
    return Morning(hall, clerks, clock)


def stands(hall: Hall, ticket: TicketView) -> tuple[int | None, bool]:
    """How many are ahead of a ticket, and whether a counter is open for it."""
    branch = hall.db.read_now(branch_settings, hall.branch.id)
    found = hall.db.read_now(place, branch, ticket.token)
    still = hall.db.read_now(line.open_tickets, hall.branch.id)
    waiting = [one for one in still if one.state is TicketState.WAITING]
    assert found.counter_open == (ticket.id in hall.db.read_now(served_tickets, branch, waiting))
    return found.ahead, found.counter_open


def prospect(hall: Hall, language: str | None = None) -> ProspectView:
    branch = hall.db.read_now(branch_settings, hall.branch.id)
    return hall.db.read_now(prospects, branch, language)[hall.service(SERVICE)]


@pytest.mark.parametrize("to_person", [False, True])
def test_whoever_waits_for_one_counter_is_ahead_only_there_until_all_may_call(
    hall: Hall, morning: Morning, clock: FrozenClock, *, to_person: bool
) -> None:
    here = hall.at(morning.clerks[1], NEAR)
    first, second = (hall.issue(SERVICE).ticket for _ in range(2))
    called = hall.call_next(here)
    assert called is not None
    assert called.id == first.id
    goal = Goal(staff_id=morning.clerks[2]) if to_person else Goal(counter_id=hall.counter(FAR))
    hall.db.write_in_now(hall.branch.id, transferring.transfer, replace(here, expected=called.id), goal)
    assert (stands(hall, first), stands(hall, second)) == ((0, True), (0, True))
    assert prospect(hall).ahead == 1
    clock.move(timedelta(minutes=hall.branch.queue_rules.reserved_return_min))
    assert (stands(hall, first), stands(hall, second)) == ((0, True), (1, True))
    assert prospect(hall).ahead == 2


def test_a_counter_is_open_for_whoever_needs_a_skill_once_somebody_there_has_it(hall: Hall, morning: Morning) -> None:
    need_skill(hall, SERVICE)
    others = [hall.issue("attest-batch").ticket for _ in range(2)]
    mine = hall.issue(SERVICE).ticket
    # As if the clerks could serve everybody, because nobody can be told when one comes who does.
    assert stands(hall, mine) == (2, False)
    assert stands(hall, others[1]) == (1, True)
    assert not prospect(hall).counter_open
    morning.change_clerk(2, skills=[SKILL])
    later = hall.issue("attest-batch").ticket
    assert stands(hall, mine) == (2, True)
    # The clerk at the other counter cannot call whoever needs the skill.
    assert stands(hall, later) == (2, True)
    assert prospect(hall).counter_open


def test_where_clerks_call_only_visitors_of_their_languages_the_others_are_not_ahead(
    hall: Hall, morning: Morning
) -> None:
    change_rules(hall, language_match="only")
    morning.change_clerk(1, languages=["ar"])
    morning.change_clerk(2, languages=["ar"])
    english = hall.issue(SERVICE, language="en").ticket
    arabic = hall.issue(SERVICE, language="ar").ticket
    assert (stands(hall, english), stands(hall, arabic)) == ((0, False), (0, True))
    assert (prospect(hall).ahead, prospect(hall, "en").counter_open) == (1, False)


def test_the_hall_of_the_forecast_knows_who_may_call_whom(hall: Hall, morning: Morning) -> None:
    need_skill(hall, SERVICE)
    morning.change_clerk(2, skills=[SKILL])
    hall.issue(SERVICE)
    branch = hall.db.read_now(branch_settings, hall.branch.id)
    found = hall.db.read_now(lambda tx: hall_of(tx, branch, line.in_hall(tx, branch), 1.0))
    able = {
        one.caller.counter_id: one.may_call(found.waiting[0].ticket, found.now) for one in found.counters if one.caller
    }
    assert able == {hall.counter(NEAR): False, hall.counter(FAR): True}
    needing: set[UUID] = {one.queue_id for one in found.newcomers if SKILL in one.skills}
    assert needing == {branch.services[hall.service(SERVICE)].queue_id}
