"""Shared by the commands: open the database, require that it is ready, end with an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Final, NoReturn

import typer

from .clock import SystemClock
from .configuration import Configuration, make_folder
from .core.errors import Unavailable
from .store.database import Database

#: The first and the last days of the calendar have no instants in UTC.
FIRST_DAY: Final = date(1970, 1, 1)
LAST_DAY: Final = date(9999, 12, 29)


@contextmanager
def open_database(configuration: Configuration) -> Iterator[Database]:
    """Open the database of these settings, and close it at the end; if it cannot be used, end with the reason."""
    if configuration.embedded:
        make_folder(configuration.data_dir)
    database = Database(configuration.database, SystemClock(), configuration.sends)
    try:
        yield database
    except Unavailable as error:
        from .ops.findings import told

        fail(told(error, database))
    finally:
        database.close()


def is_founded(database: Database) -> bool:
    """Whether there is an organisation; an empty database gets its tables first, and then has none.

    Ends the command if the schema is not the one of this version.
    """
    from .store import schema

    if schema.current(database) is None:
        schema.migrate(database)
        return False
    try:
        require_ready(database)
    except Unavailable as error:
        if error.code == "not-initialised":
            return False
        raise
    return True


def require_ready(database: Database) -> None:
    """End the command if there is no organisation, or if the schema is not the one of this version."""
    from .store import schema
    from .store.queries.organisation import organisation

    revision = schema.current(database)
    if revision is None:
        fail(
            "there is nothing in the database yet. Begin in a browser: queue-system serve, or load a profile: queue-system init PROFILE (docs/profiles.md)"
        )
    if not schema.serves(revision):
        if not schema.is_known(revision):
            raise Unavailable("schema-newer", revision=revision)
        fail(
            "the database is not at the schema that this version needs. First: queue-system backup, then: queue-system migrate"
        )
    database.read_now(organisation)


def is_text(argument: str) -> bool:
    """Whether an argument is valid UTF-8; Python keeps other bytes as surrogates, which cannot be written or stored."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def day_of(text: str | None) -> date | None:
    """A day of an option, None for none; ends the command for anything else, and for one so far away that it has no bounds."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"{text} is no day. Write it as 2026-03-01")
    if day is not None and not FIRST_DAY <= day <= LAST_DAY:
        fail(f"{text} is no day of any hall, which are from {FIRST_DAY} to {LAST_DAY}.")
    return day


def fail(text: str, code: int = 1) -> NoReturn:
    """Print the error to standard error and exit."""
    typer.echo(f"queue-system: {text}", err=True)
    raise SystemExit(code)
