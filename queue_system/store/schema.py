"""The schema and its migrations."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from ..core.errors import Unavailable
from . import tables  # noqa: F401 - the tables register themselves
from .database import Database
from .dialect import append_only

MIGRATIONS: Final = Path(__file__).parent / "migrations"
METADATA: Final[sa.MetaData] = SQLModel.metadata


def migrate(database: Database) -> str:
    """Bring the database to the newest schema; returns its revision. Does nothing when it is there already.

    Raises Unavailable("schema-newer") when a newer program has been at work there.
    """
    if (revision := current(database)) is not None and not is_known(revision):
        raise Unavailable("schema-newer", revision=revision)
    with database.migrating() as connection:
        command.upgrade(_config(connection), "head")
    return newest()


def newest() -> str:
    """The revision this program needs."""
    return str(ScriptDirectory.from_config(_config(None)).get_current_head())


def is_known(revision: str) -> bool:
    """Whether this program has heard of a revision; one that it has not comes from a newer program."""
    scripts = ScriptDirectory.from_config(_config(None))
    return any(script.revision == revision for script in scripts.walk_revisions())


def current(database: Database) -> str | None:
    """The revision the database has; None when it is empty."""
    with database.migrating() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def create(connection: Connection) -> None:
    """The newest schema straight from the tables: what the migrations must also lead to (a test compares)."""
    METADATA.create_all(connection)
    append_only(connection, "event")


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
