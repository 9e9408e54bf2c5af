"""Statements that go to PostgreSQL past the driver's cursor: many at once, broken ones, and odd values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.clock import FrozenClock
from queue_system.core.errors import Refused, Unavailable
from queue_system.store.database import Database, Tx
from queue_system.store.prepared import Prepared
from queue_system.store.tables import ORGANISATION, Entry, table
from tests.kit.hall import furnish

pytestmark = pytest.mark.postgres
ENTRIES = table(Entry)
APPEND = Prepared(sa.insert(ENTRIES))
ROW: dict[str, Any] = {
    "branch_id": ORGANISATION,
    "at": datetime(2026, 11, 22, 7, 0, tzinfo=UTC),
    "kind": "ticket.left",
    "actor_kind": "system",
    "actor_id": "",
    "subject": "s",
    "data": {},
    "chain": "00",
}


@pytest.fixture
def database(postgres_url: str, clock: FrozenClock) -> Iterator[Database]:
    found = Database(postgres_url, clock)
    furnish(found)
    yield found
    found.close()


def stored(tx: Tx) -> list[int]:
    mine = sa.select(ENTRIES.c.seq).where(ENTRIES.c.seq >= 900).order_by(ENTRIES.c.seq)
    return [row.seq for row in tx.rows(mine)]


def test_more_than_the_socket_takes_in_goes_through(database: Database) -> None:
    """Neither side waits for the other: some 8 MB leave in one round trip, and as many come back."""
    reading = Prepared(sa.select(ENTRIES.c.data).where(ENTRIES.c.seq >= sa.bindparam("first")))
    for first in (900, 1_300):
        data = {"long": f"{first}" * 5_000}

        def work(tx: Tx, first: int = first, data: Any = data) -> list[Any]:
            for seq in range(first, first + 400):
                tx.later(APPEND, ROW | {"seq": seq, "data": data})
            return tx.rows(reading, {"first": first})

        assert [row.data for row in database.write_now(work)] == [data] * 400


def test_after_one_that_is_refused_none_runs_and_the_connection_goes_on(database: Database) -> None:
    def work(tx: Tx) -> None:
        for seq in (900, 901, 901, 902):
            tx.later(APPEND, ROW | {"seq": seq})

    with pytest.raises(sa.exc.IntegrityError) as refused:
        database.write_now(work)
    assert refused.value.statement is not None
    assert refused.value.statement.startswith("INSERT INTO entry")
    assert database.read_now(stored) == []
    database.write_now(Tx.execute, APPEND, ROW | {"seq": 900})
    assert database.read_now(stored) == [900]


def test_what_cannot_be_converted_leaves_nothing_half_sent(database: Database) -> None:
    def work(tx: Tx) -> None:
        tx.later(APPEND, ROW | {"seq": 900})
        tx.later(APPEND, ROW | {"seq": 901, "subject": "a\x00b"})

    with pytest.raises(sa.exc.DataError):
        database.write_now(work)
    assert database.read_now(stored) == []
    database.write_now(Tx.execute, APPEND, ROW | {"seq": 900})
    assert database.read_now(stored) == [900]


def test_a_percent_sign_and_a_value_used_twice_are_what_they_are(database: Database) -> None:
    database.write_now(Tx.execute, APPEND, ROW | {"seq": 900, "subject": "50 %"})
    wanted = sa.bindparam("subject", type_=sa.String)
    twice = (ENTRIES.c.subject == wanted) | (ENTRIES.c.actor_id == wanted)
    found = Prepared(sa.select(ENTRIES.c.seq, sa.literal_column("'100%'").label("all")).where(twice))
    assert [tuple(row) for row in database.read_now(Tx.rows, found, {"subject": "50 %"})] == [(900, "100%")]


def test_a_read_cannot_write_and_sees_one_snapshot(database: Database) -> None:
    counting = Prepared(sa.select(sa.func.count()).select_from(ENTRIES).where(ENTRIES.c.seq >= sa.bindparam("first")))

    def work(tx: Tx) -> list[int]:
        before = tx.scalar(counting, {"first": 900})
        database.write_now(Tx.execute, APPEND, ROW | {"seq": 900})
        return [before, tx.scalar(counting, {"first": 900})]

    assert database.read_now(work) == [0, 0]
    assert database.read_now(stored) == [900]
    with pytest.raises(Unavailable):
        database.read_now(Tx.execute, APPEND, ROW | {"seq": 901})


def test_what_the_driver_discards_is_prepared_anew(database: Database) -> None:
    """After a rollback the driver discards what is prepared on its connection, its own and ours."""

    def driver_prepares(tx: Tx) -> None:
        for _ in range(8):
            stored(tx)

    def fails_after_writing(tx: Tx) -> None:
        driver_prepares(tx)
        tx.execute(APPEND, ROW | {"seq": 900})
        raise Refused("half-way")

    def write(seq: int) -> Callable[[Tx], Any]:
        return lambda tx: tx.execute(APPEND, ROW | {"seq": seq})

    database.write_now(driver_prepares)
    with pytest.raises(Refused):
        database.write_now(fails_after_writing)
    database.write_now(write(901))
    # Three at once share a transaction; it runs again with a savepoint for each.
    works = (lambda tx: None, write(902), fails_after_writing, write(903))
    results = [database._submit(ORGANISATION, work) for work in works]
    assert [type(one.exception()) for one in results] == [type(None), type(None), Refused, type(None)]
    with database.migrating() as connection:
        for _ in range(8):
            connection.execute(sa.select(ENTRIES.c.seq).where(ENTRIES.c.seq >= 900))
        connection.execute(sa.text("CREATE TABLE passing (x int)"))
        connection.execute(sa.text("DROP TABLE passing"))
    database.write_now(write(904))
    assert database.read_now(stored) == [901, 902, 903, 904]
