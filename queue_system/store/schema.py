"""The schema and its migrations.

A revision is called NNNN_from_FFFF if programs from revision FFFF on still work on it, because it has everything that
they use. So nodes of two versions can serve at the same time, and a program can be rolled back. A revision called NNNN
works with its own program only. Decision 0020.
"""

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

OLDEST: Final = "_from_"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
METADATA: Final[sa.MetaData] = SQLModel.metadata


def migrate(database: Database) -> str:
    """Bring the database to the newest schema; returns its revision. Idempotent.

    A newer schema stays as it is if this program still works on it, else Unavailable("schema-newer") is raised.
    """
    revision = current(database)
    if revision is not None and not is_known(revision):
        if not serves(revision):
            raise Unavailable("schema-newer", revision=revision)
        return revision
    with database.migrating() as connection:
        command.upgrade(_config(connection), "head")
    return newest()


def newest() -> str:
    """The revision this program needs."""
    return str(ScriptDirectory.from_config(_config(None)).get_current_head())


def is_known(revision: str) -> bool:
    """Whether this program knows a revision; an unknown one comes from a newer program."""
    return revision in _revisions()


def serves(revision: str) -> bool:
    """Whether this program works on a schema: its own newest, or a newer one that still has everything it uses."""
    if is_known(revision):
        return revision == newest()
    return oldest_program(revision) in {number(known) for known in _revisions()}


def number(revision: str) -> str:
    """The number of a revision, without the oldest program."""
    return revision.partition(OLDEST)[0]


def oldest_program(revision: str) -> str:
    """The number of the oldest revision whose program works on this one."""
    first, _, oldest = revision.partition(OLDEST)
    return oldest or first


def current(database: Database) -> str | None:
    """The revision the database has; None when it is empty."""
    with database.migrating() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def create(connection: Connection) -> None:
    """Create the newest schema directly from the tables; the migrations must lead to the same (a test compares)."""
    METADATA.create_all(connection)
    append_only(connection, "entry")


def _revisions() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()}


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
