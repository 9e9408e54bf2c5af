"""The log: no gaps, chained, append-only. On both databases."""

from __future__ import annotations

import asyncio
import threading
from datetime import time

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from queue_system.core.errors import Missing, Refused
from queue_system.core.facts.tickets import TicketLeft
from queue_system.store import log, schema
from queue_system.store.database import Database, Tx
from queue_system.store.editing import founding
from queue_system.store.log import SYSTEM
from queue_system.store.tables import ORGANISATION, Branch, Entry, table


def add_branch(tx: Tx) -> None:
    founding(tx)
    tx.execute(
        sa.insert(table(Branch)),
        {
            "id": ORGANISATION,
            "slug": "organisation",
            "key": "0000",
            "position": 0,
            "names": {},
            "kind": "organisation",
            "timezone": "UTC",
            "languages": ["ar"],
            "default_language": "ar",
            "digits": {},
            "offline_first": False,
            "day_starts": time(3),
            "tick_minutes": 5,
            "queue_rules": {},
            "retention_days": {},
            "data": {},
            "last_seq": 0,
            "chain": "",
            "config_version": 1,
        },
    )


def append(tx: Tx, code: str) -> int:
    with log.locked(tx, ORGANISATION) as branch:
        return branch.append(TicketLeft(subject="s", code=code), SYSTEM)


def fail_after_append(tx: Tx) -> None:
    with log.locked(tx, ORGANISATION) as branch:
        branch.append(TicketLeft(subject="s", code="lost"), SYSTEM)
    raise Refused("after-all-not")


@pytest.fixture
def branch_zero(db: Database) -> Database:
    db.write_now(add_branch)
    return db


def test_sequence_has_no_holes_when_work_is_rolled_back(branch_zero: Database) -> None:
    assert branch_zero.write_in_now(ORGANISATION, append, "A001") == 1
    with pytest.raises(Refused):
        branch_zero.write_in_now(ORGANISATION, fail_after_append)
    assert branch_zero.write_in_now(ORGANISATION, append, "A002") == 2
    assert [row.seq for row in branch_zero.read_now(log.after, ORGANISATION, 0)] == [1, 2]


def test_waiting_writes_succeed_and_fail_each_by_itself(branch_zero: Database) -> None:
    """Simultaneous writes share transactions; one that fails affects no other."""
    futures = [
        branch_zero._submit(ORGANISATION, fail_after_append)
        if n % 3 == 0
        else branch_zero._submit(ORGANISATION, append, f"A{n}")
        for n in range(90)
    ]
    outcomes = [future.exception() for future in futures]
    assert sum(1 for problem in outcomes if isinstance(problem, Refused)) == 30
    seqs = [row.seq for row in branch_zero.read_now(log.after, ORGANISATION, 0)]
    assert seqs == list(range(1, 61))
    assert branch_zero.read_now(log.verify)[0].broken_at is None


@pytest.mark.anyio
async def test_a_cancelled_request_does_not_stop_the_writer(branch_zero: Database) -> None:
    """A cancelled request that still waits is left out; later ones are served."""
    gate = threading.Event()
    blocker = branch_zero._submit(None, lambda tx: gate.wait(60))
    given_up = asyncio.ensure_future(branch_zero.write_in(ORGANISATION, append, "gone"))
    await asyncio.sleep(0)
    given_up.cancel()
    waiting = asyncio.ensure_future(branch_zero.write_in(ORGANISATION, append, "here"))
    await asyncio.sleep(0)
    gate.set()
    assert await waiting == 1
    assert blocker.result() is True
    codes = [row.data["code"] for row in branch_zero.read_now(log.after, ORGANISATION, 0)]
    assert codes == ["here"]


def test_verify_finds_the_altered_entry(branch_zero: Database, db_url: str) -> None:
    for n in range(5):
        branch_zero.write_now(append, f"A{n}")
    url = (
        branch_zero.url.set(drivername="postgresql+psycopg") if not branch_zero.dialect.is_embedded else branch_zero.url
    )
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        if branch_zero.dialect.is_embedded:
            connection.exec_driver_sql("DROP TRIGGER entry_no_update")
        else:
            connection.exec_driver_sql("DROP TRIGGER entry_append_only ON entry")
        connection.exec_driver_sql("UPDATE entry SET subject = 'someone else' WHERE seq = 3")
    engine.dispose()
    verdict = branch_zero.read_now(log.verify)[0]
    assert (verdict.broken_at, verdict.reason) == (3, "altered")


def test_log_refuses_to_be_changed(branch_zero: Database) -> None:
    branch_zero.write_now(append, "A001")
    changes: list[sa.Executable] = [sa.update(table(Entry)).values(subject="x"), sa.delete(table(Entry))]
    for statement in changes:
        with pytest.raises(DatabaseError, match="append-only"):
            branch_zero.write_now(Tx.execute, statement)
    assert branch_zero.read_now(log.verify)[0].entries == 1


def test_unknown_branch_is_missing(db: Database) -> None:
    with pytest.raises(Missing):
        db.write_now(append, "A001")


def test_migrations_lead_to_the_schema_of_the_tables(db: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with db.migrating() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), schema.METADATA)
    assert differences == []
    assert schema.current(db) == schema.newest()
