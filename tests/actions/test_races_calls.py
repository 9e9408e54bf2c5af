"""Twenty counters and one waiting visitor: one call. One clerk who presses twice: one call. On both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import calling, counter_steps, transferring
from queue_system.actions.counters import Desk
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core import tickets
from queue_system.core.errors import Refused, Stale
from queue_system.core.tickets import Step, TicketState
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.queries import line
from queue_system.store.queries.line import TicketView
from queue_system.store.tables import Call, Ticket, table
from tests.kit.crowd import PATIENCE_SECONDS, Work, clerks_at_counters, crowd, meet, unlocked
from tests.kit.furnished import prepared
from tests.kit.hall import Hall, enter, furnish
from tests.kit.people import let_choose

COUNTERS = 20
NODES = 5


@pytest.fixture
def desks(db: Database) -> list[Desk]:
    return prepared(db, "twenty counters", lambda: clerks_at_counters(furnish(db), COUNTERS))


@pytest.fixture
def hall(db: Database, desks: list[Desk]) -> Hall:
    return enter(db)


def press_next(here: Desk) -> Work:
    return lambda node: node.write_in_now(here.branch_id, calling.call_next, here)


def called(outcomes: list[Any]) -> list[TicketView]:
    return [outcome for outcome in outcomes if isinstance(outcome, TicketView)]


def calls_of(hall: Hall, ticket_id: UUID) -> int:
    statement = sa.select(sa.func.count()).where(table(Call).c.ticket_id == ticket_id)
    return int(hall.db.read_now(Tx.scalar, statement))


def test_twenty_counters_and_one_visitor_make_one_call(
    hall: Hall, desks: list[Desk], db_url: str, clock: FrozenClock
) -> None:
    ticket = hall.issue().ticket
    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([press_next(here) for here in desks])
    assert [view.id for view in called(outcomes)] == [ticket.id]
    assert outcomes.count(None) == COUNTERS - 1
    assert calls_of(hall, ticket.id) == 1
    now = hall.db.read_now(line.ticket, hall.branch.id, ticket.id)
    assert (now.state, now.counter_id) == (TicketState.CALLED, called(outcomes)[0].counter_id)


def test_twenty_counters_and_thirty_visitors_share_them_out(
    hall: Hall, desks: list[Desk], db_url: str, clock: FrozenClock
) -> None:
    """Nobody is called twice and nobody is left out: the twenty who waited longest are called."""
    waiting = [hall.issue().ticket for _ in range(COUNTERS + 10)]
    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([press_next(here) for here in desks])
    assert sorted(view.number for view in called(outcomes)) == [ticket.number for ticket in waiting[:COUNTERS]]
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(log.verify))


def test_a_clerk_who_presses_ten_times_calls_one_visitor(
    hall: Hall, desks: list[Desk], db_url: str, clock: FrozenClock
) -> None:
    """Double clicks, a second tab, repeated requests: the other nine are told that their page is out of date."""
    for _ in range(12):
        hall.issue()
    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([press_next(desks[0])] * 10)
    assert len(called(outcomes)) == 1
    assert sum(isinstance(outcome, Stale) for outcome in outcomes) == 9


def test_a_transfer_taken_back_while_others_call_next_stands_at_one_counter(
    hall: Hall, desks: list[Desk], db_url: str, clock: FrozenClock
) -> None:
    ticket = sent_on(hall, desks[0])
    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([take_back(desks[0]), *[press_next(here) for here in desks[1:]]])
    (winner,) = called(outcomes)
    assert winner.id == ticket.id
    if winner is outcomes[0]:
        assert outcomes.count(None) == COUNTERS - 1
    else:
        assert isinstance(outcomes[0], Refused)
        assert outcomes[0].code == "take-back-moved"
    now = hall.db.read_now(line.ticket, hall.branch.id, ticket.id)
    assert (now.state, now.counter_id) == (TicketState.CALLED, winner.counter_id)
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(log.verify))


def sent_on(hall: Hall, here: Desk) -> TicketView:
    """A visitor whom a clerk has called and transferred to another service that every counter here serves."""
    ticket = hall.issue().ticket
    hall.db.write_in_now(hall.branch.id, calling.call_next, here)
    queues = hall.branch.counter("c4").queues
    other = next(
        service.id
        for service in hall.branch.services.values()
        if service.queue_id in queues and service.id != ticket.service_id
    )
    return hall.db.write_in_now(hall.branch.id, transferring.transfer, replace(here, expected=ticket.id), Goal(other))


def take_back(here: Desk) -> Work:
    return lambda node: node.write_in_now(here.branch_id, calling.take_back, here)


# ---------------------------------------------------------------- negative controls


def without_compare(tx: Tx, ticket: TicketView, step: Step, **changes: Any) -> TicketView:
    """The step as a careless program writes it, without comparing the state that it decided on."""
    state = tickets.after(ticket.state, step)
    rows = table(Ticket)
    tx.execute(sa.update(rows).where(rows.c.id == ticket.id).values(state=state.value, **changes))
    return replace(ticket, **changes | {"state": state})


def test_control_without_lock_and_compare_one_visitor_is_called_to_several_counters(
    hall: Hall, desks: list[Desk], db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = hall.issue().ticket
    unlocked(monkeypatch)
    monkeypatch.setattr(counter_steps, "move", without_compare)
    # At the last reading before the call, because whoever reads later sees that the visitor has been called.
    with meet(line, "ticket", NODES), crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([press_next(here) for here in desks[:NODES]])
    assert len(called(outcomes)) == NODES
    assert calls_of(hall, ticket.id) == NODES


def test_without_the_lock_compare_and_set_alone_keeps_it_one_call(
    hall: Hall, desks: list[Desk], db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the lock, those who are too late get an error, and the visitor is still called only once."""
    ticket = hall.issue().ticket
    unlocked(monkeypatch)
    # At the last reading before the call, because whoever reads later sees that the visitor has been called.
    with meet(line, "ticket", NODES), crowd(db_url, clock, NODES) as people:
        outcomes = people.rush([press_next(here) for here in desks[:NODES]])
    assert [view.id for view in called(outcomes)] == [ticket.id]
    assert sum(isinstance(outcome, Stale) for outcome in outcomes) == NODES - 1
    assert calls_of(hall, ticket.id) == 1


def test_control_without_lock_and_index_two_visitors_stand_at_one_counter(
    hall: Hall, desks: list[Desk], db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tabs of one clerk, each calling a different visitor by hand."""
    outcomes = two_tabs(hall, desks[0], db_url, clock, monkeypatch, indexed=False)
    assert len(called(outcomes)) == 2
    assert at_counter(hall, desks[0]) == 2


def test_without_the_lock_the_index_alone_keeps_one_visitor_at_a_counter(
    hall: Hall, desks: list[Desk], db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = two_tabs(hall, desks[0], db_url, clock, monkeypatch, indexed=True)
    assert sum(isinstance(outcome, sa.exc.IntegrityError) for outcome in outcomes) == 1
    assert at_counter(hall, desks[0]) == 1


def two_tabs(
    hall: Hall, here: Desk, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch, *, indexed: bool
) -> list[Any]:
    """Call two visitors to one counter at once, without the lock."""
    let_choose(hall, "clerk-0")
    wanted = [hall.issue().ticket.id, hall.issue().ticket.id]
    unlocked(monkeypatch)
    if not indexed:
        with hall.db.migrating() as connection:
            connection.execute(sa.text("DROP INDEX one_ticket_a_counter"))

    def call(ticket_id: UUID) -> Work:
        return lambda node: node.write_in_now(here.branch_id, calling.call_ticket, here, ticket_id, None, "own_case")

    with meet(line, "at_counter", 2), crowd(db_url, clock, 2) as people:
        return people.rush([call(ticket_id) for ticket_id in wanted])


def at_counter(hall: Hall, here: Desk) -> int:
    rows = table(Ticket)
    condition = (rows.c.counter_id == here.counter_id) & (rows.c.state == TicketState.CALLED.value)
    return int(hall.db.read_now(Tx.scalar, sa.select(sa.func.count()).where(condition)))


def test_control_without_lock_and_compare_who_was_taken_back_is_called_elsewhere_too(
    hall: Hall, desks: list[Desk], db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter_steps, "move", without_compare)
    taken_back, called_next = taken_back_in_between(hall, desks, db_url, clock, monkeypatch)
    assert [taken_back.id, called_next.id] == [taken_back.id] * 2
    assert {taken_back.counter_id, called_next.counter_id} == {desks[0].counter_id, desks[1].counter_id}


def test_without_the_lock_compare_and_set_alone_keeps_who_was_taken_back(
    hall: Hall, desks: list[Desk], db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_back, called_next = taken_back_in_between(hall, desks, db_url, clock, monkeypatch)
    assert isinstance(called_next, Stale)
    now = hall.db.read_now(line.ticket, hall.branch.id, taken_back.id)
    assert now.counter_id == desks[0].counter_id


def taken_back_in_between(
    hall: Hall, desks: list[Desk], db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> list[Any]:
    """A transfer is taken back after another clerk's action has chosen the visitor and before it calls them."""
    sent_on(hall, desks[0])
    unlocked(monkeypatch)
    chosen, put_back = threading.Event(), threading.Event()
    call = counter_steps.call

    def wait_and_call(*args: Any, **kwargs: Any) -> Any:
        chosen.set()
        assert put_back.wait(PATIENCE_SECONDS)
        return call(*args, **kwargs)

    monkeypatch.setattr(counter_steps, "call", wait_and_call)

    def take_back_once_chosen(node: Database) -> Any:
        assert chosen.wait(PATIENCE_SECONDS)
        try:
            return take_back(desks[0])(node)
        finally:
            put_back.set()

    with crowd(db_url, clock, 2) as people:
        return people.rush([take_back_once_chosen, press_next(desks[1])])
