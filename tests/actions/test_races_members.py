"""Sixty-four clients want two workers, an interpreter and a room at the same moment. On both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest
import sqlalchemy as sa

from queue_system.actions import bookings, placing
from queue_system.actions.bookings import HoldOrder
from queue_system.clock import FrozenClock
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.log import VISITOR
from queue_system.store.queries.bookings import BookingView
from queue_system.store.tables import Seat, table
from tests.kit.crowd import Work, crowd, drop_unique, meet, unlocked
from tests.kit.hall import Hall
from tests.kit.joint_house import ALONE, JOINT, joint_house, times
from tests.kit.legal_aid import member
from tests.kit.member_log import faults

pytestmark = pytest.mark.slow

CLIENTS = 64
NODES = 8


@pytest.fixture
def house(db: Database) -> Hall:
    return joint_house(db)


def hold(house: Hall, number: int, service: str, starts_at: datetime) -> Work:
    order = HoldOrder(
        branch_id=house.branch.id,
        service_id=house.service(service),
        starts_at=starts_at,
        name="سلمى الحسن",
        contact=f"+90555{number:07d}",
        language="ar",
        actor=VISITOR,
        request_id=f"request-{number}",
    )
    return lambda node: node.write_in_now(house.branch.id, bookings.hold_slot, order)


def wishes(house: Hall) -> list[tuple[str, datetime]]:
    """What each client wants: joint and short appointments by turns, at the first times of tomorrow."""
    first = {service: times(house, service)[:4] for service in (JOINT, ALONE)}
    services = [(JOINT, ALONE)[number % 2] for number in range(CLIENTS)]
    return [(service, first[service][number // 2 % 4]) for number, service in enumerate(services)]


def everybody(house: Hall, wanted: Sequence[tuple[str, datetime]]) -> list[Work]:
    return [hold(house, number, service, at) for number, (service, at) in enumerate(wanted)]


def test_scenario_15_no_member_is_taken_twice_by_64_clients_at_once(
    house: Hall, db_url: str, clock: FrozenClock
) -> None:
    wanted = wishes(house)
    with crowd(db_url, clock, NODES) as people:
        outcomes = people.rush(everybody(house, wanted))
    won = [outcome for outcome in outcomes if isinstance(outcome, BookingView)]
    # How many fit depends on who comes first; that no place is left is looked at below.
    assert 0 < len(won) < CLIENTS
    assert {str(outcome) for outcome in outcomes if isinstance(outcome, Exception)} == {"slot-taken"}
    assert house.db.read_now(faults, house.branch) == []
    # Nobody was turned away while there was a place.
    for service in (JOINT, ALONE):
        assert {at for one, at in wanted if one == service}.isdisjoint(times(house, service))
    assert all(verdict.broken_at is None for verdict in house.db.read_now(log.verify))


def test_scenario_15_without_the_lock_the_key_alone_keeps_members_apart(
    house: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (wish, *_) = wishes(house)
    unlocked(monkeypatch)
    with meet(placing, "lanes_at", NODES), crowd(db_url, clock, NODES) as people:
        outcomes = people.rush(everybody(house, [wish] * NODES))
    assert any(isinstance(outcome, BookingView) for outcome in outcomes)
    assert house.db.read_now(faults, house.branch) == []


def test_scenario_15_control_without_lock_and_key_members_are_taken_twice(
    house: Hall, db_url: str, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (wish, *_) = wishes(house)
    unlocked(monkeypatch)
    drop_unique(house.db, "seat", "seat_pkey")
    with meet(placing, "lanes_at", NODES), crowd(db_url, clock, NODES) as people:
        outcomes = people.rush(everybody(house, [wish] * CLIENTS))
    assert sum(isinstance(outcome, BookingView) for outcome in outcomes) >= NODES
    assert any("is taken" in fault for fault in house.db.read_now(faults, house.branch))


def test_scenario_15_control_a_member_for_half_of_the_time_is_noticed(house: Hall) -> None:
    service, at = wishes(house)[0]
    one: BookingView = hold(house, 1, service, at)(house.db)
    assert house.db.read_now(faults, house.branch) == []
    seat = table(Seat)
    last = house.db.read_now(Tx.scalar, sa.select(sa.func.max(seat.c.tick)))
    cemil = member(house, "cemil")
    house.db.write_now(Tx.execute, sa.delete(seat).where(seat.c.tick == last, seat.c.resource_id == cemil))
    assert house.db.read_now(faults, house.branch) == [
        f"{one.code} does not take its members from its beginning to its end"
    ]
