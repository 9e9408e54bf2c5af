"""Prepared statements behave as the same statements through SQLAlchemy, on both databases; jobs fail independently."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa

from queue_system.actions.tickets import TicketOrder, issue_ticket
from queue_system.clock import FrozenClock
from queue_system.core import hours
from queue_system.core.errors import Refused, Unavailable
from queue_system.core.timetable import Timetable
from queue_system.store import log
from queue_system.store.database import Database, Tx
from queue_system.store.dialect import READERS
from queue_system.store.log import SYSTEM
from queue_system.store.prepared import Prepared
from queue_system.store.queries import known_members, line
from queue_system.store.tables import ORGANISATION, Branch, Entry, Ticket, table
from tests.kit.hall import Hall, furnish
from tests.kit.waiting import until

TICKET = table(Ticket)


def test_a_prepared_select_reads_what_core_reads(hall: Hall) -> None:
    """Ids, dates, instants, numbers and empty values are the same Python values."""
    ticket = hall.issue().ticket
    statement = sa.select(TICKET).where(TICKET.c.branch_id == sa.bindparam("b"), TICKET.c.id == sa.bindparam("t"))
    values = {"b": hall.branch.id, "t": ticket.id}
    plain = hall.db.read_now(Tx.row, statement, values)
    prepared = hall.db.read_now(Tx.row, Prepared(statement), values)
    assert plain is not None
    assert prepared is not None
    assert prepared._asdict() == plain._asdict()
    assert {type(value) for value in prepared} >= {UUID, datetime, date, int, str, type(None)}
    assert prepared.issued_at.tzinfo is not None
    assert hall.db.read_now(Tx.row, Prepared(statement), values | {"t": uuid4()}) is None


def test_keys_are_made_once_however_they_are_read(hall: Hall) -> None:
    """A file gives them as text, and to make each anew would take most of the time of a page with a thousand rows."""
    ticket = hall.issue().ticket
    statement = sa.select(TICKET.c.id).where(TICKET.c.branch_id == sa.bindparam("b"))
    plain, again = (hall.db.read_now(Tx.scalar, statement, {"b": hall.branch.id}) for _ in range(2))
    prepared = hall.db.read_now(Tx.scalar, Prepared(statement), {"b": hall.branch.id})
    assert plain == again == prepared == ticket.id
    if hall.db.dialect.is_embedded:
        assert plain is again is prepared


def test_a_prepared_insert_writes_json_and_update_returns(hall: Hall) -> None:
    entry = {
        "branch_id": ORGANISATION,
        "seq": 900,
        "at": datetime(2026, 11, 22, 7, 0, 0, 123456, tzinfo=UTC),
        "kind": "ticket.left",
        "actor_kind": "system",
        "actor_id": "",
        "subject": "s",
        "data": {"عربي": ["١", 2, None, {"deep": True}]},
        "chain": "00",
    }
    hall.db.write_now(Tx.execute, Prepared(sa.insert(table(Entry))), entry)
    entries = table(Entry)
    row = hall.db.read_now(Tx.row, sa.select(entries).where(entries.c.seq == 900))
    assert row is not None
    assert row._asdict() == entry
    branch = table(Branch)
    statement = Prepared(
        sa.update(branch)
        .where(branch.c.id == sa.bindparam("b"))
        .values(last_seq=branch.c.last_seq + 1)
        .returning(branch.c.last_seq, branch.c.names)
    )
    answer = hall.db.write_now(Tx.execute, statement, {"b": hall.branch.id})
    assert answer.rowcount in (1, -1)
    assert [tuple(row) for row in answer.rows] == [(1, hall.branch.names)]


@pytest.mark.parametrize("given", [{}, {"b": ORGANISATION, "c": 1}, {"c": ORGANISATION}])
def test_missing_and_unknown_values_are_refused(hall: Hall, given: dict[str, Any]) -> None:
    statement = Prepared(sa.select(TICKET.c.id).where(TICKET.c.branch_id == sa.bindparam("b")))
    with pytest.raises(ValueError, match="takes"):
        hall.db.read_now(Tx.rows, statement, given)


def test_what_cannot_be_prepared_says_so(hall: Hall) -> None:
    growing = Prepared(sa.select(TICKET.c.id).where(TICKET.c.id.in_(sa.bindparam("ids", expanding=True))))
    with pytest.raises(ValueError, match="not preparable"):
        hall.db.read_now(Tx.rows, growing, {"ids": [uuid4()]})


def test_a_refusal_by_the_database_is_the_same_error(hall: Hall) -> None:
    ticket = hall.issue(request_id="once").ticket
    row = hall.db.read_now(Tx.row, sa.select(TICKET).where(TICKET.c.id == ticket.id))
    assert row is not None
    again = row._asdict() | {"id": uuid4(), "number": 999, "token": "x"}
    with pytest.raises(sa.exc.IntegrityError):
        hall.db.write_now(Tx.execute, Prepared(sa.insert(TICKET)), again)
    assert hall.issue().created


@pytest.mark.postgres
def test_a_lost_connection_costs_one_request(postgres_url: str, clock: FrozenClock) -> None:
    """The server ends our connections: the next write fails, and the one after it works."""
    database = Database(postgres_url, clock)
    hall = furnish(database)
    hall.issue()
    _end_connections(database)
    with pytest.raises(Unavailable):
        hall.issue()
    assert hall.issue().ticket.number == 2
    database.close()


@pytest.mark.postgres
def test_lost_connections_cost_no_read(postgres_url: str, clock: FrozenClock) -> None:
    """The server ends all that lie idle: whoever reads next, through Core or prepared, gets an answer."""
    database = Database(postgres_url, clock)
    hall = furnish(database)
    values = {"branch": hall.branch.id, "ticket": hall.issue().ticket.id}
    with ThreadPoolExecutor(READERS) as pool:
        for statement in (line._BY_ID.statement, Prepared(line._BY_ID.statement)):
            ready = Barrier(READERS)

            def read(tx: Tx, statement: Any = statement, ready: Barrier = ready) -> Any:
                # All at once, so that as many connections lie idle afterwards.
                ready.wait(30)
                return tx.scalar(statement, values)

            before = list(pool.map(database.read_now, [read] * READERS))
            _end_connections(database)
            assert database.read_now(Tx.scalar, statement, values) == before[0]
            assert list(pool.map(database.read_now, [read] * READERS)) == before
    database.close()


@pytest.mark.postgres
def test_a_connection_in_use_when_its_pool_is_given_up_is_closed_by_its_user(
    postgres_url: str, clock: FrozenClock
) -> None:
    """Another thread has found its connection lost, and has given up the pool."""
    database = Database(postgres_url, clock)
    own = "SELECT pg_backend_pid()"

    def read(tx: Tx) -> Any:
        database.dialect.reading.dispose()
        return tx.scalar(sa.text(own))

    used = database.read_now(read)
    alive = sa.text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid").bindparams(pid=used)
    until(lambda: database.read_now(Tx.scalar, alive) == 0)
    database.close()


def _end_connections(database: Database) -> None:
    with psycopg.connect(database.url.set(drivername="postgresql").render_as_string(), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE application_name LIKE 'queue-system %' AND datname = current_database()"
        )


# ---------------------------------------------------------------- jobs that share a transaction


def together(hall: Hall, *works: Callable[[Tx], Any]) -> list[Any]:
    """Let all works wait at once, so that they share a transaction; their results or errors."""
    futures = [hall.db._submit(hall.branch.id, work) for work in (lambda tx: None, *works)][1:]
    return [future.exception() or future.result() for future in futures]


def ticket(hall: Hall, request: str) -> Callable[[Tx], Any]:
    order = TicketOrder(hall.branch.id, hall.service("attest-single"), "ar", "api", SYSTEM, request)
    return lambda tx: issue_ticket(tx, order).ticket.number


def fails_half_way(hall: Hall, request: str) -> Callable[[Tx], Any]:
    def work(tx: Tx) -> None:
        ticket(hall, request)(tx)
        raise Refused("half-way")

    return work


def test_a_job_that_fails_half_way_is_undone_alone(hall: Hall) -> None:
    works = [ticket(hall, "a"), fails_half_way(hall, "b"), ticket(hall, "c"), fails_half_way(hall, "d")]
    first, second, third, fourth = together(hall, *works)
    assert (first, third) == (1, 2)
    assert isinstance(second, Refused)
    assert isinstance(fourth, Refused)
    assert [view.number for view in hall.db.read_now(line.open_tickets, hall.branch.id)] == [1, 2]
    assert all(verdict.broken_at is None for verdict in hall.db.read_now(log.verify))


@pytest.mark.postgres
def test_a_job_that_the_database_refuses_harms_no_other(postgres_url: str, clock: FrozenClock) -> None:
    """On PostgreSQL a failed statement, even a read, makes its whole transaction unusable."""
    database = Database(postgres_url, clock)
    hall = furnish(database)
    broken = Prepared(sa.select(sa.func.no_such_function(sa.bindparam("x", type_=sa.Integer))))
    first, second, third = together(hall, ticket(hall, "a"), lambda tx: tx.scalar(broken, {"x": 1}), ticket(hall, "b"))
    assert (first, third) == (1, 2)
    assert isinstance(second, sa.exc.ProgrammingError)
    database.close()


# ---------------------------------------------------------------- changes that travel together


ENTRY: dict[str, Any] = {
    "branch_id": ORGANISATION,
    "at": datetime(2026, 11, 22, 7, 0, tzinfo=UTC),
    "kind": "ticket.left",
    "actor_kind": "system",
    "actor_id": "",
    "subject": "s",
    "data": {},
    "chain": "00",
}
APPEND = Prepared(sa.insert(table(Entry)))


def entries(tx: Tx) -> list[int]:
    entries = table(Entry)
    return [row.seq for row in tx.rows(sa.select(entries.c.seq).where(entries.c.seq >= 900).order_by(entries.c.seq))]


def test_what_is_written_later_is_there_for_the_next_read_and_after_the_commit(hall: Hall) -> None:
    def work(tx: Tx) -> list[int]:
        for seq in (900, 901, 902):
            tx.later(APPEND, ENTRY | {"seq": seq})
        seen = entries(tx)
        tx.later(APPEND, ENTRY | {"seq": 903})
        return seen

    assert hall.db.write_now(work) == [900, 901, 902]
    assert hall.db.read_now(entries) == [900, 901, 902, 903]


@pytest.mark.parametrize("reads_on", [False, True])
def test_what_is_refused_later_undoes_its_own_job_alone(hall: Hall, reads_on: bool) -> None:
    def twice(tx: Tx) -> None:
        tx.later(APPEND, ENTRY | {"seq": 900})
        tx.later(APPEND, ENTRY | {"seq": 900})
        tx.later(APPEND, ENTRY | {"seq": 901})
        if reads_on:
            entries(tx)

    first, second, third = together(hall, ticket(hall, "a"), twice, ticket(hall, "b"))
    assert (first, third) == (1, 2)
    assert isinstance(second, sa.exc.IntegrityError)
    assert hall.db.read_now(entries) == []


# ---------------------------------------------------------------- the plans behind the promise that history costs nothing


def plan(db: Database, statement: sa.Select[Any] | sa.CompoundSelect[Any]) -> str:
    """The database's plan; on PostgreSQL as if the table were large."""
    text = statement.compile(dialect=db.dialect.reading.dialect, compile_kwargs={"literal_binds": True})
    if db.dialect.is_embedded:
        return "\n".join(str(row) for row in db.read_now(Tx.rows, sa.text(f"EXPLAIN QUERY PLAN {text}")))
    with db.migrating() as connection:
        connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
        return "\n".join(row[0] for row in connection.execute(sa.text(f"EXPLAIN {text}")))


def test_the_day_is_found_without_reading_history(hall: Hall) -> None:
    at_counter = line._AT_COUNTER.statement
    found = plan(hall.db, at_counter.params({"branch": uuid4(), "counter": uuid4()}))
    # Both indexes hold only open tickets; the statistics of a small table decide which one is used.
    assert "one_ticket_a_counter" in found or (not hall.db.dialect.is_embedded and "open_tickets" in found)


def test_open_tickets_are_found_without_reading_those_that_are_done(hall: Hall) -> None:
    done, still = [hall.issue().ticket for _ in range(30)], [hall.issue().ticket for _ in range(3)]
    ended = sa.update(TICKET).where(TICKET.c.id.in_([one.id for one in done])).values(state="served")
    hall.db.write_now(Tx.execute, ended)
    found = plan(hall.db, line._OPEN.statement.params({"branch": hall.branch.id}))
    assert "open_tickets" in found
    assert "tickets_by_day" not in found
    if hall.db.dialect.is_embedded:
        assert "TEMP B-TREE" not in found
    assert [one.id for one in hall.db.read_now(line.open_tickets, hall.branch.id)] == [one.id for one in still]
    assert hall.db.read_now(line.open_tickets, hall.branch.id, still[0].business_date + timedelta(days=1)) == []


def test_whom_a_person_has_met_is_found_without_reading_those_of_others(hall: Hall) -> None:
    who = {"branch": uuid4(), "service": uuid4(), "contact": "hala@example.org"}
    found = plan(hall.db, known_members._BY_CONTACT.statement.params(who))
    assert "placed_bookings" in found
    assert "visits_of_contact" in found


# ---------------------------------------------------------------- the timetable


def test_the_timetable_says_what_the_calendar_says(hall: Hall) -> None:
    branch = hall.branch
    table = Timetable(branch.calendar, branch.day_starts)
    services = [None, *list(branch.services)[:3]]
    start = datetime(2026, 11, 20, tzinfo=UTC)
    for minutes in range(0, 4 * 24 * 60, 13):
        now = start + timedelta(minutes=minutes)
        assert table.business_date(now) == hours.business_date(now, branch.zone, branch.day_starts)
        for service in services:
            assert table.takes_tickets(now, service) == hours.takes_tickets(now, branch.calendar, service)
