"""Whoever can be next is found without reading the line, and the rule decides as if it had read all of it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from queue_system.actions.counters import Desk
from queue_system.clock import FrozenClock
from queue_system.core import dispatch
from queue_system.core.calling_profiles import Caller, decide
from queue_system.core.tickets import TicketState
from queue_system.store import prepared
from queue_system.store.database import Tx
from queue_system.store.queries import line
from queue_system.store.queries.calling_profiles import profile_named, watched_queues
from queue_system.store.queries.foremost import _statements, foremost
from queue_system.store.queries.line import TicketView
from queue_system.store.queries.settings import branch_settings
from queue_system.store.tables import Ticket, table
from tests.kit.hall import Hall
from tests.kit.morning import CONDITIONS, SKILL, change_profile, need_skill

TICKET = table(Ticket)
SERVICES = ("attest-single", "attest-batch", "verify-doc", "edu-attest", "edu-guidance", "legal-advice")
#: Fewer, so that there are several tickets of a kind, and no emergency, before which no language counts.
FEW_SERVICES = ("attest-single", "verify-doc", "edu-attest")
FEW_PRIORITIES = ("walkin", "walkin", "walkin", "elderly", "appointment")
PRIORITIES = ("walkin", "walkin", "appointment", "late_appointment", "elderly", "disability", "bereavement")


def by_chance(
    hall: Hall,
    chance: random.Random,
    count: int,
    services: Sequence[str] = SERVICES,
    priorities: Sequence[str] = PRIORITIES,
) -> None:
    """People who wait, with values that actions give one by one: many with equal anchors, some passed over, some gone."""
    now = hall.db.clock.now()
    for _ in range(count):
        ticket = hall.issue(chance.choice(services)).ticket
        values: dict[str, Any] = {
            "priority": chance.choice(priorities),
            "language": chance.choice(("ar", "en")),
            "anchor_at": now + timedelta(minutes=5 * chance.randint(-20, 12)),
            "booking_id": uuid4() if chance.random() < 0.4 else None,
            "aside": chance.choice((0, 0, 0, 0, 1, 3)),
            "reserved_until_at": now if chance.random() < 0.1 else None,
            "state": chance.choice(("waiting",) * 8 + ("parked", "served")),
        }
        changed = sa.update(TICKET).where(TICKET.c.id == ticket.id).values(values)
        hall.db.write_now(Tx.execute, changed)


def kind_of(ticket: TicketView) -> tuple[Any, ...]:
    return ticket.queue_id, ticket.service_id, ticket.priority, ticket.language, ticket.booking_id is not None


def is_singled_out(ticket: TicketView) -> bool:
    return ticket.aside > 0 or ticket.reserved_until_at is not None


def everybody(hall: Hall, queues: tuple[UUID, ...]) -> list[TicketView]:
    """All who wait in these queues, oldest anchor first."""
    found = hall.db.read_now(line.open_tickets, hall.branch.id)
    return [one for one in found if one.queue_id in queues and one.state is TicketState.WAITING]


@pytest.mark.parametrize("seed", range(4))
def test_the_first_of_each_kind_and_whoever_was_singled_out_decide_as_everybody_does(hall: Hall, seed: int) -> None:
    chance = random.Random(seed)
    by_chance(hall, chance, 60)
    rules = line.calling_rules(hall.branch)
    for slug in ("c4", "r6", "r7"):
        queues = tuple(hall.branch.counter(slug).queues)
        waiting = everybody(hall, queues)
        for gone in (None, *(one.id for one in chance.sample(waiting, min(3, len(waiting))))):
            others = [one for one in waiting if one.id != gone]
            found = hall.db.read_now(foremost, hall.branch.id, queues, gone)
            firsts = {kind_of(one): one.id for one in reversed(others) if not is_singled_out(one)}
            assert {one.id for one in found.firsts} == set(firsts.values())
            assert [one.id for one in found.singled_out] == [one.id for one in waiting if is_singled_out(one)]
            for minutes in (-60, 0, 45):
                now = hall.db.clock.now() + timedelta(minutes=minutes)
                by_all = dispatch.choose(line.as_waiting(others, hall.branch), queues, rules, now)
                assert dispatch.choose(found.waiting(hall.branch, gone), queues, rules, now) == by_all


@pytest.mark.parametrize("seed", range(4))
def test_a_clerk_s_skills_and_languages_decide_as_with_everybody(hall: Hall, seed: int) -> None:
    chance = random.Random(seed)
    need_skill(hall, chance.choice(FEW_SERVICES))
    change_profile(hall, "r6", chance.choice(CONDITIONS))
    by_chance(hall, chance, 60, FEW_SERVICES, FEW_PRIORITIES)
    branch = hall.db.read_now(branch_settings, hall.branch.id)
    rules, decided, shorter = line.calling_rules(branch), set(), 0
    for slug in ("c4", "r6", "r7"):
        counter = branch.counter(slug)
        profile = profile_named(branch, counter.calling_profile)
        queues = tuple(sorted(watched_queues(counter, profile)))
        waiting = line.as_waiting(everybody(hall, queues), branch)
        found = hall.db.read_now(foremost, branch.id, queues).waiting(branch)
        shorter += len(waiting) - len(found)
        for skills, languages, first, minutes in itertools.product(
            (frozenset[str](), frozenset({SKILL})),
            (frozenset[str](), frozenset({"ar"}), frozenset({"en"})),
            (None, timedelta(minutes=15), timedelta(minutes=60)),
            (-60, 0, 45),
        ):
            clerk = Caller(counter.id, frozenset(counter.queues), None, skills, languages, first)
            now = hall.db.clock.now() + timedelta(minutes=minutes)
            by_all = decide(waiting, clerk, profile, (), rules, now)
            assert decide(found, clerk, profile, (), rules, now) == by_all
            decided.add(by_all.reason.code if by_all else "")
    assert "language" in decided
    assert shorter > 10


def test_nobody_is_foremost_where_there_is_no_queue_or_nobody_waits(hall: Hall) -> None:
    for queues in ((), tuple(hall.branch.counter("c4").queues)):
        found = hall.db.read_now(foremost, hall.branch.id, queues)
        assert (list(found.firsts), list(found.singled_out)) == ([], [])


def rows_of_a_press(hall: Hall, here: Desk, monkeypatch: pytest.MonkeyPatch) -> tuple[Desk, int, int]:
    """Call the next visitor; the desk afterwards, and how many prepared statements ran and how many rows they gave."""
    counted: list[int] = []
    outcome = prepared.Outcome.__new__

    def counting(cls: type, rows: list[Any], rowcount: int) -> Any:
        counted.append(len(rows))
        return outcome(cls, rows, rowcount)

    with monkeypatch.context() as patch:
        patch.setattr(prepared.Outcome, "__new__", counting)
        called = hall.call_next(here)
    assert called is not None
    return Desk(here.branch_id, here.counter_id, here.staff_id, called.id), len(counted), sum(counted)


def test_a_call_reads_as_many_rows_however_long_the_line_is(
    hall: Hall, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = hall.sit(hall.person("clerk"))
    spent = []
    for count in (10, 60):
        for _ in range(count):
            clock.move(timedelta(seconds=5))
            hall.issue()
        here, *_ = rows_of_a_press(hall, here, monkeypatch)
        here, statements, rows = rows_of_a_press(hall, here, monkeypatch)
        spent.append((statements, rows))
    assert spent[0] == spent[1]
    assert 0 < spent[0][1] < 20


def test_sqlite_goes_from_kind_to_kind_by_the_index(hall: Hall) -> None:
    """A comparison of rows, or another index, would read the whole kind again for each that follows."""
    if not hall.db.dialect.is_embedded:
        return
    firsts, singled_out = _statements(2)
    plan = "\n".join(
        str(row)
        for one in (firsts, singled_out)
        for row in hall.db.read_now(Tx.rows, sa.text(f"EXPLAIN QUERY PLAN {_literal(hall, one)}"))
    )
    for name in ("numbers_in_line", "booked_in_line"):
        begins = f"SEARCH next USING INDEX {name} (branch_id=? AND queue_id=?"
        for kinds in (")", " AND service_id>?)", " AND service_id=? AND priority>?)"):
            assert begins + kinds in plan
        assert f"{begins} AND service_id=? AND priority=? AND language>?)" in plan
    assert "SEARCH ticket USING INDEX singled_out (branch_id=? AND queue_id=?)" in plan
    assert "SCAN next" not in plan
    assert "SCAN itself" not in plan


def _literal(hall: Hall, statement: prepared.Prepared) -> str:
    values = {"branch": hall.branch.id, "without": uuid4(), "queue_0": uuid4(), "queue_1": uuid4()}
    wanted = {name: values[name] for name in values if name in statement.statement.compile().params}
    compiled = statement.statement.params(wanted).compile(
        dialect=hall.db.dialect.reading.dialect, compile_kwargs={"literal_binds": True}
    )
    return str(compiled)
