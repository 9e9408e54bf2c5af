"""The database layer: which failures are the database's, and which are ours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.core.errors import Unavailable
from queue_system.store.database import Database, Tx
from queue_system.store.tx import Appended


def test_a_database_without_our_tables_is_unavailable_and_no_fault_of_the_program(db: Database) -> None:
    with db.migrating() as connection:
        connection.execute(sa.text("DROP TABLE print_job"))
    with pytest.raises(Unavailable, match="database-unavailable"):
        db.read_now(lambda tx: tx.rows(sa.text("SELECT id FROM print_job")))
    with pytest.raises(Unavailable, match="database-unavailable"):
        db.write_now(lambda tx: tx.execute(sa.text("DELETE FROM print_job")))
    with pytest.raises(Unavailable, match="database-unavailable"), db.migrating() as connection:
        connection.execute(sa.text("DELETE FROM print_job"))


def test_a_statement_that_is_wrong_in_itself_is_our_fault(db: Database) -> None:
    def wrong(tx: Tx) -> None:
        tx.execute(sa.text("INSERT INTO print_job (id) VALUES (NULL)"))

    with pytest.raises(sa.exc.IntegrityError):
        db.write_now(wrong)
    with pytest.raises(sa.exc.IntegrityError), db.migrating() as connection:
        connection.execute(sa.text("INSERT INTO print_job (id) VALUES (NULL)"))


@pytest.mark.anyio
async def test_a_writer_outlives_whatever_happens_beside_the_work(db: Database) -> None:
    """If the thread died, all later writers would wait for ever."""

    def in_vain(appended: Sequence[Appended]) -> None:
        raise RuntimeError("nobody can be told")

    db.on_commit = in_vain
    async with asyncio.timeout(10):
        with pytest.raises(RuntimeError, match="nobody can be told"):
            await db.write(touch)
        db.on_commit = lambda appended: None
        assert await db.write(lambda tx: tx.scalar(sa.text("SELECT 1"))) == 1


def touch(tx: Tx) -> None:
    tx.appended.append(Appended(UUID(int=1), 1, ("test",), 1))
