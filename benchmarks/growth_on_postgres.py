"""The same as growth.py on PostgreSQL. It is a benchmark of its own, because making its history takes as long again."""

from __future__ import annotations

import psycopg

from benchmarks import fixtures
from benchmarks.fixtures import Place
from benchmarks.growth import A_DAY, compared, history, identities


def main() -> None:
    with fixtures.folder() as folder, fixtures.durable_postgres(folder) as server:
        places = [fixtures.postgres_place(folder, server) for _ in range(2)]
        compared("growth_on_postgres", "PostgreSQL", places, load_postgres)


def load_postgres(place: Place, tickets: int) -> None:
    """Write the history of so many tickets, then run the housekeeping that PostgreSQL does after such a change."""
    with place.hall() as hall:
        words = identities(hall) | {
            "id": "('018f' || lpad(to_hex(n), 28, '0'))::uuid",
            "id_text": "('018f' || lpad(to_hex(n), 28, '0'))::uuid::text",
            "secret": "replace(gen_random_uuid()::text, '-', '')",
            "code": "'F' || lpad((i + 1)::text, 3, '0')",
        }
    with psycopg.connect(place.url, autocommit=True) as connection:
        for setting in (
            "session_replication_role = replica",
            "synchronous_commit = off",
            "maintenance_work_mem = '256MB'",
        ):
            connection.execute(f"SET {setting}".encode())
        connection.execute(
            f"CREATE TEMP TABLE line AS SELECT i FROM generate_series(0, {A_DAY - 1}) AS made(i)".encode()
        )
        connection.execute("ANALYZE line")
        with connection.transaction():
            # A unique key over random values is built much faster at the end, from sorted values, than row by row.
            keys = connection.execute(
                "SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
                "WHERE conrelid = 'ticket'::regclass AND contype = 'u'"
            ).fetchall()
            for name, _ in keys:
                connection.execute(f"ALTER TABLE ticket DROP CONSTRAINT {name}".encode())
            for statement in history(words, tickets):
                connection.execute(statement.encode())
            for name, definition in keys:
                connection.execute(f"ALTER TABLE ticket ADD CONSTRAINT {name} {definition}".encode())
        connection.execute("VACUUM (ANALYZE) ticket, call, event, series")
        connection.execute("CHECKPOINT")


if __name__ == "__main__":
    main()
