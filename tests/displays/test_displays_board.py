"""The board from the tables equals the board from the log, for any day. On both databases."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queue_system.actions import calling, tickets, transferring
from queue_system.actions.counters import Desk
from queue_system.actions.devices import enrol_device, touch_devices
from queue_system.actions.transferring import Goal
from queue_system.clock import FrozenClock
from queue_system.core.board import Board, Entry, fold
from queue_system.core.errors import DomainError
from queue_system.core.facts import from_data
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries import line
from queue_system.store.queries.access import devices
from queue_system.store.queries.board import board, is_discreet_queue, scope_of
from queue_system.store.queries.screens import Live, live_zones
from queue_system.store.tables import Confidentiality, Service, table
from tests.kit.hall import Hall, change_settings, enter

STEPS = (
    "issue",
    "call",
    "call",
    "recall",
    "start",
    "finish",
    "no_show",
    "park",
    "take_back",
    "transfer",
    "resume",
    "leave",
    "time",
)


def from_log(hall: Hall, zone_id: UUID | None) -> Board:
    rows = hall.db.read_now(log.after, hall.branch.id, 0, 100_000)
    entries = [Entry(row.seq, row.at, from_data(row.kind, row.subject, row.data)) for row in rows]
    table, now = hall.branch.timetable, hall.db.clock.now()
    scope = scope_of(hall.branch, zone_id, hall.db.read_now(live_zones, hall.branch.id))
    return fold(entries, scope, table.live_since(now), table.first_live_day(now))


def from_tables(hall: Hall, zone_id: UUID | None) -> Board:
    return hall.db.read_now(board, hall.branch.id, zone_id).board


class RandomDay:
    """Two clerks and their visitors act as the random numbers say; a refused action changes nothing."""

    def __init__(self, hall: Hall, clock: FrozenClock) -> None:
        self.hall = hall
        self.clock = clock
        self.services = [service.id for service in hall.branch.services.values() if service.walk_in]
        people = [hall.person(login) for login in ("layla", "omar")]
        self.seats = [hall.sit(person, counter) for person, counter in zip(people, ("c3", "r6"), strict=True)]

    def step(self, kind: str, draw: random.Random) -> None:
        here = draw.choice(self.seats)
        current = self.hall.db.read_now(line.at_counter, here.branch_id, here.counter_id)
        try:
            self._do(kind, draw, replace(here, expected=current.id if current else None))
        except DomainError:
            # Steps that are not possible now are a part of the day too.
            return

    def _do(self, kind: str, draw: random.Random, here: Desk) -> None:
        write = self.hall.db.write_in_now
        branch_id = self.hall.branch.id
        if kind == "time":
            self.clock.move(timedelta(minutes=draw.choice((1, 5, 60 * 19))))
        elif kind == "issue":
            order = tickets.TicketOrder(branch_id, draw.choice(self.services), "ar", "kiosk", SYSTEM)
            write(branch_id, tickets.issue_ticket, order)
        elif kind == "transfer":
            write(branch_id, transferring.transfer, here, Goal(draw.choice(self.services)))
        elif kind in ("resume", "leave"):
            ticket = draw.choice(self.tickets() or [None])
            if ticket is not None:
                write(branch_id, calling.resume if kind == "resume" else tickets.leave, branch_id, ticket, SYSTEM)
        else:
            work: dict[str, Callable[..., Any]] = {
                "call": partial(calling.call_next, became=draw.choice((None, "done", "absent"))),
                "take_back": calling.take_back,
                "recall": calling.recall,
                "start": calling.start_serving,
                "finish": calling.finish,
                "no_show": calling.mark_absent,
                "park": calling.park,
            }
            write(branch_id, work[kind], here)

    def tickets(self) -> list[UUID]:
        def every(tx: Tx) -> list[UUID]:
            statement = sa.select(line.TICKET.c.id).where(line.TICKET.c.branch_id == self.hall.branch.id)
            return [row.id for row in tx.rows(statement.order_by(line.TICKET.c.issued_at, line.TICKET.c.code))]

        return self.hall.db.read_now(every)


# No screen is live.
NOWHERE: Live = frozenset()


def hide(hall: Hall, *slugs: str) -> Hall:
    """Make some services protected: `display: none`."""

    def protect(tx: Tx) -> None:
        levels = table(Confidentiality)
        hidden = tx.scalar(sa.select(levels.c.slug).where(levels.c.display == "none"))
        services = table(Service)
        tx.execute(sa.update(services).where(services.c.slug.in_(slugs)).values(confidentiality=hidden))

    change_settings(hall.db, protect)
    return enter(hall.db)


@pytest.mark.slow
def test_tables_and_log_agree(day_of: RandomDay) -> None:
    agree(day_of, 4)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_tables_and_log_agree_for_long(day_of: RandomDay) -> None:
    agree(day_of, 200)


def agree(day_of: RandomDay, stretches: int) -> None:
    """The day continues from one part to the next, so each state is checked and the history grows."""

    @settings(max_examples=stretches, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps=st.lists(st.sampled_from(STEPS), min_size=20, max_size=60), seed=st.integers(0, 2**32))
    def stretch(steps: list[str], seed: int) -> None:
        draw = random.Random(seed)
        for kind in steps:
            day_of.step(kind, draw)
            if kind == "time":
                check(day_of.hall)
        check(day_of.hall)

    stretch()


def check(hall: Hall) -> None:
    for zone_id in (None, *hall.branch.zones):
        assert from_tables(hall, zone_id) == from_log(hall, zone_id)


@pytest.fixture
def day_of(hall: Hall, clock: FrozenClock) -> RandomDay:
    return RandomDay(hide(hall, "birth", "poa"), clock)


def test_the_last_calls_are_found_behind_many_others(hall: Hall, clock: FrozenClock) -> None:
    # A screen in the hall shows the hall's calls, so the offices show only their own.
    first = next(one.id for one in hall.db.read_now(devices, hall.branch.id, "display") if one.slug == "d1")
    hall.db.write_in_now(hall.branch.id, enrol_device, hall.branch.id, first)
    hall.db.write_in_now(hall.branch.id, touch_devices, hall.branch.id, {first})
    there = hall.sit(hall.person("omar"), "r6")
    hall.issue("poa")
    ticket = hall.call_next(there)
    assert ticket is not None
    here = hall.sit(hall.person("layla"), "c4")
    for _ in range(70):
        hall.issue("attest-single")
        called = hall.call_next(here)
        assert called is not None
        here = replace(here, expected=called.id)
    offices = next(zone.id for zone in hall.branch.zones.values() if zone.slug == "offices")
    assert [call.code for call in from_tables(hall, offices).calls] == [ticket.code]
    check(hall)


def test_the_board_names_the_position_it_belongs_to(hall: Hall) -> None:
    before = hall.db.read_now(board, hall.branch.id, None)
    hall.issue()
    after = hall.db.read_now(board, hall.branch.id, None)
    assert (before.seq + 1, after.seq) == (after.seq, hall.db.read_now(log.positions)[hall.branch.id])


def test_a_zone_shows_its_own_counters_and_queues(hall: Hall) -> None:
    zones = {zone.slug: zone.id for zone in hall.branch.zones.values()}
    live = frozenset({zones["hall"], zones["offices"]})
    in_hall = scope_of(hall.branch, zones["hall"], live)
    in_offices = scope_of(hall.branch, zones["offices"], live)
    assert str(hall.counter("c1")) in in_hall.counters
    assert str(hall.counter("r6")) not in in_hall.counters
    assert "q-legal" in in_offices.queues
    assert "q-passports" not in in_offices.queues


def test_a_zone_without_counters_shows_the_whole_branch(hall: Hall) -> None:
    entrance = next(zone.id for zone in hall.branch.zones.values() if zone.slug == "entrance")
    scope = scope_of(hall.branch, entrance, NOWHERE)
    assert scope.counters == frozenset(str(counter) for counter in hall.branch.counters)
    assert scope == scope_of(hall.branch, None, NOWHERE)


def test_a_queue_of_protected_services_alone_has_no_name_and_no_count(hall: Hall) -> None:
    legal = [s.slug for s in hall.branch.services.values() if hall.branch.queue_of(s).slug == "q-legal"]
    hidden = hide(hall, *legal)
    scope = scope_of(hidden.branch, None, NOWHERE)
    assert "q-legal" not in scope.queues
    assert scope.hidden_series == {"q-legal"}


def test_a_queue_of_discreet_services_alone_is_known(hall: Hall) -> None:
    discreet = {queue.slug for queue in hall.branch.queues.values() if is_discreet_queue(hall.branch, queue.id)}
    assert "q-legal" in discreet
    assert "q-passports" not in discreet
