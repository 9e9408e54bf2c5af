"""The schema and its migrations.

A revision is called NNNN_from_FFFF if programs from revision FFFF on still work on it, because it has everything that
they use. So nodes of two versions can serve at the same time, and a program can be rolled back. A revision called NNNN
works with its own program only. Decision 0020.

Each migration also has a FINGERPRINT, a number of the tables and states that it leads to, which is noted in the database.
So a database that was made by an unreleased form of a migration is recognised, although its revision is the same.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from ..core.errors import Unavailable
from . import tables  # noqa: F401 - the tables register themselves
from .database import Database, Tx
from .dialect import NOTE

if TYPE_CHECKING:
    # Alembic is imported where it is used, because a running application reads this module and migrates nothing.
    from alembic.config import Config
    from alembic.script import ScriptDirectory

OLDEST: Final = "_from_"
REVISION: Final = re.compile(r"\d{4}(_from_\d{4})?")
MIGRATIONS: Final = Path(__file__).parent / "migrations"
METADATA: Final[sa.MetaData] = SQLModel.metadata
#: Tables of older schemas that this program has no more. Their rows are part of a backup too.
FORMER: Final[frozenset[str]] = frozenset()


def migrate(database: Database) -> str:
    """Bring the database to the newest schema; returns its revision. Idempotent.

    A newer schema stays as it is if this program still works on it, else Unavailable("schema-newer") is raised; also
    what `current` raises.
    """
    revision = current(database)
    if revision is not None and not is_known(revision):
        if not serves(revision):
            raise Unavailable("schema-newer", revision=revision)
        return revision
    with database.migrating() as connection:
        upgrade(connection)
    return newest()


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to `revision` in the transaction of a connection from `Database.migrating`."""
    from alembic import command

    command.upgrade(_config(connection), revision)


def newest() -> str:
    """The revision this program needs."""
    return str(_scripts().get_current_head())


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
    """The revision the database has; None when it is empty.

    Raises Unavailable: "schema-foreign" for tables that have our names and no revision of ours; "schema-unreleased" when
    an unreleased form of the revision made them.
    """
    from alembic.runtime.migration import MigrationContext

    with database.migrating() as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
        if not heads and METADATA.tables.keys().isdisjoint(sa.inspect(connection).get_table_names()):
            return None
        if len(heads) != 1 or not REVISION.fullmatch(heads[0]):
            raise Unavailable("schema-foreign")
        (revision,) = heads
        if is_known(revision) and noted_fingerprint(connection) != fingerprint_of(revision):
            raise Unavailable("schema-unreleased", revision=revision)
        return revision


def revision_seen(tx: Tx) -> str:
    """The revision that the database says it has, for a quick look; "" if it says none."""
    return tx.scalar(sa.select(sa.column("version_num")).select_from(sa.table("alembic_version"))) or ""


def fingerprint_of(revision: str) -> int:
    """The number of the tables and states of a revision that this program knows."""
    return fingerprint(_scripts(), revision)


def fingerprint(scripts: ScriptDirectory, revision: str) -> int:
    """The number of the tables and states that a migration leads to; 0 if it has none."""
    migration: Any = scripts.get_revision(revision)
    return getattr(migration.module, "FINGERPRINT", 0)


def note_fingerprint(connection: Connection, number: int) -> None:
    """Note which form of its newest migration has made the database; `number` is below 2³¹."""
    note, _ = NOTE[connection.dialect.name]
    connection.exec_driver_sql(note.format(number))


def noted_fingerprint(connection: Connection) -> int:
    """What `note_fingerprint` noted; 0 if nothing."""
    _, read = NOTE[connection.dialect.name]
    noted = str(connection.exec_driver_sql(read).scalar_one())
    return int(noted) if noted.isdecimal() else 0


def _revisions() -> set[str]:
    return {script.revision for script in _scripts().walk_revisions()}


@cache
def _scripts() -> ScriptDirectory:
    # Kept, because reading the folder takes longer than everything else that a page asks of the schema.
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config(None))


def _config(connection: Connection | None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
