"""A press that is taken back leaves no trace in the ticket: no column that a press changes is forgotten. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest

from queue_system.actions import calling, families, transferring
from queue_system.actions.counters import Desk
from queue_system.actions.takeback import CHANGES
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.tickets import TicketState
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM, Actor
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from tests.kit.hall import Hall

# What no press at a counter changes. A new column of a ticket goes here or to CHANGES.
NEVER_BY_A_PRESS: Final = frozenset(
    {
        *("id", "branch_id", "series_id", "business_date", "number", "code", "token"),
        *("issued_at", "source", "language", "booking_id", "told_least", "told_most"),
        # A number that follows another one stands at no counter.
        "joined_to",
    }
)

Press = Callable[[Hall, Desk, TicketView], None]


def test_every_column_of_a_ticket_is_given_back_or_never_changed() -> None:
    assert set(TicketView.__slots__) == NEVER_BY_A_PRESS | set(CHANGES)
    assert not NEVER_BY_A_PRESS & set(CHANGES)


def at_desk(step: Callable[..., object], *args: object) -> Press:
    def press(hall: Hall, here: Desk, _first: TicketView) -> None:
        hall.db.write_in_now(hall.branch.id, step, here, *args)

    return press


def transfer(hall: Hall, here: Desk, _first: TicketView) -> None:
    hall.db.write_in_now(hall.branch.id, transferring.transfer, here, Goal(hall.service("passport-apply")))


def resume(hall: Hall, here: Desk, first: TicketView) -> None:
    actor = Actor("staff", str(here.staff_id))
    hall.db.write_in_now(hall.branch.id, calling.resume, hall.branch.id, first.id, actor)


PRESSES: Final[dict[str, tuple[TicketState, Press]]] = {
    "start": (TicketState.CALLED, at_desk(calling.start_serving)),
    "finish": (TicketState.CALLED, at_desk(calling.finish)),
    "next": (TicketState.CALLED, at_desk(calling.call_next, "absent")),
    "skip": (TicketState.CALLED, at_desk(calling.mark_absent)),
    "park": (TicketState.SERVING, at_desk(calling.park)),
    "transfer": (TicketState.SERVING, transfer),
    "resume": (TicketState.PARKED, resume),
    "return": (TicketState.NO_SHOW, resume),
}


@pytest.mark.parametrize("name", PRESSES)
def test_a_number_with_others_is_as_before_once_a_press_is_taken_back(
    hall: Hall, clock: FrozenClock, name: str
) -> None:
    here = hall.sit(hall.person("layla"))
    mine = hall.issue(priority="elderly").ticket
    clock.move(timedelta(minutes=1))
    first = hall.issue().ticket
    clock.move(timedelta(minutes=1))
    older = hall.issue(priority="elderly").ticket
    for other in (mine, older):
        hall.db.write_in_now(hall.branch.id, families.join, hall.branch.id, first.id, other.id, SYSTEM)
    state, pressed = PRESSES[name]
    here = bring(hall, here, clock, first, state)
    before = hall.db.read_now(line.ticket, hall.branch.id, first.id)
    assert (before.state, before.own_anchor_at) == (state, first.anchor_at)
    pressed(hall, here, before)
    assert hall.db.read_now(line.ticket, hall.branch.id, first.id) != before
    hall.db.write_in_now(hall.branch.id, calling.take_back, standing(hall, here))
    assert hall.db.read_now(line.ticket, hall.branch.id, first.id) == before


def bring(hall: Hall, here: Desk, clock: FrozenClock, first: TicketView, state: TicketState) -> Desk:
    """Bring the number to a state; returns the desk as its page shows it then."""
    called = hall.call_next(here)
    assert called is not None
    assert called.id == first.id
    match state:
        case TicketState.SERVING:
            press(hall, calling.start_serving, here)
        case TicketState.PARKED:
            press(hall, calling.park, here)
        case TicketState.NO_SHOW:
            while hall.db.read_now(line.ticket, hall.branch.id, first.id).state is not TicketState.NO_SHOW:
                clock.move(timedelta(minutes=10))
                if standing(hall, here).expected is None:
                    hall.call_next(here)
                press(hall, calling.mark_absent, here)
    return standing(hall, here)


def press(hall: Hall, step: Callable[[Tx, Desk], object], here: Desk) -> None:
    hall.db.write_in_now(hall.branch.id, step, standing(hall, here))


def standing(hall: Hall, here: Desk) -> Desk:
    current = hall.db.read_now(line.at_counter, hall.branch.id, here.counter_id)
    return Desk(here.branch_id, here.counter_id, here.staff_id, current.id if current else None)
