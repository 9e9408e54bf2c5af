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

from . import tables  # noqa: F401 - the tables register themselves
from .database import Database, append_only

MIGRATIONS: Final = Path(__file__).parent / "migrations"
METADATA: Final[sa.MetaData] = SQLModel.metadata


def migrate(database: Database) -> str:
    """Bring the database to the newest schema; returns its revision. Does nothing when it is there already."""
    with database.migrating() as connection:
        command.upgrade(_config(connection), "head")
    return newest()


def newest() -> str:
    """The revision this program needs."""
    return str(ScriptDirectory.from_config(_config(None)).get_current_head())


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
