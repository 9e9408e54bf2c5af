"""Triggers that keep the log from being changed, on both databases; the rest of what differs is in store/dialect.py."""

from __future__ import annotations

from sqlalchemy.engine import Connection


def append_only(connection: Connection, table: str) -> None:
    """Make `table` refuse every UPDATE and DELETE; the function of an earlier table of this name is replaced."""
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    connection.exec_driver_sql(
        f"CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$; "
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )


def prunable(connection: Connection, table: str, checkpoints: str) -> None:
    """Let an append-only `table` lose the rows up to a row of `checkpoints`, which must fit them and stays for good.

    Both have `branch_id`, `seq` and `chain`. A checkpoint is also accepted where the rows before it are gone already,
    as in a database that is filled from another one.
    """
    append_only(connection, checkpoints)
    told = f"SELECT 1 FROM {checkpoints} WHERE branch_id = OLD.branch_id AND seq >= OLD.seq"  # noqa: S608 - names of tables
    before = f"SELECT 1 FROM {table} WHERE branch_id = NEW.branch_id AND seq <= NEW.seq"  # noqa: S608 - names of tables
    fits = f"SELECT 1 FROM {table} WHERE branch_id = NEW.branch_id AND seq = NEW.seq AND chain = NEW.chain"  # noqa: S608 - names of tables
    kept, wrong = f"{table} is append-only", f"{checkpoints} does not fit {table}"
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"DROP TRIGGER {table}_no_delete")
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} WHEN NOT EXISTS ({told}) "
            f"BEGIN SELECT RAISE(ABORT, '{kept}'); END"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER {checkpoints}_fits BEFORE INSERT ON {checkpoints} "
            f"WHEN EXISTS ({before}) AND NOT EXISTS ({fits}) BEGIN SELECT RAISE(ABORT, '{wrong}'); END"
        )
        return
    connection.exec_driver_sql(
        f"DROP TRIGGER {table}_append_only ON {table}; "
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only(); "
        f"CREATE OR REPLACE FUNCTION {table}_pruned() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF NOT EXISTS ({told}) THEN RAISE EXCEPTION '{kept}'; END IF; RETURN OLD; END $$; "
        f"CREATE TRIGGER {table}_pruned BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_pruned(); "
        f"CREATE OR REPLACE FUNCTION {checkpoints}_fits() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF EXISTS ({before}) AND NOT EXISTS ({fits}) THEN RAISE EXCEPTION '{wrong}'; END IF; "
        f"RETURN NEW; END $$; "
        f"CREATE TRIGGER {checkpoints}_fits BEFORE INSERT ON {checkpoints} "
        f"FOR EACH ROW EXECUTE FUNCTION {checkpoints}_fits()"
    )
