"""A pool of PostgreSQL databases with our schema, which are emptied and given to the next test.

    pool = Pool(server, template)
    with pool.database() as url: ...      # without any row, whoever had it before

Creating and dropping a database costs the server half a second of processor time; removing its rows costs a hundredth
of that. A database whose schema a test has changed in any way is dropped.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tests.kit import postgres

# Every change of the schema or of rights inserts a row younger than all others, or deletes a row.
CATALOGUES = ("pg_class", "pg_attribute", "pg_constraint", "pg_index", "pg_trigger", "pg_proc", "pg_namespace")
SCHEMA = " UNION ALL ".join(
    (
        *(f"SELECT count(*) || ' ' || max(xmin::text::bigint) FROM {name}" for name in CATALOGUES),
        "SELECT xmin::text FROM pg_database WHERE datname = current_database()",
        "SELECT count(*)::text FROM pg_db_role_setting JOIN pg_database ON oid = setdatabase AND datname = current_database()",
        "SELECT version_num FROM alembic_version",
    )
)
END_THE_OTHERS = """SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
OUR_TABLES = """SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"""


class Pool:
    """`server` is the server's URL, `template` the name of a migrated database without rows."""

    def __init__(self, server: str, template: str) -> None:
        self._server = server
        self._template = template
        # Name, URL, and the state of the catalogues when the database was new.
        self._free: list[tuple[str, str, str]] = []

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a database without rows, for the caller alone."""
        name, url, schema = self._free.pop() if self._free else self._new()
        yield url
        if _empty(url, schema):
            self._free.append((name, url, schema))
        else:
            postgres.drop_database(self._server, name)

    def _new(self) -> tuple[str, str, str]:
        name = f"test_{uuid.uuid4().hex[:12]}"
        url = postgres.create_database(self._server, name, template=self._template)
        with psycopg.connect(url) as connection:
            return name, url, _schema(connection)


def _empty(url: str, schema: str) -> bool:
    """Delete all rows and end all other sessions; False if the schema has changed."""
    try:
        with psycopg.connect(url) as connection:
            connection.execute(END_THE_OTHERS)
            if _schema(connection) != schema:
                return False
            # Without triggers that would forbid it, and in any order, because in the end no row refers to another.
            connection.execute("SET LOCAL session_replication_role = replica")
            tables = [sql.Identifier(name) for (name,) in connection.execute(OUR_TABLES)]
            connection.execute(sql.SQL(";").join(sql.SQL("DELETE FROM {}").format(table) for table in tables))
    except psycopg.Error:
        # The test has removed the database or a catalogue that we read.
        return False
    return True


def _schema(connection: psycopg.Connection) -> str:
    """A value that differs after every change of the schema or of its recorded version."""
    return "; ".join(row[0] for row in connection.execute(SCHEMA))
