"""Services really given in a visit, each timed, and outcomes of the branch's own. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions import calling
from queue_system.actions.counters import Desk
from queue_system.actions.day import close_day
from queue_system.actions.transferring import Goal, transfer
from queue_system.clock import FrozenClock
from queue_system.core.errors import Missing, Refused
from queue_system.core.tickets import FOLLOWED, FORGOTTEN, HANDED_ON, INTERRUPTED, TicketState
from queue_system.store.queries import line
from queue_system.store.queries.given_services import given_services
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.past_days import digest_of
from queue_system.store.queries.settings import branch_settings
from queue_system.store.tables import GivenService, table
from tests.kit.hall import Hall, set_branch

WRONG_OFFICE = {"slug": "elsewhere", "names": {"ar": "جهة أخرى", "en": "Another office"}, "served": False}
PUT_OFF = {"slug": "put_off", "names": {"ar": "أُجّل", "en": "Put off"}, "services": ["attest-single"]}


@pytest.fixture
def here(hall: Hall) -> Desk:
    return hall.sit(hall.person("layla"))


def do(hall: Hall, action: Any, here: Desk, *args: Any, **more: Any) -> Any:
    """Run an action at the counter as its page shows it now."""
    current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
    desk = replace(here, expected=current.id if current else None)
    return hall.db.write_in_now(hall.branch.id, action, desk, *args, **more)


def now_of(hall: Hall, ticket: TicketView) -> TicketView:
    return hall.db.read_now(line.ticket, hall.branch.id, ticket.id)


def given(hall: Hall, ticket: TicketView) -> list[tuple[str, float | None, str | None]]:
    """The services of a visit: name, minutes, how each ended."""
    return [
        (
            hall.branch.services[one.service_id].slug,
            (one.ended_at - one.started_at) / timedelta(minutes=1) if one.ended_at else None,
            one.outcome,
        )
        for one in hall.db.read_now(given_services, now_of(hall, ticket))
    ]


def being_served(hall: Hall, here: Desk) -> TicketView:
    ticket = hall.issue().ticket
    do(hall, calling.call_next, here)
    do(hall, calling.start_serving, here)
    return ticket


def rows(hall: Hall) -> int:
    return int(hall.db.read_now(lambda tx: tx.scalar(sa.select(sa.func.count()).select_from(table(GivenService)))))


def test_an_ordinary_visit_needs_one_press_and_writes_no_row(hall: Hall, here: Desk) -> None:
    ticket = being_served(hall, here)
    do(hall, calling.finish, here)
    assert now_of(hall, ticket).state is TicketState.SERVED
    assert rows(hall) == 0


def test_each_service_of_a_visit_has_its_own_time(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    ticket = being_served(hall, here)
    clock.move(timedelta(minutes=4))
    do(hall, calling.next_service, here, hall.service("verify-doc"))
    clock.move(timedelta(minutes=7))
    do(hall, calling.next_service, here, hall.service("attest-single"))
    clock.move(timedelta(minutes=2))
    do(hall, calling.finish, here, "refused")
    assert given(hall, ticket) == [
        ("attest-single", 4, FOLLOWED),
        ("verify-doc", 7, FOLLOWED),
        ("attest-single", 2, "refused"),
    ]


def test_the_service_that_is_given_can_be_corrected_at_any_time(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    ticket = being_served(hall, here)
    clock.move(timedelta(minutes=4))
    do(hall, calling.next_service, here, hall.service("verify-doc"), corrects=True)
    assert given(hall, ticket) == [("verify-doc", None, None)]
    do(hall, calling.next_service, here, hall.service("attest-single"))
    do(hall, calling.next_service, here, hall.service("poa"), corrects=True)
    clock.move(timedelta(minutes=3))
    do(hall, calling.finish, here)
    assert given(hall, ticket) == [("verify-doc", 4, FOLLOWED), ("poa", 3, "done")]
    # What was chosen by mistake is not the visitor's choice: the ticket still says what they came for.
    assert now_of(hall, ticket).service_id == hall.service("attest-single")


def test_another_service_is_refused_where_it_makes_no_sense(hall: Hall, here: Desk) -> None:
    hall.issue()
    do(hall, calling.call_next, here)
    with pytest.raises(Refused, match="service-not-begun"):
        do(hall, calling.next_service, here, hall.service("verify-doc"))
    do(hall, calling.start_serving, here)
    with pytest.raises(Refused, match="service-given-already"):
        do(hall, calling.next_service, here, hall.service("attest-single"))
    with pytest.raises(Missing, match="service"):
        do(hall, calling.next_service, here, here.staff_id)
    assert rows(hall) == 0


def test_what_was_done_before_an_interruption_or_a_transfer_keeps_its_time(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    ticket = being_served(hall, here)
    clock.move(timedelta(minutes=4))
    do(hall, calling.park, here)
    clock.move(timedelta(minutes=30))
    do(hall, calling.call_ticket, here, ticket.id)
    do(hall, calling.start_serving, here)
    clock.move(timedelta(minutes=5))
    do(hall, transfer, here, Goal(hall.service("verify-doc")))
    do(hall, calling.call_next, here)
    do(hall, calling.start_serving, here)
    clock.move(timedelta(minutes=6))
    do(hall, calling.finish, here)
    assert given(hall, ticket) == [
        ("attest-single", 4, INTERRUPTED),
        ("attest-single", 5, HANDED_ON),
        ("verify-doc", 6, "done"),
    ]


@pytest.mark.parametrize("press", ["next", "finish", "call", "park"])
def test_a_press_that_is_taken_back_leaves_the_services_as_they_were(
    hall: Hall, here: Desk, clock: FrozenClock, press: str
) -> None:
    ticket = being_served(hall, here)
    clock.move(timedelta(minutes=1))
    do(hall, calling.next_service, here, hall.service("verify-doc"))
    before = now_of(hall, ticket), given(hall, ticket)
    clock.move(timedelta(minutes=1))
    if press == "next":
        do(hall, calling.next_service, here, hall.service("attest-single"))
    elif press == "finish":
        do(hall, calling.finish, here)
    elif press == "call":
        hall.issue()
        do(hall, calling.call_next, here)
    else:
        do(hall, calling.park, here)
    assert given(hall, ticket) != before[1]
    clock.move(timedelta(seconds=5))
    do(hall, calling.take_back, here)
    assert (now_of(hall, ticket), given(hall, ticket)) == before


def test_the_first_press_that_is_taken_back_leaves_no_row(hall: Hall, here: Desk) -> None:
    ticket = being_served(hall, here)
    do(hall, calling.next_service, here, hall.service("verify-doc"))
    do(hall, calling.take_back, here)
    assert (now_of(hall, ticket).services_given, rows(hall)) == (0, 0)


def test_a_service_whose_end_was_forgotten_says_so(hall: Hall, here: Desk, clock: FrozenClock) -> None:
    ticket = being_served(hall, here)
    do(hall, calling.next_service, here, hall.service("verify-doc"))
    clock.move(timedelta(days=1))
    hall.db.write_in_now(hall.branch.id, close_day, hall.branch.id)
    assert [outcome for _, _, outcome in given(hall, ticket)] == [FOLLOWED, FORGOTTEN]


# ---------------------------------------------------------------- outcomes of the branch's own


def test_a_branch_has_outcomes_of_its_own_for_all_services_or_for_some(hall: Hall, here: Desk) -> None:
    set_branch(hall, outcomes={one["slug"]: one for one in (WRONG_OFFICE, PUT_OFF)})
    single = being_served(hall, here)
    do(hall, calling.finish, here, "put_off")
    assert now_of(hall, single).outcome == "put_off"
    other = hall.issue("verify-doc").ticket
    do(hall, calling.call_next, here)
    for unknown in ("put_off", "vanished"):
        with pytest.raises(Refused, match="outcome-unknown"):
            do(hall, calling.finish, here, unknown)
    do(hall, calling.finish, here, "elsewhere")
    assert now_of(hall, other).outcome == "elsewhere"


def test_a_visit_that_did_not_get_what_it_came_for_is_counted_as_unmet(
    hall: Hall, here: Desk, clock: FrozenClock
) -> None:
    set_branch(hall, outcomes={one["slug"]: one for one in (WRONG_OFFICE, PUT_OFF)})
    for outcome in ("done", "put_off", "elsewhere"):
        being_served(hall, here)
        do(hall, calling.finish, here, outcome)
    settings = hall.db.read_now(branch_settings, hall.branch.id)
    today = settings.timetable.business_date(clock.now())
    found = hall.db.read_now(digest_of, settings, today)
    (tally,) = found.services.values()
    assert (tally.counts["served"], tally.counts["unmet"]) == (3, 1)
    assert tally.words["outcome"] == {"done": 1, "put_off": 1, "elsewhere": 1}
