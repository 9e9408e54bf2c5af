"""Reads that were foreseen find what is there when they are asked for, and cost a server one round trip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from queue_system.actions import bookings as actions
from queue_system.actions import seats
from queue_system.actions.booking_rows import take_step
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingStep
from queue_system.core.errors import Refused
from queue_system.store.database import Database, Tx
from queue_system.store.dialect import PostgreSQL
from queue_system.store.log import VISITOR, locked, verify
from queue_system.store.prepared import Prepared
from queue_system.store.queries import bookings as stored
from queue_system.store.queries.bookings import BookingView
from queue_system.store.tables import Branch, table
from tests.kit.hall import Hall, furnish

MONDAY = date(2026, 11, 23)
BRANCH = table(Branch)
LAST = Prepared(sa.select(BRANCH.c.last_seq).where(BRANCH.c.id == sa.bindparam("branch")))
SLUG = Prepared(sa.select(BRANCH.c.slug).where(BRANCH.c.id == sa.bindparam("branch")))
ADVANCE = Prepared(sa.update(BRANCH).where(BRANCH.c.id == sa.bindparam("branch")).values(last_seq=sa.bindparam("seq")))


def test_a_change_is_seen_by_what_was_foreseen_before_it(hall: Hall) -> None:
    here = {"branch": hall.branch.id}

    def work(tx: Tx) -> list[int]:
        tx.foresee((LAST, here))
        tx.row(SLUG, here)
        tx.later(ADVANCE, here | {"seq": 7})
        found = [tx.scalar(LAST, here)]
        tx.foresee((LAST, here))
        tx.row(SLUG, here)
        tx.execute(sa.update(BRANCH).where(BRANCH.c.id == hall.branch.id).values(last_seq=8))
        found.append(tx.scalar(LAST, here))
        tx.foresee((LAST, here))
        tx.row(SLUG, here)
        tx.execute(ADVANCE, here | {"seq": 9})
        return [*found, tx.scalar(LAST, here), tx.scalar(LAST, here)]

    assert hall.db.write_now(work) == [7, 8, 9, 9]


@pytest.mark.postgres
def test_what_was_read_before_the_lock_is_read_again_under_it(postgres_url: str, clock: FrozenClock) -> None:
    """Another node may have had the lock meanwhile."""
    with two_nodes(postgres_url, clock) as (hall, other):
        here = {"branch": hall.branch.id}

        def work(tx: Tx) -> int:
            tx.foresee((LAST, here))
            tx.row(SLUG, here)
            other.write_now(Tx.execute, ADVANCE, here | {"seq": 7})
            with locked(tx, hall.branch.id):
                found: int = tx.scalar(LAST, here)
                return found

        assert hall.db.write_now(work) == 7


@pytest.mark.postgres
def test_a_hold_and_its_confirmation_are_three_round_trips_each(postgres_url: str, clock: FrozenClock) -> None:
    """Besides the commit: the lock, what the decision needs, and what is written."""
    with two_nodes(postgres_url, clock) as (hall, _):
        confirm(hall, hold(hall, 1))
        with round_trips() as to_hold:
            held = hold(hall, 2)
        with round_trips() as to_confirm:
            confirmed = confirm(hall, held)
        assert (len(to_hold), len(to_confirm)) == (3, 3)
        assert confirmed == hall.db.read_now(stored.booking_by_id, hall.branch.id, held.id)


def test_who_takes_a_taken_seat_is_refused_alone(hall: Hall) -> None:
    """The lock was forgotten, and the key of the seats finds it; jobs that wait with it succeed."""
    first = hold(hall, 1)
    taken = hall.db.read_now(stored.seats_of, hall.branch.id, first.id)

    def forgets(tx: Tx) -> None:
        with locked(tx, hall.branch.id) as lock:
            seats.take(lock, taken, first.id)

    def refused(*works: Callable[[Tx], Any]) -> list[str | None]:
        waiting = [hall.db._submit(hall.branch.id, work) for work in (lambda tx: None, *works)][1:]
        problems = [one.exception(30) for one in waiting]
        assert all(one is None or isinstance(one, Refused) for one in problems)
        return [getattr(one, "code", None) for one in problems]

    orders = [order(hall, number) for number in (2, 3)]
    works: list[Callable[[Tx], Any]] = [lambda tx, one=one: actions.hold_slot(tx, one) for one in orders]  # type: ignore[misc]
    assert refused(works[0], forgets, works[1]) == [None, "slot-taken", None]
    assert refused(forgets) == ["slot-taken"]
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(verify))


def test_a_step_from_a_state_that_is_over_is_refused_alone(hall: Hall) -> None:
    held = hold(hall, 1)
    confirm(hall, held)

    def forgets(tx: Tx) -> None:
        with locked(tx, hall.branch.id) as lock:
            take_step(lock, held, BookingStep.CONFIRM, confirmed_at=tx.now, held_until=None)

    with pytest.raises(Refused, match="booking-over"):
        hall.db.write_in_now(hall.branch.id, forgets)
    hold(hall, 2)


# ---------------------------------------------------------------- the hall of these tests


def order(hall: Hall, number: int) -> HoldOrder:
    """A person of this number wants the time of this number that is free."""
    service = hall.branch.service("attest-single")
    (found,) = hall.db.read_now(stored.free_days, hall.branch, service, MONDAY, MONDAY)
    start = found.slots[number].start
    contact = f"a{number}@example.org"
    return HoldOrder(hall.branch.id, service.id, start, "سلمى", contact, "ar", VISITOR, request_id=f"request-{number}")


def hold(hall: Hall, number: int) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, actions.hold_slot, order(hall, number))


def confirm(hall: Hall, held: BookingView) -> BookingView:
    return hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, held.id, VISITOR)


@contextmanager
def two_nodes(url: str, clock: FrozenClock) -> Iterator[tuple[Hall, Database]]:
    first, second = Database(url, clock), Database(url, clock)
    try:
        yield furnish(first), second
    finally:
        first.close()
        second.close()


@contextmanager
def round_trips() -> Iterator[list[int]]:
    """How many statements each round trip of a write takes to PostgreSQL, without its commit."""
    found: list[int] = []
    run = PostgreSQL.run

    def counted(self: PostgreSQL, connection: Connection, statements: Any, outcomes: Any) -> None:
        if not connection.get_execution_options().get("postgresql_readonly"):
            found.append(len(statements))
        run(self, connection, statements, outcomes)

    with mock.patch.object(PostgreSQL, "run", counted):
        yield found
