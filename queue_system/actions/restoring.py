"""Fills a database from a backup, whatever database the backup was made of, and brings it to the newest schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..core.errors import Refused, Unavailable
from ..core.facts.organisation import Restored
from ..store import archive, schema
from ..store.archive import Part
from ..store.database import Database, Tx
from ..store.editing import editing_catalogue
from ..store.log import SYSTEM, Verdict, verify
from ..store.queries.organisation import organisation
from ..store.tables import ORGANISATION
from ..store.versioned import Versioned
from .installation import new_epoch

REVISIONS: Final = "alembic_version"


@dataclass(frozen=True, slots=True)
class Stored:
    """What a backup says of itself: its schema, when it was made (ISO 8601), and its rows by table."""

    revision: str
    fingerprint: int
    made_at: str
    counts: Mapping[str, int] = field(default_factory=dict)


def restore(
    database: Database, stored: Stored, tables: Iterable[tuple[str, Iterable[bytes]]], *, replace: bool = False
) -> Mapping[str, int]:
    """Fill `database` with the `tables` of a backup, each a name and the lines of its text; the rows by table.

    Everything happens in one transaction: if it is refused, fails or is killed, the database is as it was. The schema
    becomes the newest, screens get a new epoch, and the chain of every log is verified before the commit.

    Raises Refused("restore-not-empty") unless the database is empty or `replace` is true; Unavailable("schema-newer",
    "schema-unreleased", "second-process", "nodes-running"); Refused("backup-damaged") for other rows than counted, or a
    broken chain. ValueError and LookupError come from texts that are none of ours.
    """
    if not schema.is_known(stored.revision):
        raise Unavailable("schema-newer", revision=stored.revision)
    if schema.fingerprint_of(stored.revision) != stored.fingerprint:
        raise Unavailable("schema-unreleased", revision=stored.revision)
    database.claim_process()
    with database.migrating() as connection:
        if connection.execute(database.dialect.others).scalar_one():
            raise Unavailable("nodes-running")
        _make_room(connection, stored, replace=replace)
        schema.upgrade(connection, stored.revision)
        counts = _fill(connection, tables)
        if counts != stored.counts:
            raise Refused("backup-damaged", part="counts")
        schema.upgrade(connection)
        tx = Tx(connection, database.dialect, database.clock.now(), Versioned(), Versioned())
        _begin_anew(tx, stored)
        tx.flush()
    return counts


def _make_room(connection: Connection, stored: Stored, *, replace: bool) -> None:
    """Remove our tables if `replace` is true or none has a row. Raises Refused("restore-not-empty")."""
    ours = schema.METADATA.tables.keys() | schema.FORMER | stored.counts.keys() | {REVISIONS}
    there = sorted(ours & set(sa.inspect(connection).get_table_names()))
    if not replace and any(_has_rows(connection, name) for name in there if name != REVISIONS):
        raise Refused("restore-not-empty")
    tables = sa.MetaData()
    tables.reflect(connection, only=there)
    tables.drop_all(connection)


def _has_rows(connection: Connection, name: str) -> bool:
    return connection.execute(sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)).first() is not None


def _fill(connection: Connection, tables: Iterable[tuple[str, Iterable[bytes]]]) -> dict[str, int]:
    counts = {}
    for name, lines in tables:
        part, rows = archive.read_back(name, lines)
        counts[name] = _insert(connection, part, rows)
    return counts


def _insert(connection: Connection, part: Part, rows: Iterator[list[dict[str, Any]]]) -> int:
    insertion, count = sa.insert(part.rows), 0
    for some in rows:
        connection.execute(insertion, some)
        count += len(some)
    return count


def _begin_anew(tx: Tx, stored: Stored) -> None:
    """Verify every log, then start a new epoch and log that this is a restored backup."""
    broken: list[Verdict] = [verdict for verdict in verify(tx) if verdict.broken_at is not None]
    if broken:
        raise Refused("backup-damaged", part=f"log of {broken[0].slug}, entry {broken[0].broken_at}")
    with editing_catalogue(tx) as branches:
        new_epoch(tx)
        found = organisation(tx)
        branches[ORGANISATION].append(Restored(subject=found.slug, made_at=stored.made_at), SYSTEM)
