"""A database stores which form of a migration made it; unreleased forms and foreign databases are refused."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.core.errors import Unavailable
from queue_system.core.tickets import TicketState
from queue_system.store import schema
from queue_system.store.database import Database
from queue_system.store.schema import note_fingerprint, noted_fingerprint


def described() -> str:
    """The tables with their columns, keys and indexes, and the states of their rows, as one text."""
    lines = [f"{states.__name__}: {sorted(states)}" for states in (TicketState, BookingState)]
    for table in schema.METADATA.sorted_tables:
        lines.append(table.name)
        lines += [
            f"{one.name} {type(one.type).__name__} {one.nullable} {one.primary_key} "
            f"{sorted(key.target_fullname for key in one.foreign_keys)}"
            for one in table.columns
        ]
        lines += sorted(
            f"unique {one.columns.keys()}" for one in table.constraints if isinstance(one, sa.UniqueConstraint)
        )
        lines += sorted(
            f"{one.name} {one.unique} {one.columns.keys()} {one.dialect_kwargs.get('sqlite_where')}"
            for one in table.indexes
        )
    return "\n".join(lines)


def fingerprint_of(text: str) -> int:
    return zlib.crc32(text.encode()) & 0x7FFF_FFFF


def test_the_newest_migration_has_the_fingerprint_of_the_tables_and_states() -> None:
    found = fingerprint_of(described())
    assert schema.fingerprint(schema._scripts(), schema.newest()) == found, (
        f"tables or states have changed. Before 0.1.0: FINGERPRINT = {found} in {schema.newest()}. Afterwards: a migration with that"
    )


def test_another_state_has_another_fingerprint() -> None:
    text = described()
    assert "'parked'" in text
    assert fingerprint_of(text.replace("'parked'", "'held'")) != fingerprint_of(text)


# ---------------------------------------------------------------- databases that are refused


def test_a_database_notes_the_fingerprint_of_its_newest_migration(db: Database) -> None:
    with db.migrating() as connection:
        assert noted_fingerprint(connection) == schema.fingerprint(schema._scripts(), schema.newest()) != 0
    assert schema.migrate(db) == schema.current(db) == schema.newest()


@pytest.mark.parametrize("noted", [0, 7])
def test_a_database_of_an_unreleased_form_is_refused_and_stays_as_it_is(db: Database, noted: int) -> None:
    with db.migrating() as connection:
        note_fingerprint(connection, noted)
    for look in (schema.current, schema.migrate):
        with pytest.raises(Unavailable, match="schema-unreleased"):
            look(db)
    with db.migrating() as connection:
        assert noted_fingerprint(connection) == noted


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE alembic_version",
        "DELETE FROM alembic_version",
        "INSERT INTO alembic_version VALUES ('0000')",
        "UPDATE alembic_version SET version_num = 'f00dfeed'",
    ],
)
def test_tables_without_one_revision_of_ours_are_refused(db: Database, change: str) -> None:
    with db.migrating() as connection:
        connection.execute(sa.text(change))
    for look in (schema.current, schema.migrate):
        with pytest.raises(Unavailable, match="schema-foreign"):
            look(db)


@pytest.fixture
def empty(db: Database) -> Database:
    """A database with another program's table and none of ours."""
    with db.migrating() as connection:
        for table in reversed(schema.METADATA.sorted_tables):
            connection.execute(sa.text(f'DROP TABLE "{table.name}"'))
        connection.execute(sa.text("DROP TABLE alembic_version"))
        connection.execute(sa.text("CREATE TABLE theirs (id INTEGER)"))
    return db


def test_a_database_with_other_tables_only_is_empty(empty: Database) -> None:
    assert schema.current(empty) is None


def test_a_backup_keeps_the_fingerprint(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> None:
    with closing(sqlite3.connect(str(make_url(sqlite_url).database))) as connection:
        connection.execute("VACUUM INTO ?", [str(tmp_path / "backup.db")])
    backup = Database(f"sqlite:///{tmp_path}/backup.db", clock)
    assert schema.current(backup) == schema.newest()
    backup.close()
